"""What a training run leaves beside its weights: the result file of the verb `train`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.results import write_result
from shared.training.files import read_metadata
from shared.training.state import TrainingState


def resumed_record(record: Mapping[str, Any], resume_from: Path | None) -> dict[str, Any]:
    """The data's record as the checkpoints hold it: a run that goes on was begun with what was substituted then.

    Args:
        begun: the state that the run goes on from; None for a run that begins.
    """
    return dict(record) | ({"substituted": read_metadata(resume_from)["data"]["substituted"]} if resume_from else {})


def progress_of(state: TrainingState) -> dict[str, Any]:
    """What a finished run says of itself, for `write_training`."""
    progress = state.progress
    return {
        "metrics": progress.best_metrics,
        "seconds": progress.seconds,
        "device": str(state.accelerator.device),
        "best_epoch": progress.best_epoch,
        "steps": progress.step,
        "history": progress.history,
    }


def write_training(
    output_dir: Path, metadata: Mapping[str, Any], *, metrics: Mapping[str, float], seconds: float, **details: Any
) -> dict[str, Any]:
    """Write `train.json` from what the checkpoints hold about the run, and what came of it.

    Args:
        metrics: of the best epoch, on the validation split.
        details: whatever else is worth keeping, as plain types.

    Returns:
        What was written.
    """
    return write_result(
        output_dir,
        "train",
        seed=metadata["seed"],
        data=metadata["data"],
        metrics={"validation": dict(metrics)},
        seconds=seconds,
        parameters=metadata["parameters"],
        first_weights=metadata["first_weights"],
        config=metadata["config"],
        **details,
    )
