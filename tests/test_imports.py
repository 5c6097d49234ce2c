"""Who may import whom: projects import themselves, `shared` and libraries; inside `shared` there are no circles."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from shared.testing.requirements import BEHIND_LIBRARIES, import_names, modules_in, required, third_party


def test_shared_knows_no_project(repository: Path) -> None:
    for path in repository.glob("shared/**/*.py"):
        roots = {name.split(".")[0] for name in modules_in(path)}
        assert not roots & {"src", "models", "projects", "tests", "tools"}, path


def test_shared_has_no_circles(repository: Path) -> None:
    arrows = {}
    for path in repository.glob("shared/**/*.py"):
        name = ".".join(path.relative_to(repository).with_suffix("").parts)
        arrows[name] = {module for module in modules_in(path) if module.startswith("shared.")}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        for other in arrows.get(name, ()):
            visit(other, (*trail, name))

    for name in arrows:
        visit(name, ())


def test_projects_do_not_import_each_other(projects: list[Path]) -> None:
    for project in projects:
        foreign = {other.name for other in projects} | {"projects", "tools", "tests"}
        assert not third_party(sorted(project.rglob("*.py"))) & foreign, project.name


def test_what_asks_an_exported_network_waits_for_no_library_of_training(projects: list[Path]) -> None:
    slow = {"sklearn", "accelerate", "tensorboard", "fastapi", "onnx"}
    for project in projects:
        assert not slow & loaded_with("src.service, shared.serving.worker", project), project.name


def test_the_process_that_holds_connections_never_loads_a_network(projects: list[Path]) -> None:
    for project in projects:
        loaded = loaded_with("src.config, shared.verbs, shared.cli, shared.serving.server", project)
        assert not {"onnxruntime", "torch", "transformers"} & loaded, project.name


def test_a_training_starts_without_waiting_for_what_it_may_need_later(projects: list[Path]) -> None:
    for project in projects:
        assert not {"matplotlib", "tensorboard", "onnx"} & loaded_with("src.train", project), project.name


def loaded_with(modules: str, project: Path) -> set[str]:
    code = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_requirements_are_what_each_project_imports(projects: list[Path]) -> None:
    for project in projects:
        requirements = required((project / "requirements.txt").read_text().splitlines())
        used = third_party(sorted(project.rglob("*.py"))) | notebook_imports(project)
        unused = {name for name in requirements if not import_names({name}) <= used}
        assert used == import_names(requirements - read_as_data(project, unused)), project.name


def read_as_data(project: Path, packages: set[str]) -> set[str]:
    """Those of the packages that a project reads the files of without an import: it names them in quotation marks."""
    sources = [path.read_text() for folder in ("src", "models") for path in (project / folder).glob("*.py")]
    return {name for name in packages if any(f'"{name}"' in text for text in sources)}


def notebook_imports(project: Path) -> set[str]:
    text = (project / "notebooks" / "exploration.ipynb").read_text()
    roots = set(re.findall(r'"(?:import|from) (\w+)', text))
    return roots - set(sys.stdlib_module_names) - {"shared", "src", "models"}


def test_dependencies_are_what_shared_imports(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    stated = required(project["dependencies"])
    used = third_party(sorted(repository.glob("shared/**/*.py"))) - {
        "pytest",
        "nbclient",
        "nbformat",
    }  # these are for tests
    assert used == import_names(stated - BEHIND_LIBRARIES)


def test_the_projects_extra_has_what_every_project_requires(repository: Path, projects: list[Path]) -> None:
    settings = tomllib.loads((repository / "pyproject.toml").read_text())
    files = settings["tool"]["setuptools"]["dynamic"]["optional-dependencies"]["projects"]["file"]
    installed = {name for file in files for name in required((repository / file).read_text().splitlines())}
    for project in projects:
        assert required((project / "requirements.txt").read_text().splitlines()) <= installed, project.name


def test_constraints_pin_every_dependency(repository: Path) -> None:
    pinned = required((repository / "constraints.txt").read_text().splitlines())
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    stated = required(project["dependencies"])
    for requirements in (*repository.glob("*/requirements.txt"), *repository.glob("projects/*/requirements.txt")):
        stated |= required(requirements.read_text().splitlines())
    assert stated <= pinned


def test_constraints_hold_names_and_versions_only(repository: Path) -> None:
    for line in (repository / "constraints.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.+!_-]+", line), line
