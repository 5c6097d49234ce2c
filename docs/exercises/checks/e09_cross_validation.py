"""The checks of exercise 09."""

from types import ModuleType
from typing import Any

import numpy as np
from expect import expect, expect_close, expect_shape
from sklearn.base import BaseEstimator

HINT = (
    "np.random.default_rng(seed).permutation(examples), then np.array_split. The training rows of fold i are "
    "np.concatenate of all folds but the i-th; clone the model anew for each fold."
)

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(23, 4))
LABELS = RANDOM.integers(0, 3, 23)
FOLDS = [np.arange(start, 23, 4) for start in range(4)]  # of 6, 6, 6 and 5 examples


class Recorder(BaseEstimator):
    """A model that writes down which rows it is fitted on and which it predicts; it always says class 1."""

    def __init__(self, diary: list[tuple[str, np.ndarray]] | None = None) -> None:
        self.diary = diary

    def __sklearn_clone__(self) -> "Recorder":
        return Recorder(self.diary)  # clones write into the same diary

    def fit(self, features: np.ndarray, labels: np.ndarray) -> "Recorder":
        """Note the rows, and whether this model was fitted before."""
        again = hasattr(self, "rows_")
        self.rows_ = rows_of(features)
        expect(np.array_equal(labels, LABELS[self.rows_]), "fit gets the labels of other rows than its features")
        assert self.diary is not None
        self.diary.append(("fitted again" if again else "fit", self.rows_))
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Note the rows; the prediction is always class 1."""
        assert self.diary is not None
        self.diary.append(("predict", rows_of(features)))
        return np.ones(len(features), int)

    def score(self, features: np.ndarray, labels: np.ndarray) -> float:
        """The accuracy, for answers that call `score` in place of `predict`."""
        return float((self.predict(features) == labels).mean())


def rows_of(features: np.ndarray) -> np.ndarray:
    """Which rows of FEATURES these are."""
    return (np.asarray(features)[:, None] == FEATURES).all(axis=2).argmax(axis=1)


def recorded(exercise: ModuleType) -> tuple[Any, Recorder]:
    model = Recorder([])
    return exercise.cross_validate(model, FEATURES.copy(), LABELS.copy(), [fold.copy() for fold in FOLDS]), model


def check_each_example_is_in_one_fold(exercise: ModuleType) -> None:
    folds = exercise.make_folds(23, 4, seed=0)
    expect(isinstance(folds, list | tuple), "make_folds returns no list of folds")
    expect(len(folds) == 4, f"make_folds(23, 4, seed=0) has {len(folds)} folds; expected 4")
    sizes = sorted(len(fold) for fold in folds)
    expect(sum(sizes) == 23, f"the folds hold {sum(sizes)} of 23 examples", "23 // 4 leaves three over")
    expect(sizes == [5, 6, 6, 6], f"the folds have the sizes {sizes}; expected 5, 6, 6, 6", "the rest is in one fold")
    every = np.sort(np.concatenate(folds))
    expect_close(every, np.arange(23), "all folds together, sorted", "an example is in two folds, or in none")


def check_folds_are_shuffled_by_the_seed(exercise: ModuleType) -> None:
    in_blocks = all(np.ptp(fold) < 25 for fold in exercise.make_folds(100, 5, seed=1))
    expect(not in_blocks, "the folds are blocks of neighbors", "not shuffled; a file is often sorted by class")
    first, again, other = (np.concatenate(exercise.make_folds(100, 5, seed=seed)) for seed in (1, 1, 2))
    expect_close(first, again, "the folds of the same seed, a second time", "the generator is not given the seed")
    expect(not np.array_equal(first, other), "seeds 1 and 2 make the same folds", "the seed is not used")


def check_training_and_test_are_apart(exercise: ModuleType) -> None:
    _, model = recorded(exercise)
    assert model.diary is not None
    fits = [rows for what, rows in model.diary if what != "predict"]
    tests = [rows for what, rows in model.diary if what == "predict"]
    expect(len(fits) == 4, f"the model is fitted {len(fits)} times; expected 4, once for each fold")
    expect(len(tests) == 4, f"the model predicts {len(tests)} times; expected 4, once for each fold")
    for number, (fitted, tested) in enumerate(zip(fits, tests, strict=True)):
        both = np.intersect1d(fitted, tested)
        expect(
            len(both) == 0,
            f"fold {number}: {len(both)} rows are trained on and tested",
            "the training rows must leave the fold out",
        )
        expect_close(np.sort(tested), FOLDS[number], f"what is tested for fold {number}", "the splits are exchanged")
        expect(len(fitted) + len(tested) == 23, f"fold {number} trains on {len(fitted)} rows; expected all others")


def check_each_fold_has_a_fresh_model(exercise: ModuleType) -> None:
    _, model = recorded(exercise)
    assert model.diary is not None
    again = sum(what == "fitted again" for what, _ in model.diary)
    expect(again == 0, f"{again} of 4 times a trained model is trained again", "clone(model) belongs in the loop")
    expect(not hasattr(model, "rows_"), "the model that was passed is trained", "clone(model) before fit")


def check_the_accuracies(exercise: ModuleType) -> None:
    found, _ = recorded(exercise)
    mistake = "one accuracy for each fold, not their mean"
    expect_shape(np.asarray(found) if isinstance(found, list) else found, (4,), "cross_validate with 4 folds", mistake)
    expect_close(found, [(LABELS[fold] == 1).mean() for fold in FOLDS], "cross_validate(model, ...)")
