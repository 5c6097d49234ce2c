"""Write one HTML page from what the other verbs measured."""

from pathlib import Path
from typing import Any

import numpy as np

from models.model import embed, restore_model
from shared.report.html import ReportImage, Section
from shared.report.plots import contact_sheet
from shared.report.sections import Results, read_results, training_section, write_run_report
from shared.results import read_result
from shared.training.trained import load_trained
from src.baseline import eigenfaces
from src.config import PROJECT, Config
from src.dataloader import FaceData, load_data
from src.demonstration import draw_faces, images_of_people
from src.plots import histograms, roc
from src.recognizer import Recognizer


def report(config: Config, *, data: FaceData | None = None) -> Path:
    """Write outputs/report.html: scores, ROC, histograms, curves, faces found in photos, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results = read_results(config, trained)
    pairs, name = data.test_pairs, config.model.name
    embeddings = embed(restore_model(config, trained), data.faces, pairs.members.ravel())
    similarities = {name: pairs.similarities(embeddings)}
    similarities |= {"eigenfaces": pairs.similarities(eigenfaces(data, config.seed)[0])}
    threshold = results["evaluate"]["metrics"]["test"]["threshold"]
    named, curves = {f"{name} (this embedder)": results["evaluate"]}, results["train"]
    small = config.output_dir / "small"  # where `run` has trained one beside weights that learn nothing
    if (small / "train.json").is_file() and not curves["trained_on_data"]:
        named["small, trained from scratch"] = read_result(small, "evaluate")
        curves = read_result(small, "train")
    sections = [
        scores_section({key: result["metrics"] for key, result in named.items()}, results),
        Section(
            "Test pairs",
            f"{len(pairs):,} pairs, {int(pairs.same.sum()):,} of them of the same person.",
            images=[
                ReportImage(roc(similarities, pairs.same), "true accepts over false accepts on the test pairs"),
                ReportImage(
                    histograms(similarities[name], pairs.same, threshold), "similarities of same and different people"
                ),
            ],
        ),
        *([training_section(curves)] if curves["history"] else []),
        photos_section(config),
    ]
    return write_run_report(config, PROJECT, trained, results, sections, "photos")


def scores_section(named: dict[str, Any], results: Results) -> Section:
    """The embedder's scores, and those of `small` where it was trained beside it, beside those of eigenfaces."""
    rows = []
    for name, scores in (named | results["baseline"]["metrics"]).items():
        test = scores["test"]
        low, high = test["accuracy_interval"]
        accepted = test["tar_at_far"]["0.01"]
        numbers = (f"{scores['validation']['accuracy']:.4f}", f"{test['accuracy']:.4f}", f"{low:.4f} to {high:.4f}")
        accepts = "too few pairs" if accepted is None else f"{accepted:.4f}"
        rows.append([name, *numbers, f"{test['auc']:.4f}", f"{test['eer']:.4f}", accepts, str(test["failed"])])
    return Section(
        "Accuracy on pairs",
        f"Each threshold is the best one on the validation people's pairs. Weights: "
        f"{results['train']['first_weights']['source']}. Crops: {results['evaluate']['data']['alignment']}. "
        "A pair with a photo in which no face was found counts as an error.",
        header=[
            "model", "validation", "test", "test, 95 % interval", "AUC", "equal error rate", "accepted at 1 % false",
            "without a face",
        ],
        rows=rows,
    )  # fmt: skip


def photos_section(config: Config) -> Section:
    """Photos with the faces that were found in them."""
    images = images_of_people()
    photos = Recognizer(config).photos_of_images(list(images.values()))
    drawn = [np.asarray(draw_faces(*each)) for each in zip(images.values(), photos, strict=True)]
    captions = [f"{name}\n{len(photo.faces)} found" for name, photo in zip(images, photos, strict=True)]
    return Section(
        "Faces found in photos",
        "Photos that scikit-image ships; the detector is not trained here.",
        images=[ReportImage(contact_sheet(drawn, captions, 4), "photos with frames around the faces that were found")],
    )
