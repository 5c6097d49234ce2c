"""Predictions of an exported classifier: from prepared inputs to labels, a table, and JSON."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from shared.console import log, shortened
from shared.data.problems import Problems, named
from shared.files import atomic_write, write_csv
from shared.inference.chunks import CHUNK, predict_in_chunks
from shared.inference.model import OnnxModel

LINES_SHOWN = 10
SHEET_INPUTS = 64
T = TypeVar("T", Path, str)
MOST_TOGETHER, BYTES_TOGETHER = 256, 1 << 19
"""Inputs that go through the network at once, and their size: of photos with 260 pixels, 32 at once take 0.9 GB in the
network's layers and twice the processor time of two, which stay in the processor's cache."""


@dataclass(frozen=True)
class Prediction:
    """What is predicted for one input."""

    label: str
    """A class, or several labels joined by `|`; `unsure` if its probability is too low, `none` if no label's is high
    enough; or why there is none, such as `unreadable` (see `answer`). Empty before the network was run."""
    probabilities: np.ndarray | None = None
    """float32 [classes]; None if the network was not run."""
    prepared: np.ndarray | None = None
    """The network's input."""
    detail: str = ""
    """Why there is no prediction, or what is unusual about the input."""
    maps: np.ndarray | None = None
    """float32 [classes, h, w]: what speaks for each class at each place; None where the network does not tell."""

    @property
    def heat(self) -> np.ndarray | None:
        """What speaks for the most likely class at each place, float32 [h, w] from 0 to 1, or None as `maps`."""
        if self.maps is None or self.probabilities is None:
            return None
        heat: np.ndarray = self.maps[int(self.probabilities.argmax())].clip(0)
        return heat / max(float(heat.max()), 1e-6)

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
    """Predict inputs of one shape; a `Prediction` keeps its label, if it has one, and its detail."""
    items = [item if isinstance(item, Prediction) else Prediction("", prepared=item) for item in prepared]
    least = network.metadata.get("thresholds", min_probability)
    readable = [one.prepared for one in items if not one.label and one.prepared is not None]
    outputs = [name for name in ("probabilities", "maps") if name in network.outputs]
    size = max(1, min(MOST_TOGETHER, BYTES_TOGETHER // readable[0].nbytes)) if readable else 1
    rows = zip(*network.run_several(outputs, np.stack(readable), size), strict=True) if readable else iter(())
    found = []
    for one in items:
        if one.label:
            found.append(replace(one, label=answer(one.label, network.labels)))
        else:
            probabilities, *maps = next(rows)
            named = name_prediction(probabilities, network.labels, least, one.prepared)
            found.append(replace(named, detail=one.detail, maps=maps[0] if maps else None))
    return found


def name_prediction(
    probabilities: np.ndarray, labels: Sequence[str], least: float | Sequence[float], prepared: np.ndarray | None = None
) -> Prediction:
    """The most likely class, or `unsure` where its probability is below `least`.

    Where an input may have several labels, `least` are the thresholds of each: those that reach it, or `none`.
    """
    if isinstance(least, float | int):
        label = labels[int(probabilities.argmax())] if probabilities.max() >= least else answer("unsure", labels)
    else:
        rows = zip(labels, probabilities, least, strict=True)
        label = "|".join(name for name, share, low in rows if share >= low) or answer("none", labels)
    return Prediction(label, probabilities, prepared)


def as_json(prediction: Prediction, labels: Sequence[str]) -> dict[str, Any]:
    """A prediction as the server returns it."""
    result: dict[str, Any] = {"prediction": prediction.label}
    if prediction.probabilities is not None:
        result["probabilities"] = dict(zip(labels, prediction.probabilities.tolist(), strict=True))
        if (heat := prediction.heat) is not None:
            result["heat"] = heat.round(3).tolist()
    if prediction.detail:
        result["detail"] = prediction.detail
    return result


def write_predictions(
    config: Any,
    network: OnnxModel,
    inputs: Sequence[T],
    predict: Callable[[Sequence[Any]], Sequence[Prediction]],
    *,
    noun: str,
    kinds: Sequence[str],
    sheet: Callable[[Sequence[T], Sequence[Prediction]], bytes] | None = None,
    unusual: bool = False,
    skipped: Mapping[str, int] | None = None,
    input_name: str = "file",
    chunk: int = CHUNK,
    prepare: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """Predict in chunks (see `predict_in_chunks`) and print the first predictions.

    Writes outputs/predictions/predictions.csv and a .png beside it.

    Args:
        predict: gives a prediction for each input of a chunk, as `prepare` has changed it.
        noun: what people call the inputs, such as `images`.
        kinds: answers that are no class, such as `unsure` and `unreadable`; they are counted.
        sheet: draws the first `SHEET_INPUTS` inputs with their predictions, as PNG bytes.
        unusual: whether the detail beside a class says what is unusual about the input, which is then said.
        input_name: the title of the inputs' column: files, or texts themselves.
        skipped: see `predict_in_chunks`.
        chunk: see there.
        prepare: see there.
    """
    header = [input_name, "prediction", "most_likely", "probability", *(f"p_{one}" for one in network.labels), "detail"]
    drawn: Sequence[Any] = inputs[: SHEET_INPUTS if sheet else 0]
    predicted: dict[int, Prediction] = {}

    def rows_of(indices: list[int], prepared: list[Any]) -> list[list[str]]:
        found = dict(zip(indices, predict(prepared), strict=True))
        predicted.update({i: one for i, one in found.items() if i < len(drawn)})
        return [_row(inputs[i], one, network.labels) for i, one in found.items()]

    def finish(read: Callable[[], Iterator[list[str]]]) -> dict[str, Any]:
        table = config.output_dir / "predictions" / "predictions.csv"
        write_csv(table, header, read())
        if sheet:
            if len(predicted) < len(drawn):  # the others before a stop, or by another process
                rows_of([*range(len(drawn))], [prepare(one) for one in drawn] if prepare else [*drawn])
            with atomic_write(table.with_suffix(".png")) as file:
                file.write(sheet(drawn, [predicted[i] for i in range(len(drawn))]))
        for name, label, _, probability, *_, detail in islice(read(), LINES_SHOWN):
            shown = name if input_name == "file" else shortened(name, 80)
            sure = f" {float(probability):.2f}" if probability else ""
            log.info(f"{shown}: {label}{sure}{f' ({detail})' if detail else ''}")
        counts, found = _count(read(), network.labels, noun, unusual)
        counted = {kind: counts[answer(kind, network.labels)] for kind in kinds}
        log.info(f"predict: {len(inputs)} {noun}, {counted}; see {table}{' and the .png beside it' if sheet else ''}")
        return {"metrics": {noun: len(inputs)} | counted, "unusual": found.counts}

    return predict_in_chunks(
        config, network, inputs, rows_of, finish, noun=noun, skipped=skipped, chunk=chunk, prepare=prepare
    )


def _count(rows: Iterator[list[str]], labels: Sequence[str], noun: str, unusual: bool) -> tuple[Counter[str], Problems]:
    """How often each answer occurs, and the inputs that are unusual; both these and the unreadable ones are said."""
    counts, unreadable, found = Counter[str](), list[str](), Problems()
    for name, label, _, probability, *_, detail in rows:
        counts[label] += 1
        if label == answer("unreadable", labels):
            unreadable.append(name)
        elif unusual and probability and detail:
            found.add(detail, name)
    if unreadable:
        log.warning(f"{len(unreadable)} of {counts.total()} {noun} cannot be read: {named(unreadable)}")
    if found:
        log.warning(f"{noun} that are predicted, but unusual: {found}")
    return counts, found


def _row(item: Path | str, one: Prediction, labels: Sequence[str]) -> list[str]:
    """Input, prediction, most likely label, its probability, all probabilities, detail."""
    cells = [""] * (2 + len(labels))
    if one.probabilities is not None:
        best = int(one.probabilities.argmax())
        cells = [labels[best], *(f"{p:.6f}" for p in (one.probabilities[best], *one.probabilities))]
    return [str(item), one.label, *cells, one.detail]
