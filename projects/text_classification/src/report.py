"""Write one HTML page from what the other verbs measured."""

from pathlib import Path
from typing import Any

from models.build import restore_model
from shared.console import shortened
from shared.data.examples import Data
from shared.report.html import Section
from shared.report.sections import calibrated, example_sections, read_results, write_classifier_report
from shared.results import read_result
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.evaluate import logits_of
from src.ladder import tokens_per_second

CHARACTERS_SHOWN = 300


def report(config: Config, *, data: Data | None = None) -> Path:
    """Write outputs/report.html: curves, scores, calibration, confusion matrix, worst mistakes, configuration."""
    trained, data = load_trained(config, None, data, load_data)
    results, texts = read_results(config, trained), data.splits.test["texts"]
    logits = logits_of(*restore_model(config, trained), texts)
    probabilities = calibrated(results, data, logits)  # [N, classes]
    sections = [
        batches_section(results["train"]),
        *ladder_section(config, data.digest),
        *example_sections(data, probabilities, "texts", lambda index: shortened(texts[index], CHARACTERS_SHOWN)),
    ]
    scores = {"macro_f1": "test macro-F1", "calibration_error": "test calibration error"}
    return write_classifier_report(config, PROJECT, trained, data, results, probabilities, "texts", sections, scores)


def batches_section(train: dict[str, Any]) -> Section:
    """How fast the run learned, and how much of its texts and batches it used."""
    return Section(
        "Batches",
        f"{tokens_per_second(train):,.0f} tokens a second. {train['padding_share']:.1%} of the batches is padding; "
        f"{train['cut_share']:.0%} of the training texts are cut at tokenizer.max_tokens "
        f"{train['config']['tokenizer']['max_tokens']}.",
    )


def ladder_section(config: Config, digest: str) -> list[Section]:
    """The table of `ladder`, where it has been run on this data."""
    if not (config.output_dir / "ladder.json").is_file():
        return []
    found = read_result(config.output_dir, "ladder")
    if found["data"]["digest"] != digest:
        return []
    rows = [
        [name, *(f"{value:.4f}" for value in row["test"].values()), *(f"{value:.3g}" for value in row["cost"].values())]
        for name, row in found["metrics"].items()
    ]
    first = next(iter(found["metrics"].values()))
    text = "Scores on the test split, and what each model costs on this machine; texts are predicted one at a time."
    return [Section("The ladder", text, header=["model", *first["test"], *first["cost"]], rows=rows)]
