"""The JavaScript of pages in Node, to compare it with the Python that it repeats."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from shared.serving.pages import page_files

PROGRAM = shutil.which("node")
WHY_NOT = "" if PROGRAM else "there is no node to run the page's JavaScript"  # why it cannot be run; empty where it can


def run_node(page: Path, code: str, question: Any) -> Any:
    """What a module beside the page's own gives: it reads the question as JSON, and writes its answer as JSON.

    Args:
        page: the folder of the project's page; what all pages share lies beside its files.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, content in page_files(page).items():
            (Path(folder) / name).write_bytes(content)
        done = subprocess.run(
            [str(PROGRAM), "--input-type=module", "--eval", code],
            input=json.dumps(question),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
