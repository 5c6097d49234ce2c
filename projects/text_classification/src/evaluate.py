"""Measure the trained network on the test split: evaluate(config, checkpoint) -> metrics."""

import time
from pathlib import Path
from typing import Any

from torch import Tensor

from shared.console import log
from shared.data.sources import require_same_classes, warn_if_other_data
from shared.files import file_digest
from shared.metrics.calibration import calibrated_scores, fit_temperature, sure_answers
from shared.results import write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config
from src.dataloader import Texts, load_data
from src.utils import logits_of, restore_model, restore_tokens

THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)


def evaluate(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Measure a trained network on the validation and test splits; write outputs/evaluate.json.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    data = load_data(config)
    require_same_classes(trained.metadata["classes"], data.classes)
    warn_if_other_data(trained.metadata["data"], data.as_dict())
    model, tokens = restore_model(config, trained), restore_tokens(trained)
    started = time.perf_counter()
    splits = {"validation": data.splits.validation, "test": data.splits.test}
    logits = {name: logits_of(model, tokens, split.texts) for name, split in splits.items()}
    temperature = fit_temperature(logits["validation"], data.splits.validation.labels)
    classes = trained.metadata["classes"]
    metrics = {name: scores_of(logits[name], split, classes, temperature) for name, split in splits.items()}
    result = write_result(
        config.output_dir,
        "evaluate",
        seed=config.seed,
        data=data.as_dict() | {"substituted": trained.metadata["data"]["substituted"]},
        metrics=metrics,
        seconds=time.perf_counter() - started,
        temperature=temperature,
        checkpoint=file_digest(trained.path),
        epoch=trained.metadata["epoch"],
        parameters=trained.metadata["parameters"],
    )
    test = metrics["test"]
    low, high = test["accuracy_interval"]
    log.info(
        f"evaluate: test accuracy {test['accuracy']:.4f} (95 % interval {low:.4f} to {high:.4f}), "
        f"macro-F1 {test['macro_f1']:.4f}"
    )
    return result


def scores_of(logits: Tensor, split: Texts, classes: list[str], temperature: float) -> dict[str, Any]:
    """All scores on one split, of probabilities at that temperature, and how many answers are right among the sure."""
    scores = calibrated_scores(logits, split.labels, classes, temperature)
    return scores | {"sure": sure_answers((logits / temperature).softmax(1), split.labels, THRESHOLDS)}
