"""The checks of exercise 24."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close

HINT = (
    "Split np.unique(groups) with np.random.default_rng(seed).permutation; np.isin finds the rows of the drawn groups."
)

# Twenty groups of one to nine examples, in random order; their numbers have gaps.
SIZES = np.random.default_rng(0).integers(1, 10, 20)
GROUPS = np.random.default_rng(1).permutation(np.repeat(np.arange(20) * 7 + 3, SIZES))


def check_two_arrays_of_row_numbers_hold_every_row_once(exercise: ModuleType) -> None:
    first, second = exercise.grouped_split(GROUPS.copy(), 0.25, 0)
    for found, name in ((first, "the first split"), (second, "the second split")):
        kind = getattr(found, "dtype", type(found))
        problem = f"{name} has the dtype {kind}; expected row numbers, int64"
        expect(
            isinstance(found, np.ndarray) and found.dtype.kind == "i", problem, "np.flatnonzero turns a mask into rows"
        )
        expect(list(found) == sorted(found), f"{name} is not sorted")
        rows_exist = len(found) > 0 and found.max() < len(GROUPS)
        expect(rows_exist, f"{name} holds {found[-3:]}; rows go from 0 to {len(GROUPS) - 1}", "groups in place of rows")
    together = np.sort(np.concatenate([first, second]))
    expect_close(together, np.arange(len(GROUPS)), "both splits together, sorted", "a row is missing or occurs twice")


def check_no_group_is_in_both(exercise: ModuleType) -> None:
    first, second = exercise.grouped_split(GROUPS.copy(), 0.25, 0)
    both = np.intersect1d(GROUPS[first], GROUPS[second])
    expect(len(both) == 0, f"{len(both)} of 20 groups are in both splits", "rows are drawn, and not groups")


def check_the_second_split_has_its_share_of_the_groups(exercise: ModuleType) -> None:
    for fraction, expected in ((0.25, 5), (0.5, 10), (0.1, 2)):
        for seed in range(3):
            _, second = exercise.grouped_split(GROUPS.copy(), fraction, seed)
            found = len(np.unique(GROUPS[second]))
            problem = f"the second split has {found} of 20 groups at fraction={fraction}; expected {expected}"
            expect(
                found == expected, problem, "the share is of the groups, not of the examples, and the second split's"
            )


def check_the_seed_decides(exercise: ModuleType) -> None:
    def drawn(seed: int) -> tuple[int, ...]:
        return tuple(np.unique(GROUPS[exercise.grouped_split(GROUPS.copy(), 0.25, seed)[1]]))

    expect(drawn(0) == drawn(0), "seed=0 gives two different splits", "the seed is not used")
    found = len({drawn(seed) for seed in range(10)})
    expect(found > 1, "the seeds 0 to 9 all give the same split", "the seed is not used, or groups are cut in order")


def check_the_random_numbers_of_others_stay_as_they_are(exercise: ModuleType) -> None:
    np.random.seed(0)  # noqa: NPY002
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    exercise.grouped_split(GROUPS.copy(), 0.25, 1)
    found = np.random.rand()  # noqa: NPY002
    expect(found == expected, "NumPy's global random state is changed", "use np.random.default_rng(seed)")


def check_shared_groups_are_found(exercise: ModuleType) -> None:
    groups = np.array([8, 5, 5, 8, 2, 8, 9])
    found = exercise.shared_groups(groups, np.array([0, 1, 4]), np.array([2, 3, 5]))
    expect_close(
        found, [5, 8], "shared_groups([8, 5, 5, 8, 2, 8, 9], [0, 1, 4], [2, 3, 5])", "rows and groups mixed up"
    )
    found = exercise.shared_groups(groups, np.array([1, 2]), np.array([0, 3, 5]))
    expect(len(found) == 0, f"shared_groups of a clean split is {found}; expected an empty array")
