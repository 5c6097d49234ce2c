"""Write one HTML page from what the other verbs measured."""

from pathlib import Path
from typing import Any

import yaml

from shared.console import log
from shared.data.masks import IGNORE
from shared.data.sources import require_same_classes
from shared.errors import UserError
from shared.files import file_digest
from shared.report.html import ReportImage, Section, data_section, substitution_notice, write_report
from shared.report.overlays import ComparedMasks, comparison
from shared.report.plots import confusion_matrix, training_curves
from shared.report.precision import precision_section
from shared.results import read_result
from shared.training.checkpoint import Checkpoint, load_checkpoint
from shared.training.files import best_checkpoint
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.utils import answer_of, as_dense, restore_model

SHOWN = 4  # best images, and as many worst


def report(config: Config) -> Path:
    """Write outputs/report.html: curves, scores by class, best and worst images, baselines, configuration."""
    trained = load_checkpoint(best_checkpoint(config.output_dir))
    results = {verb: read_result(config.output_dir, verb) for verb in ("train", "evaluate", "baseline", "export")}
    if results["evaluate"]["checkpoint"] != file_digest(trained.path):
        raise UserError(
            f"{config.output_dir / 'evaluate.json'} is of other weights; run `python main.py evaluate` again."
        )
    path = config.output_dir / "report.html"
    write_report(
        path,
        title=f"{PROJECT.name}: {config.model.name} on {trained.metadata['data']['source']}",
        summary=_summary(results),
        notice=substitution_notice(trained.metadata["data"]),
        sections=[
            _curves(results["train"]),
            _scores(results),
            *_images(config, trained, results["evaluate"]),
            _by_class(results["evaluate"]),
            _confusion(results["evaluate"], trained.metadata["classes"]),
            precision_section(results["export"], "images a second, one at a time", "validation_mean_iou"),
            data_section(trained.metadata["data"], "images"),
            Section("Configuration", preformatted=yaml.safe_dump(trained.metadata["config"], sort_keys=False)),
        ],
    )
    log.info(f"report: {path}")
    return path


def _summary(results: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    train, test = results["train"], results["evaluate"]["metrics"]["test"]
    validation = results["evaluate"]["metrics"]["validation"]
    strongest = max(results["baseline"]["metrics"].values(), key=lambda row: row["validation"]["pooled"]["mean_iou"])
    return [
        ("test mean IoU, pooled", f"{test['pooled']['mean_iou']:.4f}"),
        ("test mean IoU, per image", f"{test['per_image']['mean_iou']:.4f}"),
        ("validation mean IoU, pooled", f"{validation['pooled']['mean_iou']:.4f}"),
        ("best baseline, test, pooled", f"{strongest['test']['pooled']['mean_iou']:.4f}"),
        ("parameters", f"{train['parameters']:,}"),
        ("first weights", train["first_weights"]["source"]),
        ("training seconds", f"{train['seconds']:.1f}"),
        ("seed", str(train["seed"])),
        ("device", f"{train['device']}, {train['threads']} threads"),
    ]


def _curves(train: dict[str, Any]) -> Section:
    curves = training_curves(train["history"], "mean_iou", train["best_epoch"])
    return Section(
        "Training",
        "The weights of the best epoch by validation mean IoU are kept. Seconds count training steps only.",
        images=[ReportImage(curves, "loss and validation mean IoU over the epochs")],
    )


def _scores(results: dict[str, dict[str, Any]]) -> Section:
    named = {f"{results['train']['config']['model']['name']} (this network)": results["evaluate"]["metrics"]}
    named |= results["baseline"]["metrics"]
    every = results["baseline"]["every"]
    rows = [
        [
            name,
            f"{metrics['validation']['pooled']['mean_iou']:.4f}",
            f"{metrics['test']['pooled']['mean_iou']:.4f}",
            f"{metrics['test']['per_image']['mean_iou']:.4f}",
            f"{metrics['test']['pixel_accuracy']:.4f}",
        ]
        for name, metrics in named.items()
    ]
    return Section(
        "Overlap beside pixel classifiers",
        "All were fitted on the same training split; nothing was chosen on the test split. Pooled: all pixels of a "
        "split are counted together. Per image: each image counts alike. The baselines answer one pixel of each "
        f"{every}x{every}.",
        header=["model", "validation, pooled", "test, pooled", "test, per image", "test, right pixels"],
        rows=rows,
    )


def _images(config: Config, trained: Checkpoint, evaluated: dict[str, Any]) -> list[Section]:
    """The test images with the highest and with the lowest IoU."""
    by_image = evaluated["metrics"]["test"]["by_image"]
    ranked = sorted((name for name in by_image if by_image[name] is not None), key=lambda name: by_image[name])
    data = load_data(config)
    require_same_classes(trained.metadata["classes"], data.classes)
    test = data.splits.test
    network = as_dense(restore_model(config, trained))

    def compared(name: str) -> ComparedMasks:
        index = test.names.index(name)
        answer = answer_of(network, test.images[index], config.predict)
        return ComparedMasks(f"{name[:24]}: IoU {by_image[name]:.3f}", test.images[index], test.masks[index], answer)

    return [
        Section(
            title,
            "Of the test split, by IoU averaged over the image's classes.",
            images=[
                ReportImage(
                    comparison([compared(name) for name in names], trained.metadata["classes"], IGNORE),
                    "input, truth, answer and errors of each image",
                )
            ],
        )
        for title, names in (("Best images", ranked[::-1][:SHOWN]), ("Worst images", ranked[:SHOWN]))
    ]


def _by_class(evaluated: dict[str, Any]) -> Section:
    test = evaluated["metrics"]["test"]
    scores = [test["pooled"]["iou"], test["pooled"]["dice"], test["per_image"]["iou"], test["per_image"]["dice"]]
    scores.append(test["boundary"]["f"])
    rows = [[name, *(_shown(score[name]) for score in scores)] for name in test["pooled"]["iou"]]
    means = [f"{test[kind][score]:.4f}" for kind in ("pooled", "per_image") for score in ("mean_iou", "mean_dice")]
    rows.append(["mean", *means, _shown(test["boundary"]["mean_f"])])
    return Section(
        "Class by class",
        "On the test split. The boundary score tells how well outlines fit, within 0.75 % of the image's diagonal.",
        header=["class", "IoU, pooled", "Dice, pooled", "IoU, per image", "Dice, per image", "boundary F"],
        rows=rows,
    )


def _shown(score: float | None) -> str:
    return "does not occur" if score is None else f"{score:.4f}"


def _confusion(evaluated: dict[str, Any], classes: list[str]) -> Section:
    counts = evaluated["metrics"]["test"]["confusion"]
    percent = [[round(100 * count / max(sum(row), 1)) for count in row] for row in counts]
    return Section(
        "What is taken for what",
        "Rows are the truth, columns the answers, in percent of the row's pixels.",
        images=[ReportImage(confusion_matrix(percent, classes), "confusion of the test split's pixels in percent")],
    )
