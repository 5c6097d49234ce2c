"""Shared by the tests of the repository; each project's own tests stand alone in its folder."""

import sys
from pathlib import Path

import pytest

import shared  # noqa: F401 - before any test loads torch: it decides how torch's threads wait

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.append(str(REPOSITORY / "tools"))


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def projects(repository: Path) -> list[Path]:
    return sorted(path.parent for path in repository.glob("projects/*/main.py"))
