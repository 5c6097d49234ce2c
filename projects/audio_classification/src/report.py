"""Write one HTML page from what the other verbs measured."""

from pathlib import Path

from torch import Tensor

from models.model import restore_model
from shared.data.examples import Data, Examples
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
from src.dataloader import EVALUATION_BATCH, load_data
from src.spectrogram import spectrogram

SHOWN = 24


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores, confusion matrix, worst mistakes, baselines, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results = read_results(config, trained)
    evaluated, test = results["evaluate"], data.splits.test
    logits = logits_in_batches(restore_model(config, trained), test["samples"], EVALUATION_BATCH)
    probabilities = (logits / evaluated["temperature"]).softmax(1)  # [N, classes]
    sections = [
        training_section(results["train"]),
        accuracy_section(results),
        *gallery_sections(test, probabilities, data.classes, config.data.sample_rate),
        confusion_section(evaluated, data.classes, "clips"),
        calibration_section(evaluated, test["labels"], probabilities, "clips"),
        precision_section(results["export"], "clips a second, one at a time", "accuracy"),
    ]
    return write_run_report(config, PROJECT, trained, results, sections, "clips")


def gallery_sections(test: Examples, probabilities: Tensor, classes: list[str], sample_rate: int) -> list[Section]:
    """Spectrograms of the most confident wrong predictions, and of the most confident correct one of each class."""
    labels, (confidence, predictions) = test["labels"], probabilities.max(1)
    wrong, correct = most_confident(labels, probabilities)

    def sheet(chosen: list[int]) -> bytes:
        images = [spectrogram(test["samples"][index].numpy(), sample_rate) for index in chosen]
        captions = [f"{classes[labels[i]]}, heard {classes[predictions[i]]}\n{confidence[i]:.2f}" for i in chosen]
        return contact_sheet(images, captions, columns=6)

    text = f"{len(wrong)} of {len(labels)} test clips are classified wrongly."
    if len(wrong):
        text += " These are the most confident of them: the true class, the predicted one, and its probability."
    shown = [int(index) for index in wrong[:SHOWN]]
    images = [ReportImage(sheet(shown), "the most confident mistakes")] if shown else []
    sections = [Section("Worst mistakes", text, images=images)]
    best = {int(labels[index]): int(index) for index in reversed(correct)}  # the first of each class stays
    if best:
        image = ReportImage(sheet(list(best.values())[:SHOWN]), "the most confident correct prediction of each class")
        sections.append(Section("Best predictions", "The most confident correct one of each class.", images=[image]))
    return sections
