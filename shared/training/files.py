"""Where a run keeps its checkpoints, and how their metadata is read without PyTorch, which is slow to import."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from shared.errors import UserError

FORMAT_VERSION = 1


def best_checkpoint(output_dir: Path) -> Path:
    """The weights that did best on validation."""
    return output_dir / "checkpoints" / "best.safetensors"


def last_checkpoint(output_dir: Path) -> Path:
    """The state to resume from."""
    return output_dir / "checkpoints" / "last.safetensors"


def epoch_checkpoint(output_dir: Path, epoch: int) -> Path:
    """The state after one epoch (see `training.keep_every`)."""
    return output_dir / "checkpoints" / f"epoch-{epoch:04d}.safetensors"


def epoch_checkpoints(output_dir: Path) -> list[Path]:
    """The states of single epochs (see `training.keep_every`), the oldest first."""
    return sorted((output_dir / "checkpoints").glob("epoch-????.safetensors"))


def interrupted_moves(output_dir: Path) -> list[Path]:
    """The marks of moves that were not finished, in the order to finish them (see shared/training/folder.py)."""
    return [mark for name in (".kept", ".use", ".using") for mark in (output_dir / "runs").glob(f"[!.]*/{name}")]


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata in a checkpoint, without its tensors; raises UserError where it cannot be read."""
    with open_checkpoint(path) as (_, header):
        metadata: dict[str, Any] = header["metadata"]
        return metadata


@contextmanager
def open_checkpoint(path: Path, framework: str = "numpy") -> Iterator[tuple[Any, dict[str, Any]]]:
    """The open file, which gives its tensors in `framework`, and its header: `metadata` and `sha256`.

    Raises:
        UserError: there is no such file, it is damaged, or another program or a newer version wrote it.
    """
    if not path.is_file():
        raise UserError(f"there is no checkpoint {path}; run `python main.py train` first, or correct --checkpoint.")
    try:
        with safe_open(path, framework=framework) as file:
            header = json.loads((file.metadata() or {}).get("checkpoint", "{}"))
            version = header.get("format_version")
            if version != FORMAT_VERSION or "metadata" not in header:
                raise UserError(
                    f"{path} has the format version {version}, but this program reads {FORMAT_VERSION}; "
                    "use the program that wrote it, or train again."
                )
            yield file, header
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is damaged or no checkpoint ({error}); delete it and train again.") from error
