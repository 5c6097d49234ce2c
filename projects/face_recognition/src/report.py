"""Write one HTML page from what the other verbs measured."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from sklearn.metrics import roc_curve

from models.model import embed, restore_model
from shared.console import log
from shared.metrics.verification import as_rejected
from shared.report.html import ReportImage, Section
from shared.report.plots import ACCENT, INK, SECOND, contact_sheet, plain_axes, png
from shared.report.sections import accuracy_section, read_results, training_section, write_run_report
from shared.results import headline, read_result
from shared.training.trained import load_trained
from src.baseline import eigenfaces
from src.config import PROJECT, Config
from src.dataloader import FaceData, load_data
from src.recognizer import Photo, Recognizer
from src.sources import published_photos


def report(config: Config, *, data: FaceData | None = None) -> Path:
    """Write outputs/report.html: scores, ROC, similarities, curves, faces found in photos, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results = read_results(config, trained)
    pairs, test, curves = data.pairs["test"], results["evaluate"]["metrics"]["test"], results["train"]
    embeddings = {config.model.name: embed(restore_model(config, trained), data.faces, pairs.members)}
    embeddings["eigenfaces"], _ = eigenfaces(data, config.seed)
    similarities = {name: pairs.similarities(vectors) for name, vectors in embeddings.items()}
    text = (
        f"{len(pairs):,} pairs, {int(pairs.same.sum()):,} of them of the same person. The threshold is the best one on "
        f"the validation people's pairs. Crops: {results['evaluate']['data']['alignment']}. A pair with a photo in "
        "which no face was found counts as an error."
    )
    small = config.output_dir / "small"  # where `run` has trained one beside weights that learn nothing
    if (small / "train.json").is_file() and not curves["trained_on_data"]:
        curves = read_result(small, "train")
        name, value, low, high = headline(read_result(small, "evaluate")["metrics"]["test"])
        text += f" small, trained from scratch beside it: {name} {value:.4f} (95 % interval {low:.4f} to {high:.4f})."
    plots = ReportImage(pair_plots(similarities, pairs.same, test["threshold"]), "ROC and similarities of test pairs")
    sections = [
        accuracy_section(results, {"auc": "AUC", "eer": "equal error rate"}),
        Section("Test pairs", text, images=[plots]),
        *([training_section(curves)] if curves["history"] else []),
        photos_section(config),
    ]
    return write_run_report(config, PROJECT, trained, results, sections, "photos")


def pair_plots(similarities: Mapping[str, np.ndarray], same: np.ndarray, threshold: float) -> bytes:
    """The ROC of each embedder, and the similarities of the first one's pairs with its threshold, as a PNG.

    Args:
        similarities: by embedder, float [P]; NaN where a pair could not be compared.
        same: bool [P].
    """
    figure, (curves, bars) = plain_axes(9, 3.6, columns=2)
    lowest = 1 / max(1, int((~same).sum()))
    for (name, alike), color in zip(similarities.items(), (ACCENT, SECOND), strict=True):
        false_accepts, true_accepts, _ = roc_curve(same, as_rejected(alike), drop_intermediate=False)
        curves.plot(np.maximum(false_accepts, lowest / 2), true_accepts, color=color, label=name)
    curves.set(xscale="log", xlabel="false accept rate", ylabel="true accept rate", xlim=(lowest / 2, 1))
    curves.legend(frameon=False, loc="lower right")
    own = next(iter(similarities.values()))
    kinds = {"same person": own[same & ~np.isnan(own)], "different people": own[~same & ~np.isnan(own)]}
    bars.hist([*kinds.values()], 50, histtype="stepfilled", color=[ACCENT, SECOND], alpha=0.7, label=[*kinds])
    bars.axvline(threshold, color=INK, linestyle="--", label=f"threshold {threshold:.3f}, from validation")
    bars.set(xlabel="similarity", ylabel="test pairs")
    bars.legend(frameon=False, fontsize=8)
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
