"""The exercises can be solved, and their tests notice that they are not."""

from pathlib import Path

import pytest

EXERCISES = Path(__file__).resolve().parents[1] / "docs" / "exercises"
NAMES = sorted(path.stem for path in EXERCISES.glob("e*.py"))


class Outcomes:
    """What became of the tests of each exercise."""

    def __init__(self, *options: str) -> None:
        self.found: dict[str, set[str]] = {name: set() for name in NAMES}
        quiet = ["--quiet", "--no-header", "--no-summary", "--show-capture=no", "--tb=no", "-p", "no:cacheprovider"]
        pytest.main([*quiet, "--import-mode=importlib", *options, str(EXERCISES / "tests")], plugins=[self])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            name = Path(report.location[0]).stem.replace("test_", "e", 1)
            self.found[name].add(report.outcome)


@pytest.fixture(scope="module")
def solved() -> Outcomes:
    return Outcomes("--solutions")


@pytest.fixture(scope="module")
def unsolved() -> Outcomes:
    return Outcomes()


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes(name: str, solved: Outcomes) -> None:
    assert solved.found[name] == {"passed"}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_solved_fails(name: str, unsolved: Outcomes) -> None:
    if "your turn" not in (EXERCISES / f"{name}.py").read_text().lower():
        pytest.skip("it has been solved here")
    assert "failed" in unsolved.found[name], f"take the words 'your turn' out of {name}.py, if it is solved"


def test_each_exercise_has_a_solution_and_a_line_in_the_list() -> None:
    assert sorted(path.stem for path in EXERCISES.glob("solutions/*.py")) == NAMES
    listed, path = (EXERCISES / "README.md").read_text(), (EXERCISES.parent / "learn.md").read_text()
    assert all(f"({name}.py)" in listed and f"(exercises/{name}.py)" in path for name in NAMES)
