"""An exported network, trained on the built-in sample in seconds, for the programs that measure the server."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = REPOSITORY / "projects" / "mnist_classifier"


def exported(folder: Path, project: Path = PROJECT, settings: tuple[str, ...] = ()) -> Path:
    """Train and export below `folder`, which becomes the folder of the project's outputs; gives it back.

    Args:
        settings: flags for the training, over the project's smoke.yaml.
    """
    os.environ["PYTHONPATH"] = str(REPOSITORY)  # the environment of the benchmarks does not have `shared` installed
    places = ["--output_dir", str(folder), "--log_dir", str(folder / "logs")]
    smoke = ["--config", str(project / "configs" / "smoke.yaml"), *settings]
    for verb, more in (("train", smoke), ("export", [])):
        command = [sys.executable, str(project / "main.py"), verb, *more, *places]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder
