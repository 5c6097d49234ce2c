"""The checks of exercise 12."""

from types import ModuleType

import torch
from expect import expect, expect_close, expect_shape

HINT = (
    "mask.unsqueeze(2) is [N, L, 1] and broadcasts. torch.where(mask.unsqueeze(2), vectors, 0) leaves padding out of a "
    "sum, and -inf in place of 0 out of a maximum. A text without words: divide by at least 1; put 0 where -inf is."
)

VECTORS = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0)) - 3  # nearly all are negative
LENGTHS = [5, 2, 1, 3]
MASK = torch.arange(5) < torch.tensor(LENGTHS)[:, None]  # [4, 5]


def check_the_mean_leaves_padding_out(exercise: ModuleType) -> None:
    found = exercise.masked_mean(VECTORS.clone(), MASK)
    expect_shape(found, (4, 3), "masked_mean(vectors [4, 5, 3], mask [4, 5])", "vectors[mask] mixes all texts")
    expected = torch.stack([vectors[:length].mean(0) for vectors, length in zip(VECTORS, LENGTHS, strict=True)])
    mistake = "padding counts in the sum, or the sum is divided by L in place of the number of words"
    expect_close(found, expected, "the mean", mistake, tolerance=1e-5)


def check_the_maximum_leaves_padding_out(exercise: ModuleType) -> None:
    found = exercise.masked_max(VECTORS.clone(), MASK)
    expect_shape(found, (4, 3), "masked_max(vectors [4, 5, 3], mask [4, 5])", "max(1) returns values and places")
    expected = torch.stack([vectors[:length].amax(0) for vectors, length in zip(VECTORS, LENGTHS, strict=True)])
    mistake = "padding was set to 0, which is larger than negative values" if (found >= 0).any() else "padding counts"
    expect_close(found, expected, "the maximum", mistake)


def check_words_may_stand_anywhere(exercise: ModuleType) -> None:
    mask = torch.tensor([[False, True, False, True, True]] * 4)
    kept = VECTORS[:, [1, 3, 4]]
    mistake = "the first places are taken to be the words; the mask may have gaps"
    expect_close(exercise.masked_mean(VECTORS.clone(), mask), kept.mean(1), "the mean", mistake, tolerance=1e-5)
    expect_close(exercise.masked_max(VECTORS.clone(), mask), kept.amax(1), "the maximum", mistake)


def check_a_text_without_words_gives_zeros(exercise: ModuleType) -> None:
    nothing = torch.zeros(4, 5, dtype=torch.bool)
    zeros = torch.zeros(4, 3)
    expect_close(exercise.masked_mean(VECTORS.clone(), nothing), zeros, "the mean of no words", "0 / 0 is NaN")
    expect_close(
        exercise.masked_max(VECTORS.clone(), nothing),
        zeros,
        "the maximum of no words",
        "every place holds the fill value",
    )


def check_the_vectors_are_not_changed(exercise: ModuleType) -> None:
    vectors = VECTORS.clone()
    exercise.masked_mean(vectors, MASK)
    exercise.masked_max(vectors, MASK)
    mistake = "vectors[~mask] = ... writes into the caller's tensor; masked_fill returns a new one"
    expect(torch.equal(vectors, VECTORS), "the vectors that were passed in have other values afterwards", mistake)
