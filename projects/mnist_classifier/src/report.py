"""Write one HTML page from what the other verbs measured."""

from pathlib import Path

from torch import Tensor

from models.model import restore_model
from shared.data.examples import Data, Examples
from shared.data.images import displayed
from shared.evaluation import logits_in_batches
from shared.report.html import ReportImage, Section
from shared.report.plots import contact_sheet
from shared.report.sections import (
    accuracy_section,
    calibration_section,
    confusion_section,
    most_confident,
    precision_section,
    read_results,
    training_section,
    write_run_report,
)
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import load_data

MISTAKES_SHOWN = 32


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores, confusion matrix, worst mistakes, baselines, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results = read_results(config, trained)
    evaluated, test = results["evaluate"], data.splits.test
    logits = logits_in_batches(restore_model(config, trained), test["images"])
    probabilities = (logits / evaluated["temperature"]).softmax(1)  # [N, classes]
    sections = [
        training_section(results["train"]),
        accuracy_section(results),
        mistakes_section(test, probabilities, data.classes),
        confusion_section(evaluated, data.classes, "images"),
        calibration_section(evaluated, test["labels"], probabilities, "images"),
        precision_section(results["export"], "images a second, one at a time", "accuracy"),
    ]
    return write_run_report(config, PROJECT, trained, results, sections, "images")


def mistakes_section(test: Examples, probabilities: Tensor, classes: list[str]) -> Section:
    """The test images that the network classifies wrongly, with the highest confidence."""
    labels, (confidence, predictions) = test["labels"], probabilities.max(1)
    wrong, _ = most_confident(labels, probabilities)
    text = f"{len(wrong)} of {len(labels)} test images are classified wrongly."
    if not len(wrong):
        return Section("Worst mistakes", text)
    shown = wrong[:MISTAKES_SHOWN]
    images = [displayed(test["images"][index].numpy()) for index in shown]
    captions = [f"{classes[labels[i]]}, not {classes[predictions[i]]}\n{confidence[i]:.2f}" for i in shown]
    return Section(
        "Worst mistakes",
        f"{text} These are the most confident of them: the true class, the predicted one, and its probability.",
        images=[ReportImage(contact_sheet(images, captions), "the most confident mistakes")],
    )
