"""What a run prints for people: log lines, progress bars and tables."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from shared.process import is_main_process

T = TypeVar("T")


class _ToPeople(logging.Handler):
    """Plain lines on stdout, warnings as loud lines on stderr; of several processes only the main one prints."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line at once, also into a pipe."""
        if not is_main_process():
            return
        if record.levelno < logging.WARNING:
            print(record.getMessage(), flush=True)
            return
        console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
        console.print(f"{record.levelname}: {record.getMessage()}", style="bold yellow")


log = logging.getLogger("starter")
"""The logger of every module: `log.info` for plain lines, `log.warning` where something was substituted or left out."""
log.setLevel(logging.INFO)
log.propagate = False  # libraries attach handlers to the root logger, which would repeat each line
log.addHandler(_ToPeople())


SECONDS_BETWEEN_LINES = 20.0
"""Between the lines of `track` where there is no terminal: with items of up to ten seconds, one every half minute."""


def track(
    items: Iterable[T], description: str, total: int | None = None, done: int = 0, rest: float = 0.0
) -> Iterator[T]:
    """Yield the items behind a progress bar; without a terminal, with a line now and then on how much time is left.

    Args:
        total: their number, with the `done` ones before the first; None where it is not known.
        rest: how many times as many items follow these, such as those of later epochs.
    """
    total = total if total is not None or not isinstance(items, Sized) else len(items)
    if sys.stderr.isatty() and is_main_process():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield from bar.track(items, total, done, description=description)
        return
    began = last = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last, each = now, (now - began) / count
            left = "" if total is None else f" of {total:,}, {duration(each * (total - done - count))} left"
            later = f", {duration(each * (total - done - count + rest * total))} in all" if rest and total else ""
            log.info(f"{description}: {done + count:,}{left}{later}")


def duration(seconds: float) -> str:
    """A time for people, rounded: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def shown(path: Path) -> str:
    """A path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def columns(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows of equal keys on stdout as a table with one column per key."""
    grid = Table(*(Column(name, overflow="fold") for name in rows[0]), title=title, title_justify="left")
    for row in rows:
        grid.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values()))
    _print(grid)


def table(title: str, rows: Mapping[str, str]) -> None:
    """Print rows of (name, value) on stdout as a two-column table; long values wrap, none is cut."""
    grid = Table(title=title, title_justify="left", show_header=False)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows.items():
        grid.add_row(name, value)
    _print(grid)


def _print(grid: Table) -> None:
    width = None if sys.stdout.isatty() else 110
    Console(width=width, highlight=False, markup=False).print(grid)


def shortened(text: str, length: int) -> str:
    """The beginning of a text in one line of at most `length` characters."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 3] + "..."
