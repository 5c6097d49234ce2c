"""Write one HTML page from what the other verbs measured."""

from pathlib import Path

import numpy as np

from models.model import restore_model
from shared.data.examples import Data, Examples
from shared.data.images import displayed
from shared.data.labels import label_names
from shared.evaluation import logits_in_batches
from shared.inference.predictor import Predictor
from shared.report.heat import heated
from shared.report.html import ReportImage, Section
from shared.report.plots import contact_sheet
from shared.report.sections import calibrated, most_confident, read_results, write_classifier_report
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import FORWARD_BATCH, load_data
from src.predict import make_predictor

SHOWN = 16


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores, confusion matrix, where it looked, baselines, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results = read_results(config, trained)
    test, predictor = data.splits.test, make_predictor(config)
    logits = logits_in_batches(restore_model(config, trained), test["images"], FORWARD_BATCH)
    probabilities = calibrated(results, data, logits)  # [N, classes]
    wrong, right = most_confident(test["labels"], probabilities, predictor.network.metadata.get("thresholds", ()))
    mistakes = f"{len(wrong)} of {len(test)} test photos are classified wrongly; these are the most confident of them"
    groups = {
        "Worst mistakes": (wrong, mistakes if len(wrong) else f"Wrong predictions for the {len(test)} test photos"),
        "Best": (right, "The most confident of the right predictions"),
        "Least sure": (right[::-1].copy(), "The least confident of the right predictions"),
    }
    examples = [looked_at(name, text, chosen, test, predictor) for name, (chosen, text) in groups.items()]
    return write_classifier_report(config, PROJECT, trained, data, results, probabilities, "photos", examples)


def looked_at(name: str, text: str, chosen: np.ndarray, test: Examples, predictor: Predictor) -> Section:
    """Some test photos, each beside what spoke for the predicted class.

    The exported network predicts them, as `predict` and the server do.
    """
    if not len(chosen):
        return Section(name, f"{text}: none.")
    photos = list(test["images"][chosen[:SHOWN]].numpy())
    truth = label_names(test["labels"][chosen[:SHOWN]].numpy(), predictor.network.labels)
    images, captions = [], []
    for photo, label, one in zip(photos, truth, predictor.predict(photos), strict=True):
        images.append(displayed(photo))
        captions.append(f"{'|'.join(label)}\n{one.label}{one.confidence}")
        if one.heat is not None:
            images.append(heated(displayed(photo), one.heat))
            captions.append("\n")
    return Section(
        name,
        f"{text}: the true class, the prediction and its probability. Beside each photo, what spoke for the most "
        "likely class: yellow the most, purple nothing.",
        images=[ReportImage(contact_sheet(images, captions), name.lower())],
    )
