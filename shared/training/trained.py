"""Read a trained network and the data for it, and check that they belong together."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from shared.console import log
from shared.data.examples import FINGERPRINT, Data, Examples
from shared.data.problems import named
from shared.data.sources import load_present, require_same_classes, warn_if_other_data
from shared.data.splits import Splits
from shared.training.checkpoint import Checkpoint, load_checkpoint
from shared.training.files import best_checkpoint

D = TypeVar("D", bound=Data)


def load_trained(
    config: Any, checkpoint: Path | None, data: D | None, load_data: Callable[[Any], D]
) -> tuple[Checkpoint, D]:
    """The checkpoint and the data; a verb that follows training starts with it.

    Args:
        checkpoint: the file of the weights; the best ones of the run in `config.output_dir` where it is None.
        data: read already; `load_data(config)` reads it where it is None, after the checkpoint was found.

    Raises:
        UserError: there is no such checkpoint, or the data has other classes than it was trained on.
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    data = data or load_data(config)
    require_same_classes(trained.metadata["classes"], data.classes)
    warn_if_other_data(trained.metadata["data"], data.as_dict())
    return trained, data


def load_to_evaluate(
    config: Any,
    checkpoint: Path | None,
    data: Data | None,
    on: Path | None,
    load_data: Callable[[Any], Data],
    make_sources: Callable[[Any, list[str]], Mapping[str, Any]],
) -> tuple[Checkpoint, Data]:
    """The checkpoint and what it is measured on: the data (see `load_trained`), or every labeled example in `on`.

    These become the test split of data with nothing to train on.

    Args:
        on: a folder or file in a form that `make_sources(config, classes)` reads; it may lack classes.

    Raises:
        UserError: there is no such checkpoint, or the data cannot be read or has classes that the network lacks.
    """
    if on is None:
        return load_trained(config, checkpoint, data, load_data)
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    classes = trained.metadata["classes"]
    found, record = load_present(on, make_sources(config, classes))
    examples = found.everything()
    if "labels" in examples.columns and found.classes != classes and set(found.classes) <= set(classes):
        numbers = np.array([classes.index(name) for name in found.classes], dtype=np.int64)
        examples = replace(examples, columns=examples.columns | {"labels": numbers[examples["labels"]]})
    else:
        require_same_classes(classes, found.classes)
    nothing, whole = examples.at([]).as_tensors(), examples.as_tensors()
    facts = note_trained_on(trained, whole)
    return trained, Data(Splits(nothing, nothing, whole), classes, record, found.problems, facts)


def note_trained_on(trained: Checkpoint, examples: Examples) -> dict[str, Any]:
    """Count the examples that the network was trained on, by their content; warn where there are some."""
    content = trained.metadata["trained_on"]
    known = {content[start : start + FINGERPRINT] for start in range(0, len(content), FINGERPRINT)}
    prints = zip(examples.names, examples.fingerprints(), strict=True)
    seen = [name for name, fingerprint in prints if fingerprint in known]
    if seen:
        log.warning(
            f"the network was trained on {len(seen)} of these {len(examples)} examples ({named(seen)}); on examples "
            "that are new to it, it scores lower than on these."
        )
    return {"trained_on": len(seen)}
