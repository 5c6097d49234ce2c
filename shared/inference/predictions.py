"""Predictions of an exported classifier: from prepared inputs to labels, a table, and JSON."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log, shortened
from shared.data.problems import Problems, named
from shared.files import atomic_write, write_text
from shared.inference.model import OnnxModel
from shared.results import write_result

LINES_SHOWN = 10


@dataclass(frozen=True)
class Prediction:
    """What is predicted for one input."""

    label: str
    """A class; `unsure` if its probability is too low; or why there is none, such as `unreadable` (see `answer`)."""
    probabilities: np.ndarray | None = None
    """float32 [classes]; None if the network was not run."""
    prepared: np.ndarray | None = None
    """The network's input."""
    detail: str = ""
    """Why there is no prediction, or what is unusual about the input."""

    @property
    def confidence(self) -> str:
        """The highest probability as text; empty if the network was not run."""
        return "" if self.probabilities is None else f" {self.probabilities.max():.2f}"


def answer(name: str, labels: Sequence[str]) -> str:
    """An answer that is no class, such as `unsure`; in brackets where a class has that name."""
    while name in labels:
        name = f"({name})"
    return name


def predict_prepared(
    network: OnnxModel, prepared: Sequence[np.ndarray | Prediction], min_probability: float
) -> list[Prediction]:
    """Predict inputs of one shape; an item that is already a `Prediction` keeps its answer."""
    readable = [item for item in prepared if isinstance(item, np.ndarray)]
    rows = iter(network.probabilities(np.stack(readable))) if readable else iter(())
    return [
        replace(item, label=answer(item.label, network.labels))
        if isinstance(item, Prediction)
        else name_prediction(next(rows), network.labels, min_probability, item)
        for item in prepared
    ]


def name_prediction(
    probabilities: np.ndarray, labels: Sequence[str], min_probability: float, prepared: np.ndarray | None = None
) -> Prediction:
    """The most likely label, or `unsure` where its probability is below `min_probability`."""
    sure = probabilities.max() >= min_probability
    label = labels[int(probabilities.argmax())] if sure else answer("unsure", labels)
    return Prediction(label, probabilities, prepared)


def as_json(prediction: Prediction, labels: Sequence[str]) -> dict[str, Any]:
    """A prediction as the server returns it."""
    result: dict[str, Any] = {"prediction": prediction.label}
    if prediction.probabilities is not None:
        result["probabilities"] = dict(zip(labels, prediction.probabilities.tolist(), strict=True))
    elif prediction.detail:
        result["detail"] = prediction.detail
    return result


def finish_predictions(
    config: Any,
    inputs: Sequence[Path | str],
    predictions: Sequence[Prediction],
    network: OnnxModel,
    *,
    noun: str,
    kinds: Sequence[str],
    seconds: float,
    sheet: bytes = b"",
    notes: Sequence[str] = (),
    skipped: Mapping[str, int] | None = None,
    input_name: str = "file",
) -> dict[str, Any]:
    """Write outputs/predictions/predictions.{csv,png} and outputs/predict.json, and print the first predictions.

    Args:
        noun: what people call the inputs, such as `images`.
        kinds: answers that are no class, such as `unsure` and `unreadable`; they are counted.
        sheet: the first inputs with their predictions, as PNG bytes; empty where they cannot be drawn.
        notes: what is unusual about each input; empty strings where nothing is.
        skipped: how many files of the folders were not read, by reason (see `collect_files`).
        input_name: the title of the inputs' column: files, or texts themselves.
    """
    table = config.output_dir / "predictions" / "predictions.csv"
    write_text(table, _table(inputs, predictions, network.labels, input_name))
    if sheet:
        with atomic_write(table.with_suffix(".png")) as file:
            file.write(sheet)
    for name, one in list(zip(inputs, predictions, strict=True))[:LINES_SHOWN]:
        shown = name if isinstance(name, Path) else shortened(name, 80)
        log.info(f"{shown}: {one.label}{one.confidence}{f' ({one.detail})' if one.detail else ''}")
    labels = {kind: answer(kind, network.labels) for kind in ("unreadable", *kinds)}
    unreadable = [str(name) for name, one in zip(inputs, predictions, strict=True) if one.label == labels["unreadable"]]
    if unreadable:
        log.warning(f"{len(unreadable)} of {len(inputs)} {noun} cannot be read: {named(unreadable)}")
    unusual = Problems()
    for name, note in zip(inputs, notes or [""] * len(inputs), strict=True):
        if note:
            unusual.add(note, str(name))
    if unusual:
        log.warning(f"{noun} that are predicted, but unusual: {unusual}")
    counts = {kind: sum(one.label == labels[kind] for one in predictions) for kind in kinds}
    log.info(f"predict: {len(inputs)} {noun}, {counts}; see {table}{' and the .png beside it' if sheet else ''}")
    return write_result(
        config.output_dir,
        "predict",
        seed=network.metadata["seed"],
        data=network.metadata["data"],
        metrics={noun: len(inputs)} | counts,
        seconds=seconds,
        network=network.origin,
        skipped_files=dict(skipped or {}),
        unusual=unusual.counts,
    )


def _table(
    inputs: Sequence[Path | str], predictions: Sequence[Prediction], labels: Sequence[str], input_name: str
) -> str:
    """A CSV table with a row for each input: prediction, most likely label, its probability, all probabilities."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([input_name, "prediction", "most_likely", "probability", *(f"p_{one}" for one in labels), "detail"])
    for name, one in zip(inputs, predictions, strict=True):
        row = [""] * (2 + len(labels))
        if one.probabilities is not None:
            best = int(one.probabilities.argmax())
            row = [labels[best], *(f"{p:.6f}" for p in (one.probabilities[best], *one.probabilities))]
        writer.writerow([name, one.label, *row, one.detail])
    return text.getvalue()
