"""What the pages say is so: commands and paths exist, figures come from result files."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
# Options of pip, torchrun, tensorboard, curl (cut at a hyphen), and --config.
NO_SETTINGS = {"constraint", "editable", "logdir", "data", "config", "standalone", "nproc"}
PAGES = [REPOSITORY / "README.md", *sorted(REPOSITORY.glob("projects/*/README.md"))]


def commands(page: Path) -> list[str]:
    """The command lines in the page's code blocks, without comments."""
    blocks = re.findall(r"```(?:bash|console|powershell)\n(.*?)```", page.read_text(), re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [as_original(line, lines) for line in lines if line and not line.startswith("#")]


def as_original(line: str, lines: list[str]) -> str:
    """The line with a copied project's name turned back into the original's: a copy understands the same commands."""
    for original, copy in re.findall(r"cp -r projects/(\w+) projects/(\w+)", "\n".join(lines)):
        line = re.sub(rf"\b(check-data|run|test|serve|export)-{copy}\b", rf"\1-{original}", line)
    return line


def named(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_target_exists(page: Path) -> None:
    for command in commands(page):
        if command.startswith("make "):
            done = subprocess.run(
                ["make", "--dry-run", *command.split()[1:2]], cwd=REPOSITORY, capture_output=True, text=True
            )
            assert done.returncode == 0, (command, done.stderr)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_python_command_names_a_file_and_a_verb(page: Path) -> None:
    for command in commands(page):
        found = re.match(r"(?:\.venv\S*)?python\S*\s+(\S+\.py)(?:\s+(\w[\w-]*))?", command)
        if not found:
            continue
        path = (REPOSITORY if page.parent == REPOSITORY else page.parent) / found[1].replace("\\", "/")
        assert path.is_file(), command
        if path.name == "main.py":
            assert f'"{found[2]}":' in path.read_text(), command


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_setting_exists(page: Path) -> None:
    texts = [path.read_text() for path in (REPOSITORY / "shared").rglob("*.py")]
    texts += [path.read_text() for path in REPOSITORY.glob("projects/*/src/*.py")]
    texts += [path.read_text() for path in REPOSITORY.glob("tools/*.py")]
    for section, name in re.findall(r"--(?:([a-z]+)\.)?([a-z_]+)\b", "\n".join(commands(page))):
        if not section and name in NO_SETTINGS:
            continue
        assert any(re.search(rf"^\s+{name}: ", text, re.MULTILINE) for text in texts), f"{section}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_figure_in_a_table_comes_from_its_result_file(page: Path) -> None:
    spec = importlib.util.spec_from_file_location("tables", REPOSITORY / "tools" / "tables.py")
    assert spec
    assert spec.loader
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    text = page.read_text()
    assert tables.filled(text) == text


def test_make_help_lists_the_targets() -> None:
    text = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "check-data-%", "run-%", "test", "test-%", "serve-%", "export-%", "bench", "lint"):
        assert re.search(rf"^  {re.escape(target)} ", text, re.MULTILINE), target


def test_a_project_is_found_by_its_short_name() -> None:
    done = subprocess.run(["make", "--dry-run", "run-mnist"], cwd=REPOSITORY, capture_output=True, text=True)
    assert "projects/mnist_classifier/main.py run" in done.stdout
    missing = subprocess.run(["make", "--dry-run", "run-nothing"], cwd=REPOSITORY, capture_output=True, text=True)
    assert 'there is no project "nothing" in projects/' in missing.stderr
