"""Render the pages and the reference of `shared` into dist/docs: make docs.

The pages are laid out as in the repository, each with the files that it links to, so that links need no change. The
reference is one page a package of `shared`, from its docstrings, which are read and not imported.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tables import REPOSITORY, pages

BUILD = REPOSITORY / "build" / "docs"


def main() -> None:
    """Collect the sources and render them; a link that leads nowhere is an error."""
    shutil.rmtree(BUILD, ignore_errors=True)
    for page in pages():
        collect(page)
    for folder in sorted((REPOSITORY / "shared").rglob("__init__.py")):
        write_reference(folder.parent)
    settings = REPOSITORY / "docs" / "mkdocs.yml"
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--config-file", str(settings)]
    if subprocess.run(command, env=quiet).returncode:
        sys.exit("error: the pages could not be rendered; the lines above say why.")
    print(f"{REPOSITORY / 'dist' / 'docs' / 'index.html'}")


def collect(page: Path) -> None:
    """Copy a page and the files of the repository that it links to."""
    copy(page)
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        linked = (page.parent / target).resolve()
        if not target.startswith("http") and linked.is_file() and linked not in pages():
            copy(linked)


def copy(path: Path) -> None:
    """Copy a file of the repository to its place among the sources."""
    there = BUILD / path.relative_to(REPOSITORY)
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, there)


def write_reference(package: Path) -> None:
    """One page of the modules of a package of `shared`."""
    name = ".".join(package.relative_to(REPOSITORY).parts)
    modules = [path.stem for path in sorted(package.glob("*.py")) if path.stem != "__init__"]
    parts = [f"# {name}", *(f"## {name}.{module}\n\n::: {name}.{module}" for module in modules)]
    there = BUILD / "reference" / f"{name}.md"
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
