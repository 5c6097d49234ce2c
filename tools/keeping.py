"""What the benchmarks of several data sets share: each has its own place in one result file."""

from pathlib import Path
from typing import Any

from shared.files import read_json, write_json


def so_far(file: Path) -> dict[str, Any]:
    """What the result file holds by now; nothing where there is none yet."""
    return read_json(file, "remove it") if file.is_file() else {}


def keep(file: Path, name: str, found: dict[str, Any]) -> None:
    """Put what was found under the data set's name, beside what else the file holds by now."""
    write_json(file, so_far(file) | {name: found})
