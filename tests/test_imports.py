"""Who may import whom: projects import themselves, `shared` and libraries; inside `shared` there are no circles."""

import re
import sys
import tomllib
from contextlib import suppress
from graphlib import TopologicalSorter
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from commands import PROJECTS, REPOSITORY, run
from requirements import BEHIND_LIBRARIES, import_names, modules_in, required, requirements_of, third_party


def test_shared_knows_no_project_and_has_no_circles() -> None:
    arrows = {}
    for path in REPOSITORY.glob("shared/**/*.py"):
        modules = modules_in(path)
        assert not {name.split(".")[0] for name in modules} & {"src", "models", "projects", "tests", "tools"}, path
        name = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
        arrows[name] = {module for module in modules if module.startswith("shared.")}
    TopologicalSorter(arrows).prepare()  # it raises CycleError, which names the circle


def test_projects_do_not_import_each_other() -> None:
    for project in PROJECTS:
        foreign = {other.name for other in PROJECTS} | {"projects", "tools", "tests"}
        assert not third_party(sorted(project.rglob("*.py"))) & foreign, project.name


def test_no_process_loads_what_it_does_not_need() -> None:
    network, training = {"onnxruntime", "torch", "transformers"}, {"sklearn", "accelerate", "tensorboard", "onnx"}
    text = (REPOSITORY / "pyproject.toml").read_text()
    stated = required(tomllib.loads(text)["project"]["dependencies"])
    for project in PROJECTS:
        requirements = (project / "requirements.txt").read_text()
        of_server = with_their_own(stated | required(requirements.partition("# What training")[0].splitlines()))
        of_training = requirements_of(text) | required(requirements.splitlines())
        # What a process has loaded stays, so that one answers for what holds connections, what computes, and a server.
        holds_connections = unneeded("src.config, shared.verbs, shared.cli", network)
        computes = unneeded("src.service, shared.serving.worker", training | {"fastapi"})
        serves = unneeded("shared.serving.server", import_names(of_training - of_server))
        assert printed(holds_connections + computes + serves, project) == "set()\n" * 3, project.name
        assert printed(unneeded("src.train", {"matplotlib", "tensorboard", "onnx"}), project) == "set()\n", project.name
    assert printed(unneeded("shared.serving.server", network), PROJECTS[0]) == "set()\n"


def test_the_first_line_of_a_training_waits_for_no_compiler_and_no_shards(tmp_path: Path) -> None:
    """Of the project that needs least: `torch.use_deterministic_algorithms`, for one, would import torch._dynamo."""
    slow = {"torchvision", "torch._dynamo", "torch._inductor", "torch.distributed.fsdp", "torch.utils.tensorboard"}
    code = f"""
import logging, runpy, sys
from shared.console import log
class Stop(logging.Handler):
    def emit(self, record):
        print("loaded", sys.modules.keys() & {slow})
        sys.exit()
log.addHandler(Stop())
folders = ["--output_dir", {str(tmp_path)!r}, "--log_dir", {str(tmp_path)!r}]
sys.argv[1:] = ["train", "--data.source", "sample", *folders]
sys.path.insert(0, "")
runpy.run_path("main.py", run_name="__main__")
"""
    needs = {project: required((project / "requirements.txt").read_text().splitlines()) for project in PROJECTS}
    light = [project for project in PROJECTS if not needs[project] & {"timm", "facenet-pytorch"}]
    for project in sorted(light, key=lambda project: len(needs[project]))[:1]:
        assert "loaded set()\n" in printed(code, project)


def with_their_own(packages: set[str]) -> set[str]:
    """These packages, and all that they need, whatever the markers say."""
    found: set[str] = set()
    waiting = set(packages)
    while waiting:
        package = waiting.pop()
        found.add(package)
        with suppress(PackageNotFoundError):
            needs = [line for line in requires(package) or [] if "extra ==" not in line or "signatures" in line]
            waiting |= required(needs) - found
    return found


def unneeded(modules: str, names: set[str]) -> str:
    """Code that imports the modules and prints which of the names are loaded then."""
    return f"import sys, {modules}; print(sys.modules.keys() & {names})\n"


def printed(code: str, project: Path) -> str:
    return run(sys.executable, "-c", code, folder=project)


def test_requirements_are_what_each_project_imports() -> None:
    stated = requirements_of((REPOSITORY / "pyproject.toml").read_text())
    of_tests = third_party(REPOSITORY.glob("shared/testing/*.py")) - import_names(stated)
    for project in PROJECTS:
        requirements = required((project / "requirements.txt").read_text().splitlines())
        used = third_party(sorted(project.rglob("*.py"))) | notebook_imports(project) | of_tests
        unused = {name for name in requirements if not import_names({name}) <= used}
        assert used == import_names(requirements - read_as_data(project, unused)), project.name


def read_as_data(project: Path, packages: set[str]) -> set[str]:
    """Those of the packages that a project reads the files of without an import: it names them in quotation marks."""
    sources = [path.read_text() for folder in ("src", "models") for path in (project / folder).glob("*.py")]
    if any("shared.training.first_weights" in text for text in sources):  # it reads packages for several projects
        sources.append((project.parents[1] / "shared" / "training" / "first_weights.py").read_text())
    return {name for name in packages if any(f'"{name}"' in text for text in sources)}


def notebook_imports(project: Path) -> set[str]:
    text = (project / "notebooks" / "exploration.ipynb").read_text()
    roots = set(re.findall(r'"(?:import|from) (\w+)', text))
    return roots - set(sys.stdlib_module_names) - {"shared", "src", "models"}


def test_dependencies_are_what_is_imported_and_all_are_pinned() -> None:
    stated = requirements_of((REPOSITORY / "pyproject.toml").read_text())
    files = [path for path in REPOSITORY.glob("shared/**/*.py") if path.parent.name != "testing"]
    used = third_party(files)  # what shared.testing needs beside it, each project asks for
    assert used == import_names(stated - BEHIND_LIBRARIES)
    for file in [*REPOSITORY.glob("*/requirements.txt"), *REPOSITORY.glob("projects/*/requirements.txt")]:
        stated |= required(file.read_text().splitlines())
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    assert stated <= required(lines)
    pinned = re.compile(r"#.*|[A-Za-z0-9_.-]+==[A-Za-z0-9.+!_-]+")
    assert not [line for line in lines if not pinned.fullmatch(line)]
