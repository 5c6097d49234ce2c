"""Write one HTML page from what the other verbs measured."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from torch import Tensor

from shared.console import log
from shared.data.sources import require_same_classes
from shared.errors import UserError
from shared.files import file_digest
from shared.report.html import ReportImage, Section, data_section, substitution_notice, write_report
from shared.report.plots import confusion_matrix, reliability, training_curves
from shared.report.precision import precision_section
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import PROJECT, Config
from src.dataloader import Texts, load_data
from src.ladder import read_ladder
from src.utils import logits_of, restore_model, restore_tokens

MISTAKES_SHOWN = 20
CHARACTERS_SHOWN = 300


def report(config: Config) -> Path:
    """Write outputs/report.html: curves, scores, calibration, confusion, worst mistakes in words, configuration."""
    trained = load_checkpoint(best_checkpoint(config.output_dir))
    results = {verb: read_result(config.output_dir, verb) for verb in ("train", "evaluate", "baseline", "export")}
    if results["evaluate"]["checkpoint"] != file_digest(trained.path):
        raise UserError(
            f"{config.output_dir / 'evaluate.json'} is of other weights; run `python main.py evaluate` again."
        )
    metadata, data = trained.metadata, load_data(config)
    require_same_classes(metadata["classes"], data.classes)
    test = data.splits.test
    logits = logits_of(restore_model(config, trained), restore_tokens(trained), test.texts)
    probabilities = (logits / results["evaluate"]["temperature"]).softmax(1)
    path = config.output_dir / "report.html"
    write_report(
        path,
        title=f"{PROJECT.name}: {config.model.name} on {metadata['data']['source']}",
        summary=_summary(results),
        notice=substitution_notice(metadata["data"]),
        sections=[
            _curves(results["train"]),
            _scores(results),
            *_ladder(config, metadata["data"]["digest"]),
            _mistakes(test, probabilities, metadata["classes"]),
            _confusion(results["evaluate"], metadata["classes"]),
            _calibration(results["evaluate"], test, probabilities),
            _sure(results["evaluate"]),
            precision_section(results["export"], "texts a second, one at a time", "accuracy"),
            data_section(metadata["data"], "texts"),
            Section("Configuration", preformatted=yaml.safe_dump(metadata["config"], sort_keys=False)),
        ],
    )
    log.info(f"report: {path}")
    return path


def _summary(results: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    train, test = results["train"], results["evaluate"]["metrics"]["test"]
    strongest = max(reversed(results["baseline"]["metrics"].values()), key=lambda row: row["validation"]["accuracy"])
    return [
        ("test accuracy", f"{test['accuracy']:.2%}"),
        ("test macro-F1", f"{test['macro_f1']:.4f}"),
        ("best baseline, test", f"{strongest['test']['accuracy']:.2%}"),
        ("calibration error, test", f"{test['calibration_error']:.4f}"),
        ("parameters", f"{train['parameters']:,}"),
        ("first weights", train["first_weights"]["source"]),
        ("training seconds", f"{train['seconds']:.1f}"),
        ("tokens a second", f"{train['tokens_per_second']:,.0f}"),
        ("padding", f"{train['padding_share']:.1%}"),
        ("seed", str(train["seed"])),
        ("device", f"{train['device']}, {train['threads']} threads"),
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
    return Section(
        "Scores beside the classical baselines",
        "All were fitted on the same training split; nothing was chosen on the test split.",
        header=["model", "validation accuracy", "test accuracy", "95 % interval", "test macro-F1", "calibration error"],
        rows=[_score_row(name, metrics["validation"], metrics["test"]) for name, metrics in named.items()],
    )


def _score_row(name: str, validation: dict[str, Any], test: dict[str, Any]) -> list[str]:
    low, high = test["accuracy_interval"]
    return [
        name,
        f"{validation['accuracy']:.4f}",
        f"{test['accuracy']:.4f}",
        f"{low:.4f} to {high:.4f}",
        f"{test['macro_f1']:.4f}",
        f"{test['calibration_error']:.4f}",
    ]


def _ladder(config: Config, digest: str) -> list[Section]:
    """The table of `ladder`, where it has been run on this data."""
    found = read_ladder(config.output_dir, digest)
    if not found:
        return []
    rows = [
        [name, *(f"{value:.4f}" for value in row["test"].values()), *(f"{value:.3g}" for value in row["cost"].values())]
        for name, row in found["metrics"].items()
    ]
    header = ["model", *next(iter(found["metrics"].values()))["test"], "ms a text", "MB", "training seconds"]
    text = "Scores on the test split, and what each model costs; the times are of this machine, a text at a time."
    return [Section("The ladder", text, header=header, rows=rows)]


def _mistakes(test: Texts, probabilities: Tensor, classes: list[str]) -> Section:
    confidence, answers = (found.numpy() for found in probabilities.max(1))
    labels = test.labels.numpy()
    wrong = np.flatnonzero(answers != labels)
    worst = wrong[np.argsort(-confidence[wrong])][:MISTAKES_SHOWN]
    rows = [[classes[labels[i]], classes[answers[i]], f"{confidence[i]:.2f}", shortened(test.texts[i])] for i in worst]
    return Section(
        "The most confident mistakes",
        f"{len(wrong)} of {len(labels)} test texts are answered wrongly"
        + ("; these are the most confident of them." if len(rows) else "."),
        header=["truth", "answer", "probability", "text"] if len(rows) else [],
        rows=rows,
    )


def shortened(text: str) -> str:
    """The beginning of a text, in one line."""
    text = " ".join(text.split())
    return text if len(text) <= CHARACTERS_SHOWN else text[: CHARACTERS_SHOWN - 3] + "..."


def _confusion(evaluated: dict[str, Any], classes: list[str]) -> Section:
    test = evaluated["metrics"]["test"]
    rows = [
        [name, f"{row['precision']:.4f}", f"{row['recall']:.4f}", f"{row['f1']:.4f}", str(row["support"])]
        for name, row in test["per_class"].items()
    ]
    return Section(
        "Class by class",
        "Rows of the matrix are the truth, columns the answers.",
        header=["class", "precision", "recall", "F1", "test texts"],
        rows=rows,
        images=[ReportImage(confusion_matrix(test["confusion"], classes), "confusion matrix of the test split")],
    )


def _calibration(evaluated: dict[str, Any], test: Texts, probabilities: Tensor) -> Section:
    confidence, answers = probabilities.max(1)
    image = reliability(confidence.numpy(), (answers == test.labels).numpy())
    scores = evaluated["metrics"]["test"]
    return Section(
        "Does it know what it knows?",
        f"Expected calibration error on the test split: {scores['calibration_error']:.4f}, with logits divided by "
        f"{evaluated['temperature']:.2f}, which fits the validation split best; "
        f"{scores['calibration_error_before']:.4f} without. Above each bar: the number of texts.",
        images=[ReportImage(image, "share of right answers by confidence")],
    )


def _sure(evaluated: dict[str, Any]) -> Section:
    rows = [
        [
            f"{row['min_probability']:.2f}",
            f"{row['coverage']:.1%}",
            "" if row["accuracy"] is None else f"{row['accuracy']:.4f}",
        ]
        for row in evaluated["metrics"]["test"]["sure"]
    ]
    return Section(
        "When the unsure answers are left out",
        "How many test texts get an answer of at least that probability (`--predict.min_probability`), and how many of "
        "these answers are right.",
        header=["probability from", "texts answered", "accuracy of these"],
        rows=rows,
    )
