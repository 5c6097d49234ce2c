"""Install what one project needs into .venv, or everything.

python tools/install.py [PROJECT] [--torch cpu]

Before it runs there is only Python, so it imports nothing else. What is installed already is not installed again.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENT = REPOSITORY / ".venv"
PROGRAMS = ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin")
ASKED_FOR = ENVIRONMENT / "installed"
"""The lines that asked for what is installed: a copied project asks for nothing new, so nothing is installed again."""

CONSTRAINTS = ["--constraint", "constraints.txt"]
TORCH = ["torch", "torchvision", "torchaudio"]
"""They have to come from one place: operators of a torchvision for CUDA are missing in a torch for CPUs."""


def main() -> int:
    """Install; gives the exit code: 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description="Install what one project needs into .venv, or everything.")
    parser.add_argument("project", nargs="?", default="", help="its name, or its main.py; without it everything")
    parser.add_argument(
        "--torch", default="", help="build of PyTorch: cpu, cu126, cu130, rocm7.1, xpu; else the default"
    )
    parser.add_argument("--torch-index", default="https://download.pytorch.org/whl", help="address or folder of builds")
    chosen = parser.parse_args()
    name = Path(chosen.project).parent.name or chosen.project
    files = sorted(REPOSITORY.glob(f"projects/{name or '*'}/requirements.txt"))
    files += [] if name else [REPOSITORY / "tests" / "requirements.txt"]
    base = lines_of([REPOSITORY / "pyproject.toml", REPOSITORY / "constraints.txt"])
    installed = lines_of([ASKED_FOR])
    build = next((line.removeprefix("TORCH=") for line in installed if line.startswith("TORCH=")), chosen.torch)
    wanted = base | lines_of(files) | {f"TORCH={build}"}
    if not files:
        return refuse(f"there is no projects/{name}/requirements.txt")
    if chosen.torch not in ("", build):
        return refuse(f".venv has another build of PyTorch, {build or 'the default'}; make clean, then try again")
    if wanted <= installed:
        return 0
    try:
        install(files, build, chosen.torch_index)
    except subprocess.CalledProcessError as error:
        return refuse(f"this failed, for the reason above: {' '.join(error.cmd)}")
    kept = installed if base <= installed else set()  # other versions may be wanted: each project asks once more
    ASKED_FOR.write_text("\n".join(sorted(wanted | kept)) + "\n", encoding="utf-8")
    return 0


def refuse(reason: str) -> int:
    """Say why nothing more is installed; gives the exit code."""
    print(f"error: {reason}", file=sys.stderr)
    return 2


def lines_of(files: list[Path]) -> set[str]:
    """The lines of all files that are there."""
    return {line for file in files if file.is_file() for line in file.read_text(encoding="utf-8").splitlines()}


def install(files: list[Path], build: str, index: str) -> None:
    """Make .venv where there is none, with uv if it is not on the path, and install these requirements and `shared`.

    Raises:
        CalledProcessError: a command failed, and has said why.
    """
    uv = shutil.which("uv") or shutil.which("uv", path=str(PROGRAMS))
    if not shutil.which("python", path=str(PROGRAMS)):
        print("making .venv and installing into it; most of it is PyTorch", flush=True)
        run(sys.executable, "-m", "venv", *(["--without-pip"] if uv else []), ENVIRONMENT)
        if sys.platform == "linux" and not build and not shutil.which("nvidia-smi"):
            print("no NVIDIA GPU was found: make setup TORCH=cpu would save 4.5 GB of CUDA libraries", flush=True)
    if not uv:
        run(PROGRAMS / "python", "-m", "pip", "install", "--quiet", *CONSTRAINTS, "uv")
        uv = shutil.which("uv", path=str(PROGRAMS))
    command = [uv, "pip", "install", "--quiet", "--python", ENVIRONMENT, *CONSTRAINTS]
    environment = {"UV_SYSTEM_CERTS": "1", **mirror_of_pip(), **os.environ}
    if build:  # first and from this index alone; uv then keeps what it finds installed
        alone = {name: value for name, value in environment.items() if not re.match("UV_.*(INDEX|LINKS)", name)}
        source = ["--default-index", f"{index.rstrip('/')}/{build}"]
        run(*command, "--reinstall", "--no-deps", *source, *TORCH, environment=alone)
    requirements = [word for file in files for word in ("--requirement", file)]
    run(*command, "pip", "--editable", ".[train]", *requirements, environment=environment)


def mirror_of_pip() -> dict[str, str]:
    """The package index that pip is told to use, for uv, which does not read pip's settings."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    address = os.environ.get("PIP_INDEX_URL", configured)
    return {"UV_DEFAULT_INDEX": address} if address else {}


def run(*command: object, environment: dict[str, str] | None = None) -> None:
    """Run a command in the repository's folder."""
    subprocess.run([*map(str, command)], check=True, cwd=REPOSITORY, env=environment)


if __name__ == "__main__":
    sys.exit(main())
