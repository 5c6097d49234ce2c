"""Export to one ONNX file that takes raw input, describes itself, names no path, and equals PyTorch."""

import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
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
from shared.metrics.calibration import as_probabilities

EXAMPLE_BATCH = 2  # a batch of one would be frozen into the graph
PARITY_BATCHES = (1, 5)
"""The batch sizes at which onnxruntime is compared with PyTorch."""
TOLERANCE = 1e-4
"""The largest absolute difference of any output that is not refused."""
MANIFEST = "SHA256SUMS"


class WithProbabilities(nn.Module):
    """A classifier with two outputs, both [N, C, ...]: probabilities, from logits / temperature, and the logits.

    A network that returns more than logits has its other outputs after them. Of several labels, each has its own
    probability.
    """

    def __init__(self, network: nn.Module, temperature: float = 1.0, several_labels: bool = False) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature
        self.several_labels = several_labels

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """From a batch of inputs to (probabilities, logits, ...)."""
        outputs = self.network(inputs)
        logits, *others = (outputs,) if isinstance(outputs, Tensor) else outputs
        scaled = logits / self.temperature
        if logits.dim() == 2:
            return as_probabilities(scaled, self.several_labels), logits, *others
        # Softmax of pixels in steps: onnxruntime's own, over a dimension that is not the last, takes six times as long,
        # which was a quarter of the whole network's time.
        exponentials = (scaled - scaled.amax(1, keepdim=True)).exp()
        return exponentials / exponentials.sum(1, keepdim=True), logits, *others


def trace_classifier(
    network: nn.Module,
    examples: Tensor,
    input_name: str = "images",
    stride: int = 0,
    any_length: bool = False,
    temperature: float = 1.0,
    more_outputs: Sequence[str] = (),
    several_labels: bool = False,
) -> tuple[onnx.ModelProto, float]:
    """A classifier as an ONNX model with the outputs `probabilities` and `logits` (see `trace`).

    Args:
        more_outputs: the names of what the network returns after the logits.
        temperature: what logits are divided by before they become probabilities (see `shared.metrics.calibration`).
    """
    outputs = ("probabilities", "logits", *more_outputs)
    whole = WithProbabilities(network, temperature, several_labels)
    return trace(whole, examples, input_name, outputs, stride, any_length)


def trace(
    network: nn.Module,
    examples: Tensor,
    input_name: str,
    output_names: Sequence[str],
    stride: int = 0,
    any_length: bool = False,
) -> tuple[onnx.ModelProto, float]:
    """Any network as an ONNX model for any batch size, checked against PyTorch.

    Args:
        network: from a batch like `examples` to one tensor, or to a tuple of as many as there are output names.
        examples: at least five real inputs, [N, ...].
        stride: where above 0, the inputs are images [N, channels, H, W] whose sides are any multiples of `stride`.
        any_length: the examples are sequences [N, L], and L may be any number from 2.

    Returns:
        The model, and the largest absolute difference of any of its outputs from PyTorch's.

    Raises:
        UserError: the difference is above `TOLERANCE`.
    """
    module = network.cpu().eval()
    sides: dict[int, Any] = {0: Dim("batch")}  # dimensions that may have another size than the example's
    batches = [examples[:size] for size in PARITY_BATCHES]
    if stride:
        sides |= {2: stride * Dim("height", min=1), 3: stride * Dim("width", min=1)}
        # Another height and width than the example's.
        batches.append(torch.cat([batches[-1], batches[-1][:, :, :stride]], 2)[:, :, :, stride:])
    if any_length:
        sides[1] = Dim("length", min=2)
        batches += [batches[-1][:, :2], torch.cat([batches[-1], batches[-1]], 1)[:, : 3 * examples.shape[1] // 2]]
    model = _trace(module, examples[:EXAMPLE_BATCH], input_name, output_names, sides)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    largest = 0.0
    for batch in batches:
        with torch.no_grad():
            outputs = module(batch)
        expected = [output.numpy() for output in ((outputs,) if isinstance(outputs, Tensor) else outputs)]
        found = session.run(None, {input_name: batch.numpy()})
        largest = float(np.max([largest, *(np.abs(a - b).max() for a, b in zip(expected, found, strict=True))]))
    if not largest <= TOLERANCE:  # NaN is refused too
        raise UserError(
            f"the exported network differs from PyTorch by {largest:.2g}, more than {TOLERANCE:g}; "
            "nothing was written: look for an operation that ONNX computes in another way."
        )
    return model, largest


def write_model(model: onnx.ModelProto, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write the model atomically, with facts for the programs that run it: labels, data, versions, as plain types."""
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


class _Clamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(0, 6)


def _trace(
    module: nn.Module, example: Tensor, input_name: str, output_names: Sequence[str], sides: dict[int, Any]
) -> onnx.ModelProto:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    module = deepcopy(module)
    for name, part in list(module.named_modules()):
        if isinstance(part, nn.ReLU6):  # it is taken apart for each symbolic size, which takes long; a clamp is not
            module.set_submodule(name, _Clamp())
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
    model = program.model_proto
    # The exporter notes the machine it ran on: source paths and stack traces.
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    return model
