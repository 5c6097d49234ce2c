"""A project's folder as a new project starts: the same code, a fresh README and configuration, no data, no results."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from shared.files import read_json

FOLDERS = ("data/raw", "data/processed", "logs/tensorboard", "outputs/checkpoints", "outputs/predictions")
CONFIG_HEADER = """\
# The default run. These values suited the project that this one was made from: change what your data needs.
# Every line can be overridden by a flag of the same name: --training.epochs 3
# `python main.py train --help` lists all settings.
"""
COMMANDS = """\
From the top of the repository:

<!-- not run: the commands that follow are the same -->
```bash
make run-{name}      # installs, trains, evaluates, exports; DATA=path/to/your/data names your own data
make test-{name}     # its tests
make serve-{name}    # after a run: a page and an HTTP API, on this machine only
```

From this folder:
"""
EXAMPLE = """\
```bash
python main.py --help
```
"""


def copy_project(original: Path, target: Path, name: str) -> None:
    """Copy a project without data and results, and give it its own page and configuration."""
    copy_without_data(original, target)
    rewrite(target / "README.md", lambda text: fresh_readme(text, original.name, name))
    rewrite(target / "configs" / "config.yaml", fresh_config)


def copy_without_data(original: Path, target: Path) -> None:
    """Copy a project without its data and what its runs have written."""
    shutil.copytree(original, target, ignore=lambda folder, names: left_behind(Path(folder) == original, names))
    for folder in FOLDERS:
        (target / folder).mkdir(parents=True)
        (target / folder / ".gitkeep").touch()
    for notebook in (target / "notebooks").glob("*.ipynb"):
        strip_outputs(notebook)


def left_behind(is_top: bool, names: list[str]) -> set[str]:
    """Caches and hidden files anywhere, and at the top of the project the folders that runs read from and write to."""
    hidden = {name for name in names if name == "__pycache__" or (name.startswith(".") and name != ".gitignore")}
    return hidden | ({folder.split("/")[0] for folder in FOLDERS} if is_top else set())


def fresh_readme(text: str, original: str, name: str) -> str:
    """The page under its new name, without the sections that hold what was measured on the original's data.

    Such a section has a table that comes from a result file (`<!-- table: ... -->`); its subsections go with it.
    """
    kept, measured = [], 0
    for section in re.split(r"(?m)^(?=#{2,3} )", text):
        level = len(section) - len(section.lstrip("#"))
        if measured and level > measured:
            continue
        measured = level if "<!-- table:" in section else 0
        if not measured:
            kept.append(section)
    page = re.sub(rf"\b{original}\b", name, "".join(kept))
    page = re.sub(rf"\b(make [\w-]+)-({'|'.join(short_names(original))})\b", rf"\1-{name}", page)
    page = re.sub(r"\A# .*\n", f"# {name}\n", page)
    if f"make run-{name}" in page:
        return page
    introduction, *commands = re.split(r"(?m)^((?:<!-- .* -->\n)?```bash\n)", page, maxsplit=1)
    return f"{introduction.rstrip()}\n\n{COMMANDS.format(name=name)}\n{''.join(commands) or EXAMPLE}"


def short_names(name: str) -> set[str]:
    """The names of a project in the Makefile: its whole name, and the first and last parts of it."""
    parts = name.split("_")
    return {"_".join(parts[:index]) for index in range(1, len(parts) + 1)} | {
        "_".join(parts[index:]) for index in range(len(parts))
    }


def fresh_config(text: str) -> str:
    """The same values below a header that says what they are now."""
    return CONFIG_HEADER + re.sub(r"\A(#.*\n)+", "", text)


def strip_outputs(notebook: Path) -> None:
    """Remove a notebook's outputs, if it has any."""
    content = read_json(notebook, "repair it, or take an older one from git")
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    if any(cell.get("outputs") or cell.get("execution_count") for cell in code):
        for cell in code:
            cell["outputs"], cell["execution_count"] = [], None
        notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Replace a file's text by `change` of it."""
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
