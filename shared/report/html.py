"""The report of a run: one HTML file that holds its own images and opens anywhere, also without a network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from shared.files import write_text


@dataclass(frozen=True)
class ReportImage:
    """A PNG with its description for those who cannot see it."""

    png: bytes
    description: str

    @property
    def uri(self) -> str:
        """The image as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Section:
    """One part of a report, shown in this order: text, table, images, preformatted text."""

    title: str
    text: str = ""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    images: Sequence[ReportImage] = ()
    preformatted: str = ""


def write_report(
    path: Path, *, title: str, summary: Sequence[tuple[str, str]], notice: str, sections: Sequence[Section]
) -> None:
    """Write the report atomically.

    Args:
        summary: the headline metrics as (name, value).
        notice: which data was substituted, shown in a box at the top; empty where none was.
    """
    environment = Environment(
        loader=PackageLoader("shared.report", ""), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("template.html")
    write_text(path, template.render(title=title, summary=summary, notice=notice, sections=sections))


def substitution_notice(data: Mapping[str, Any]) -> str:
    """The notice for a report whose run used the sample instead of the configured data; else an empty text."""
    reason = data["substituted"]
    return f"Trained on the built-in sample, not on the configured data: {reason}." if reason else ""
