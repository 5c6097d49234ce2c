"""For the notebooks and `make exercise`: check an exercise, show a function of the repository, show the progress."""

import argparse
import ast
import importlib.util
import sys
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

REPOSITORY = Path(__file__).resolve().parents[2]
EXERCISES = REPOSITORY / "docs" / "exercises"


@dataclass(frozen=True)
class Check:
    """What became of one check of an exercise."""

    name: str
    problem: str
    """What is wrong, in words; empty if the check passes."""


def show_source(path: str, name: str) -> None:
    """Display a function or class of this repository in the notebook, as it stands in its file.

    Args:
        path: the file, from the top of the repository: `shared/training/loop.py`.
        name: the function's or class's name; `Class.method` for a method.
    """
    from IPython.display import Markdown, display

    text = (REPOSITORY / path).read_text(encoding="utf-8")
    node: ast.AST = ast.parse(text)
    for part in name.split("."):
        node = next(child for child in ast.iter_child_nodes(node) if getattr(child, "name", "") == part)
    source = textwrap.dedent(ast.get_source_segment(text, node, padded=True) or "")
    display(Markdown(f"`{path}`, line {node.lineno}:\n\n```python\n{source}\n```"))  # type: ignore[attr-defined, no-untyped-call]


def find_exercise(number: str) -> str:
    """The name of an exercise by its number: `e03_softmax` for `3` or `03`; exits with a sentence if there is none."""
    names = sorted(path.stem for path in EXERCISES.glob("e[0-9]*.py"))
    found = [name for name in names if name.startswith(f"e{number.zfill(2)}_")]
    if not found:
        last = names[-1].split("_")[0].removeprefix("e")
        problem = f'there is no exercise "{number}"; choose a number from 01 to {last}: make exercise N=01'
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)
    return found[0]


def load(path: Path) -> ModuleType:
    """Run a Python file as a module of its own, anew at each call, so that an edit counts at once."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where dataclasses look up the types that annotations name
    sys.path.insert(0, str(EXERCISES / "checks"))  # for `from expect import ...`
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def run_checks(name: str, answer: ModuleType) -> list[Check]:
    """Run the checks of an exercise on a module that holds an answer to it."""
    checks = load(EXERCISES / "checks" / f"{name}.py")
    found = {key.removeprefix("check_"): value for key, value in vars(checks).items() if key.startswith("check_")}
    return [Check(key.replace("_", " "), _run(value, answer)) for key, value in found.items()]


def check_file(name: str) -> list[Check]:
    """Run the checks of an exercise on what the learner has written."""
    try:
        answer = load(EXERCISES / f"{name}.py")
    except Exception as error:  # what the learner has written may not even be Python
        frames = traceback.extract_tb(error.__traceback__)
        line = error.lineno if isinstance(error, SyntaxError) else frames[-1].lineno
        return [Check("the file can be read", f"line {line} of {name}.py raises {type(error).__name__}: {error}")]
    return run_checks(name, answer)


def _run(check: Callable[[ModuleType], None], answer: ModuleType) -> str:
    try:
        check(answer)
    except NotImplementedError:
        return "it is not written yet"
    except AssertionError as error:
        return str(error) or "the check fails"
    except Exception as error:  # the learner's code may raise anything; the learner reads what and where
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        own = [frame for frame in frames if frame.filename == (answer.__file__ or "")]
        where = f"line {own[-1].lineno} of {Path(own[-1].filename).name}" if own else "the check of what came back"
        return f"{where} raises {type(error).__name__}: {error}"
    return ""


def check(number: str | int) -> bool:
    """Check an exercise and print what is right and what is wrong; whether all is right."""
    name = find_exercise(str(number))
    checks = check_file(name)
    passed = sum(not found.problem for found in checks)
    print(f"{load_title(name)}\n{passed} of {len(checks)} checks pass: docs/exercises/{name}.py")
    said: set[str] = set()
    for found in checks:  # a mistake that breaks everything is said once
        problem = "as above" if found.problem in said else found.problem
        print(f"  no  {found.name}: {problem}" if found.problem else f"  ok  {found.name}")
        said.add(found.problem)
    print("Solved." if passed == len(checks) else f"A hint: make hint N={name[1:3]}")
    return passed == len(checks)


def load_title(name: str) -> str:
    """The first line of an exercise's file: `Exercise 03, level 2: ...`."""
    return (EXERCISES / f"{name}.py").read_text(encoding="utf-8").splitlines()[0].strip('"')


def hint(number: str | int) -> None:
    """Print the hint of an exercise."""
    name = find_exercise(str(number))
    print(f"{load(EXERCISES / 'checks' / f'{name}.py').HINT}\nA solution: docs/exercises/solutions/{name}.py")


def progress() -> None:
    """Print which exercises are solved, and a bar."""
    solved = 0
    names = sorted(path.stem for path in EXERCISES.glob("e[0-9]*.py"))
    for name in names:
        right = not any(found.problem for found in check_file(name))
        solved += right
        print(f"  {'solved' if right else '  open'}  {load_title(name).removeprefix('Exercise ')}")
    bar = "█" * round(30 * solved / len(names))
    print(f"{bar:░<30} {solved} of {len(names)} exercises are solved")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check an exercise, give a hint, or show which ones are solved.")
    parser.add_argument("command", choices=["exercise", "hint", "progress"])
    parser.add_argument("number", nargs="?", default="", help="of the exercise: 03")
    chosen = parser.parse_args()
    if chosen.command == "exercise":
        sys.exit(not check(chosen.number))
    elif chosen.command == "hint":
        hint(chosen.number)
    else:
        progress()
