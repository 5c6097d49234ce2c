"""A pytest plugin: tests of several projects run in one process each, as every project has its own package `src`."""

import subprocess
import sys
from collections import defaultdict

import pytest


def _groups(config: pytest.Config) -> dict[str, list[str]]:
    """The paths on the command line, by the project whose tests they hold or "rest"."""
    projects = sorted(path.parent for path in config.rootpath.glob("projects/*/main.py"))
    here = config.invocation_params.dir
    groups: dict[str, list[str]] = defaultdict(list)
    for argument in config.known_args_namespace.file_or_dir or ([] if here == config.rootpath else ["."]):
        path = (here / argument.partition("::")[0]).resolve()
        found = {project.name: argument for project in projects if path.is_relative_to(project)}
        found |= {project.name: str(project) for project in projects if path in project.parents}
        for name, chosen in (found or {"rest": argument}).items():
            groups[name].append(chosen)
        if path == config.rootpath:
            groups["rest"].extend(str(path / tests) for tests in config.getini("testpaths"))
    return groups


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Load no conftest in this process if others run the tests: the second project's would import the first's `src`."""
    if len(_groups(early_config)) > 1:
        early_config.known_args_namespace.noconftest = True


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run each group in a process, then print one line for each; the exit code is that of the first that failed."""
    groups = _groups(config)
    if len(groups) < 2:
        return None
    given = config.known_args_namespace.file_or_dir
    options = [str(argument) for argument in config.invocation_params.args if argument not in given]
    codes, summary = [], ["", "== all"]
    for name, paths in groups.items():
        print(f"== {name}", flush=True)
        line = ""
        command = [sys.executable, "-m", "pytest", *options, *paths]
        with subprocess.Popen(command, cwd=config.invocation_params.dir, stdout=subprocess.PIPE, text=True) as tests:
            for line in tests.stdout or ():
                print(line, end="", flush=True)
        codes.append(tests.returncode)
        summary.append(f"{name}: {line.strip().strip('= ') or f'exit code {tests.returncode}'}")
    print(*summary, sep="\n")
    nothing_selected = pytest.ExitCode.NO_TESTS_COLLECTED
    return next((code for code in codes if code not in (0, nothing_selected)), min(codes))
