"""Write one HTML page from what the other verbs measured."""

from pathlib import Path
from typing import Any

import yaml

from shared.console import log
from shared.errors import UserError
from shared.files import file_digest
from shared.report.html import ReportImage, Section, data_section, substitution_notice, write_report
from shared.report.plots import contact_sheet, training_curves
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.baseline import eigenfaces
from src.config import PROJECT, Config
from src.dataloader import Data, load_data
from src.demonstration import draw_found, images_of_people
from src.plots import histograms, roc
from src.recognizer import Recognizer
from src.utils import crop_size, embed_some, restore_model, similarities_of

Results = dict[str, dict[str, Any]]


def report(config: Config) -> Path:
    """Write outputs/report.html: scores, ROC, histograms, curves, faces found in photos, configuration."""
    trained = load_checkpoint(best_checkpoint(config.output_dir))
    results = {verb: read_result(config.output_dir, verb) for verb in ("train", "evaluate", "baseline", "export")}
    if results["evaluate"]["checkpoint"] != file_digest(trained.path):
        raise UserError(
            f"{config.output_dir / 'evaluate.json'} is of other weights; run `python main.py evaluate` again."
        )
    beside = config.output_dir / "small" / "train.json"
    small = (
        read_result(beside.parent, "train") if beside.is_file() and not trained.metadata["trained_on_data"] else None
    )
    data = load_data(config, crop_size(config))
    path = config.output_dir / "report.html"
    write_report(
        path,
        title=f"{PROJECT.name}: {config.model.name} on {trained.metadata['data']['source']}",
        summary=_summary(results),
        notice=substitution_notice(trained.metadata["data"]),
        sections=[
            _scores(results, _beside_scores(beside.parent) if small else None),
            _pairs(config, data, results["evaluate"]),
            *_curves(results["train"], small),
            _photos(config),
            data_section(trained.metadata["data"], "photos"),
            Section("Configuration", preformatted=yaml.safe_dump(trained.metadata["config"], sort_keys=False)),
        ],
    )
    log.info(f"report: {path}")
    return path


def _summary(results: Results) -> list[tuple[str, str]]:
    train, test = results["train"], results["evaluate"]["metrics"]["test"]
    strongest = max(results["baseline"]["metrics"].values(), key=lambda row: float(row["validation"]["accuracy"]))
    folds = results["evaluate"]["folds"]
    of_folds = [("all folds", f"{folds['accuracy']:.2%} ± {folds['deviation']:.2%}")] if folds else []
    return [
        ("test accuracy, pairs", f"{test['accuracy']:.2%}"),
        ("equal error rate", f"{test['eer']:.2%}"),
        *of_folds,
        ("best baseline, test", f"{strongest['test']['accuracy']:.2%}"),
        ("parameters", f"{train['parameters']:,}"),
        ("training seconds", f"{train['seconds']:.1f}"),
        ("seed", str(train["seed"])),
        ("ONNX against PyTorch", f"{results['export']['metrics']['largest_difference']:.0e}"),
    ]


def _beside_scores(folder: Path) -> dict[str, Any]:
    scores: dict[str, Any] = read_result(folder, "evaluate")["metrics"]
    return scores


def _scores(results: Results, small: dict[str, Any] | None) -> Section:
    named = {f"{results['train']['config']['model']['name']} (this embedder)": results["evaluate"]["metrics"]}
    named |= {"small, trained from scratch": small} if small else {}
    named |= results["baseline"]["metrics"]
    rows = [[name, f"{scores['validation']['accuracy']:.4f}", *_row(scores["test"])] for name, scores in named.items()]
    return Section(
        "Pairs answered rightly",
        f"Each threshold is the best one on the validation people's pairs. Weights: "
        f"{results['train']['first_weights']['source']}. Crops: {results['evaluate']['data']['alignment']}. "
        "A pair with a photo in which no face was found counts as an error.",
        header=[
            "model", "validation", "test", "test, 95 % interval", "AUC", "equal error rate", "accepted at 1 % false",
            "without a face",
        ],
        rows=rows,
    )  # fmt: skip


def _row(scores: dict[str, Any]) -> list[str]:
    low, high = scores["accuracy_interval"]
    accepted = scores["tar_at_far"]["0.01"]
    return [
        f"{scores['accuracy']:.4f}",
        f"{low:.4f} to {high:.4f}",
        f"{scores['auc']:.4f}",
        f"{scores['eer']:.4f}",
        "too few pairs" if accepted is None else f"{accepted:.4f}",
        str(scores["failed"]),
    ]


def _pairs(config: Config, data: Data, evaluated: dict[str, Any]) -> Section:
    model = restore_model(config, load_checkpoint(best_checkpoint(config.output_dir)))
    pairs = data.test_pairs
    similarities = similarities_of(embed_some(model, data.faces, pairs.members.ravel()), pairs)
    classical = similarities_of(eigenfaces(data, config.seed)[0], pairs)
    drawn = roc({config.model.name: (similarities, pairs.same), "eigenfaces": (classical, pairs.same)})
    threshold = evaluated["metrics"]["test"]["threshold"]
    return Section(
        "Test pairs",
        f"{len(pairs):,} pairs, {int(pairs.same.sum()):,} of them of the same person.",
        images=[
            ReportImage(drawn, "true accepts over false accepts on the test pairs"),
            ReportImage(histograms(similarities, pairs.same, threshold), "similarities of same and different people"),
        ],
    )


def _curves(train: dict[str, Any], small: dict[str, Any] | None) -> list[Section]:
    shown = small or train
    if not shown["history"]:
        return []
    what = "The small network beside it" if small else "This embedder"
    curves = training_curves(shown["history"], "auc", shown["best_epoch"])
    return [
        Section(
            "Training",
            f"{what}. The loss of training is that of {shown['config']['loss']['name']}; validation has other people, "
            "so its loss is that of all triplets. The weights of the best epoch by validation AUC are kept.",
            images=[ReportImage(curves, "loss and validation AUC over the epochs")],
        )
    ]


def _photos(config: Config) -> Section:
    images = images_of_people()
    photos = Recognizer(config).photos_of_images(list(images.values()))
    drawn = [draw_found(image, photo) for image, photo in zip(images.values(), photos, strict=True)]
    sheet = contact_sheet(
        drawn, [f"{name}\n{len(photo.faces)} found" for name, photo in zip(images, photos, strict=True)], 4
    )
    return Section(
        "Faces found in photographs",
        "Photographs that scikit-image ships; the detector is not trained here.",
        images=[ReportImage(sheet, "photographs with frames around the faces that were found")],
    )
