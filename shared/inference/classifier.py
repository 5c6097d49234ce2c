"""Run an exported classifier: onnxruntime and NumPy, no PyTorch."""

import numpy as np

from shared.inference.model import OnnxModel


class OnnxClassifier(OnnxModel):
    """An exported classifier, of whole inputs or of each pixel, with the facts it carries."""

    labels: list[str]

    def _read_metadata(self) -> None:
        self.labels = list(self.metadata["labels"])

    def probabilities(self, batch: np.ndarray, batch_size: int = 256) -> np.ndarray:
        """The probability of each class.

        Args:
            batch: raw inputs of the type the network was exported for, shape [N, *input_shape].

        Returns:
            float32, shape [N, C] (of pixels [N, C, H, W]), summing to one over the classes.
        """
        found = self.run("probabilities", batch, batch_size)
        return np.empty((0, len(self.labels)), np.float32) if found is None else found
