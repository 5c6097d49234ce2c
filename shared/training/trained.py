"""Read a trained network and the data for it, and check that they belong together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from shared.data.examples import Data
from shared.data.sources import require_same_classes, warn_if_other_data
from shared.training.checkpoint import Checkpoint, load_checkpoint
from shared.training.files import best_checkpoint

D = TypeVar("D", bound=Data)


def load_trained(
    config: Any, checkpoint: Path | None, data: D | None, load_data: Callable[[Any], D]
) -> tuple[Checkpoint, D]:
    """The checkpoint and the data; a verb that follows training starts with it.

    Args:
        checkpoint: the file of the weights; the best ones of the run in `config.output_dir` where it is None.
        data: read already; `load_data(config)` reads it where it is None, after the checkpoint was found.

    Raises:
        UserError: there is no such checkpoint, or the data has other classes than it was trained on.
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    data = data or load_data(config)
    require_same_classes(trained.metadata["classes"], data.classes)
    warn_if_other_data(trained.metadata["data"], data.as_dict())
    return trained, data
