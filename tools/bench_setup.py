"""From a fresh clone to digits learned: how long it takes, what it takes on disk, and how large a server alone is.

The last commit is cloned. Each way has its own caches, used twice; all of it is removed at the end.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from result_files import run

from shared.files import write_json

RESULT = REPOSITORY / "tools" / "results" / "setup.json"
PROJECT = "mnist_classifier"
MAIN = f"projects/{PROJECT}/main.py"
EVERYTHING = (
    "{python} -m venv .venv && .venv/bin/python -m pip install --quiet --constraint constraints.txt "
    '--editable ".[train]" $(printf -- " --requirement %s" projects/*/requirements.txt tests/requirements.txt)'
)
WAYS = {
    "pip, everything": EVERYTHING,
    "make setup, everything": "{python} tools/install.py",
    "make run-mnist, one project": f"{{python}} tools/install.py {PROJECT}",
    "the same, TORCH=cpu": f"{{python}} tools/install.py {PROJECT} --torch cpu --torch-index {{builds}}",
}


def measure(command: str, clone: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Clone, install and train on the sample of digits."""
    shutil.rmtree(clone, ignore_errors=True)
    start, used = time.perf_counter(), cpu_seconds()
    shell(f"git clone --quiet {REPOSITORY} {clone}", clone.parent, environment)
    shell(command, clone, environment)
    installed = time.perf_counter() - start
    shell(f".venv/bin/python {MAIN} train --data.source sample", clone, environment)
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - used
    torch = shell(".venv/bin/python -c 'import torch; print(torch.__version__)'", clone, environment).strip()
    measured = {"seconds": round(seconds, 1), "install_seconds": round(installed, 1), "cpu_seconds": round(cpu, 1)}
    return {**measured, "bytes": size_of(clone / ".venv"), "torch": torch}


def server_tree(clone: Path, tree: Path, environment: dict[str, str]) -> None:
    """Do in a folder what the Containerfile says, without an engine: its Python is in `.python`."""
    lines = (clone / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    left = shutil.ignore_patterns(
        "__pycache__", ".*", "raw", "processed", "logs", "notebooks", "checkpoints", "predictions"
    )
    for line in lines:
        if line.startswith("COPY "):
            *names, target = line.replace("${PROJECT}", PROJECT).split()[1:]
            for name in names:
                if (clone / name).is_dir():
                    shutil.copytree(clone / name, tree / target, ignore=left)
                else:
                    shutil.copy(clone / name, tree / target)
    shell(f"{sys.executable} -m venv .python", tree, environment)
    variables = {"PROJECT": PROJECT, "PATH": f"{tree / '.python' / 'bin'}{os.pathsep}{environment['PATH']}"}
    for line in lines:
        if line.startswith("RUN "):
            shell(line.removeprefix("RUN ").partition("&& useradd")[0], tree, environment | variables)


def shell(command: str, folder: Path, environment: dict[str, str]) -> str:
    """What a command prints, which has to succeed."""
    return subprocess.run(command, shell=True, check=True, cwd=folder, env=environment, stdout=-1, text=True).stdout


def cpu_seconds() -> float:
    """What the processes that were waited for have used, seconds of one core."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def size_of(folder: Path) -> int:
    """Bytes on disk of a folder, those of a file with several names once."""
    found = {path.lstat().st_ino: path.lstat().st_blocks * 512 for path in folder.rglob("*") if not path.is_symlink()}
    return sum(found.values())


def clean_environment(caches: Path) -> dict[str, str]:
    """The variables of a newcomer: caches of his own, no uv, nothing that says where `shared` is."""
    kept = {name: value for name, value in os.environ.items() if not re.match("PYTHONPATH|VIRTUAL_ENV|MAKE", name)}
    path = os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if not Path(part, "uv").exists())
    return kept | {"PATH": path, "UV_CACHE_DIR": str(caches / "uv"), "PIP_CACHE_DIR": str(caches / "pip")}


def main() -> None:
    """Measure all ways, each with an empty and with a warm cache."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--builds", default="https://download.pytorch.org/whl", help="index with a folder for each build"
    )
    builds = parser.parse_args().builds
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for way, command in WAYS.items():
            environment = clean_environment(folder / "caches")
            for cache in ("empty", "warm"):
                words = command.format(python=sys.executable, builds=builds)
                rows.setdefault(way, {})[cache] = found = measure(words, folder / "clone", environment)
                print(way, cache, found, flush=True)
            shutil.rmtree(folder / "caches", ignore_errors=True)  # pip keeps nothing of an index that is a folder
        shell(f".venv/bin/python {MAIN} export", folder / "clone", environment)
        (folder / "tree").mkdir()
        server_tree(folder / "clone", folder / "tree", environment)
        server = size_of(folder / "tree")
    write_json(RESULT, {"ways": rows, "server_bytes": server, "threads": os.cpu_count()})


if __name__ == "__main__":
    run(main)
