"""Write one HTML page from what the other verbs measured."""

from pathlib import Path

from models.model import restore_model
from shared.data.examples import Data
from shared.data.images import displayed
from shared.evaluation import logits_in_batches
from shared.report.sections import calibrated, example_sections, read_results, write_classifier_report
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import load_data


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores, confusion matrix, worst mistakes, baselines, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results, images = read_results(config, trained), data.splits.test["images"]
    probabilities = calibrated(results, data, logits_in_batches(restore_model(config, trained), images))  # [N, classes]
    examples = example_sections(data, probabilities, "images", lambda index: displayed(images[index].numpy()))
    return write_classifier_report(config, PROJECT, trained, data, results, probabilities, "images", examples)
