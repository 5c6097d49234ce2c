"""The tests of several projects run in one command, and no test is skipped for a reason that nobody has allowed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import REPOSITORY

CONFTEST = """
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from src.only_in_{name} import NAME
"""
TESTS = """
import pytest
from src.only_in_{name} import NAME

def test_it():
    assert NAME == "{name}"

def test_gpu():
    pytest.skip("{reason}")
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of two projects that import what the other one does not have."""
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    for name, reason in (("first", "needs a GPU"), ("second", "no time")):
        project = tmp_path / "projects" / name
        for folder in ("src", "tests"):
            (project / folder).mkdir(parents=True)
        (project / "main.py").touch()
        (project / "src" / f"only_in_{name}.py").write_text(f"NAME = '{name}'\n")
        (project / "tests" / "conftest.py").write_text(CONFTEST.format(name=name))
        (project / "tests" / "test_it.py").write_text(TESTS.format(name=name, reason=reason))
    return tmp_path


def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest there, without the plugins of libraries, which take seconds to load."""
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "--quiet", *arguments]
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("paths", [["projects"], ["projects/first/tests", "projects/second/tests/test_it.py::test_it"]])
def test_the_tests_of_two_projects_run_in_one_command(repository: Path, paths: list[str]) -> None:
    done = run(repository, *paths)
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = done.stdout.splitlines()[-2:]
    assert first.startswith("first: 1 passed, 1 skipped")
    assert second.startswith("second: 1 passed")


def test_one_project_that_fails_fails_the_command(repository: Path) -> None:
    (repository / "projects" / "first" / "src" / "only_in_first.py").write_text("NAME = 'another'\n")
    done = run(repository, "projects")
    assert done.returncode == 1
    assert "first: 1 failed, 1 skipped" in done.stdout
    assert "second: 1 passed, 1 skipped" in done.stdout


@pytest.mark.parametrize(("project", "code"), [("first", 0), ("second", 1)])
def test_a_skip_fails_unless_its_reason_is_listed(repository: Path, project: str, code: int) -> None:
    done = run(repository, "--no-unlisted-skips", f"projects/{project}/tests")
    assert done.returncode == code, done.stdout + done.stderr
    assert ("does not list: no time" in done.stdout) == bool(code)
    assert run(repository, f"projects/{project}/tests").returncode == 0
