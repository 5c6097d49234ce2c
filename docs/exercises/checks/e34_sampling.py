"""The checks of exercise 34."""

from types import ModuleType

import torch
from expect import expect, expect_close, expect_shape

HINT = (
    "logits.topk(top_k, dim=1) gives values and indices; scatter them into a tensor full of -inf. "
    "To draw: count how many entries of probabilities.cumsum(1) are at most the uniform number."
)

LOGITS = torch.randn(6, 9, generator=torch.Generator().manual_seed(0)) * 3
QUARTERS = torch.tensor([[0.25, 0.5, 0.25]])


def check_without_top_k_it_is_softmax_of_the_divided_logits(exercise: ModuleType) -> None:
    found = exercise.next_probabilities(LOGITS.clone(), 1.0, 9)
    expect_shape(found, (6, 9), "next_probabilities(logits [6, 9], 1, 9)")
    expect_close(found.sum(1), torch.ones(6), "the sum of each row", "softmax over the wrong dimension")
    expect_close(found, LOGITS.softmax(1), "next_probabilities(logits, temperature=1, top_k=9)", tolerance=1e-5)
    found, mistake = exercise.next_probabilities(LOGITS.clone(), 0.5, 9), "divide the logits, before softmax"
    expect_close(found, (LOGITS * 2).softmax(1), "next_probabilities(logits, temperature=0.5, top_k=9)", mistake, 1e-5)


def check_only_the_k_likeliest_of_each_row_are_left(exercise: ModuleType) -> None:
    found = exercise.next_probabilities(LOGITS.clone(), 1.0, 3)
    left = (found > 0).sum(1)
    counts, mistake = f"the rows have {left.tolist()} probabilities above zero", "each row has its own k largest"
    expect(left.tolist() == [3] * 6, f"{counts}; expected 3 in each, as top_k=3", f"{mistake}; leave out with -inf")
    same = bool((found.argsort(1, descending=True)[:, :3] == LOGITS.argsort(1, descending=True)[:, :3]).all())
    expect(same, "the tokens that are left are not the three of the largest logits", "the smallest are kept")
    expect_close(found.sum(1), torch.ones(6), "the sum of each row with top_k=3", "softmax comes after leaving out")


def check_equal_logits_keep_k_tokens_too(exercise: ModuleType) -> None:
    left = int((exercise.next_probabilities(torch.zeros(1, 5), 1.0, 2) > 0).sum())
    mistake = "all that equal the k-th largest are kept; use the indices of topk"
    expect(left == 2, f"of five equal logits {left} have a probability above zero with top_k=2; expected 2", mistake)


def check_the_logits_are_not_changed(exercise: ModuleType) -> None:
    logits = LOGITS.clone()
    exercise.next_probabilities(logits, 0.5, 3)
    expect(torch.equal(logits, LOGITS), "the caller's logits were changed", "an operation in place")


def check_a_small_temperature_is_finite(exercise: ModuleType) -> None:
    found = exercise.next_probabilities(torch.tensor([[5.0, 4.0, -5.0]]), 0.01, 3)
    expect_close(found, [[1, 0, 0]], "next_probabilities([[5, 4, -5]], temperature=0.01, top_k=3)", "exp overflows")


def check_each_token_owns_its_piece_of_the_line(exercise: ModuleType) -> None:
    uniform = torch.tensor([0.0, 0.1, 0.25, 0.6, 0.75, 0.99])
    found = exercise.draw(QUARTERS.expand(6, 3), uniform)
    expect_shape(found, (6,), "draw(probabilities [6, 3], uniform [6])")
    expect(found.dtype == torch.int64, f"the tokens have the type {found.dtype}; expected torch.int64")
    mistake = "a number at a border belongs to the second piece, and the first token is 0"
    what = "draw of [0.25, 0.5, 0.25] with 0, 0.1, 0.25, 0.6, 0.75, 0.99"
    expect_close(found, [0, 0, 1, 1, 2, 2], what, mistake)


def check_each_row_has_its_own_number(exercise: ModuleType) -> None:
    rows = torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [1.0, 0.0, 0.0]])
    found = exercise.draw(rows, torch.tensor([0.0, 0.5, 0.5]))
    mistake = "a token of probability zero was drawn, or one row's number used for all"
    expect_close(found, [1, 2, 0], "draw of three different rows with 0, 0.5, 0.5", mistake)


def check_rounding_leads_to_no_token_that_does_not_exist(exercise: ModuleType) -> None:
    found = exercise.draw(torch.tensor([[0.3, 0.3, 0.3999]]), torch.tensor([0.99999]))
    mistake = "the sum of all probabilities may be slightly below 1; take the last token then"
    expect_close(found, [2], "draw of [0.3, 0.3, 0.3999] with 0.99999", mistake)
