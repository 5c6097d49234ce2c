"""Write one HTML page from what the other verbs measured."""

from pathlib import Path
from typing import Any

from torch import Tensor

from models.build import restore_model
from shared.console import shortened
from shared.data.examples import Data, Examples
from shared.report.html import Section
from shared.report.sections import calibrated, most_confident, read_results, write_classifier_report
from shared.results import read_result
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.evaluate import logits_of
from src.ladder import tokens_per_second

MISTAKES_SHOWN = 20
CHARACTERS_SHOWN = 300


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores, calibration, confusion matrix, worst mistakes, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results, test = read_results(config, trained), data.splits.test
    logits = logits_of(*restore_model(config, trained), test["texts"])
    probabilities = calibrated(results, data, logits)  # [N, classes]
    sections = [
        batches_section(results["train"]),
        *ladder_section(config, data.digest),
        mistakes_section(test, probabilities, data.classes),
        sure_section(results["evaluate"]),
    ]
    scores = {"macro_f1": "test macro-F1", "calibration_error": "test calibration error"}
    return write_classifier_report(config, PROJECT, trained, data, results, probabilities, "texts", sections, scores)


def batches_section(train: dict[str, Any]) -> Section:
    """How fast the run learned, and how much of its texts and batches it used."""
    return Section(
        "Batches",
        f"{tokens_per_second(train):,.0f} tokens a second. {train['padding_share']:.1%} of the batches is padding; "
        f"{train['cut_share']:.0%} of the training texts are cut at tokenizer.max_tokens "
        f"{train['config']['tokenizer']['max_tokens']}.",
    )


def ladder_section(config: Config, digest: str) -> list[Section]:
    """The table of `ladder`, where it has been run on this data."""
    if not (config.output_dir / "ladder.json").is_file():
        return []
    found = read_result(config.output_dir, "ladder")
    if found["data"]["digest"] != digest:
        return []
    rows = [
        [name, *(f"{value:.4f}" for value in row["test"].values()), *(f"{value:.3g}" for value in row["cost"].values())]
        for name, row in found["metrics"].items()
    ]
    first = next(iter(found["metrics"].values()))
    text = "Scores on the test split, and what each model costs on this machine; texts are predicted one at a time."
    return [Section("The ladder", text, header=["model", *first["test"], *first["cost"]], rows=rows)]


def mistakes_section(test: Examples, probabilities: Tensor, classes: list[str]) -> Section:
    """The test texts that the network gets wrong with the highest confidence."""
    labels, (confidence, predictions) = test["labels"], probabilities.max(1)
    wrong, _ = most_confident(labels, probabilities)
    rows = []
    for index in wrong[:MISTAKES_SHOWN]:
        names = [classes[labels[index]], classes[predictions[index]]]
        rows.append([*names, f"{confidence[index]:.2f}", shortened(test["texts"][index], CHARACTERS_SHOWN)])
    text = f"{len(wrong)} of {len(labels)} test texts are classified wrongly; the most confident ones come first."
    return Section("The most confident mistakes", text, ["truth", "prediction", "probability", "text"], rows)


def sure_section(evaluated: dict[str, Any]) -> Section:
    """Accuracy against coverage, by the least probability of a prediction."""
    rows = [
        [f"{row['min_probability']:.2f}", f"{row['coverage']:.1%}", f"{row['accuracy']:.4f}" if row["answered"] else ""]
        for row in evaluated["metrics"]["test"]["sure"]
    ]
    return Section(
        "When the unsure predictions are left out",
        "The share of test texts whose prediction has at least that probability (`--predict.min_probability`), and the "
        "accuracy on these.",
        header=["probability from", "texts", "accuracy on these"],
        rows=rows,
    )
