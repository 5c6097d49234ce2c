"""The pages of the repository, and what stands in their code blocks."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from commands import REPOSITORY

TOP = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*TOP, *sorted(REPOSITORY.glob("docs/**/*.md")), *sorted(REPOSITORY.glob("projects/*/README.md"))]
NOTEBOOKS = [*REPOSITORY.glob("docs/learn/[0-9]*.ipynb"), *REPOSITORY.glob("projects/*/notebooks/*.ipynb")]
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)]+))?\)")
_FENCE = re.compile(r"(?:<!-- (?P<comment>[^>]*) -->\n)?```(?P<language>\w+)\n(?P<body>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block of commands."""

    language: str
    lines: list[str]
    """Its command lines, without comments."""
    comment: str
    """What the HTML comment before it says; empty without one."""

    @property
    def is_run(self) -> bool:
        """Whether `make test-docs` runs it."""
        return self.language == "bash" and not self.comment.startswith("not run: ")

    @property
    def manner(self) -> str:
        """How it is run: `smoke`, `served`, `served by mnist`, `fails`, or as it is."""
        return self.comment.removeprefix("run: ")


def named(page: Path) -> str:
    """The page's path in the repository."""
    return str(page.relative_to(REPOSITORY))


def text_of(path: Path) -> str:
    """The text of a page, or of a notebook's cells of text."""
    if path.suffix != ".ipynb":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    return "\n".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")


def anchors(path: Path) -> set[str]:
    """The anchors of the titles of a page or notebook, as the site and GitHub write them."""
    titles = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def follow(text: str, page: Path) -> list[Path]:
    """The files that the links of a text of the page lead to; each has to be there, with the section that it names."""
    found = []
    for target, anchor in LINK.findall(text):
        if not target.startswith("http"):
            there = (page.parent / target).resolve() if target else page
            assert there.exists(), target
            assert not anchor or anchor in anchors(there), f"{target}#{anchor}"
            found.append(there)
    return found


def home(page: Path) -> Path:
    """The folder that a page's commands are typed in: the project's for a project's page, else the repository's."""
    return page.parent if page.parent.parent.name == "projects" else REPOSITORY


def blocks(page: Path) -> list[Block]:
    """The blocks of commands, from top to bottom."""
    found = []
    for match in _FENCE.finditer(page.read_text()):
        if match["language"] in ("bash", "powershell"):
            lines = [re.split(r"\s{2,}#", line)[0].strip() for line in match["body"].splitlines()]
            lines = [line for line in lines if line and not line.startswith("#")]
            found.append(Block(match["language"], lines, match["comment"] or ""))
    return found


def commands(page: Path) -> list[str]:
    """The command lines of all blocks, and those within the text."""
    text = _FENCE.sub("", page.read_text())
    within = [span for span in re.findall(r"`([^`\n]+)`", text) if re.match(r"make |(\.venv\S+)?python3? |--\w", span)]
    lines = [line for block in blocks(page) for line in block.lines]
    return [as_original(line, lines) for line in lines + within]


def as_original(line: str, lines: list[str]) -> str:
    """The line with a copied project's name turned back into the original's: a copy understands the same commands."""
    text = "\n".join(lines)
    made = [(copy, original) for original, copy in re.findall(r"cp -r projects/(\w+) projects/(\w+)", text)]
    made += re.findall(r"(?:make new-project NAME=|tools/new_project\.py )(\w+) (?:FROM=|--from )(\w+)", text)
    for copy, original in made:
        line = re.sub(rf"\b(check-data|run|test|serve|export)-{copy}\b", rf"\1-{original}", line)
    return line
