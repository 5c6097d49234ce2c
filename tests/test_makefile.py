"""`make setup` installs what is asked for, once, and again when something else is asked for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = min(path.parent.name for path in REPOSITORY.glob("projects/*/requirements.txt"))
REQUIREMENTS = ["tests/requirements.txt", f"projects/{PROJECT}/requirements.txt"]

# Stands for Python: writes down what it is called with, and copies itself where `-m venv` would.
PYTHON = """#!/bin/sh
echo "$@" >> calls
if [ "$2" = venv ]; then mkdir -p .venv/bin && cp "$0" .venv/bin/python; fi
if [ "$2" = pip ] && [ -f offline ]; then exit 1; fi
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that `make setup` reads."""
    for name in ["Makefile", "pyproject.toml", "constraints.txt", *REQUIREMENTS]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def installs(copy: Path) -> int:
    """Run `make setup`: how often it called pip, or the exit code times -1 where it failed."""
    (copy / "calls").unlink(missing_ok=True)
    done = subprocess.run(["make", "setup", "PYTHON=./python"], cwd=copy, capture_output=True, text=True)
    calls = (copy / "calls").read_text() if (copy / "calls").is_file() else ""
    return -done.returncode or calls.count("-m pip install")


def later(path: Path, text: str) -> None:
    """Write a file, and give it a date after everything that was written so far."""
    path.write_text(text)
    os.utime(path, (path.stat().st_mtime + 60,) * 2)


def test_what_is_asked_for_is_installed_once(copy: Path) -> None:
    (copy / "offline").touch()
    assert installs(copy) < 0
    (copy / "offline").unlink()
    assert installs(copy) == 1
    assert installs(copy) == 0
    # A copied project asks for nothing new.
    flowers = shutil.copytree(copy / "projects" / PROJECT, copy / "projects" / "flowers") / "requirements.txt"
    later(flowers, flowers.read_text())
    settings, line = copy / "pyproject.toml", f'    "projects/{PROJECT}/requirements.txt",\n'
    later(settings, settings.read_text().replace(line, line.replace(PROJECT, "flowers") + line))
    assert installs(copy) == 0
    later(flowers, flowers.read_text() + "pandas\n")
    assert installs(copy) == 1
