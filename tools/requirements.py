"""What code imports, and which requirement each import stands for."""

import ast
import functools
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from shared.errors import UserError

IMPORT_NAMES = {
    "ipython": "IPython",
    "faiss-cpu": "faiss",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}
"""The import name of a requirement, where it is another."""

IMPLICIT = {"ipykernel", "types-pyyaml", "mypy", "ruff"}
"""Needed without an import of ours: nbclient runs notebooks in it; checkers and their stubs are commands."""

BEHIND_LIBRARIES = {"onnxscript", "tensorboard", "torchvision", "httptools", "python-multipart", "uvloop"}
"""Needed by libraries that we use: the ONNX exporter, TensorBoard's writer, forms and event loop of the server."""

OURS = {"shared", "src", "models", "main", "conftest", "tools"}


@functools.cache
def modules_of(code: str) -> frozenset[str]:
    """The full names of all modules that the code imports, and of all that it takes from one, which may be modules too.

    Raises:
        ValueError: an import is relative.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"a relative import in line {node.lineno}")
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return frozenset(found)


def modules_in(path: Path) -> frozenset[str]:
    """The same of a file.

    Raises:
        UserError: it is no Python.
    """
    try:
        return modules_of(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{path} cannot be read as Python ({error}); mend it first.") from error


def third_party(paths: Iterable[Path]) -> set[str]:
    """The import names of the packages, neither Python's nor ours, that the files import."""
    paths = list(paths)
    helpers = {path.stem for path in paths if path.parent.name == "tests"}  # tests import each other's helpers by name
    roots = {name.split(".")[0] for path in paths for name in modules_in(path)}
    return roots - set(sys.stdlib_module_names) - OURS - helpers


def required(lines: Iterable[str]) -> set[str]:
    """The normalized names of the packages that lines of requirements name."""
    names = [re.match(r"[A-Za-z0-9_.-]+", line) for line in lines if line.strip() and not line.startswith("#")]
    return {name[0].lower().replace("_", "-") for name in names if name}


def requirements_of(pyproject: str) -> set[str]:
    """The normalized names of the packages that a pyproject.toml, given as text, asks for, with those of its extras."""
    project = tomllib.loads(pyproject)["project"]
    lists = [project["dependencies"], *project.get("optional-dependencies", {}).values()]
    return required(line for lines in lists for line in lines)


def import_names(requirements: set[str]) -> set[str]:
    """The names under which these requirements are imported."""
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in requirements - IMPLICIT}
