"""Answers to exercise 11: right ones in another style, and plausible wrong ones."""

import torch
from torch import Tensor


def pick_columns__right_by_two_index_lists(scores: Tensor, columns: Tensor) -> Tensor:
    return scores[torch.arange(len(scores)), columns]


def pick_vectors__right_by_two_index_lists(vectors: Tensor, places: Tensor) -> Tensor:
    return vectors[torch.arange(len(vectors)), places]


def pick_columns__wrong_all_columns_from_every_row(scores: Tensor, columns: Tensor) -> Tensor:
    return scores[:, columns]


def pick_columns__wrong_axis_left_over(scores: Tensor, columns: Tensor) -> Tensor:
    return scores.gather(1, columns.unsqueeze(1))


def pick_columns__wrong_axis(scores: Tensor, columns: Tensor) -> Tensor:
    return scores.gather(0, columns.unsqueeze(0)).squeeze(0)


def pick_columns__wrong_squeeze_of_everything(scores: Tensor, columns: Tensor) -> Tensor:
    return scores.gather(1, columns.unsqueeze(1)).squeeze()


def pick_columns__wrong_flat_index(scores: Tensor, columns: Tensor) -> Tensor:
    return scores.take(columns)


def pick_columns__wrong_item_in_a_loop(scores: Tensor, columns: Tensor) -> Tensor:
    return torch.tensor([scores[row, column].item() for row, column in enumerate(columns)])


def pick_vectors__wrong_all_places_of_every_sequence(vectors: Tensor, places: Tensor) -> Tensor:
    return vectors[:, places]


def pick_vectors__wrong_index_not_expanded(vectors: Tensor, places: Tensor) -> Tensor:
    return vectors.gather(1, places[:, None, None]).squeeze(1)


def pick_vectors__wrong_squeeze_of_everything(vectors: Tensor, places: Tensor) -> Tensor:
    return vectors[torch.arange(len(vectors)), places].squeeze()


def pick_vectors__wrong_last_place_for_all(vectors: Tensor, places: Tensor) -> Tensor:
    return vectors[:, places.max()]
