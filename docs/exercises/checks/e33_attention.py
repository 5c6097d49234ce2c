from types import ModuleType

import torch
from torch.nn import functional as F

torch.manual_seed(0)
QUERY, KEY, VALUE = torch.randn(3, 4, 8), torch.randn(3, 6, 8), torch.randn(3, 6, 5)
PADDING = torch.arange(6)[None] >= torch.tensor([6, 2, 1])[:, None]


def test_it_is_that_of_pytorch(exercise: ModuleType) -> None:
    wanted = F.scaled_dot_product_attention(QUERY, KEY, VALUE, attn_mask=~PADDING[:, None])
    torch.testing.assert_close(exercise.attention(QUERY, KEY, VALUE, PADDING), wanted)


def test_padding_gets_no_weight_at_all(exercise: ModuleType) -> None:
    loud = VALUE.masked_fill(PADDING[:, :, None], 1e30)
    found = exercise.attention(QUERY, KEY, loud, PADDING)
    torch.testing.assert_close(found, exercise.attention(QUERY, KEY, VALUE, PADDING))


def test_not_even_where_all_tokens_fit_badly(exercise: ModuleType) -> None:
    query, key = torch.ones(3, 4, 8), torch.full((3, 6, 8), -100.0)
    loud = VALUE.masked_fill(PADDING[:, :, None], 1e30)
    wanted = F.scaled_dot_product_attention(query, key, VALUE, attn_mask=~PADDING[:, None])
    torch.testing.assert_close(exercise.attention(query, key, loud, PADDING), wanted)


def test_a_single_token_is_the_result(exercise: ModuleType) -> None:
    found = exercise.attention(QUERY, KEY, VALUE, PADDING)[2]
    torch.testing.assert_close(found, VALUE[2, :1].expand(4, 5))
