"""What the pages say is so: commands and paths exist, figures come from result files."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import tables
from commands import REPOSITORY
from pages import NOTEBOOKS, PAGES, blocks, commands, follow, home, named, text_of

# Options of pip, git, torchrun, tensorboard, curl, podman, pytest (cut at a hyphen), and --config.
NO_SETTINGS = re.compile(
    "constraint|editable|requirement|logdir|data|config|standalone|nproc|nnodes|rdzv|max|solutions|install|help|build|tag|binary|"
    "directory|bind|from|to|output|peer"
)
MANNERS = r"run: (smoke|served|served by (face|mnist|photo|segmentation|text)|fails)|not run: .+"
# What a short name stands for in tables, and what a reader puts in place of it.
STANDS_FOR = {"x": "mnist", "%": "mnist"}
FOLDERS = ("projects/", "shared/", "tools/", "tests/", "docs/", "src/", "models/", "configs/", "notebooks/")

every_page = pytest.mark.parametrize("page", PAGES, ids=named)


@every_page
def test_every_make_target_exists(page: Path) -> None:
    for command in commands(page):
        if command.startswith("make "):
            words = [re.sub(r"-(\w)$", lambda found: f"-{STANDS_FOR.get(found[1], found[1])}", command.split()[1])]
            words += [word for word in shlex.split(command)[2:] if "=" in word]
            done = make("--dry-run", *words)
            assert done.returncode == 0, (command, done.stderr)


@every_page
def test_every_python_command_names_a_file_and_a_verb(page: Path) -> None:
    for command in commands(page):
        if found := re.match(r"(?:\.venv\S*)?python\S*\s+(\S+\.py)(?:\s+(\w[\w-]*))?", command):
            path = home(page) / found[1].replace("\\", "/")
            assert path.is_file() or path == REPOSITORY / "main.py", command  # which is any project's
            if path.name == "main.py" and found[2] not in (None, "x"):
                verbs = [main.read_text() for main in REPOSITORY.glob("projects/*/main.py")]
                assert any(f'"{found[2]}":' in text for text in verbs), command


@every_page
def test_every_setting_exists(page: Path) -> None:
    files = [path for place in ("shared/**", "projects/*/src/**", "tools") for path in REPOSITORY.glob(f"{place}/*.py")]
    texts = "\n".join(path.read_text() for path in files)
    for section, name in re.findall(r"--(?:([a-z]+)\.)?([a-z_]+)\b", "\n".join(commands(page))):
        if section or not NO_SETTINGS.fullmatch(name):
            assert re.search(rf"^\s+{name}: ", texts, re.MULTILINE), f"{section}.{name}"


@every_page
def test_every_path_in_the_text_exists(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    bases = [REPOSITORY, page.parent, *(main.parent for main in REPOSITORY.glob("projects/*/main.py"))]
    for span in re.findall(r"`([\w./-]+)`", text):
        if span.startswith(FOLDERS) and "mine" not in span and not span.endswith("/x.py"):
            assert any((base / span).exists() for base in bases), span


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS], ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    follow(text_of(page), page)


@every_page
def test_every_block_says_how_it_is_run(page: Path) -> None:
    for block in (block for block in blocks(page) if block.language == "bash"):
        assert re.fullmatch(MANNERS, block.comment), (block.comment, block.lines)


@every_page
def test_every_figure_in_a_table_comes_from_its_result_file(page: Path) -> None:
    text = page.read_text()
    assert tables.filled(text) == text


def test_every_page_may_hold_a_table() -> None:
    assert tables.pages() == PAGES


def test_images_are_small() -> None:
    images = list((REPOSITORY / "docs" / "images").iterdir())
    assert images
    assert sum(path.stat().st_size for path in images) < 1_000_000


def test_the_license_is_what_the_package_says() -> None:
    assert "Apache License" in (REPOSITORY / "LICENSE").read_text()
    assert 'license = "Apache-2.0"' in (REPOSITORY / "pyproject.toml").read_text()


def test_hooks_run_the_versions_that_were_tested() -> None:
    pinned = (REPOSITORY / "constraints.txt").read_text().splitlines()
    names = {line.split("==")[0] for line in pinned}
    for package in re.findall(r"[\w-]+==[\w.]+", (REPOSITORY / ".pre-commit-config.yaml").read_text()):
        assert package in pinned or package.split("==")[0] not in names, package


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=REPOSITORY, capture_output=True, text=True)


def test_make_help_lists_the_targets_and_short_names_are_enough() -> None:
    text = make("help").stdout
    of_learners = ("exercise", "hint", "progress")
    for target in ("setup", "run-%", "test", "test-%", "serve-%", "export-%", "bench", "lint", "docs", *of_learners):
        assert re.search(rf"^  {re.escape(target)} ", text, re.MULTILINE), target
    assert "projects/mnist_classifier/main.py run" in make("--dry-run", "run-mnist").stdout
    assert 'there is no project "nothing" in projects/' in make("--dry-run", "run-nothing").stderr


@pytest.mark.parametrize("path", sorted((REPOSITORY / "tools" / "results").glob("*.json")), ids=lambda path: path.name)
def test_a_result_file_says_nothing_of_where_a_machine_keeps_things(path: Path) -> None:
    assert re.findall(r'"(?:/|[A-Z]:\\)[^"]*"', path.read_text()) == []
