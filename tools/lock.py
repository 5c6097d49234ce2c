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
HEADER = "# The tested set of versions, written by `make lock`: names and versions only.\n"


def main() -> None:
    """Write constraints.txt."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        wanted = ["--editable", ".[dev,projects]"]
        pages = REPOSITORY / "docs" / "requirements.txt"  # a repository of one project has none
        wanted += ["--requirement", str(pages)] if pages.is_file() else []
        if subprocess.run([python, "-m", "pip", "install", *wanted], cwd=REPOSITORY).returncode:
            sys.exit("error: pip found no set of versions that fits, or no network; constraints.txt is as it was.")
        frozen = subprocess.run(
            [python, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True, text=True, check=True
        ).stdout
    lines = [line for line in frozen.splitlines() if re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)]
    written = REPOSITORY / "constraints.txt.new"
    written.write_text(HEADER + "\n".join(lines) + "\n")
    written.replace(REPOSITORY / "constraints.txt")


if __name__ == "__main__":
    main()
