"""The checks of exercise 33."""

from types import ModuleType

import torch
from expect import expect_close, expect_shape
from torch.nn import functional as F

HINT = (
    "scores [N, queries, tokens] = query @ key transposed / sqrt(width). Where there is padding, a score of minus "
    "infinity becomes a weight of zero in the softmax over the tokens. masked_fill needs the mask as [N, 1, tokens]."
)

GENERATOR = torch.Generator().manual_seed(0)
QUERY, KEY, VALUE = (torch.randn(3, count, width, generator=GENERATOR) for count, width in ((4, 8), (6, 8), (6, 5)))
PADDING = torch.arange(6)[None] >= torch.tensor([6, 2, 1])[:, None]
LOUD = VALUE.masked_fill(PADDING[:, :, None], 1e30)
"""The values, with huge ones where there is padding."""


def check_its_shape(exercise: ModuleType) -> None:
    found = exercise.attention(QUERY, KEY, VALUE, PADDING)
    expect_shape(found, (3, 4, 5), "attention(query [3, 4, 8], key [3, 6, 8], value [3, 6, 5], padding [3, 6])")


def check_a_single_token_is_the_result(exercise: ModuleType) -> None:
    found = exercise.attention(QUERY, KEY, VALUE, PADDING)[2]
    mistake = "padding gets a weight, the mask is turned round, or the weights do not sum to one"
    expect_close(found, VALUE[2, :1].expand(4, 5), "with one token that is no padding, the result", mistake, 1e-5)


def check_it_equals_that_of_pytorch(exercise: ModuleType) -> None:
    expected = F.scaled_dot_product_attention(QUERY, KEY, VALUE, attn_mask=~PADDING[:, None])
    mistake = "the scores are not divided by sqrt(width), or the softmax runs over the queries (dim=1)"
    expect_close(exercise.attention(QUERY, KEY, VALUE, PADDING), expected, "attention(...)", mistake, 1e-5)


def check_padding_gets_no_weight_at_all(exercise: ModuleType) -> None:
    found = exercise.attention(QUERY, KEY, LOUD, PADDING)
    mistake = "a small weight is not zero: use a score of -math.inf"
    expected = exercise.attention(QUERY, KEY, VALUE, PADDING)
    expect_close(found, expected, "with values of 1e30 where there is padding, attention(...)", mistake, 1e-5)


def check_not_even_where_all_tokens_fit_badly(exercise: ModuleType) -> None:
    query, key = torch.ones(3, 4, 8), torch.full((3, 6, 8), -100.0)
    expected = F.scaled_dot_product_attention(query, key, VALUE, attn_mask=~PADDING[:, None])
    mistake = "a masked score of -100 or 0 can be above the others; only -math.inf never is"
    found = exercise.attention(query, key, LOUD, PADDING)
    expect_close(found, expected, "where all scores are about -283, attention(...)", mistake, 1e-5)
