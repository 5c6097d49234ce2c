"""What the benchmarks share: what cannot be used is one sentence, and each data set has its place in a result file."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.errors import UserError
from shared.files import read_json, write_json


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; exit code 2 and one sentence on stderr where it was given what cannot be used."""
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def read_results(file: Path) -> dict[str, Any]:
    """What the result file holds by now; nothing where there is none yet."""
    return read_json(file, "remove it") if file.is_file() else {}


def save_result(file: Path, name: str, found: dict[str, Any]) -> None:
    """Put what was found under the data set's name, beside what else the file holds by now."""
    write_json(file, read_results(file) | {name: found})
