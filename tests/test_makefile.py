"""`make setup` installs what is asked for, once, and again when something else is asked for; the right PyTorch too."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from commands import PROJECTS, REPOSITORY

PROJECT = PROJECTS[0].name
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
TORCH = ("torch", "torchvision", "torchaudio")

# Stands for uv: writes down what it is called with, as if it had installed it.
INSTALLER = '#!/bin/sh\necho "$@" >> calls\n[ ! -f offline ]\n'


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that `make setup` reads, and an installer."""
    names = ["Makefile", "pyproject.toml", "constraints.txt", "tools/install.py", "tests/requirements.txt"]
    for name in [*names, f"projects/{PROJECT}/requirements.txt", f"projects/{PROJECT}/main.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    write_program(tmp_path / "programs" / "uv", INSTALLER)
    return tmp_path


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def installs(copy: Path, *arguments: str, **variables: str) -> list[str]:
    """The commands that the installer got from `make`, which has to succeed."""
    (copy / "calls").unlink(missing_ok=True)
    done = make(copy, *arguments, **variables)
    assert done.returncode == 0, done.stderr
    return (copy / "calls").read_text().splitlines() if (copy / "calls").is_file() else []


def make(copy: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{copy / 'programs'}{os.pathsep}{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_", "MAKE"))}
    command = ["make", *(arguments or ["setup"]), f"PYTHON={sys.executable}"]
    return subprocess.run(
        command, cwd=copy, env=environment | {"PATH": path} | variables, capture_output=True, text=True
    )


def test_what_is_asked_for_is_installed_once(copy: Path) -> None:
    (copy / "offline").touch()
    assert "error: this failed" in make(copy).stderr
    (copy / "offline").unlink()
    assert len(installs(copy)) == 1
    assert installs(copy) == []
    # A copied project asks for nothing new.
    flowers = shutil.copytree(copy / "projects" / PROJECT, copy / "projects" / "flowers")
    assert installs(copy) == []
    (flowers / "requirements.txt").write_text((flowers / "requirements.txt").read_text() + "pandas\n")
    assert len(installs(copy)) == 1
    (copy / "constraints.txt").write_text((copy / "constraints.txt").read_text() + "pandas==1.0\n")
    assert len(installs(copy)) == 1


def test_a_project_installs_what_it_needs_and_no_more(copy: Path) -> None:
    other = copy / "projects" / "other" / "requirements.txt"
    shutil.copytree(copy / "projects" / PROJECT, other.parent)
    other.write_text("pandas\n")
    (call,) = installs(copy, f"installed-for-{PROJECT}", PIP_INDEX_URL="https://mirror.example/simple")
    assert f"projects/{PROJECT}/requirements.txt" in call
    assert "projects/other" not in call
    assert "tests/requirements.txt" not in call
    assert len(installs(copy, "installed-for-other")) == 1
    assert installs(copy, f"installed-for-{PROJECT}", "installed-for-other") == []


def test_another_build_of_pytorch_is_refused_where_one_is_installed(copy: Path) -> None:
    first, second = installs(copy, "setup", "TORCH=cpu", "TORCH_INDEX=/wheels/", UV_INDEX="https://other.example")
    assert f"--default-index /wheels/cpu {' '.join(TORCH)}" in first
    assert not set(TORCH) & set(second.split())
    assert installs(copy) == installs(copy, "setup", "TORCH=cpu") == []
    refused = make(copy, "setup", "TORCH=cu130")
    assert refused.returncode == 2
    assert ".venv has another build of PyTorch, cpu; make clean" in refused.stderr


PROJECT_FILE = """
[build-system]
requires = ["uv_build"]
build-backend = "uv_build"
[tool.uv.build-backend]
module-root = ""
[project]
name = "tiny"
version = "1"
dependencies = ["torch", "torchvision", "torchaudio"]
"""


def write_index(index: Path, build: str, *packages: tuple[str, str]) -> None:
    """A package index in a folder: wheels that hold nothing but their origin, and a page that links to each."""
    for name, text in packages:
        version = f"2.0{build}"
        folder = index / name
        folder.mkdir(parents=True)
        wheel = f"{name}-{version}-py3-none-any.whl"
        about = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(folder / wheel, "w") as archive:
            archive.writestr(f"{name}.py", f"origin = {index.name!r}\n")
            archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            if text:
                program = zipfile.ZipInfo(f"{name}-{version}.data/scripts/{name}")
                program.external_attr = 0o100755 << 16
                archive.writestr(program, text)
            archive.writestr(f"{about}/RECORD", "")
        (folder / "index.html").write_text(f'<a href="{wheel.replace("+", "%2B")}">{wheel}</a>')


@pytest.fixture
def tiny(copy: Path) -> Path:
    """The same for a library that needs nothing but PyTorch, with two indexes of which one has it for CPUs."""
    (copy / "pyproject.toml").write_text(PROJECT_FILE)
    (copy / "tiny").mkdir()
    (copy / "tiny" / "__init__.py").touch()
    (copy / "constraints.txt").write_text("".join(f"{name}==2.0\n" for name in TORCH))
    for file in copy.rglob("requirements.txt"):
        file.write_text("numerals\n")
    write_index(copy / "default", "", *((name, "") for name in (*TORCH, "numerals", "pip")))
    write_index(copy / "builds" / "cpu", "+cpu", *((name, "") for name in TORCH))
    return copy


@pytest.mark.parametrize("build", ["", "cpu"])
def test_all_three_packages_come_from_one_place(tiny: Path, build: str) -> None:
    shutil.copy(UV, tiny / "programs" / "uv")
    settings = {"UV_DEFAULT_INDEX": str(tiny / "default"), "UV_CACHE_DIR": str(tiny / "cache"), "UV_LINK_MODE": "copy"}
    done = make(tiny, "setup", f"TORCH={build}", f"TORCH_INDEX={tiny / 'builds'}", **settings)
    assert done.returncode == 0, done.stderr
    code = f"import numerals, {', '.join(TORCH)}; print(*(m.origin for m in ({', '.join(TORCH)})), numerals.origin)"
    found = subprocess.run([tiny / ".venv" / "bin" / "python", "-c", code], capture_output=True, text=True).stdout
    assert found.split() == [build or "default"] * 3 + ["default"]


@pytest.mark.long
def test_where_there_is_no_uv_pip_brings_it(copy: Path) -> None:
    """With an index whose uv is the program above: pip makes an environment in seconds, and asks it for the rest."""
    (copy / "programs" / "uv").unlink()
    for program in ("make", "sh", "uname"):
        write_program(copy / "programs" / program, f'#!/bin/sh\nexec {shutil.which(program)} "$@"\n')
    write_index(copy / "default", "", ("uv", INSTALLER))
    (copy / "constraints.txt").write_text("uv==2.0\n")
    settings = {"PATH": str(copy / "programs"), "PIP_INDEX_URL": f"file://{copy / 'default'}"}
    (call,) = installs(copy, **settings)
    assert call.startswith("pip install --quiet --python ")


@pytest.mark.long
@pytest.mark.parametrize("project", [path.name for path in PROJECTS])
def test_a_project_needs_nothing_that_it_does_not_ask_for(project: str, tmp_path: Path) -> None:
    """In a fresh clone, with the package index: its smoke configuration runs, and its tests can be imported."""
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, tmp_path / "clone"], check=True)
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "uv").symlink_to(UV)
    clone, left_out = tmp_path / "clone", ("PYTHONPATH", "MAKE", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment["PATH"] = f"{tmp_path / 'programs'}{os.pathsep}{environment['PATH']}"
    try:
        for command in (
            [
                "make",
                f"run-{project}",
                f"ARGS=--config projects/{project}/configs/smoke.yaml",
                f"PYTHON={sys.executable}",
            ],
            [".venv/bin/python", "-m", "pytest", "--quiet", "--collect-only", f"projects/{project}/tests"],
        ):
            done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    finally:
        shutil.rmtree(clone / ".venv", ignore_errors=True)
