"""What `make exercise N=03` runs: the tests of one exercise, on what stands in its file."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

EXERCISES = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--solutions", action="store_true", help="try the solutions in place of the exercises")


@pytest.fixture
def exercise(request: pytest.FixtureRequest) -> ModuleType:
    """The file that the tests are about: e03_training_loop.py for test_03_training_loop.py."""
    folder = EXERCISES / "solutions" if request.config.getoption("--solutions") else EXERCISES
    name = request.path.stem.replace("test_", "e", 1)
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
