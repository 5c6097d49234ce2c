"""Run an exported network: onnxruntime and NumPy, no PyTorch."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from shared.errors import UserError

if TYPE_CHECKING:  # it would delay every start of a service, which never needs it
    import onnx


class OnnxModel:
    """An exported network with its metadata; a classifier, of whole inputs or of each pixel, also has labels."""

    def __init__(self, path: Path) -> None:
        """Load the file.

        Raises:
            UserError: there is no such file, or it was not exported by this program.
        """
        if not path.is_file():
            raise UserError(f"there is no {path}; run `python main.py export` first.")
        try:
            self._session = onnxruntime.InferenceSession(str(path), _options(), providers=["CPUExecutionProvider"])
            properties = self._session.get_modelmeta().custom_metadata_map
            self.metadata: dict[str, Any] = {key: _decoded(value) for key, value in properties.items()}
            if not {"labels", "versions"} & properties.keys():
                raise ValueError("not exported by this program")
            self.labels: list[str] = self.metadata.get("labels", [])
        # onnxruntime's exceptions share no public base class.
        except Exception as error:
            raise UserError(
                f"{path} is damaged or not exported by this program; run `python main.py export`."
            ) from error
        first = self._session.get_inputs()[0]
        self._input = first.name
        self.input_shape: tuple[int, ...] = tuple(first.shape[1:])
        """The shape of one example; a side that may have any length has a name in place of a number."""

    @property
    def origin(self) -> dict[str, Any]:
        """Which weights it is of, as results record it; `stale` says that newer ones were beside it."""
        return {name: self.metadata[name] for name in ("checkpoint", "stale") if name in self.metadata}

    @property
    def outputs(self) -> list[str]:
        """The names of its outputs."""
        return [output.name for output in self._session.get_outputs()]

    def run(self, output: str, batch: np.ndarray, batch_size: int) -> np.ndarray:
        """One of the outputs, [N, ...], for raw inputs, [N, *input_shape]; N is at least 1."""
        return self.run_several([output], batch, batch_size)[0]

    def run_several(self, outputs: Sequence[str], batch: np.ndarray, batch_size: int) -> list[np.ndarray]:
        """Several of the outputs, each [N, ...] (see `run`), computed in one pass."""
        starts = range(0, len(batch), batch_size)
        batches = [self._session.run(list(outputs), {self._input: batch[i : i + batch_size]}) for i in starts]
        return [np.concatenate(values) for values in zip(*batches, strict=True)]

    def probabilities(self, batch: np.ndarray, batch_size: int = 256) -> np.ndarray:
        """The probability of each class, float32 [N, C] (of pixels [N, C, H, W]), for inputs [N, *input_shape]."""
        if not len(batch):
            return np.empty((0, len(self.labels)), np.float32)
        return self.run("probabilities", batch, batch_size)


def onnx_function(model: "onnx.ModelProto") -> Callable[[np.ndarray], np.ndarray]:
    """A classifier that is still in memory, as a function from raw inputs, [N, ...], to probabilities."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), _options(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(batch: np.ndarray) -> np.ndarray:
        probabilities: np.ndarray = session.run(["probabilities"], {name: batch})[0]
        return probabilities

    return run


def _options() -> onnxruntime.SessionOptions:
    """Threads that sleep while there is nothing to do: spinning, they would take the cores from other work."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
