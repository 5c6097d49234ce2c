"""Write one HTML page from what the other verbs measured."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from torch import Tensor

from shared.console import log
from shared.data.memory import Batch
from shared.data.sources import require_same_classes
from shared.errors import UserError
from shared.files import file_digest
from shared.report.html import ReportImage, Section, data_section, substitution_notice, write_report
from shared.report.plots import confusion_matrix, contact_sheet, reliability, training_curves
from shared.report.precision import precision_section
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.utils import logits_of, restore_model

MISTAKES_SHOWN = 32


def report(config: Config) -> Path:
    """Write outputs/report.html: curves, scores, confusion matrix, worst mistakes, baselines, configuration."""
    trained = load_checkpoint(best_checkpoint(config.output_dir))
    results = {verb: read_result(config.output_dir, verb) for verb in ("train", "evaluate", "baseline", "export")}
    if results["evaluate"]["checkpoint"] != file_digest(trained.path):
        raise UserError(
            f"{config.output_dir / 'evaluate.json'} is of other weights; run `python main.py evaluate` again."
        )
    data = load_data(config)
    require_same_classes(trained.metadata["classes"], data.classes)
    test = data.splits.test
    logits = logits_of(restore_model(config, trained), test)
    probabilities = (logits / results["evaluate"]["temperature"]).softmax(1)
    path = config.output_dir / "report.html"
    write_report(
        path,
        title=f"{PROJECT.name}: {config.model.name} on {trained.metadata['data']['source']}",
        summary=_summary(results),
        notice=substitution_notice(trained.metadata["data"]),
        sections=[
            _curves(results["train"]),
            _scores(results),
            _mistakes(test, probabilities, trained.metadata["classes"]),
            _confusion(results["evaluate"], trained.metadata["classes"]),
            _calibration(results["evaluate"], test, probabilities),
            precision_section(results["export"], "images a second, one at a time", "accuracy"),
            data_section(trained.metadata["data"], "images"),
            Section("Configuration", preformatted=yaml.safe_dump(trained.metadata["config"], sort_keys=False)),
        ],
    )
    log.info(f"report: {path}")
    return path


def _summary(results: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    train, evaluated = results["train"], results["evaluate"]
    strongest = max(reversed(results["baseline"]["metrics"].values()), key=lambda row: row["validation"]["accuracy"])
    return [
        ("test accuracy", f"{evaluated['metrics']['test']['accuracy']:.2%}"),
        ("validation accuracy", f"{evaluated['metrics']['validation']['accuracy']:.2%}"),
        ("best baseline, test", f"{strongest['test']['accuracy']:.2%}"),
        ("parameters", f"{train['parameters']:,}"),
        ("training seconds", f"{train['seconds']:.1f}"),
        ("seed", str(train["seed"])),
        ("device", f"{train['device']}, {train['threads']} threads"),
        ("ONNX against PyTorch", f"{results['export']['metrics']['largest_difference']:.0e}"),
    ]


def _curves(train: dict[str, Any]) -> Section:
    curves = training_curves(train["history"], "accuracy", train["best_epoch"])
    return Section(
        "Training",
        "The weights of the best epoch by validation accuracy are kept. Seconds count training steps only.",
        images=[ReportImage(curves, "loss and validation accuracy over the epochs")],
    )


def _scores(results: dict[str, dict[str, Any]]) -> Section:
    named = {f"{results['train']['config']['model']['name']} (this network)": results["evaluate"]["metrics"]}
    named |= results["baseline"]["metrics"]
    rows = []
    for name, metrics in named.items():
        low, high = metrics["test"]["accuracy_interval"]
        rows.append(
            [
                name,
                f"{metrics['validation']['accuracy']:.4f}",
                f"{metrics['test']['accuracy']:.4f}",
                f"{low:.4f} to {high:.4f}",
            ]
        )
    return Section(
        "Accuracy beside the classical baselines",
        "All were fitted on the same training split; nothing was chosen on the test split.",
        header=["model", "validation", "test", "test, 95 % interval"],
        rows=rows,
    )


def _mistakes(test: Batch, probabilities: Tensor, classes: list[str]) -> Section:
    labels = test["labels"].numpy()
    answers = probabilities.argmax(1).numpy()
    confidence = probabilities.max(1).values.numpy()
    wrong = np.flatnonzero(answers != labels)
    if not len(wrong):
        return Section("Worst mistakes", "There are none: every image of the test split is answered rightly.")
    worst = wrong[np.argsort(-confidence[wrong])][:MISTAKES_SHOWN]
    images = [_image(test["images"][index]) for index in worst]
    captions = [f"{classes[labels[i]]}, not {classes[answers[i]]}\n{confidence[i]:.2f}" for i in worst]
    return Section(
        "Worst mistakes",
        f"{len(wrong)} of {len(labels)} test images are answered wrongly. These are the most confident of them: "
        "the truth, what was answered instead, and with which probability.",
        images=[ReportImage(contact_sheet(images, captions), "the most confident mistakes, with truth and answer")],
    )


def _image(image: Tensor) -> np.ndarray:
    array: np.ndarray = image.permute(1, 2, 0).numpy()
    return array[:, :, 0] if array.shape[2] == 1 else array


def _confusion(evaluated: dict[str, Any], classes: list[str]) -> Section:
    test = evaluated["metrics"]["test"]
    rows = [
        [name, f"{row['precision']:.4f}", f"{row['recall']:.4f}", f"{row['f1']:.4f}", str(row["support"])]
        for name, row in test["per_class"].items()
    ]
    matrix = confusion_matrix(test["confusion"], classes)
    return Section(
        "Class by class",
        "Rows of the matrix are the truth, columns the answers.",
        header=["class", "precision", "recall", "F1", "test images"],
        rows=rows,
        images=[ReportImage(matrix, "confusion matrix of the test split")],
    )


def _calibration(evaluated: dict[str, Any], test: Batch, probabilities: Tensor) -> Section:
    confidence, answers = probabilities.max(1)
    image = reliability(confidence.numpy(), (answers == test["labels"]).numpy())
    scores = evaluated["metrics"]["test"]
    return Section(
        "Does it know what it knows?",
        f"Expected calibration error on the test split: {scores['calibration_error']:.4f}, with logits divided by "
        f"{evaluated['temperature']:.2f}, which fits the validation split best; "
        f"{scores['calibration_error_before']:.4f} without. Above each bar: the number of images.",
        images=[ReportImage(image, "share of right answers by confidence")],
    )
