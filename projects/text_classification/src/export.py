"""Write the trained network as one ONNX file that describes itself, and the tokenizer beside it."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from shared.config import to_plain
from shared.console import log
from shared.data.sources import require_same_classes
from shared.errors import UserError
from shared.export.mobile import mobile_usability
from shared.export.precision import Candidate, Measured, choose_precision, compare, figures, quantized_versions
from shared.export.to_onnx import TOLERANCE, trace_classifier, write_manifest, write_model
from shared.files import file_digest, write_text
from shared.inference.model import as_function
from shared.metrics.calibration import fit_temperature
from shared.results import evaluated_scores, versions, write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import PROJECT, Config, export_path, tokenizer_path
from src.dataloader import Texts, load_data
from src.tokens import CHARACTERS_A_TOKEN, Answer, Tokens, in_batches
from src.utils import answer_of, logits_of, restore_model, restore_tokens

PARITY_TEXTS = 8
CALIBRATION_TEXTS = 32
TIMED_TEXTS = 16


def export(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same answers.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    started = time.perf_counter()
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    metadata, data, path = trained.metadata, load_data(config), export_path(config)
    require_same_classes(metadata["classes"], data.classes)
    tokens, network = restore_tokens(trained), restore_model(config, trained)
    if hasattr(network, "merge"):
        network.merge()
    validation = data.splits.validation
    logits = logits_of(network, tokens, validation.texts)
    temperature = fit_temperature(logits, validation.labels)
    examples = torch.from_numpy(tokens.padded(tokens.ids(validation.texts[:PARITY_TEXTS])))
    model, parity = trace_classifier(network, examples, "ids", any_length=True, temperature=temperature)
    calibration = tokens.ids(data.splits.train.texts[:CALIBRATION_TEXTS])
    models = quantized_versions(model, config.export.precision, [tokens.padded([row]) for row in calibration])
    measured = measure_all(network, models, tokens, validation)
    precision, reason = choose_precision(measured, config.export.precision, "accuracy")
    expected = (logits / temperature).softmax(1)
    difference = check_from_text(as_function(models[precision]), tokens, validation.texts, expected.numpy(), precision)
    onnx_metadata = _onnx_metadata(config, metadata, precision, temperature, tokens) | _test_metrics(
        config, file_digest(trained.path)
    )
    write_text(tokenizer_path(config), tokens.content)
    write_model(models[precision], path, onnx_metadata)
    write_manifest(path.parent)
    log.info(f"export: {path}, {precision}: {reason}")
    return write_result(
        config.output_dir,
        "export",
        seed=metadata["seed"],
        data=metadata["data"],
        metrics={
            "largest_difference": parity.largest_difference,
            "largest_difference_from_text": difference,
            "tolerance": parity.tolerance,
        }
        | figures(measured, "accuracy"),
        seconds=time.perf_counter() - started,
        precision=precision,
        reason=reason,
        temperature=temperature,
        batch_sizes=list(parity.batch_sizes),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=file_digest(path),
        tokenizer_sha256=file_digest(tokenizer_path(config)),
        mobile=mobile_usability(path),
    )


def measure_all(
    network: nn.Module, models: dict[str, onnx.ModelProto], tokens: Tokens, validation: Texts
) -> dict[str, Measured]:
    """By name, also of PyTorch's eager execution: texts a second, one at a time, and validation accuracy."""
    labels = validation.labels.numpy()
    timed = [tokens.padded([row]) for row in tokens.ids(validation.texts[:TIMED_TEXTS])]

    def score(answer: Answer) -> float:
        answers = in_batches(answer, tokens, validation.texts).argmax(1)
        return float((answers == labels).mean())

    def make_candidate(answer: Answer) -> Candidate:
        return Candidate(partial(_one_by_one, answer, timed), partial(score, answer), len(timed))

    return compare(make_candidate(answer_of(network)), models, lambda model: make_candidate(as_function(model)))


def _one_by_one(run: Answer, batches: list[np.ndarray]) -> None:
    for ids in batches:
        run(ids)


def check_from_text(run: Answer, tokens: Tokens, texts: list[str], expected: np.ndarray, precision: str) -> float:
    """The largest difference of any probability, from the raw text to the answer of what is about to be written.

    Raises:
        UserError: fp32 differs by more than the tolerance.
    """
    difference = float(np.abs(in_batches(run, tokens, texts) - expected).max())
    if precision == "fp32" and difference > TOLERANCE:
        raise UserError(
            f"from text to probabilities the export differs from PyTorch by {difference:.2g}, more than {TOLERANCE:g}; "
            "nothing was written: look for what cuts or pads texts in another way."
        )
    return difference


def _onnx_metadata(
    config: Config, metadata: dict[str, Any], precision: str, temperature: float, tokens: Tokens
) -> dict[str, Any]:
    return {
        "labels": metadata["classes"],
        "input": "int64 token ids of tokenizer.json, [N, length], shorter texts filled up with the id `pad`",
        "tokenizer": {
            "sha256": tokens.digest,
            "pad": tokens.pad,
            "most_characters": CHARACTERS_A_TOKEN * metadata["config"]["tokenizer"]["max_tokens"],
        },
        "temperature": temperature,
        "precision": precision,
        "data": metadata["data"],
        "seed": metadata["seed"],
        "metrics": {"validation": metadata["metrics"]},
        "parameters": metadata["parameters"],
        "model": metadata["config"]["model"],
        "first_weights": metadata["first_weights"],
        "predict": to_plain(config.predict, PROJECT),
        "versions": versions(),
    }


def _test_metrics(config: Config, checkpoint: str) -> dict[str, Any]:
    """The test scores of these very weights before rounding, where they have been evaluated."""
    found = evaluated_scores(config.output_dir, checkpoint)
    names = ("accuracy", "accuracy_interval", "macro_f1", "calibration_error", "examples")
    return {"test_metrics_fp32": {name: found[name] for name in names}} if found else {}
