"""A repository for one project: the modules of shared/ that it uses, their tests, and its own build files."""

import json
import os
import re
import shutil
import string
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from requirements import BEHIND_LIBRARIES, import_names, modules_in, modules_of, required, requirements_of, third_party
from starter import copy_project, rewrite

from shared.errors import UserError
from shared.files import read_json

TEMPLATES = Path(__file__).with_name("new_repository")
AS_THEY_ARE = (
    "constraints.txt",
    ".gitattributes",
    ".gitignore",
    ".dockerignore",
    "tests/conftest.py",
    "tests/requirements.txt",
)
LAYOUT_TESTS = ("tests/test_imports.py", "tests/test_layout.py", "tests/test_container.py")
THEIR_TOOL = "tools/requirements.py"
GIT_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
NOT_TAKEN = "# Of this repository alone:"
"""The Makefile's line below which nothing is taken."""


def make_repository(name: str, original: Path, target: Path, repository: Path) -> list[str]:
    """Make the repository beside `target` and move it there once it is whole.

    Returns:
        What its owner should know.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        made = Path(folder) / target.name
        made.mkdir()
        copy_project(original, made / "projects" / name, name)
        for notebook in made.glob("projects/*/notebooks/*.ipynb"):
            drop_exercises(notebook)
        write_build_files(name, made, repository)
        copy_legal(name, original.name, made, repository)
        taken = copy_shared(made, repository)
        copy_tests(taken, made, repository)
        rewrite(made / "pyproject.toml", lambda text: own_pyproject(text, name, taken, repository))
        notices = begin_history(made, name)
        if target.exists():  # and is empty: someone may stand in it
            for path in list(made.iterdir()):
                path.rename(target / path.name)
        else:
            made.rename(target)
    return notices


def write_build_files(name: str, made: Path, repository: Path) -> None:
    """The files at the top, the CI file, and the tools that the Makefile and the tests of the layout call."""
    others = "|".join(path.parent.name for path in repository.glob("projects/*/main.py"))
    for path in (*AS_THEY_ARE, THEIR_TOOL, "pyproject.toml", "Makefile", "Containerfile"):
        copy_file(path, made, repository)
    rewrite(made / "Makefile", lambda text: text.partition(NOT_TAKEN)[0].rstrip() + "\n")
    rewrite(made / "Containerfile", lambda text: re.sub(rf"\b({others})\b", name, text))
    for tool in sorted(set(re.findall(r"tools/\w+\.py", (made / "Makefile").read_text(encoding="utf-8")))):
        copy_file(tool, made, repository)
    page = (made / "projects" / name / "README.md").read_text(encoding="utf-8")
    introduction = next((part.strip() for part in page.split("\n\n")[1:] if not part.startswith(("#", "```"))), "")
    readme = string.Template((TEMPLATES / "README.md").read_text(encoding="utf-8"))
    (made / "README.md").write_text(readme.substitute(name=name, introduction=introduction), encoding="utf-8")
    (made / ".github" / "workflows").mkdir(parents=True)
    shutil.copy(TEMPLATES / "test.yml", made / ".github" / "workflows" / "test.yml")


def drop_exercises(notebook: Path) -> None:
    """Remove the cells that lead to an exercise or to the road: both stay in this repository."""
    content = read_json(notebook, "repair it, or take an older one from git")
    leads = ("`make exercise", "docs/learn.md)")
    content["cells"] = [cell for cell in content["cells"] if not any(one in "".join(cell["source"]) for one in leads)]
    notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def copy_legal(name: str, original: str, made: Path, repository: Path) -> None:
    """The license, and of the notices of weights and data those that are of this project or of all."""
    for path in ("LICENSE", "NOTICE"):
        if (repository / path).is_file():
            copy_file(path, made, repository)
            rewrite(made / path, lambda text: own_notice(text, name, original, repository))


def own_notice(text: str, name: str, original: str, repository: Path) -> str:
    """Without the paragraphs that name other projects only; all of them, where it never names the original."""
    if original not in text:
        return text
    others = "|".join(path.parent.name for path in repository.glob("projects/*/main.py"))
    paragraphs = [part for part in text.split("\n\n") if original in part or not re.search(rf"\b({others})\b", part)]
    return re.sub(rf"\b{original}\b", name, "\n\n".join(paragraphs).rstrip() + "\n")


def copy_shared(made: Path, repository: Path) -> set[Path]:
    """Copy the modules of shared/ that project, notebook, tools and the tests of the layout need; gives them.

    Files that are no code come with the packages that pyproject.toml says they belong to.
    """
    files = [*made.rglob("*.py"), *(repository / path for path in LAYOUT_TESTS)]
    imported = [modules_in(path) for path in files]
    imported += [modules_in_notebook(path) for path in made.glob("projects/*/notebooks/*.ipynb")]
    imported.append(pytest_plugins(repository))
    taken = needed(imported, repository)
    for path in taken:
        copy_file(str(path), made, repository)
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    for package, patterns in settings["tool"]["setuptools"]["package-data"].items():
        folder = Path(*package.split("."))
        if folder / "__init__.py" in taken:
            for path in (path for pattern in patterns for path in (repository / folder).glob(pattern)):
                copy_file(str(path.relative_to(repository)), made, repository)
    return taken


def pytest_plugins(repository: Path) -> frozenset[str]:
    """The modules of shared/ that pyproject.toml has pytest load as plugins."""
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    options = settings["tool"]["pytest"]["ini_options"]["addopts"]
    return frozenset(option for option in options if option.startswith("shared."))


def needed(imported: Iterable[frozenset[str]], repository: Path) -> set[Path]:
    """The files of shared/, relative to the repository, of these modules and of those that they import in turn."""
    found: set[Path] = set()
    waiting = [module for modules in imported for module in modules]
    while waiting:
        for path in files_of(waiting.pop(), repository) - found:
            found.add(path)
            waiting += modules_in(repository / path)
    return found


def files_of(module: str, repository: Path) -> set[Path]:
    """The file of a module of shared/ and the `__init__.py` of each package above it; none for another module."""
    parts = module.split(".")
    if parts[0] != "shared":
        return set()
    packages = [Path(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
    return {path for path in [*packages, Path(*parts).with_suffix(".py")] if (repository / path).is_file()}


def modules_in_notebook(path: Path) -> frozenset[str]:
    """The full names of all modules that a notebook imports; lines that are no Python (`%matplotlib`) do not count.

    Raises:
        UserError: its code is no Python.
    """
    cells = read_json(path, "repair it, or take an older one from git")["cells"]
    lines = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").splitlines()
    try:
        return modules_of("\n".join(line for line in lines if not line.lstrip().startswith(("%", "!"))))
    except (SyntaxError, ValueError) as error:
        raise UserError(f"the code in {path.name} cannot be read as Python ({error}); mend it first.") from error


def copy_tests(taken: set[Path], made: Path, repository: Path) -> None:
    """Copy the tests of shared/ that need no more of it than was taken, with the helpers beside them.

    Tests that speak of the repository or import its tools stay: of these only the tests of the layout are taken.
    """
    tools = {path.stem for path in repository.glob("tools/*.py")}
    helpers = {path.stem: path for path in repository.glob("tests/*.py") if not path.stem.startswith("test_")}
    scripts = {stem: path for stem, path in helpers.items() if stem != "conftest"}
    for test in sorted(repository.glob("tests/test_*.py")):
        text = test.read_text(encoding="utf-8")
        beside = helpers_of(text, scripts)
        imported = [modules_in(path) for path in (test, *beside)]
        of_shared = any(module.startswith("shared.") for modules in imported for module in modules)
        of_repository = re.search(r"\brepository\b", text, re.IGNORECASE) or tools & imported[0]
        parts = needed(imported, repository)
        if (of_shared and not of_repository and parts <= taken) or f"tests/{test.name}" in LAYOUT_TESTS:
            for path in (test, *beside):
                copy_file(str(path.relative_to(repository)), made, repository)


def helpers_of(text: str, scripts: dict[str, Path]) -> list[Path]:
    """The helpers that a test imports or starts, and those that these need themselves."""
    found: list[Path] = []
    texts = [text]
    while texts:
        text = texts.pop()
        for stem, path in scripts.items():
            if path not in found and re.search(rf"(?m)(^(from|import) {stem}\b|\b{stem}\.py)", text):
                found.append(path)
                texts.append(path.read_text(encoding="utf-8"))
    return found


def own_pyproject(text: str, name: str, taken: set[Path], repository: Path) -> str:
    """pyproject.toml for this project alone: its name, and the dependencies of the modules taken."""
    used = third_party(repository / path for path in taken)
    stated = requirements_of(text)
    wanted = {package for package in stated if package in BEHIND_LIBRARIES or import_names({package}) <= used}
    packages = {".".join(path.parent.parts) for path in taken}
    text = re.sub(r'(?m)^name = ".*"$', f'name = "{name.replace("_", "-")}"', text, count=1)
    text = re.sub(r'(?m)^description = ".*"$', f'description = "{name}: a PyTorch project."', text, count=1)
    text = lines_of(
        text, r"^(?:dependencies|train) = \[\n", r"^\]", lambda line: required([line.strip(' "')]) <= wanted
    )
    text = lines_of(text, r"^\[tool\.ruff\.lint\.per-file-ignores\]\n", r"^$", lambda line: "exercises" not in line)
    return lines_of(text, r"^\[tool\.setuptools\.package-data\]\n", r"^$", lambda line: line.split('"')[1] in packages)


def lines_of(text: str, begin: str, end: str, keep: Callable[[str], bool]) -> str:
    """The text; of the lines between two patterns only those for which `keep` is true."""

    def kept(found: re.Match[str]) -> str:
        return found[1] + "".join(line for line in found[2].splitlines(keepends=True) if keep(line)) + found[3]

    return re.sub(rf"({begin})(.*?)({end})", kept, text, flags=re.DOTALL | re.MULTILINE)


def copy_file(path: str, made: Path, repository: Path) -> None:
    """Copy one file to the same place in the new repository."""
    (made / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(repository / path, made / path)


def begin_history(made: Path, name: str) -> list[str]:
    """Make it a git repository with one commit; gives what its owner should know.

    Raises:
        UserError: git refuses.
    """
    if not shutil.which("git"):
        return ["git is not installed, so the folder has no history; install it, then `git init` there."]
    git(made, "-c", "init.defaultBranch=main", "init", "--quiet")
    git(made, "add", "--all")
    author, notices = [], []
    if not all(git(made, "config", "--get", key, check=False) for key in ("user.name", "user.email")):
        author = ["-c", f"user.name={name}", "-c", f"user.email={name}@localhost"]
        notices.append(f"git knows no user.name and user.email here, so the first commit is by {name}@localhost")
    git(made, *author, "commit", "--quiet", "--message", f"{name}: a PyTorch project that trains, exports and serves")
    return notices


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """What git says in a folder.

    Raises:
        UserError: it fails, and `check` is set.
    """
    # In a hook of another repository these say that everything is meant for that one.
    environment = {key: value for key, value in os.environ.items() if key not in GIT_PLACES}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    if check and done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gives no reason"])[-1].rstrip(".")
        raise UserError(f"git fails: {reason}; nothing was made.")
    return done.stdout.strip()
