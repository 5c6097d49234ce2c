"""Measure the trained network on the validation and test splits."""

from pathlib import Path
from typing import Any

from models.model import restore_model
from shared.data.examples import Data
from shared.evaluation import accuracy_summary, classifier_scores, logits_by_split, write_evaluation
from shared.training.trained import load_to_evaluate
from src.config import Config
from src.dataloader import EVALUATION_BATCH, load_data, make_sources


def evaluate(
    config: Config, checkpoint: Path | None = None, on: Path | None = None, *, data: Data | None = None
) -> dict[str, Any]:
    """Measure a trained network on the validation and test splits; write outputs/evaluate.json.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
        on: a folder of labeled recordings, in class folders; all of it is measured in place of
            these splits, for outputs/evaluate-on.json
        data: the result of `load_data`, if the data has been read already
    """
    trained, data = load_to_evaluate(config, checkpoint, data, on, load_data, make_sources)
    model = restore_model(config, trained)
    logits = logits_by_split(model, data, "samples", EVALUATION_BATCH)
    metrics, temperature = classifier_scores(config, trained, data, logits)
    summary = accuracy_summary(metrics)
    return write_evaluation(config, trained, data, metrics, summary, on, temperature=temperature)
