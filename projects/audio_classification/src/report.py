"""Write one HTML page from what the other verbs measured."""

from pathlib import Path

import numpy as np

from models.model import restore_model
from shared.data.examples import Data
from shared.evaluation import logits_in_batches
from shared.report.sections import calibrated, example_sections, read_results, write_classifier_report
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import EVALUATION_BATCH, load_data
from src.spectrogram import spectrogram


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores, confusion matrix, worst mistakes, baselines, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results, samples = read_results(config, trained), data.splits.test["samples"]
    logits = logits_in_batches(restore_model(config, trained), samples, EVALUATION_BATCH)
    probabilities = calibrated(results, data, logits)  # [N, classes]

    def draw(index: int) -> np.ndarray:
        return spectrogram(samples[index].numpy(), config.data.sample_rate)

    examples = example_sections(data, probabilities, "clips", draw, columns=6)
    return write_classifier_report(config, PROJECT, trained, data, results, probabilities, "clips", examples)
