"""The checks of exercise 11."""

from types import ModuleType

import torch
from expect import expect, expect_close, expect_shape

HINT = (
    "Either scores.gather(1, columns.unsqueeze(1)).squeeze(1), or two lists of positions, which row and which column: "
    "scores[torch.arange(len(scores)), columns]. The second way also picks vectors."
)

SCORES = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
COLUMNS = torch.tensor([3, 0, 2, 1, 0, 3])
VECTORS = torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(1))
PLACES = torch.tensor([4, 0, 2, 1, 3, 4])


def check_one_score_of_each_row(exercise: ModuleType) -> None:
    found = exercise.pick_columns(SCORES.clone(), COLUMNS)
    mistake = "scores[:, columns] reads all columns from every row; an axis of length one is left over"
    expect_shape(found, (6,), "pick_columns(scores [6, 4], columns [6])", mistake)
    expected = torch.stack([row[column] for row, column in zip(SCORES, COLUMNS, strict=True)])
    expect_close(found, expected, "the picked scores", "the index reads along the wrong axis")


def check_a_batch_of_one(exercise: ModuleType) -> None:
    mistake = "squeeze() without an axis also removes the batch axis when N is 1"
    expect_shape(exercise.pick_columns(SCORES[:1], COLUMNS[:1]), (1,), "pick_columns of a batch of one", mistake)
    expect_shape(exercise.pick_vectors(VECTORS[:1], PLACES[:1]), (1, 3), "pick_vectors of a batch of one", mistake)
    narrow = exercise.pick_vectors(VECTORS[:, :, :1], PLACES)
    expect_shape(narrow, (6, 1), "pick_vectors of vectors of width one", mistake.replace("batch", "width"))


def check_a_gradient_flows_back(exercise: ModuleType) -> None:
    scores = SCORES.clone().requires_grad_()
    found = exercise.pick_columns(scores, COLUMNS)
    mistake = ".item(), .numpy() or torch.tensor() cut the connection to `scores`"
    expect(found.requires_grad, "the picked scores have no gradient", mistake)
    found.sum().backward()
    expected = torch.nn.functional.one_hot(COLUMNS, 4)
    expect_close(scores.grad, expected, "the gradient of the sum of the picked scores")


def check_one_vector_of_each_sequence(exercise: ModuleType) -> None:
    found = exercise.pick_vectors(VECTORS.clone(), PLACES)
    mistake = "the index is not expanded over the width, or every sequence is read at all places"
    expect_shape(found, (6, 3), "pick_vectors(vectors [6, 5, 3], places [6])", mistake)
    expected = torch.stack([sequence[place] for sequence, place in zip(VECTORS, PLACES, strict=True)])
    expect_close(found, expected, "the picked vectors", "the index reads along the wrong axis")
