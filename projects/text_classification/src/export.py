"""Write the trained network as one ONNX file that describes itself, and the tokenizer beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.build import restore_model
from shared.data.examples import Data
from shared.errors import UserError
from shared.export.examples import pick_examples
from shared.export.run import export_measured, torch_function
from shared.export.to_onnx import TOLERANCE, trace_classifier, write_manifest
from shared.files import write_text
from shared.inference.model import onnx_function
from shared.metrics.calibration import fit_temperature
from shared.training.trained import load_trained
from src.config import PROJECT, Config, tokenizer_path
from src.dataloader import load_data
from src.evaluate import logits_of
from src.tokens import Run, run_in_batches

PARITY_TEXTS = 8
CALIBRATION_TEXTS = 32  # training texts whose activations set the ranges of int8
TIMED_TEXTS = 16


def export(config: Config, checkpoint: Path | None = None, *, data: Data | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same outputs.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
        data: the result of `load_data`, if the data has been read already
    """
    trained, data = load_trained(config, checkpoint, data, load_data)
    network, tokens = restore_model(config, trained)
    if hasattr(network, "merge"):
        network.merge()
    texts, labels = data.splits.validation["texts"], data.splits.validation["labels"]
    logits = logits_of(network, tokens, texts)  # [N, classes]
    temperature = fit_temperature(logits, labels)
    examples = torch.from_numpy(tokens.padded(tokens.ids(texts[:PARITY_TEXTS])))
    traced = trace_classifier(network, examples, "ids", any_length=True, temperature=temperature)
    probabilities = run_in_batches(onnx_function(traced[0]), tokens, texts)  # [N, classes]
    difference = float(np.abs(probabilities - (logits / temperature).softmax(1).numpy()).max())
    if difference > TOLERANCE:
        raise UserError(
            f"from text to probabilities the export differs from PyTorch by {difference:.2g}, more than {TOLERANCE:g}; "
            "nothing was written: look for code that cuts or pads texts in another way."
        )

    def one_by_one(some: list[str]) -> list[np.ndarray]:
        return [tokens.padded([row]) for row in tokens.ids(some)]  # each int64 [1, L]

    def accuracy(run: Run) -> float:
        return float((run_in_batches(run, tokens, texts).argmax(1) == labels.numpy()).mean())

    result = export_measured(
        config,
        PROJECT,
        trained,
        traced,
        eager=torch_function(network),
        calibration=one_by_one(data.splits.train["texts"][:CALIBRATION_TEXTS]),
        timed=one_by_one(texts[:TIMED_TEXTS]),
        score=accuracy,
        score_name="accuracy",
        metadata={
            "input": "int64 token ids of tokenizer.json, [N, length], shorter texts filled up with the id `pad`",
            "tokenizer": {"sha256": tokens.digest, "pad": tokens.pad, "most_characters": tokens.max_characters},
            "temperature": temperature,
        },
        examples=pick_examples(data, "texts", str, config.export.examples),
        temperature=temperature,
        largest_difference_from_text=difference,
        tokenizer_sha256=tokens.digest,
    )
    write_text(tokenizer_path(config), tokens.content)
    write_manifest(tokenizer_path(config).parent)
    return result
