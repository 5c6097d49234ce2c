"""Render the pages, the notebooks, the exercises and the reference of `shared` into dist/docs: make docs.

The sources are laid out as in the repository. Notebooks, exercises and linked Python files become pages of their names.
Notebooks are executed in the projects' environment; their outputs are kept in build/notebooks until they or the code
change. The reference is one page a package of `shared`, from its docstrings, which are read and not imported.
"""

import ast
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tables import REPOSITORY, pages

BUILD = REPOSITORY / "build" / "docs"
EXECUTED = REPOSITORY / "build" / "notebooks"
NOTEBOOKS = [*REPOSITORY.glob("docs/learn/*.ipynb"), *REPOSITORY.glob("projects/*/notebooks/*.ipynb")]
EXERCISES = [*REPOSITORY.glob("docs/exercises/e[0-9]*.py")]
TERMINAL_CODE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def main() -> None:
    """Collect the sources and render them; a link or an anchor that leads nowhere is an error."""
    shutil.rmtree(BUILD, ignore_errors=True)
    collect([*pages(), *sorted(NOTEBOOKS), *EXERCISES, *REPOSITORY.glob("docs/*.js"), *REPOSITORY.glob("docs/*.css")])
    for folder in sorted((REPOSITORY / "shared").rglob("__init__.py")):
        write_reference(folder.parent)
    settings = REPOSITORY / "docs" / "mkdocs.yml"
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(settings)]
    done = subprocess.run(command, env=quiet, capture_output=True, text=True)  # with --quiet, --strict fails at nothing
    if done.returncode:
        sys.exit(f"{done.stderr}\nerror: the pages could not be rendered; the lines above say why.")
    print(f"{REPOSITORY / 'dist' / 'docs' / 'index.html'}")


def collect(paths: list[Path]) -> None:
    """Put files and the files that they link to among the sources, each at its place in the repository."""
    done: set[Path] = set()
    while paths:
        path = paths.pop()
        done.add(path)
        there = BUILD / path.relative_to(REPOSITORY)
        there.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix not in PAGE:
            shutil.copy(path, there)
            continue
        text = PAGE[path.suffix](path)
        linked = {(path.parent / target).resolve() for target in re.findall(r"\]\(([^)#:\s]+)", text)}
        paths += [target for target in linked - done if target.is_file() and REPOSITORY in target.parents]
        text = re.sub(r"(\]\((?!https?:)[^)#\s]+)\.(?:ipynb|py)(?=[)#])", r"\1.md", text)
        there.with_suffix(".md").write_text(text)


def from_python(path: Path) -> str:
    """A file's code; of an exercise also what it asks for, how to check an answer, and a solution that is folded."""
    text, number = path.read_text(), path.stem[1:3]
    if path not in EXERCISES:
        return f"---\nsearch: {{exclude: true}}\n---\n\n# {path.name}\n\n```python\n{text}```\n"
    title, _, asked = (ast.get_docstring(ast.parse(text)) or path.stem).partition("\n")
    asked = re.sub(r"(?:docs|projects)/\S+\.ipynb", r"[\g<0>](../../\g<0>)", asked)
    return (
        f"# {title.rstrip('.')}\n{asked}\n\nWrite your answer in `docs/exercises/{path.name}` and check it with "
        f"`make exercise N={number}`; `make hint N={number}` prints a hint. [All exercises](README.md)\n\n"
        f"```python\n{text}```\n\n<details markdown data-search-exclude>\n<summary>A solution</summary>\n\n"
        f"```python\n{(path.parent / 'solutions' / path.name).read_text()}```\n\n</details>\n"
    )


def from_notebook(path: Path) -> str:
    """A notebook's text and code, and what the code printed and drew."""
    parts, title = [], path.stem
    for number, cell in enumerate(execute(path)["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            title = [title, *re.findall(r"^#+ (.+)$", source, re.MULTILINE)][-1]
            continue
        parts.append(f"```python\n{source}\n```")
        for index, output in enumerate(cell["outputs"]):
            image = BUILD / path.with_name(f"{path.stem}_{number}_{index}.png").relative_to(REPOSITORY)
            parts.append(from_output(output, image, title))
    return "\n\n".join(parts) + "\n"


def from_output(output: dict[str, Any], image: Path, title: str) -> str:
    """What a cell has put out, as Markdown; a figure is written as `image`."""
    found = output.get("data", {})
    if "image/png" in found:
        image.write_bytes(base64.b64decode(found["image/png"]))
        return f"![{title}]({image.name})"
    if "text/markdown" in found:
        return "".join(found["text/markdown"])
    text = "".join(output.get("text") or found.get("text/plain") or "\n".join(output.get("traceback", [])))
    return f"````{{ .text .output }}\n{TERMINAL_CODE.sub('', text).rstrip()}\n````"


def execute(path: Path) -> dict[str, Any]:
    """A notebook with its outputs; executed only if it or the code that it uses has changed."""
    files = [path, *sorted({*REPOSITORY.glob("shared/**/*.py"), *path.parents[1].glob("**/*.py")})]
    key = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]
    name = f"{path.parents[1].name}_{path.stem}"
    kept = EXECUTED / f"{name}_{key}.ipynb"
    if not kept.is_file():
        print(f"running {path.relative_to(REPOSITORY)}", flush=True)
        EXECUTED.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part.ipynb")
        places = os.pathsep.join(str(REPOSITORY / ".venv" / name) for name in ("bin", "Scripts"))
        runner = shutil.which("jupyter-execute", path=places)
        if not runner:
            sys.exit("error: .venv has no jupyter-execute, which runs the notebooks; make setup installs it.")
        command = [runner, f"--output={part}", "--timeout=900", path]
        quiet = os.environ | {"PYTHONWARNINGS": "ignore:IProgress not found"}  # which tells of this machine's folders
        done = subprocess.run(command, env=quiet, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{TERMINAL_CODE.sub('', done.stderr)[-3000:]}\nerror: {path} could not be executed; see above.")
        for older in EXECUTED.glob(f"{name}_*[0-9a-f].ipynb"):
            older.unlink()
        part.rename(kept)
    return dict(json.loads(kept.read_text()))


PAGE = {".md": Path.read_text, ".ipynb": from_notebook, ".py": from_python}


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
