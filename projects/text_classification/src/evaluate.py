"""Measure the trained network on the validation and test splits."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.build import restore_model
from shared.data.examples import Data
from shared.evaluation import accuracy_summary, classifier_scores, logits_by_split, write_evaluation
from shared.training.trained import load_to_evaluate
from src.config import Config
from src.dataloader import load_data, make_sources
from src.tokens import MOST_SORTED, Tokens, run_in_batches


def evaluate(
    config: Config, checkpoint: Path | None = None, on: Path | None = None, *, data: Data | None = None
) -> dict[str, Any]:
    """Measure a trained network on the validation and test splits; write outputs/evaluate.json.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
        on: a CSV or TSV file of labeled texts, or a folder of them; all of it is measured in place of
            these splits, for outputs/evaluate-on.json
        data: the result of `load_data`, if the data has been read already
    """
    trained, data = load_to_evaluate(config, checkpoint, data, on, load_data, make_sources)
    model = partial(logits_of, *restore_model(config, trained))
    logits = logits_by_split(model, data, "texts", MOST_SORTED)
    metrics, temperature = classifier_scores(config, trained, data, logits)
    summary = accuracy_summary(metrics)
    return write_evaluation(config, trained, data, metrics, summary, on, temperature=temperature)


@torch.no_grad()
def logits_of(model: nn.Module, tokens: Tokens, texts: Sequence[str]) -> Tensor:
    """The logits, float [N, classes], for texts in their order."""
    return torch.from_numpy(run_in_batches(lambda ids: model(torch.from_numpy(ids)).numpy(), tokens, texts))
