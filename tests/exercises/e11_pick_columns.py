"""Answers to exercise 11: right ones in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor


def pick_columns__right_by_two_index_lists(scores: Tensor, columns: Tensor) -> Tensor:
    return scores[torch.arange(len(scores)), columns]


def pick_vectors__right_by_two_index_lists(vectors: Tensor, places: Tensor) -> Tensor:
    return vectors[torch.arange(len(vectors)), places]


COLUMNS, VECTORS = "scores.gather(1, columns.unsqueeze(1)).squeeze(1)", "vectors.gather(1, index).squeeze(1)"
MISTAKES = {
    "all columns from every row": (COLUMNS, "scores[:, columns]"),
    "axis left over": (COLUMNS, "scores.gather(1, columns.unsqueeze(1))"),
    "axis": (COLUMNS, "scores.gather(0, columns.unsqueeze(0)).squeeze(0)"),
    "squeeze of everything": (COLUMNS, "scores.gather(1, columns.unsqueeze(1)).squeeze()"),
    "flat index": (COLUMNS, "scores.take(columns)"),
    "item in a loop": (COLUMNS, "Tensor([scores[row, column].item() for row, column in enumerate(columns)])"),
    "all places of every sequence": (VECTORS, "vectors[:, places]"),
    "index not expanded": (".expand(-1, 1, vectors.shape[2])", ""),
    "squeeze of all axes": (VECTORS, "vectors.gather(1, index).squeeze()"),
    "last place for all": (VECTORS, "vectors[:, places.max()]"),
}
