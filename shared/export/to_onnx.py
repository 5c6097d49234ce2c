"""Export to one ONNX file that takes raw input, describes itself, names no path, and equals PyTorch."""

import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.export import Dim

from shared.errors import UserError
from shared.files import atomic_write, file_digest, write_text

EXAMPLE_BATCH = 2  # a batch of one would be frozen into the graph
PARITY_BATCHES = (1, 5)
TOLERANCE = 1e-4
MANIFEST = "SHA256SUMS"


@dataclass(frozen=True)
class Parity:
    """How far the exported network is from PyTorch."""

    batch_sizes: tuple[int, ...]
    largest_difference: float
    """The largest absolute difference of any output, over all batch sizes."""
    tolerance: float


class WithProbabilities(nn.Module):
    """A classifier whose outputs are what users ask for: (probabilities, logits), both [N, C, ...].

    The temperature divides the logits before they become probabilities (see `shared.metrics.calibration`).
    """

    def __init__(self, network: nn.Module, temperature: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """From a batch of inputs to (probabilities, logits)."""
        logits = self.network(inputs)
        return _softmax(logits / self.temperature), logits


def _softmax(logits: Tensor) -> Tensor:
    """The softmax over the classes, [N, C, ...].

    Of pixels step by step: onnxruntime's own, of a dimension that is not the last, takes six times as long, which was a
    quarter of the whole network's time.
    """
    if logits.dim() == 2:
        return logits.softmax(1)
    exponentials = (logits - logits.amax(1, keepdim=True)).exp()
    return exponentials / exponentials.sum(1, keepdim=True)


def export_classifier(
    network: nn.Module, examples: Tensor, path: Path, metadata: Mapping[str, Any], input_name: str = "images"
) -> Parity:
    """Write a classifier as one ONNX file with the outputs `probabilities` and `logits`, for any batch size.

    Args:
        network: takes a batch like `examples`, gives logits [N, C].
        examples: at least five real inputs, [N, ...], on which parity is checked.
        metadata: facts for whoever runs the file: labels, data, metrics, versions; plain types.

    Raises:
        UserError: onnxruntime's answers differ from PyTorch's by more than `TOLERANCE`; nothing is written then.
    """
    model, parity = trace_classifier(network, examples, input_name)
    write_model(model, path, metadata)
    return parity


def trace_classifier(
    network: nn.Module,
    examples: Tensor,
    input_name: str = "images",
    stride: int = 0,
    any_length: bool = False,
    temperature: float = 1.0,
) -> tuple[onnx.ModelProto, Parity]:
    """A classifier as an ONNX model, checked against PyTorch.

    Args:
        examples: at least five real inputs, [N, ...].
        stride: where above 0, the network classifies every pixel of images [N, channels, H, W] whose sides are any
            multiples of `stride`.
        any_length: the examples are sequences [N, L], and L may be any number from 2.
        temperature: what logits are divided by before they become probabilities.

    Raises:
        UserError: onnxruntime's answers differ from PyTorch's by more than `TOLERANCE`.
    """
    outputs = ("probabilities", "logits")
    return trace(WithProbabilities(network, temperature), examples, input_name, outputs, stride, any_length)


def trace(
    network: nn.Module,
    examples: Tensor,
    input_name: str,
    output_names: Sequence[str],
    stride: int = 0,
    any_length: bool = False,
) -> tuple[onnx.ModelProto, Parity]:
    """Any network as an ONNX model for any batch size, checked against PyTorch (see `trace_classifier`).

    Args:
        network: from a batch like `examples` to one tensor, or to a tuple of as many as there are output names.
    """
    module = network.cpu().eval()
    model = _trace(module, examples[:EXAMPLE_BATCH], input_name, output_names, _free_sides(stride, any_length))
    _strip(model)
    batches = [examples[:size] for size in PARITY_BATCHES]
    if stride:  # another height and width than the example's
        batches.append(torch.cat([batches[-1], batches[-1][:, :, :stride]], 2)[:, :, :, stride:])
    if any_length:
        batches += [batches[-1][:, :2], torch.cat([batches[-1], batches[-1]], 1)[:, : 3 * examples.shape[1] // 2]]
    return model, check_parity(module, model.SerializeToString(), batches)


def write_model(model: onnx.ModelProto, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write the model atomically, with facts for whoever runs the file (see `export_classifier`)."""
    for key, value in sorted(metadata.items()):
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
        model.metadata_props.add(key=key, value=text)
    onnx.checker.check_model(model, full_check=True)
    with atomic_write(path) as file:
        file.write(model.SerializeToString(deterministic=True))


def write_manifest(folder: Path) -> None:
    """Write SHA256SUMS, which `sha256sum --check` reads, about all other files in the folder."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    write_text(folder / MANIFEST, "".join(f"{file_digest(path)}  {path.name}\n" for path in files))


def check_parity(module: nn.Module, content: bytes, batches: Sequence[Tensor]) -> Parity:
    """Compare onnxruntime with PyTorch on batches of shapes that the export never saw.

    Raises:
        UserError: an output differs by more than `TOLERANCE`.
    """
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    largest = 0.0
    for batch in batches:
        with torch.no_grad():
            outputs = module(batch)
        expected = [output.numpy() for output in ((outputs,) if isinstance(outputs, Tensor) else outputs)]
        found = session.run(None, {name: batch.numpy()})
        differences = [np.abs(a - b).max() for a, b in zip(expected, found, strict=True)]
        largest = max(largest, float(max(differences)))
    if not largest <= TOLERANCE:
        raise UserError(
            f"the exported network differs from PyTorch by {largest:.2g}, more than {TOLERANCE:g}; "
            "nothing was written: look for an operation that ONNX computes in another way."
        )
    return Parity(PARITY_BATCHES, largest, TOLERANCE)


def _free_sides(stride: int, any_length: bool) -> dict[int, Any]:
    """The dimensions that may have another size than the example's."""
    sides: dict[int, Any] = {0: Dim("batch")}
    if stride:
        sides |= {2: stride * Dim("height", min=1), 3: stride * Dim("width", min=1)}
    if any_length:
        sides[1] = Dim("length", min=2)
    return sides


def _trace(
    module: nn.Module, example: Tensor, input_name: str, output_names: Sequence[str], sides: dict[int, Any]
) -> onnx.ModelProto:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        program = torch.onnx.export(
            module,
            (example,),
            input_names=[input_name],
            output_names=list(output_names),
            dynamic_shapes=(sides,),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes about the machine it ran on: source paths and stack traces."""
    model.doc_string = ""
    del model.metadata_props[:], model.graph.metadata_props[:]
    graph = model.graph
    for part in (*graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
