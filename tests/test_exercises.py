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


def test_the_solutions_pass() -> None:
    assert Outcomes("--solutions").found == {name: {"passed"} for name in NAMES}


def test_what_is_not_solved_fails() -> None:
    unsolved = {name for name in NAMES if "your turn" in (EXERCISES / f"{name}.py").read_text().lower()}
    failed = {name for name, outcomes in Outcomes().found.items() if "failed" in outcomes}
    assert unsolved <= failed, "take the words 'your turn' out of the exercises that you have solved"


def test_each_exercise_has_a_solution_and_a_line_in_the_list() -> None:
    assert sorted(path.stem for path in EXERCISES.glob("solutions/*.py")) == NAMES
    listed, path = (EXERCISES / "README.md").read_text(), (EXERCISES.parent / "learn.md").read_text()
    assert all(f"({name}.py)" in listed and f"(exercises/{name}.py)" in path for name in NAMES)
