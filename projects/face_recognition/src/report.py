"""Write one HTML page from what the other verbs measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from sklearn.metrics import roc_curve

from models.model import embed, restore_model
from shared.console import log
from shared.metrics.verification import as_rejected
from shared.report.html import ReportImage, Section
from shared.report.plots import ACCENT, INK, SECOND, contact_sheet, plain_axes, png
from shared.report.sections import Results, read_results, training_section, write_run_report
from shared.results import read_result
from shared.training.trained import load_trained
from src.baseline import eigenfaces
from src.config import PROJECT, Config
from src.dataloader import FaceData, load_data
from src.recognizer import Photo, Recognizer
from src.sources import published_photos


def report(config: Config, *, data: FaceData | None = None) -> Path:
    """Write outputs/report.html: scores, ROC, histograms, curves, faces found in photos, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results = read_results(config, trained)
    pairs, name = data.pairs["test"], config.model.name
    embeddings = embed(restore_model(config, trained), data.faces, pairs.members)
    similarities = {name: pairs.similarities(embeddings)}
    similarities |= {"eigenfaces": pairs.similarities(eigenfaces(data, config.seed)[0])}
    threshold = results["evaluate"]["metrics"]["test"]["threshold"]
    named, curves = {f"{name} (this embedder)": results["evaluate"]}, results["train"]
    small = config.output_dir / "small"  # where `run` has trained one beside weights that learn nothing
    if (small / "train.json").is_file() and not curves["trained_on_data"]:
        named["small, trained from scratch"] = read_result(small, "evaluate")
        curves = read_result(small, "train")
    plots = [
        ReportImage(roc(similarities, pairs.same), "true accepts over false accepts on the test pairs"),
        ReportImage(histograms(similarities[name], pairs.same, threshold), "similarities of same and different people"),
    ]
    same = f"{len(pairs):,} pairs, {int(pairs.same.sum()):,} of them of the same person."
    sections = [
        scores_section({key: result["metrics"] for key, result in named.items()}, results),
        Section("Test pairs", same, images=plots),
        *([training_section(curves)] if curves["history"] else []),
        photos_section(config),
    ]
    return write_run_report(config, PROJECT, trained, results, sections, "photos")


def scores_section(named: Mapping[str, Any], results: Results) -> Section:
    """The embedder's scores, and those of `small` where it was trained beside it, beside those of eigenfaces."""
    rows = []
    for name, scores in (dict(named) | results["baseline"]["metrics"]).items():
        test = scores["test"]
        (low, high), accepted = test["accuracy_interval"], test["tar_at_far"]["0.01"]
        accuracies = [f"{scores['validation']['accuracy']:.4f}", f"{test['accuracy']:.4f}", f"{low:.4f} to {high:.4f}"]
        accepts = "too few pairs" if accepted is None else f"{accepted:.4f}"
        rows.append([name, *accuracies, f"{test['auc']:.4f}", f"{test['eer']:.4f}", accepts, str(test["failed"])])
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


def roc(scores: Mapping[str, np.ndarray], same: np.ndarray) -> bytes:
    """True accepts over false accepts, as a PNG; `scores` are similarities by verifier, float [P], NaN: pair failed."""
    figure, (axes,) = plain_axes(5.2, 3.8)
    lowest = 1 / max(1, int((~same).sum()))
    for (name, similarities), color in zip(scores.items(), (ACCENT, SECOND), strict=False):
        false_accepts, true_accepts, _ = roc_curve(same, as_rejected(similarities), drop_intermediate=False)
        axes.plot(np.maximum(false_accepts, lowest / 2), true_accepts, color=color, label=name)
    axes.set(xscale="log", xlabel="false accepts", ylabel="true accepts", xlim=(lowest / 2, 1), ylim=(0, 1.02))
    axes.legend(frameon=False, loc="lower right")
    return png(figure)


def histograms(similarities: np.ndarray, same: np.ndarray, threshold: float) -> bytes:
    """How similar pairs of the same and of different people are, with the threshold, as a PNG."""
    figure, (axes,) = plain_axes(5.2, 3.8)
    known = ~np.isnan(similarities)
    edges = np.linspace(float(similarities[known].min()), float(similarities[known].max()), 50)
    axes.hist(similarities[known & ~same], edges, color=SECOND, alpha=0.7, label="different people")
    axes.hist(similarities[known & same], edges, color=ACCENT, alpha=0.7, label="same person")
    axes.axvline(threshold, color=INK, linestyle="--", label=f"threshold {threshold:.3f}, from validation")
    axes.set(xlabel="similarity", ylabel="test pairs")
    axes.legend(frameon=False, fontsize=8)
    return png(figure)


def photos_section(config: Config) -> Section:
    """Photos with the faces that were found in them, and whether two show the same person."""
    images, recognizer = published_photos(), Recognizer(config)
    photos = dict(zip(images, recognizer.photos_of_images(list(images.values())), strict=True))
    drawn = [np.asarray(draw_faces(images[name], photo)) for name, photo in photos.items()]
    captions = [f"{name}\n{len(photo.faces)} found" for name, photo in photos.items()]
    sheet = ReportImage(contact_sheet(drawn, captions, 4), "photos with frames around the faces that were found")
    first, *others = photos
    compared = {f"{first} and {other}": recognizer.compare(photos[first], photos[other]) for other in others}
    said = "; ".join(f"{names}: {found['prediction']}" for names, found in compared.items())
    said += f"; thresholds {recognizer.decision.origin}."
    log.info(f"report: {said}")
    text = f"Photos that scikit-image ships; the detector is not trained here. {said}"
    return Section("Faces found in photos", text, images=[sheet])


def draw_faces(image: Image.Image, photo: Photo) -> Image.Image:
    """The image in RGB with a frame around each face and a point on each landmark."""
    drawn = image.convert("RGB")
    pen = ImageDraw.Draw(drawn)
    for face in photo.faces:
        pen.rectangle(face.box, outline="#f59e0b", width=3)
        for x, y in face.landmarks:
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill="#2563eb")
    return drawn
