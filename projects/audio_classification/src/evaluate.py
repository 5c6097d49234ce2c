"""Measure the trained network on the test split: evaluate(config, checkpoint) -> metrics."""

import time
from pathlib import Path
from typing import Any

from shared.console import log
from shared.data.sources import require_same_classes, warn_if_other_data
from shared.files import file_digest
from shared.metrics.calibration import calibrated_scores, fit_temperature
from shared.results import write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config
from src.dataloader import load_data
from src.utils import logits_of, restore_model


def evaluate(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Measure a trained network on the validation and test splits; write outputs/evaluate.json.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    data = load_data(config)
    require_same_classes(trained.metadata["classes"], data.classes)
    warn_if_other_data(trained.metadata["data"], data.as_dict())
    model = restore_model(config, trained)
    started = time.perf_counter()
    splits = {"validation": data.splits.validation, "test": data.splits.test}
    logits = {name: logits_of(model, split) for name, split in splits.items()}
    temperature = fit_temperature(logits["validation"], splits["validation"]["labels"])
    metrics = {
        name: calibrated_scores(logits[name], split["labels"], trained.metadata["classes"], temperature)
        for name, split in splits.items()
    }
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
    low, high = metrics["test"]["accuracy_interval"]
    log.info(f"evaluate: test accuracy {metrics['test']['accuracy']:.4f} (95 % interval {low:.4f} to {high:.4f})")
    return result
