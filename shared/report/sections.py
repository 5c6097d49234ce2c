"""The sections of a run's report that several projects share."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from shared.console import log
from shared.data.examples import Data
from shared.errors import UserError
from shared.evaluation import beside_baselines
from shared.export.precision import NAMES, for_people
from shared.metrics.calibration import as_probabilities, sure_answers
from shared.metrics.classification import confidences
from shared.report.html import ReportImage, Section, substitution_notice, write_report
from shared.report.plots import confusion_matrix, contact_sheet, reliability, training_curves
from shared.results import data_rows, headline, read_result
from shared.training.checkpoint import Checkpoint
from shared.training.runs import run_before

SUSPECTED_SHOWN = 20
LEAST_PROBABILITIES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
"""From which on a prediction counts as sure, in the section on calibration."""

Results = Mapping[str, dict[str, Any]]
"""What each verb has written, by verb."""


def read_results(config: Any, trained: Checkpoint) -> dict[str, dict[str, Any]]:
    """What train, evaluate, baseline and export have written.

    Raises:
        UserError: one of them has not run, or it is about other weights or other data.
    """
    results = {verb: read_result(config.output_dir, verb) for verb in ("train", "evaluate", "baseline", "export")}
    for verb in ("train", "evaluate", "export"):
        if results[verb]["checkpoint"] != trained.digest:
            path = config.output_dir / f"{verb}.json"
            raise UserError(f"{path} is about other weights than {trained.path}; run `python main.py {verb}` again.")
    if results["baseline"]["data"]["digest"] != trained.metadata["data"]["digest"]:
        path = config.output_dir / "baseline.json"
        raise UserError(f"{path} is about other data than {trained.path}; run `python main.py baseline` again.")
    return results


def summary_rows(results: Results) -> dict[str, str]:
    """The results of a run, as rows of a table."""
    trained, exported = results["train"], results["export"]
    return {
        **data_rows(trained),
        "first weights": trained["first_weights"]["source"],
        **results["evaluate"]["summary"],
        **results["baseline"]["summary"],
        "best baseline": beside_baselines(results)[1],
        "parameters": f"{trained['parameters']:,}",
        "ONNX parity": f"largest difference {exported['metrics']['largest_difference']:.1e} "
        f"at batch sizes {', '.join(map(str, exported['batch_sizes']))}",
    }


def write_run_report(
    config: Any, project: Path, trained: Checkpoint, results: Results, sections: Sequence[Section], noun: str
) -> Path:
    """Write outputs/report.html: the summary, the project's sections, the data (its examples' `noun`), the settings."""
    path: Path = config.output_dir / "report.html"
    data, train = trained.metadata["data"], results["train"]
    threads, counts = train["threads"], [[name, str(count)] for name, count in data["counts"].items()]
    summary = summary_rows(results) | run_before(config.output_dir)
    summary |= {
        "training seconds": f"{train['seconds']:.1f}",
        "device": f"{train['device']}, {threads} thread{'s'[: threads != 1]}",
    }
    write_report(
        path,
        title=f"{project.name}: {config.model.name} on {data['source']}",
        summary=list(summary.items()),
        notice=substitution_notice(data),
        sections=[
            *sections,
            *crossval_sections(config.output_dir, data["digest"]),
            Section("Data", f"{data['description']}. License: {data['license']}.", ["split", noun], counts),
            Section("Configuration", preformatted=yaml.safe_dump(trained.metadata["config"], sort_keys=False)),
        ],
    )
    log.info(f"report: {path}")
    return path


def crossval_sections(output_dir: Path, digest: str) -> list[Section]:
    """The scores of `crossval` and the labels that it suspects, where it has run on the data of that digest."""
    if not (output_dir / "crossval.json").is_file() or read_result(output_dir, "crossval")["data"]["digest"] != digest:
        return []
    found = read_result(output_dir, "crossval")
    score = found["folds"][0]["score"]
    scores = found["metrics"]["folds"]
    rows = [[row["fold"], f"{row['examples']:,}", f"{row[score]:.4f}"] for row in found["folds"]]
    text = f"{score} {scores[score]:.4f} ± {scores['deviation']:.4f}, mean and standard deviation over the folds, each "
    text += "measured by a network that was trained on the others. It is of other weights than this report's."
    sections = [Section("Cross-validation", text, header=["fold", "examples", score], rows=rows)]
    table = output_dir / "crossval" / "suspected_labels.csv"
    if found["suspected"] and table.is_file():
        with table.open(newline="", encoding="utf-8") as file:
            header, *suspected = csv.reader(file)
        text = (
            f"Networks that were not trained on these examples are surer of another class: {found['suspected']:,} in "
            f"all, in {table.name}; the score says by how much. Look at them before you trust scores or change labels."
        )
        sections.append(Section("Labels that may be wrong", text, header=header, rows=suspected[:SUSPECTED_SHOWN]))
    return sections


def training_section(train: Mapping[str, Any]) -> Section:
    """Loss and monitored metric over the epochs."""
    metric = train["monitor"].replace("_", " ")
    curves = training_curves(train["history"], train["monitor"], train["best_epoch"])
    return Section(
        "Training",
        f"The weights of the epoch with the best validation {metric} are kept. Seconds count training steps only.",
        images=[ReportImage(curves, f"loss and validation {metric} over the epochs")],
    )


def accuracy_section(results: Results, more: Mapping[str, str] | None = None) -> Section:
    """The network beside the classical baselines; `more` are further scores, each with the title of its column."""
    more = more or {}
    named = {f"{results['train']['config']['model']['name']} (this network)": results["evaluate"]["metrics"]}
    rows = []
    for name, metrics in (named | results["baseline"]["metrics"]).items():
        score, value, low, high = headline(metrics["test"])
        others = (f"{metrics['test'][other]:.4f}" for other in more)
        validation = f"{headline(metrics['validation'])[1]:.4f}"
        rows.append([name, validation, f"{value:.4f}", f"{low:.4f} to {high:.4f}", *others])
    return Section(
        f"{score[0].upper()}{score[1:]} beside the classical baselines",
        "All models were fitted on the same training split; nothing was chosen on the test split. "
        f"The best baseline by its validation score is {beside_baselines(results)[1]}.",
        header=["model", "validation", "test", "test, 95 % interval", *more.values()],
        rows=rows,
    )


def confusion_section(evaluated: Mapping[str, Any], classes: Sequence[str], noun: str) -> Section:
    """Precision, recall and F1 of each class, and the confusion matrix; of several labels, their thresholds."""
    test = evaluated["metrics"]["test"]
    header, scores = ["class", "precision", "recall", "F1"], ["precision", "recall", "f1"]
    text, images = "Rows of the matrix are the true classes, columns the predictions.", []
    if "confusion" in test:
        matrix = confusion_matrix(test["confusion"], classes)
        images = [ReportImage(matrix, "confusion matrix of the test split")]
    else:
        header, scores = [*header, "average precision", "threshold"], [*scores, "average_precision", "threshold"]
        text = "A label is predicted from its threshold on, which gives the highest F1 on the validation split."
    rows = [
        [name, *(f"{row[score]:.4f}" for score in scores), str(row["support"])]
        for name, row in test["per_class"].items()
    ]
    return Section("Class by class", text, [*header, f"test {noun}"], rows, images=images)


def calibration_section(evaluated: Mapping[str, Any], labels: Tensor, probabilities: Tensor, noun: str) -> Section:
    """How far the probabilities can be trusted.

    Args:
        labels: of the test split, int64 [N], or float [N, classes].
        probabilities: at the temperature of `evaluated`, float [N, classes].
    """
    confidence, correct = confidences(probabilities, labels)
    scores = evaluated["metrics"]["test"]
    text = (
        f"Expected calibration error on the test split: {scores['calibration_error']:.4f}. Logits are divided by the "
        f"temperature {evaluated['temperature']:.2f}, which fits the validation split best; without it the error is "
        f"{scores['calibration_error_before']:.4f}. The number above each bar counts {noun}."
    )
    image = ReportImage(reliability(confidence.numpy(), correct.numpy()), "share correct by confidence")
    if labels.dim() == 2:
        return Section("Calibration", text, images=[image])
    text += " The table shows the accuracy if less probable predictions are left out (`--predict.min_probability`)."
    rows = [
        [f"{row['min_probability']:.2f}", f"{row['coverage']:.1%}", f"{row['accuracy']:.4f}" if row["answered"] else ""]
        for row in sure_answers(probabilities, labels, LEAST_PROBABILITIES)
    ]
    return Section("Calibration", text, ["probability from", noun, "accuracy on these"], rows, [image])


def precision_section(exported: Mapping[str, Any], unit: str, score: str = "") -> Section:
    """What the exported network computes in, and what was measured to choose that.

    Args:
        exported: what the verb `export` has written.
        unit: what is counted a second, with how: "texts a second, one at a time".
        score: the name of the score in `exported`, where it is not that of a classifier.
    """
    metrics, rows = exported["metrics"], []
    score = score or next(name for name in ("accuracy", "mean_average_precision") if name in metrics["fp32"])
    for name, label in NAMES.items():
        if measured := metrics.get(name):
            size = f"{measured['bytes'] / 1e6:.2f}" if measured["bytes"] else ""
            found = "" if measured[score] is None else f"{measured[score]:.4f}"
            rows.append([label, f"{measured['per_second']:.1f}", size, found])
    return Section(
        "The exported network",
        f"Written in {exported['precision']}: {exported['reason']}. Largest difference of fp32 from PyTorch: "
        f"{metrics['largest_difference']:.0e}. What is slower than fp32 has no score.",
        header=["computed by", unit, "MB", for_people(score)],
        rows=rows,
    )


def most_confident(
    labels: Tensor, probabilities: Tensor, thresholds: Sequence[float] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """The indices of the wrong and of the correct predictions, the most confident first; both int64 [...].

    Of several labels an example, above these thresholds: an example is wrong if one of its labels is, and its
    confidence is that in the label which the probabilities are farthest from.
    """
    if labels.dim() == 2:
        error = (probabilities - labels).abs().amax(1)
        right = ((probabilities >= torch.tensor(thresholds)) == (labels > 0)).all(1)
        confidence = torch.where(right, 1 - error, error)
    else:
        confidence, right = confidences(probabilities, labels)
    order = np.argsort(-confidence.numpy(), kind="stable")
    wrong = ~right.numpy()[order]
    return order[wrong], order[~wrong]


def example_sections(
    data: Data, probabilities: Tensor, noun: str, draw: Callable[[int], np.ndarray | str], columns: int = 8
) -> list[Section]:
    """Of the test split, the most confident wrong predictions, and the most confident right one of each class.

    Args:
        probabilities: of the test split, float [N, classes].
        noun: of the examples.
        draw: from an example's index to its image, uint8 [H, W] or [H, W, 3], or to a text.
        columns: images in a row, of four at most.
    """
    labels, (confidence, predictions) = data.splits.test["labels"], probabilities.max(1)
    truth, predicted = ([data.classes[label] for label in ids.tolist()] for ids in (labels, predictions))
    wrong, right = (indices.tolist() for indices in most_confident(labels, probabilities))
    best = {truth[index]: index for index in reversed(right)}  # the first of each class stays
    mistakes = f"{len(wrong)} of {len(labels)} test {noun} are classified wrongly"
    mistakes += "; the most confident of them: the true class, not the predicted one, its probability" if wrong else ""

    def section(title: str, text: str, indices: list[int]) -> Section:
        chosen = indices[: 4 * columns]
        names = [truth[i] if truth[i] == predicted[i] else f"{truth[i]}, not {predicted[i]}" for i in chosen]
        captions = [f"{name}\n{confidence[i]:.2f}" for name, i in zip(names, chosen, strict=True)]
        drawn = list(zip(captions, map(draw, chosen), strict=True))
        rows = [[*caption.rsplit("\n", 1), one] for caption, one in drawn if isinstance(one, str)]
        images = [one for _, one in drawn if not isinstance(one, str)]
        sheets = [ReportImage(contact_sheet(images, captions, columns), title.lower())] if images else []
        return Section(title, text, ["class", "probability", noun] if rows else [], rows, sheets)

    return [
        section("Worst mistakes", f"{mistakes}.", wrong),
        section("Best predictions", "The most confident right one of each class.", [*best.values()]),
    ]


def write_classifier_report(
    config: Any,
    project: Path,
    trained: Checkpoint,
    data: Data,
    results: Results,
    probabilities: Tensor,
    noun: str,
    examples: Sequence[Section],
    scores: Mapping[str, str] | None = None,
) -> Path:
    """Write outputs/report.html of a classifier (see `write_run_report`): curves, scores, `examples`, calibration.

    Args:
        probabilities: of the test split (see `calibrated`), float [N, classes].
        scores: further ones beside the baselines' (see `accuracy_section`).
    """
    evaluated, labels = results["evaluate"], data.splits.test["labels"]
    sections = [
        training_section(results["train"]),
        accuracy_section(results, scores),
        *examples,
        confusion_section(evaluated, data.classes, noun),
        calibration_section(evaluated, labels, probabilities, noun),
        precision_section(results["export"], f"{noun} a second, one at a time"),
    ]
    return write_run_report(config, project, trained, results, sections, noun)


def calibrated(results: Results, data: Data, logits: Tensor) -> Tensor:
    """The probabilities of the test split at the temperature that `evaluate` has found, float [N, classes]."""
    return as_probabilities(logits / results["evaluate"]["temperature"], data.several_labels)
