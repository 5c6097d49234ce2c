"""Cross-validation: train once for each fold, and measure each network on the examples of its fold, which it never saw.

Where there are few examples, one test split says little; here every example is tested once, and the deviation between
the folds says how far a score can be trusted. The folds are not independent, because they share training examples, so
the deviation is no exact error of the mean (Bengio and Grandvalet 2004).
"""

import hashlib
import shutil
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.config import from_plain, leaves, require, to_plain
from shared.console import columns, log, shown
from shared.data.examples import Data, Examples, cut_examples, digests_of, joined
from shared.data.labels import label_counts, normalized
from shared.data.problems import named
from shared.data.splits import Splits
from shared.errors import UserError
from shared.files import atomic_write, read_json, write_csv, write_json
from shared.metrics.suspected import suspected_labels
from shared.process import require_one_process
from shared.results import headline, write_result
from shared.training.files import last_checkpoint
from shared.training.folder import training_lock

Verb = Callable[..., dict[str, Any]]
"""`train(config, resume, data=...)` or `evaluate(config, data=...)`, as every project has them."""


def run_crossval(
    config: Any, project: Path, data: Data, train: Verb, evaluate: Verb, folds: int = 5, include_test: bool = False
) -> dict[str, Any]:
    """Train and measure once for each fold; write outputs/crossval.json and, for classes, suspected_labels.csv.

    The folds lie in `outputs/crossval/fold-<number>`; the current run stays as it is. What was stopped goes on with the
    same command; another cross-validation, or the same after it has ended, begins anew.

    Args:
        include_test: fold the test split as well; else it is left for `evaluate`.

    Raises:
        UserError: there are too few examples, groups, or examples of a class; or another process does the same.
    """
    require_one_process("crossval")
    require(folds >= 2, "--folds", folds, "2 or more")
    started = time.perf_counter()
    whole = _together(data, include_test)
    fold_of = assign_folds(whole, folds, config.seed)
    # What cannot be trained is refused before any training.
    cuts = [_cut(whole, fold_of, fold, data.classes, config) for fold in range(folds)]
    folder: Path = config.output_dir / "crossval"
    with training_lock(folder):
        plan = folder / "plan.json"
        settings = dict(leaves(to_plain(config, project), config.NOT_TRAINED))
        content = {"examples": whole.digest(), "folds": hashlib.sha256(fold_of.tobytes()).hexdigest(), **settings}
        if not (plan.is_file() and read_json(plan, f"delete {folder}") == content):
            for old in folder.glob("fold-*"):
                shutil.rmtree(old)
            write_json(plan, content)
        rows = []
        for number, cut in enumerate(cuts, 1):
            own = data.with_splits(Splits(*(whole.at(numbers).as_tensors() for numbers in cut)))
            rows.append(_run_fold(f"fold-{number}", own, config, project, train, evaluate))
        suspected = _write_suspected(folder, whole, fold_of, data.classes)
        plan.unlink()  # it has ended: the next one begins anew
    score = rows[0]["score"]
    scores = [row[score] for row in rows]
    mean, deviation = float(np.mean(scores)), float(np.std(scores, ddof=1))
    shown_rows = [{name: value for name, value in row.items() if name != "score"} for row in rows]
    columns(f"{project.name}: the folds, each measured by a network of the others", shown_rows)
    log.info(f"crossval: {score} {mean:.4f} ± {deviation:.4f} over {folds} folds of {len(whole):,} examples")
    if suspected:
        log.info(f"crossval: {suspected:,} labels may be wrong: {shown(folder / SUSPECTED)}, the likeliest first")
    return write_result(
        config.output_dir,
        "crossval",
        seed=config.seed,
        data=data.as_dict(),
        metrics={"folds": {score: mean, "deviation": deviation}},
        seconds=time.perf_counter() - started,
        folds=rows,
        include_test=include_test,
        suspected=suspected,
    )


SUSPECTED = "suspected_labels.csv"


def _together(data: Data, include_test: bool) -> Examples:
    """The examples of all splits but perhaps the test split; one without a group is a group by itself."""
    several = list(vars(data.splits).values())[: 3 if include_test else 2]
    groups = [
        group or name for each in several for group, name in zip(each.groups or each.names, each.names, strict=True)
    ]
    strata = [stratum for each in several for stratum in each.strata]
    whole = joined(several)
    # Without labels, as images with masks are, there is nothing to stratify by either.
    grouped = "labels" not in whole.columns or any(group for each in several for group in each.groups)
    return replace(whole, groups=groups * grouped, strata=strata if len(strata) == len(whole) else [])


def assign_folds(examples: Examples, folds: int, seed: int) -> np.ndarray:
    """The fold of each example, int64 [N]: of every class its share, groups and copies of an example whole in one fold.

    Raises:
        UserError: there are too few groups or examples.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # its import takes seconds

    inputs, labels = next(iter(examples.columns.values())), examples.columns.get("labels")
    texts = len(inputs) and isinstance(inputs[0], str)  # those that differ in capitals and blanks alone are copies
    contents = digests_of(map(normalized, inputs)) if texts else digests_of(inputs)
    keys = np.array(examples.groups or contents)
    _, first, key_of = np.unique(keys, return_index=True, return_inverse=True)
    kinds = np.array(examples.strata or (np.zeros(len(keys)) if labels is None else [str(label) for label in labels]))
    found = np.full(len(keys), -1)
    with warnings.catch_warnings():  # a class of few examples is in some folds only, which is as well as it can be
        warnings.simplefilter("ignore", UserWarning)
        try:
            if examples.groups:
                cuts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(kinds, kinds, key_of)
            else:  # much faster, where nearly every example is a group by itself
                cuts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(first, kinds[first])
            for fold, (_, tested) in enumerate(cuts):
                found[tested if examples.groups else np.isin(key_of, tested)] = fold
        except ValueError:
            found[:] = -1
    if len(np.unique(found)) < folds:
        what = f"groups, each of which stays in one fold ({len(keys)} examples)" if examples.groups else "examples"
        raise UserError(f"{len(first)} {what}, are too few for {folds} folds; lower --folds, or add others.")
    return found


def _cut(
    whole: Examples, fold_of: np.ndarray, fold: int, classes: list[str], config: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The numbers of the examples to train on, of those that pick the epoch, and of the fold, which is the test split.

    Raises:
        UserError: there are too few groups or examples of a class.
    """
    labels = {name: column for name, column in whole.columns.items() if name == "labels"}
    numbered = replace(whole, columns={"number": np.arange(len(whole)), **labels})
    rest, test = numbered.at(np.flatnonzero(fold_of != fold)), np.flatnonzero(fold_of == fold)
    by_group = getattr(config.data, "validation_by", "group") == "group"
    train, validation = cut_examples(rest, None, config.data.validation_fraction, config.seed, by_group, classes)
    if labels and classes:
        counts = label_counts(np.asarray(train["labels"]), len(classes))
        if lacking := [name for name, count in zip(classes, counts, strict=True) if not count]:
            raise UserError(
                f"fold {fold + 1} leaves no example of {named(lacking)} to train on, because so few groups have "
                "them; try other --folds or another --seed, or add examples of them."
            )
    return train["number"], validation["number"], test


def _run_fold(name: str, data: Data, config: Any, project: Path, train: Verb, evaluate: Verb) -> dict[str, Any]:
    """Train and measure one fold, unless that is done; what the table says of it."""
    folder = config.output_dir / "crossval" / name
    done = folder / "fold.json"
    if not done.is_file():
        log.info(f"crossval: {name}: {data.counts}")
        own = replace(config, output_dir=folder, log_dir=config.log_dir / "crossval" / name)
        if hasattr(own.data, "processed"):  # what is prepared of these splits must not replace that of the current run
            own = replace(own, data=replace(own.data, processed=folder / "processed"))
        trained = train(own, last_checkpoint(folder).is_file(), data=data)
        evaluated = evaluate(from_plain(type(config), trained["config"], base=project), data=data)
        score, value, *_ = headline(evaluated["metrics"]["test"])
        if data.predicted:
            with atomic_write(folder / "probabilities.npy") as file:
                np.save(file, data.predicted["test"].numpy())
        row = {"fold": name, "examples": data.counts["test"], "score": score, score: value}
        write_json(done, row | {"epoch": trained["best_epoch"], "seconds": trained["seconds"]})
        for large in ("checkpoints", "processed"):  # of no further use, and they take much room
            shutil.rmtree(folder / large, ignore_errors=True)
    return dict(read_json(done, f"delete {folder}"))


def _write_suspected(folder: Path, whole: Examples, fold_of: np.ndarray, classes: list[str]) -> int | None:
    """Write the labels that may be wrong, by the probabilities of each fold's network; None where there are no such."""
    files = [folder / f"fold-{fold + 1}" / "probabilities.npy" for fold in range(fold_of.max() + 1)]
    if not all(file.is_file() for file in files):
        return None
    labels = np.asarray(whole["labels"])
    probabilities = np.empty((len(labels), len(classes)), np.float32)
    for fold, file in enumerate(files):
        probabilities[fold_of == fold] = np.load(file)
    cases: list[tuple[np.ndarray, np.ndarray, Sequence[str]]] = [(probabilities, labels, classes)]
    if labels.ndim == 2:  # each label is there or not
        cases = [
            (np.stack([1 - own, own], 1), truth.astype(np.int64), (f"not {name}", name))
            for name, own, truth in zip(classes, probabilities.T, labels.T, strict=True)
        ]
    found = [
        (whole.names[index], names[truth[index]], names[other], f"{score:.4f}")
        for own, truth, names in cases
        for index, other, score in zip(*suspected_labels(own, truth), strict=True)
    ]
    found.sort(key=lambda row: row[3], reverse=True)  # stable, and of one case it is sorted
    write_csv(folder / SUSPECTED, ("name", "label", "predicted", "score"), found)
    return len(found)
