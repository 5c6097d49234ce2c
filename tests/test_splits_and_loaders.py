"""Splits are disjoint and fixed by a seed; loaders give whole batches in an order that the seed decides."""

import re
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
import pytest
import torch

from shared.data.batches import BatchIndices, OrderedBatches, Share, ShuffledBatches, fitting_batch_size
from shared.data.memory import Batch, TensorBatches, ordered_loader, shuffled_loader
from shared.data.splits import grouped_split, natural_key, neighbor_groups, require_groups, stratified_split
from shared.errors import UserError

LABELS = np.repeat([0, 1, 2], [50, 30, 20])


def test_the_splits_are_disjoint_complete_keep_the_shares_of_the_classes_and_follow_the_seed() -> None:
    first, second = stratified_split(LABELS, 0.2, seed=1)
    assert sorted([*first, *second]) == list(range(100))
    assert np.bincount(LABELS[second]).tolist() == [10, 6, 4]
    again = [stratified_split(LABELS, 0.2, seed=seed)[1].tolist() for seed in (1, 2)]
    assert again[0] == second.tolist() != again[1]


def test_a_class_with_a_single_example_is_named_and_cannot_be_cut() -> None:
    with pytest.raises(UserError, match=r"single example left.*: 1 \(cancel\); each class needs three"):
        stratified_split(np.array([0, 0, 0, 0, 1]), 0.2, seed=0, classes=["keep", "cancel"])


@pytest.mark.parametrize(
    ("counts", "fraction", "taken"),
    [
        ([8] * 77, 0.1, [1] * 77),  # a tenth of all is fewer than the classes
        ([1000, 4], 0.1, [100, 1]),  # the share of the rare class is less than one
        ([2, 2], 0.9, [1, 1]),  # the first split keeps one, too
        ([2], 0.2, [1]),
        ([6, 3, 0, 9], 0.33, [2, 1, 0, 3]),  # a class without any example
    ],
)
def test_every_class_is_in_both_splits_however_small_it_is(
    counts: list[int], fraction: float, taken: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    first, second = stratified_split(labels, fraction, seed=0)
    assert sorted([*first, *second]) == list(range(len(labels)))
    assert np.bincount(labels[second], minlength=len(counts)).tolist() == taken
    assert set(labels[first]) == set(labels)
    said = capsys.readouterr().err.replace("\n", " ")
    assert len(counts) != 77 or "62 of 616 examples; 77 are cut off" in said
    assert stratified_split(labels, fraction, seed=0)[1].tolist() == second.tolist()


def order(seed: int, epoch: int = 0, start: int = 0) -> list[list[int]]:
    batches = ShuffledBatches(10, 4, seed)
    batches.epoch, batches.start = epoch, start
    return list(batches)


def test_a_shuffled_epoch_is_whole_batches_in_an_order_of_seed_and_epoch_that_can_be_taken_up_in_its_middle() -> None:
    batches = order(1)
    assert [len(batch) for batch in batches] == [4, 4]
    assert len({index for batch in batches for index in batch}) == 8
    assert batches == order(1) != order(2)
    assert batches != order(1, epoch=1)
    assert order(1, epoch=3, start=1) == order(1, epoch=3)[1:]
    assert order(1, start=2) == []


def numbers(count: int = 10) -> dict[str, torch.Tensor]:
    return {"images": torch.arange(count).float(), "labels": torch.arange(count) * 2}


def noisy(batch: Batch, source: torch.Generator) -> Batch:
    return {**batch, "images": batch["images"] + torch.rand(len(batch["images"]), generator=source)}


def test_an_ordered_loader_gives_everything_once_in_order() -> None:
    batches = list(ordered_loader(TensorBatches(numbers()), batch_size=4))
    assert [len(batch["labels"]) for batch in batches] == [4, 4, 2]
    assert torch.cat([batch["labels"] for batch in batches]).tolist() == list(range(0, 20, 2))


@pytest.mark.parametrize(("examples", "sizes"), [(97, [32, 32, 33]), (98, [32, 32, 32, 2]), (1, [1])])
def test_every_process_has_a_share_of_the_last_batch(examples: int, sizes: list[int]) -> None:
    shares = []
    for process in range(2):
        batches = OrderedBatches(examples, 32)
        batches.share = Share(process, 2)
        shares.append([len(batch) for batch in batches])
        assert len(batches) == len(sizes)
    assert [sum(counts) for counts in zip_longest(*shares, fillvalue=0)] == sizes
    assert examples < 2 or len(shares[0]) == len(shares[1])


def test_augmentation_depends_on_seed_epoch_and_batch_alone_and_leaves_the_data_alone() -> None:
    before = torch.get_rng_state()
    whole = shuffled_loader(TensorBatches(numbers(), noisy), 2)
    rest = shuffled_loader(TensorBatches(numbers(), noisy), 2)
    rest.batch_sampler.start = 3  # type: ignore[union-attr]
    for expected, found in zip(list(whole)[3:], rest, strict=True):
        assert torch.equal(expected["images"], found["images"])
    list(ordered_loader(TensorBatches(numbers())))
    assert torch.equal(torch.get_rng_state(), before)
    data = TensorBatches(numbers(), noisy, seed=0)
    first, other = (data.__getitems__(BatchIndices([0, 1], epoch))["images"] for epoch in (0, 1))
    assert not torch.equal(first, other)
    assert torch.equal(data.tensors["images"], numbers()["images"])


@pytest.mark.parametrize(("examples", "expected"), [(60_000, 512), (1_300, 65), (100, 16), (7, 7)])
def test_small_data_gets_small_batches(examples: int, expected: int) -> None:
    assert fitting_batch_size(examples, 512) == expected


def test_examples_of_one_group_stay_together_and_each_split_gets_its_share_of_each_stratum() -> None:
    groups = [f"slide {index // 4}" for index in range(80)]
    strata = ["stained" if index < 16 else "fluorescent" for index in range(80)]
    first, second = grouped_split(groups, 0.25, seed=1)
    assert sorted([*first, *second]) == list(range(80))
    assert len(second) == 20
    assert not {groups[index] for index in first} & {groups[index] for index in second}
    again = [grouped_split(groups, 0.25, seed=seed)[1].tolist() for seed in (1, 2)]
    assert again[0] == second.tolist() != again[1]
    for seed in range(5):
        _, second = grouped_split(groups, 0.25, seed, strata)
        assert [strata[index] for index in second].count("stained") == 4
        assert len(second) == 20


def test_small_strata_and_small_shares_can_be_cut_but_not_too_few_groups() -> None:
    strata = ["stained", "fluorescent"] * 12
    _, second = grouped_split([str(index) for index in range(24)], 0.15, seed=0, strata=strata)
    assert 2 <= len(second) <= 5
    _, second = grouped_split([str(index) for index in range(100)], 0.02, seed=0)
    assert len(second) == 2
    with pytest.raises(UserError, match=r"4 examples are of 2 groups .* 0\.1"):
        grouped_split(["a", "a", "b", "b"], 0.1, seed=0)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("fractions", [(0.2, 0.15), (0.2, 0.1), (0.1,), (0.95, 0.2), (0.05, 0.3)])
def test_what_helps_against_too_few_groups_is_said_and_works(count: int, fractions: tuple[float, ...]) -> None:
    named = dict(zip(("data.test_fraction", "data.validation_fraction"), fractions, strict=False))
    with pytest.raises(UserError) as refusal:
        require_groups(groups_of(count), named)
    enough = re.search(r"(\d+) groups in all", str(refusal.value))
    assert enough
    cut_all(groups_of(int(enough[1])), fractions)
    suiting = [float(share) for share in re.findall(r"fraction to ([\d.]+\d)", str(refusal.value))]
    assert bool(suiting) == (count > len(fractions))
    if suiting:
        require_groups(groups_of(count), dict(zip(named, suiting, strict=True)))
        cut_all(groups_of(count), suiting)


def groups_of(count: int) -> list[str]:
    return [f"speaker {index % count}" for index in range(count * 4)]


def cut_all(groups: list[str], fractions: Sequence[float]) -> None:
    for fraction in fractions:
        first, second = grouped_split(groups, fraction, seed=0)
        assert len(second)
        groups = [groups[index] for index in first]


def test_neighbors_by_name_count_numbers_as_people_do_and_stay_in_their_folder() -> None:
    names = [f"frame{number}" for number in range(30)]
    groups = neighbor_groups(sorted(names), 10)
    assert {
        frozenset(name for name, group in zip(sorted(names), groups, strict=True) if group == one) for one in groups
    } == {frozenset(names[start : start + 10]) for start in (0, 10, 20)}
    assert sorted(["b2", "a10", "a9b3", "a9b20", "007", "7", "x²", "a/2", "a/10"], key=natural_key)
    films = [f"film{film}/{frame}" for film in (1, 2, 10) for frame in range(3)]
    assert neighbor_groups(films, 2)[2] != neighbor_groups(films, 2)[3]
    assert len(set(neighbor_groups(films, 2))) == 6
