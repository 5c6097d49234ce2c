"""Install the newest versions that fit together into a fresh environment and write them to constraints.txt.

Run the tests afterwards: a lock that nobody tested is worse than an old one.
"""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from shared.files import write_text  # noqa: E402 - needs the path above

HEADER = "# The tested set of versions, written by `make lock`: names and versions only.\n"


def main() -> None:
    """Write constraints.txt."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        files = [file for pattern in ("*", "projects/*") for file in REPOSITORY.glob(f"{pattern}/requirements.txt")]
        wanted = [
            "uv",
            "--editable",
            ".[train]",
            *(word for file in sorted(files) for word in ("--requirement", str(file))),
        ]
        if subprocess.run([python, "-m", "pip", "install", *wanted], cwd=REPOSITORY).returncode:
            sys.exit("error: pip found no set of versions that fits, or no network; constraints.txt is as it was.")
        frozen = subprocess.run(
            [python, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True, text=True, check=True
        ).stdout
    lines = [line for line in frozen.splitlines() if re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)]
    write_text(REPOSITORY / "constraints.txt", HEADER + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
