"""Every project has the same files and folders, no more and no fewer at its top level."""

import ast
import inspect
import re
from pathlib import Path

import docstring_parser
import yaml
from commands import PROJECTS, REPOSITORY

import shared.verbs
from shared.files import read_json

FILES = {"main.py", "requirements.txt", "README.md", ".gitignore"}
FOLDERS = {"data", "models", "notebooks", "src", "configs", "logs", "outputs", "tests"}
MODULES = {"config", "dataloader", "sources", "check_data", "train", "evaluate", "baseline"}
MODULES |= {"predict", "export", "service", "report"}
CONFIGS = {"config.yaml", "smoke.yaml", "sweep.yaml"}
KEPT = ("data/raw", "data/processed", "logs/tensorboard", "outputs/checkpoints", "outputs/predictions")
WITHIN = ("models/model.py", "notebooks/exploration.ipynb", *KEPT)
VERBS = {"check-data", "run", "train", "evaluate", "baseline", "predict", "export", "report", "serve", "sweep", "runs"}
CACHES = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".ipynb_checkpoints"}


def names(folder: Path, *, folders: bool) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir() == folders} - CACHES


def test_there_are_projects() -> None:
    assert {path.name for path in PROJECTS} == names(REPOSITORY / "projects", folders=True)
    assert PROJECTS


def test_each_project_has_the_same_files_and_folders() -> None:
    for project in PROJECTS:
        assert names(project, folders=False) == FILES, project.name
        assert names(project, folders=True) == FOLDERS, project.name
        assert not [path for path in WITHIN if not (project / path).exists()], project.name
        assert {path.stem for path in (project / "src").glob("*.py")} >= MODULES, project.name
        assert {path.name for path in (project / "configs").iterdir()} >= CONFIGS, project.name


def test_each_verb_is_a_function_of_its_name_in_its_own_file_in_verbs_or_in_shared() -> None:
    for project in PROJECTS:
        verbs = re.findall(r'(?m)^    "([\w-]+)"', (project / "main.py").read_text())
        assert set(verbs) >= VERBS, project.name
        for name in (verb.replace("-", "_") for verb in verbs):
            own, several = (project / "src" / f"{module}.py" for module in (name, "verbs"))
            code = inspect.getsource(shared.verbs) + (several.read_text() if several.is_file() else "")
            code = own.read_text() if own.is_file() else code
            assert re.search(rf"\ndef {name}\(\s*config: (Config|Any)\b", code), (project.name, name)


def test_notebooks_are_committed_without_outputs() -> None:
    for path in [*REPOSITORY.glob("docs/*/*.ipynb"), *REPOSITORY.glob("projects/*/notebooks/*.ipynb")]:
        cells = read_json(path, "")["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), path


def test_the_smoke_run_depends_on_nothing_that_the_owner_changes_for_other_data() -> None:
    for project in PROJECTS:
        files = (project / "configs" / name for name in ("config.yaml", "smoke.yaml"))
        default, smoke = (yaml.safe_load(file.read_text()) for file in files)
        for section in ("data", "model", "loss", "tokenizer"):
            left_open = set(default.get(section, {})) - set(smoke.get(section, {})) - {"root"}
            assert not left_open, (project.name, section)


def test_docstrings_describe_parameters_that_exist() -> None:
    for path in [*REPOSITORY.glob("shared/**/*.py"), *REPOSITORY.glob("projects/*/*/*.py")]:
        for function in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)):
            described = {one.arg_name for one in docstring_parser.parse(ast.get_docstring(function) or "").params}
            own = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
            assert described <= own, f"{path}:{function.lineno}"


def test_no_file_of_tests_imports_another() -> None:
    """A new repository takes the files whose subject it takes, and the helpers beside them."""
    for path in REPOSITORY.glob("tests/test_*.py"):
        imported = re.findall(r"(?m)^(?:from|import) (test_\w+)", path.read_text())
        assert set(imported) <= {path.stem}, path.name
