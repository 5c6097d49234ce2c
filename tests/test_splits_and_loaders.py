"""Splits are disjoint and fixed by a seed; loaders give whole batches in an order that the seed decides."""

import numpy as np
import pytest
import torch

from shared.data.memory import TensorBatches, batch_loader, fitting_batch_size
from shared.data.splits import stratified_split
from shared.errors import UserError

LABELS = np.repeat([0, 1, 2], [50, 30, 20])


def test_the_parts_are_disjoint_complete_and_keep_the_shares_of_the_classes() -> None:
    first, second = stratified_split(LABELS, 0.2, seed=1)
    assert sorted([*first, *second]) == list(range(100))
    assert np.bincount(LABELS[second]).tolist() == [10, 6, 4]


def test_the_seed_decides_the_split() -> None:
    again = [stratified_split(LABELS, 0.2, seed=seed)[1].tolist() for seed in (1, 1, 2)]
    assert again[0] == again[1] != again[2]


@pytest.mark.parametrize("labels", [[0, 0, 0, 0, 1], [0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 0]])
def test_data_too_small_to_be_cut_is_refused(labels: list[int]) -> None:
    with pytest.raises(UserError, match=rf"{len(labels)} examples, \d of them in the smallest class, are too few"):
        stratified_split(np.array(labels), 0.2, seed=0)


def numbers(count: int = 10) -> TensorBatches:
    return TensorBatches({"images": torch.arange(count), "labels": torch.arange(count) * 2})


def order(seed: int) -> list[list[int]]:
    return [batch["images"].tolist() for batch in batch_loader(numbers(), 4, shuffle=True, seed=seed)]


def test_a_shuffled_loader_leaves_out_the_short_batch_and_follows_its_seed() -> None:
    assert [len(batch) for batch in order(1)] == [4, 4]
    assert order(1) == order(1) != order(2)


def test_an_ordered_loader_gives_everything_in_order() -> None:
    batches = list(batch_loader(numbers(), 4, shuffle=False, seed=0))
    assert torch.cat([batch["labels"] for batch in batches]).tolist() == list(range(0, 20, 2))


@pytest.mark.parametrize("shuffle", [True, False])
def test_loading_leaves_the_global_random_state_alone(shuffle: bool) -> None:
    before = torch.get_rng_state()
    list(batch_loader(numbers(), 4, shuffle=shuffle, seed=0))
    assert torch.equal(torch.get_rng_state(), before)


def test_augmentation_changes_a_batch_and_not_the_data() -> None:
    data = TensorBatches({"images": torch.zeros(4)}, lambda batch: {"images": batch["images"] + 1})
    assert data.__getitems__([0, 1])["images"].tolist() == [1, 1]
    assert data.tensors["images"].sum() == 0


@pytest.mark.parametrize(("examples", "expected"), [(60_000, 512), (1_300, 65), (100, 16), (7, 7)])
def test_small_data_gets_small_batches(examples: int, expected: int) -> None:
    assert fitting_batch_size(examples, 512) == expected
