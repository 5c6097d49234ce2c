"""A plain copy of a project is whole, also outside the repository: no edit, nothing that points back."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from commands import PROJECTS, run


@pytest.fixture
def copied(original: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The original and its copy, without what the original's runs have left."""
    return original, Path(shutil.copytree(original, tmp_path / "flowers", ignore=_leftovers))


def _leftovers(folder: str, names: list[str]) -> list[str]:
    within = Path(folder).relative_to(PROJECTS[0].parent).parts
    written = {"outputs", "logs", "data"} & set(within)
    return [name for name in names if name == "__pycache__" or (written and "." in name and name != ".gitkeep")]


@pytest.mark.parametrize("original", [path for path in PROJECTS if path.name == "mnist_classifier"])
def test_a_copy_does_the_whole_job_under_its_own_name(copied: tuple[Path, Path]) -> None:
    """Of the project whose job takes seconds; the tests of the other copies do theirs."""
    _, copy = copied
    run(sys.executable, "main.py", "run", "--config", "configs/smoke.yaml", folder=copy)
    assert (copy / "outputs" / "export" / "flowers.onnx").is_file()
    assert (copy / "outputs" / "report.html").is_file()


@pytest.mark.parametrize("original", PROJECTS, ids=lambda path: path.name)
def test_nothing_in_a_copy_names_the_original(copied: tuple[Path, Path]) -> None:
    original, copy = copied
    naming = [
        str(path.relative_to(copy))
        for path in sorted(copy.rglob("*"))
        if path.suffix in (".py", ".yaml", ".txt", ".md", ".ipynb", ".html", ".mjs", ".json")
        and re.search(rf"\b{original.name}\b|projects/", path.read_text())
        and not is_titled(path, original.name)
    ]
    assert not naming


def is_titled(page: Path, name: str) -> bool:
    """Whether it is the page of a project that `make new-project` has made, which says the project's name to people."""
    return page.name == "README.md" and page.read_text().startswith(f"# {name}\n")


@pytest.mark.long
@pytest.mark.parametrize("original", PROJECTS, ids=lambda path: path.name)
def test_the_tests_of_a_copy_pass(copied: tuple[Path, Path]) -> None:
    _, copy = copied
    run(sys.executable, "-m", "pytest", "--quiet", "tests", folder=copy)
