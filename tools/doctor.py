"""Say what this machine has, what is installed, and what to do about what does not fit: make doctor."""

import os
import platform
import re
import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DISK, MEMORY = 10e9, 4e9
"""Bytes that everything and a run of each project need; measured: 7 GB with CUDA, 3 GB for pretrained texts."""


def main() -> None:
    """Print one line for each thing, with an arrow before what to do."""
    for name, found, advice in [python(), *torch_rows(), *machine(), versions()]:
        print(f"{name:<9} {found}" + (f"\n{'':<9} -> {advice}" if advice else ""))


def python() -> tuple[str, str, str]:
    """The Python that runs this, which is that of .venv where there is one."""
    fits = (3, 11) <= sys.version_info[:2] <= (3, 14)
    advice = "" if fits else "Python 3.11 to 3.14 is needed: make clean, then make setup PYTHON=python3.11"
    if fits and Path(sys.prefix) != REPOSITORY / ".venv":
        advice = "this is not the Python of .venv: make setup makes it"
    return "python", f"{platform.python_version()} in {sys.prefix}, {platform.platform()}", advice


def torch_rows() -> list[tuple[str, str, str]]:
    """The build of PyTorch and the GPU that it sees."""
    try:
        import torch
        import torchaudio
        import torchvision
    except ModuleNotFoundError as error:
        return [("torch", f"there is no {error.name}", "make setup installs it")]
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        line = str(error).strip().splitlines()[0]
        return [("torch", line, "make clean, then make setup: torch, torchvision and torchaudio must be of one build")]
    packages = f"{torch.__version__}, torchvision {torchvision.__version__}, torchaudio {torchaudio.__version__}"
    driver, sees = shutil.which("nvidia-smi"), torch.cuda.is_available()
    advice = ""
    if driver and not sees:
        advice = "the driver is older than this build: update it, or make clean, then make setup TORCH=cu126"
        if not torch.version.cuda:
            advice = "this build has no CUDA: make clean, then make setup TORCH=cu130"
    elif torch.version.cuda and not sees:
        advice = "CUDA takes 4.5 GB that nothing here uses: make clean, then make setup TORCH=cpu"
    gpus = ", ".join(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
    seen = gpus or ("Metal" if torch.backends.mps.is_available() else "none seen")
    limit = os.environ.get("OMP_NUM_THREADS", "not set")
    threads = f"{torch.get_num_threads()} of PyTorch, {os.cpu_count()} cores, OMP_NUM_THREADS {limit}"
    return [("torch", packages, advice), ("gpu", seen, ""), ("threads", threads, "")]


def machine() -> list[tuple[str, str, str]]:
    """Free disk of the repository, and free memory where it can be asked for."""
    disk = shutil.disk_usage(REPOSITORY).free
    rows = [("disk", f"{disk / 1e9:.1f} GB free", "make room" if disk < DISK else "")]
    try:
        import psutil
    except ImportError:
        return rows
    free = psutil.virtual_memory().available
    advice = "close programs, or lower training.batch_size" if free < MEMORY else ""
    return [*rows, ("memory", f"{free / 1e9:.1f} GB free", advice)]


def versions() -> tuple[str, str, str]:
    """Which installed packages are of other versions than the tested ones."""
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    tested = {normal(name): version for name, version in tested.items()}
    installed = {normal(item.name): item.version for item in distributions()}
    others = [
        f"{name} {version} (tested: {tested[name]})"
        for name, version in sorted(installed.items())
        if name in tested and version.partition("+")[0] != tested[name]
    ]
    if not others:
        count = len(installed.keys() & tested.keys())
        return "versions", f"all {count} as tested", "" if count else "nothing is installed yet: make setup"
    return "versions", ", ".join(others), "make clean, then make setup installs the tested ones"


def normal(name: str) -> str:
    """The name of a package as indexes compare it."""
    return re.sub("[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
