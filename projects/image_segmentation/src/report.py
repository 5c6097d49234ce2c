"""Write one HTML page from what the other verbs measured."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.model import restore_model
from shared.data.examples import Data
from shared.inference.tiles import Dense
from shared.report.html import ReportImage, Section
from shared.report.overlays import ComparedMasks, comparison
from shared.report.plots import confusion_matrix
from shared.report.sections import (
    Results,
    accuracy_section,
    precision_section,
    read_results,
    training_section,
    write_run_report,
)
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.evaluate import predict_mask
from src.masks import IGNORE

SHOWN = 4  # best images, and as many worst


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores by class, best and worst images, baselines, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results = read_results(config, trained)
    test = results["evaluate"]["metrics"]["test"]
    sections = [
        training_section(results["train"]),
        scores_section(results),
        *image_sections(config, restore_model(config, trained).probabilities, data, test["by_image"]),
        class_section(test, data.classes),
        precision_section(results["export"], "images a second, one at a time", "mean_iou"),
    ]
    return write_run_report(config, PROJECT, trained, results, sections, "images")


def scores_section(results: Results) -> Section:
    """The network's scores beside those of the pixel classifiers."""
    section, every = accuracy_section(results, {"pixel_accuracy": "test, correct pixels"}), results["baseline"]["every"]
    text = f" All pixels of a split are counted together; the pixel classifiers predict one of each {every}x{every}."
    return replace(section, text=section.text + text)


def image_sections(config: Config, network: Dense, data: Data, by_image: Mapping[str, float | None]) -> list[Section]:
    """The test images with the highest and with the lowest IoU."""
    test = data.splits.test
    scores = {name: score for name, score in by_image.items() if score is not None}
    ranked = sorted(scores, key=scores.__getitem__)

    def compared(name: str) -> ComparedMasks:
        index = test.names.index(name)
        image, mask = test["images"][index], test["masks"][index]
        predicted = predict_mask(network, image, config.predict)
        return ComparedMasks(f"{name[:24]}: IoU {scores[name]:.3f}", image, mask, predicted)

    sections = []
    for title, names in (("Best images", ranked[::-1][:SHOWN]), ("Worst images", ranked[:SHOWN])):
        rows = comparison([compared(name) for name in names], data.classes, IGNORE)
        image = ReportImage(rows, "input, truth, prediction and errors of each image")
        sections.append(Section(title, "Test images, by their IoU averaged over the classes.", images=[image]))
    return sections


def class_section(test: Mapping[str, Any], classes: list[str]) -> Section:
    """All scores of each class, and which classes are predicted for its pixels."""
    scores = [(kind, score) for kind in ("pooled", "per_image") for score in ("iou", "dice")] + [("boundary", "f")]
    columns = [(test[kind][score], test[kind][f"mean_{score}"]) for kind, score in scores]
    rows = [[name, *(shown(by_class[name]) for by_class, _ in columns)] for name in classes]
    percent = [[round(100 * count / max(sum(row), 1)) for count in row] for row in test["confusion"]]
    return Section(
        "Class by class",
        "On the test split. The boundary F says how well outlines fit, within 0.75 % of the diagonal. Rows of the "
        "matrix are the true classes, columns the predictions, in percent of the row.",
        header=["class", "IoU, pooled", "Dice, pooled", "IoU, per image", "Dice, per image", "boundary F"],
        rows=[*rows, ["mean", *(shown(mean) for _, mean in columns)]],
        images=[ReportImage(confusion_matrix(percent, classes), "confusion of the test split's pixels in percent")],
    )


def shown(score: float | None) -> str:
    """A score for people."""
    return "does not occur" if score is None else f"{score:.4f}"
