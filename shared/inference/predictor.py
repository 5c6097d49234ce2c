"""An exported classifier of files: what the verb `predict` and the server predict with."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.folders import IMAGES, FileKind
from shared.export.stale import open_exported
from shared.inference.predictions import Prediction, predict_prepared, write_predictions
from shared.report.plots import contact_sheet

Prepared = np.ndarray | Prediction
"""The network's input; or a prediction where the network need not be asked, such as `unreadable`."""


class Predictor:
    """An exported classifier with the preparation of its training, not that of the current configuration."""

    def __init__(self, config: Any, path: Path, prepare: Callable[..., Prepared]) -> None:
        """Open the network in `path`.

        Args:
            prepare: `prepare(settings, source, limit)`, a function of a module: from a file, or its bytes, of at most
                `limit` pixels or seconds to the network's input, by the settings that the network's metadata has.

        Raises:
            UserError: see `open_exported`.
        """
        self.network = open_exported(config, path)
        self.min_probability = config.predict.min_probability
        self.prepare = partial(prepare, self.network.metadata["preparation"])

    def predict(self, prepared: Sequence[Prepared]) -> list[Prediction]:
        """Predict what `prepare` returned; a file that cannot be used does not affect the others."""
        return predict_prepared(self.network, prepared, self.min_probability)


def predict_files(
    config: Any,
    predictor: Predictor,
    found: tuple[Sequence[Path], dict[str, int]],
    kinds: Sequence[str],
    draw: Callable[[Prediction], np.ndarray],
    kind: FileKind = IMAGES,
    columns: int = 8,
) -> dict[str, Any]:
    """Predict files (see `write_predictions`).

    Args:
        found: what `collect_files` gave; it comes before the network, so that a wrong path is named first.
        kinds: answers that are no class.
        draw: the image of a prediction's `prepared` input, uint8 [H, W] or [H, W, 3], for the sheet of the first ones.
        columns: the largest number of images in a row of it.
    """
    files, skipped = found
    return write_predictions(
        config,
        predictor.network,
        files,
        predictor.predict,
        noun=kind.nouns,
        kinds=kinds,
        sheet=partial(_sheet, draw, columns),
        unusual=True,
        skipped=skipped,
        prepare=predictor.prepare,
    )


def _sheet(
    draw: Callable[[Prediction], np.ndarray], columns: int, files: Sequence[Path], predictions: Sequence[Prediction]
) -> bytes:
    """Inputs as the network takes them, with their predictions."""
    blank = np.full((28, 28), 200, np.uint8)
    images = [blank if one.prepared is None else draw(one) for one in predictions]
    captions = [f"{path.name[:18]}\n{one.label}{one.confidence}" for path, one in zip(files, predictions, strict=True)]
    return contact_sheet(images, captions, columns=min(columns, max(3, len(images))))
