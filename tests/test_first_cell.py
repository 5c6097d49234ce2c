"""The first cell of a notebook, in an environment that has nothing: it gets the repository and installs from it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import REPOSITORY

ROAD = sorted(REPOSITORY.glob("docs/learn/[0-9]*.ipynb"))
PROJECTS = sorted(REPOSITORY.glob("projects/*/notebooks/*.ipynb"))
WRITES_DOWN = "import sys; print('pip', *sys.argv[1:])"
SHOWS = "\nprint(Path.cwd())\nprint(importlib.util.find_spec('shared').origin)\n"


def cells(notebook: Path) -> list[str]:
    content = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in content if cell["cell_type"] == "code"]


def run(code: str, folder: Path, address: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code with a Python that has nothing, in a folder of its own."""
    if not (folder / "empty").exists():
        without = [] if "REAL" in variables else ["--without-pip"]
        subprocess.run([sys.executable, "-m", "venv", *without, folder / "empty"], check=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [folder / "empty" / ("Scripts" if sys.platform == "win32" else "bin") / "python", "-c", code],
        cwd=folder,
        env=kept | {"REPOSITORY": address} | variables,
        input="",
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("notebooks", [ROAD, PROJECTS], ids=["road", "projects"])
def test_the_first_cells_are_one_and_get_the_repository(notebooks: list[Path], tmp_path: Path) -> None:
    assert len({cells(path)[0] for path in notebooks}) == 1
    (tmp_path / "modules" / "pip").mkdir(parents=True)
    (tmp_path / "modules" / "pip" / "__main__.py").write_text(WRITES_DOWN, encoding="utf-8")
    name = notebooks[0].parents[1].name
    address = f"{REPOSITORY} {name}" if notebooks is PROJECTS else str(REPOSITORY)
    done = run(cells(notebooks[0])[0] + SHOWS, tmp_path, address, PYTHONPATH=str(tmp_path / "modules"))
    assert done.returncode == 0, done.stderr
    installed, folder, origin = done.stdout.splitlines()
    assert "--editable repository[train]" in installed
    clone = tmp_path / "repository"
    assert folder == str(clone / notebooks[0].parent.relative_to(REPOSITORY))
    assert origin == str(clone / "shared" / "__init__.py")
    if notebooks is PROJECTS:
        assert str(clone / "projects" / name / "requirements.txt") in installed


def test_without_an_address_it_asks_for_one(tmp_path: Path) -> None:
    done = run(cells(ROAD[0])[0], tmp_path, "")
    assert "Address of the repository" in done.stdout
    assert not (tmp_path / "repository").exists()


@pytest.mark.long
def test_the_notebook_goes_on_with_what_was_installed(tmp_path: Path) -> None:
    """With the package index: PyTorch is downloaded."""
    notebook = next(path for path in PROJECTS if path.parents[1].name == "mnist_classifier")
    code = "\n".join(cells(notebook)[:2])
    done = run(code, tmp_path, f"{REPOSITORY} mnist_classifier", REAL="yes", MPLBACKEND="agg")
    assert done.returncode == 0, done.stderr[-3000:]
