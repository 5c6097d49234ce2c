"""Where a run keeps its checkpoints, and what they say of themselves: read without PyTorch, which starts slowly."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from shared.errors import UserError

FORMAT_VERSION = 1


def best_checkpoint(output_dir: Path) -> Path:
    """Where a run keeps the weights that did best on validation."""
    return output_dir / "checkpoints" / "best.safetensors"


def last_checkpoint(output_dir: Path) -> Path:
    """Where a run keeps the state to go on from."""
    return output_dir / "checkpoints" / "last.safetensors"


def epoch_checkpoint(output_dir: Path, epoch: int) -> Path:
    """Where a run keeps the state of one epoch for long."""
    return output_dir / "checkpoints" / f"epoch-{epoch:04d}.safetensors"


def epoch_checkpoints(output_dir: Path) -> list[Path]:
    """The states kept for long, the oldest first."""
    return sorted((output_dir / "checkpoints").glob("epoch-????.safetensors"))


def read_metadata(path: Path) -> dict[str, Any]:
    """The facts in a checkpoint, without its tensors; raises UserError where it cannot be read."""
    with opened(path) as file:
        metadata: dict[str, Any] = header_of(path, file)["metadata"]
        return metadata


@contextmanager
def opened(path: Path, framework: str = "numpy") -> Iterator[Any]:
    """The open file, with its tensors as that library's.

    Raises:
        UserError: there is no such file, or it is damaged.
    """
    if not path.is_file():
        raise UserError(f"there is no checkpoint {path}; run `python main.py train` first, or correct --checkpoint.")
    try:
        with safe_open(path, framework=framework) as file:
            yield file
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is damaged or no checkpoint ({error}); delete it and train again.") from error


def header_of(path: Path, file: Any) -> dict[str, Any]:
    """Its `about` and `sha256`; raises UserError where another program or a newer version has written it."""
    header: dict[str, Any] = json.loads((file.metadata() or {}).get("checkpoint", "{}"))
    version = header.get("format_version")
    if version != FORMAT_VERSION or "metadata" not in header:
        raise UserError(
            f"{path} has the format version {version}, but this program reads {FORMAT_VERSION}; "
            "use the program that wrote it, or train again."
        )
    return header
