"""The report of a run: one HTML file that holds its own pictures and opens anywhere, also without a network."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from shared.files import write_text


@dataclass(frozen=True)
class Picture:
    """A PNG with its description for those who cannot see it."""

    png: bytes
    description: str

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Section:
    """One part of a report, shown in this order: text, table, pictures, preformatted text."""

    title: str
    text: str = ""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    pictures: Sequence[Picture] = field(default_factory=list)
    preformatted: str = ""


def write_report(
    path: Path, *, title: str, summary: Sequence[tuple[str, str]], notice: str, sections: Sequence[Section]
) -> None:
    """Write the report atomically.

    Args:
        summary: the headline figures as (name, value).
        notice: what was substituted, shown in a box at the top; empty where nothing was.
    """
    environment = Environment(
        loader=PackageLoader("shared.report", ""), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("template.html")
    write_text(path, template.render(title=title, summary=summary, notice=notice, sections=sections))
