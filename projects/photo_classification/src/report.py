"""Write one HTML page from what the other verbs measured."""

from pathlib import Path

import numpy as np
from torch import Tensor

from models.model import restore_model
from shared.data.examples import Data, Examples
from shared.evaluation import logits_in_batches
from shared.report.heat import heated
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
from src.dataloader import FORWARD_BATCH, load_data
from src.predict import Predictor
from src.preparation import displayed

SHOWN = 16


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores, confusion matrix, where it looked, baselines, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results = read_results(config, trained)
    evaluated, test = results["evaluate"], data.splits.test
    logits = logits_in_batches(restore_model(config, trained), test["images"], FORWARD_BATCH)
    probabilities = (logits / evaluated["temperature"]).softmax(1)  # [N, classes]
    wrong, right = most_confident(test["labels"], probabilities)
    mistakes = f"{len(wrong)} of {len(test)} test photos are classified wrongly"
    groups = {
        "Worst mistakes": (wrong, f"{mistakes}; these are the most confident of them"),
        "Best": (right, "The most confident of the right predictions"),
        "Least sure": (right[::-1], "The least confident of the right predictions"),
    }
    sections = [
        training_section(results["train"]),
        accuracy_section(results),
        *(looked_at(config, name, chosen, text, test, probabilities, data) for name, (chosen, text) in groups.items()),
        confusion_section(evaluated, data.classes, "photos"),
        calibration_section(evaluated, test["labels"], probabilities, "photos"),
        precision_section(results["export"], "photos a second, one at a time", "accuracy"),
    ]
    return write_run_report(config, PROJECT, trained, results, sections, "photos")


def looked_at(
    config: Config, name: str, chosen: np.ndarray, text: str, test: Examples, probabilities: Tensor, data: Data
) -> Section:
    """Some test photos, each beside the map of what spoke for the predicted class (yellow the most)."""
    if not len(chosen):
        return Section(name, f"{text}: none.")
    predictor = Predictor(config)
    images, captions = [], []
    for index in chosen[:SHOWN].tolist():
        confidence, predicted = (value.item() for value in probabilities[index].max(0))
        photo, truth = test["images"][index].numpy(), data.classes[test["labels"][index]]
        images.append(displayed(photo))
        captions.append(f"{data.classes[int(predicted)]} {confidence:.2f}")
        if predictor.network.metadata["maps"]:
            images.append(heated(displayed(photo), predictor.explain(photo, int(predicted))))
            captions.append("" if truth == data.classes[int(predicted)] else f"not {truth}")
    return Section(
        name,
        f"{text}: the predicted class and its probability; beside each photo, what spoke for the class, most in yellow.",
        images=[ReportImage(contact_sheet(images, captions), name.lower())],
    )
