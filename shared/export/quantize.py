"""Eight-bit networks: with ranges measured beforehand for convolutions, on the fly for matrix products."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class _Batches(CalibrationDataReader):  # type: ignore[misc]
    """Feeds the calibration batch by batch."""

    def __init__(self, batches: Sequence[np.ndarray], input_name: str) -> None:
        self._feeds = iter([{input_name: batch} for batch in batches])

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next batch, or None after the last."""
        return next(self._feeds, None)


def quantized(model: onnx.ModelProto, batches: Sequence[np.ndarray] | None = None) -> onnx.ModelProto:
    """The model in eight bits.

    Args:
        batches: real inputs from the training split, each as the model takes it, that set the ranges of activations
            (QDQ format). Without them only matrix products and embeddings are in eight bits, and the ranges of their
            inputs are measured as the model runs; that suits Transformers, and makes convolutions slower.
    """
    options = {
        "per_channel": True,
        "reduce_range": True,  # seven bits: older CPUs add pairs of products in sixteen, which eight overflow
        "weight_type": QuantType.QInt8,
    }
    # Onnxruntime's tools go from file to file.
    with _without_recommendations(), tempfile.TemporaryDirectory() as folder:
        plain, fused, written = (str(Path(folder) / f"{name}.onnx") for name in ("plain", "fused", "int8"))
        onnx.save(model, plain)
        quant_pre_process(plain, fused, skip_symbolic_shape=True)
        if batches is None:
            quantize_dynamic(fused, written, **options)
        else:
            quantize_static(
                fused,
                written,
                _Batches(batches, model.graph.input[0].name),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                nodes_to_exclude=_last_convolutions(onnx.load(fused)),
                op_types_to_quantize=["Conv", "Add", "Concat", "Relu", "Clip", "MaxPool", "Resize", "MatMul", "Gemm"],
                **options,
            )
        return onnx.load(written)


@contextmanager
def _without_recommendations() -> Iterator[None]:
    """Without the quantizer's advice, which is followed here already; it speaks through the root logger."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _last_convolutions(model: onnx.ModelProto) -> list[str]:
    """The convolutions that give an output: as many channels as classes, which eight-bit kernels are slow with.

    Of eleven classes it took a quarter of the whole network's time, four times as much as one of sixteen channels.
    """
    outputs = {output.name for output in model.graph.output}
    return [node.name for node in model.graph.node if node.op_type == "Conv" and outputs & set(node.output)]
