"""The exercises can be solved, their checks find plausible mistakes, and they do not insist on one style.

`tests/exercises/` holds further answers: `softmax__right_by_scipy` stands for the solution's `softmax`; all right ones
replace their functions together. `MISTAKES` are wrong ones: by name, what stands in the solution, and what is written
there by mistake, in one or more such pairs.
"""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from commands import REPOSITORY

EXERCISES = REPOSITORY / "docs" / "exercises"
sys.path.insert(0, str(REPOSITORY / "docs" / "learn"))

import road  # noqa: E402

NAMES = sorted(path.stem for path in EXERCISES.glob("e[0-9]*.py"))


def others(name: str) -> dict[str, Any]:
    """The further answers to an exercise."""
    return vars(road.load(REPOSITORY / "tests" / "exercises" / f"{name}.py"))


def with_mistake(name: str, *edits: str) -> ModuleType:
    """The solution, with one mistake written into it."""
    path = EXERCISES / "solutions" / f"{name}.py"
    text, module = path.read_text(encoding="utf-8"), road.load(path)
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    exec(compile(text, path, "exec"), vars(module))
    return module


def problems(name: str, module: ModuleType) -> list[str]:
    return [found.problem for found in road.run_checks(name, module) if found.problem]


@pytest.mark.parametrize("name", NAMES)
def test_two_right_answers_pass(name: str) -> None:
    module = with_mistake(name)
    assert problems(name, module) == []
    right = {key.split("__right_")[0]: answer for key, answer in others(name).items() if "__right_" in key}
    assert right, "another style that is right too"
    assert right.keys() <= vars(module).keys(), "each stands for a function of the solution"
    vars(module).update(right)
    assert problems(name, module) == []


@pytest.mark.filterwarnings("ignore")  # a wrong answer may well divide by zero
@pytest.mark.parametrize("name", NAMES)
def test_five_plausible_mistakes_are_found_and_said(name: str) -> None:
    mistakes = others(name)["MISTAKES"]
    assert len(mistakes) >= 5
    for mistake, edits in mistakes.items():
        found = problems(name, with_mistake(name, *edits))
        assert found, f"{mistake} passes all checks"
        assert all(len(problem) > 15 for problem in found), mistake


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_has_a_level_a_hint_a_notebook_and_a_line_in_the_list(name: str) -> None:
    text = (EXERCISES / f"{name}.py").read_text()
    is_open = "your turn" in text.lower()
    assert not is_open or problems(name, road.load(EXERCISES / f"{name}.py")), "solved: take 'your turn' out of it"
    assert re.match(rf'"""Exercise {name[1:3]}, level [123]: .', text)
    assert len(road.load(EXERCISES / "checks" / f"{name}.py").HINT) > 20
    number, level = name[1:3], text.split("level ")[1][0]
    assert f"| [{number}]({name}.py) | {level} | " in (EXERCISES / "README.md").read_text()
    notebooks = [REPOSITORY / path for path in re.findall(r"\S+\.ipynb", text)]
    assert notebooks, "the docstring names the notebook that comes before"
    # A project's notebook is copied without the checks: it says the command.
    ways = (f'check(\\"{number}\\")', f"`make exercise N={number}`")
    assert all(any(way in path.read_text() for way in ways) for path in notebooks)


def type_in(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, REPOSITORY / "docs" / "learn" / "road.py", *words]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_mistake_is_said_in_words_and_no_stack_trace_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "checks").symlink_to(EXERCISES / "checks")
    answer = tmp_path / "e03_softmax.py"
    text = (EXERCISES / "e03_softmax.py").read_text()
    monkeypatch.setattr(road, "EXERCISES", tmp_path)
    answer.write_text(text.replace('raise NotImplementedError("your turn")', "return logits.sum(axis=1)"))
    assert not road.check(3)
    printed = capsys.readouterr().out
    assert "has the shape (20,); expected (20, 5)" in printed
    answer.write_text(text.replace('raise NotImplementedError("your turn")', "return logits.softmax(axis=1)"))
    road.check(3)
    printed = capsys.readouterr().out
    assert "of e03_softmax.py raises AttributeError" in printed
    assert ": as above" in printed, "a sentence that says the same again"
    answer.write_text("def softmax(:\n")
    assert not road.check(3)
    assert "line 1 of e03_softmax.py raises SyntaxError" in capsys.readouterr().out


def test_the_commands_end_as_they_should() -> None:
    for command in ("exercise", "hint"):
        unknown = type_in(command, "99")
        assert unknown.returncode == 2
        assert unknown.stderr.startswith('error: there is no exercise "99"; choose a number from 01 to')
        assert unknown.stderr.count("\n") == 1
    assert type_in("exercise").stderr.startswith('error: there is no exercise ""')
    assert "docs/exercises/solutions/e03" in type_in("hint", "3").stdout


def test_each_exercise_has_a_solution_checks_and_other_answers() -> None:
    for folder in (EXERCISES / "solutions", EXERCISES / "checks", REPOSITORY / "tests" / "exercises"):
        assert sorted(path.stem for path in folder.glob("e[0-9]*.py")) == NAMES
