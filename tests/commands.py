"""This repository, its projects, and commands in processes of their own."""

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECTS = sorted(path.parent for path in REPOSITORY.glob("projects/*/main.py"))


def run(*command: object, folder: Path = REPOSITORY, **variables: object) -> str:
    """What a command prints that has to succeed, with these variables in its environment."""
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
