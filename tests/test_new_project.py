"""A new project, here or as a repository of its own, is whole: no edit, no data, nothing that points back."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import commands
import new_project
import own_repository
import pytest
import starter
import yaml
from commands import PROJECTS, REPOSITORY
from requirements import modules_of
from serving import ask, ask_json

ORIGINALS = [path.name for path in PROJECTS]
NAMES = {original: f"flowers{number}" for number, original in enumerate(ORIGINALS)}
TEXTS = (".py", ".yaml", ".yml", ".toml", ".txt", ".md", ".ipynb", ".html", ".mjs", ".js", ".json")


@dataclass(frozen=True)
class Made:
    """A project that the tool has made, and the repository that it is in."""

    original: str
    name: str
    root: Path

    @property
    def project(self) -> Path:
        return self.root / "projects" / self.name


def make_repository_copy(target: Path) -> Path:
    """This repository without its history, data and environments."""
    for folder in ("shared", "tests", "tools", "docs"):
        if (REPOSITORY / folder).is_dir():
            shutil.copytree(REPOSITORY / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in REPOSITORY.iterdir():
        if path.is_file():
            shutil.copy(path, target / path.name)
    for original in ORIGINALS:
        starter.copy_without_data(REPOSITORY / "projects" / original, target / "projects" / original)
    return target


def make(*arguments: object, repository: Path = REPOSITORY) -> int:
    return new_project.main([*map(str, arguments)], repository=repository)


def run(folder: Path, *command: object, root: Path | None = None) -> str:
    """What a command that has to succeed prints; it uses the `shared` of that repository, not the installed one."""
    return commands.run(*command, folder=folder, PYTHONPATH=root or folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD=1)


@pytest.fixture(scope="session")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository to which one project from each of its projects has been added."""
    root = make_repository_copy(tmp_path_factory.mktemp("inside"))
    for original, name in NAMES.items():
        assert make(name, "--from", original, repository=root) == 0
    return root


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository of its own from each of the projects."""
    folder = tmp_path_factory.mktemp("outside")
    for original, name in NAMES.items():
        assert make(name, "--from", original, "--to", folder / name) == 0
    return folder


@pytest.fixture
def made(request: pytest.FixtureRequest, inside: Path, outside: Path) -> Made:
    place, original = request.param
    name = NAMES[original]
    return Made(original, name, inside if place == "here" else outside / name)


def places(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "made", [(place, original) for original in ORIGINALS for place in names], indirect=True, ids=" from ".join
    )


everywhere, out_there = places("here", "outside"), places("outside")


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the tool, which has to fail, and gives its one sentence."""

    def run(*arguments: object, repository: Path = REPOSITORY) -> str:
        assert make(*arguments, repository=repository) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ")
        return line

    return run


def texts_of(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.suffix in TEXTS or path.name in ("Makefile", "Containerfile")]
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


@everywhere
def test_nothing_names_a_project_of_this_repository(made: Made) -> None:
    folder = made.project if (made.root / "projects" / made.original).is_dir() else made.root
    pattern = re.compile(rf"\b({'|'.join(ORIGINALS)})\b|{re.escape(str(REPOSITORY))}")
    naming = {name: found[0] for name, text in texts_of(folder).items() if (found := pattern.search(text))}
    assert not naming


@everywhere
def test_it_starts_without_data_and_results_and_with_the_same_values(made: Made) -> None:
    for folder in starter.FOLDERS:
        assert [path.name for path in (made.project / folder).iterdir()] == [".gitkeep"]
    for folder in ("data", "logs", "outputs"):
        assert all(path.name == ".gitkeep" for path in (made.project / folder).rglob("*") if path.is_file())
    text = (made.project / "configs" / "config.yaml").read_text()
    before = (REPOSITORY / "projects" / made.original / "configs" / "config.yaml").read_text()
    assert yaml.safe_load(text) == yaml.safe_load(before)
    assert "suited the project that this one was made from" in text.splitlines()[0]


@everywhere
def test_its_page_says_its_own_commands_and_nobodys_figures(made: Made) -> None:
    page = (made.project / "README.md").read_text()
    assert page.startswith(f"# {made.name}\n")
    assert "<!-- table" not in page
    assert "your own" in page.lower()
    assert set(re.findall(r"\bmake [\w-]+-(\w+)", page)) == {made.name}
    for target in re.findall(r"\]\(([^)#]+)\)", page):
        assert target.startswith("http") or (made.project / target).exists(), target


def test_a_page_without_commands_gets_them_and_sections_with_measured_figures_go_with_their_subsections() -> None:
    page = starter.fresh_readme("# rabbits\n", "rabbits", "flowers")
    assert page.startswith("# flowers\n\nFrom the top of the repository:\n")
    assert "make run-flowers" in page
    assert page.endswith("```bash\npython main.py --help\n```\n")
    table = "<!-- table: speed -->\n| 3 |\n<!-- end -->\n"
    sections = ["# rabbits\n", "## Data\n", "### Speed\n", table, "## Results\n", table, "### More\n", "## End\n"]
    kept = re.findall(r"(?m)^##+ (.*)$", starter.fresh_readme("\n".join(sections), "rabbits", "flowers"))
    assert kept == ["Data", "End"]


@everywhere
def test_make_finds_it(made: Made) -> None:
    verbs = ("run", "test", "serve", "export")
    printed = run(made.root, "make", "--dry-run", *(f"{verb}-{made.name}" for verb in verbs))
    assert printed.count(f"projects/{made.name}/") >= len(verbs)


def test_the_rules_for_projects_hold_with_new_ones(inside: Path) -> None:
    """What a process loads is left out: it takes long, and is that of the originals, whose code is the same."""
    tests = [f"tests/test_{name}.py" for name in ("layout", "imports", "readme", "copy")]
    chosen = "not load and not training and not whole_job"
    run(inside, sys.executable, "-m", "pytest", "--quiet", "-m", "not long", "-k", chosen, *tests)


def test_what_runs_have_left_in_the_original_stays_there(tmp_path: Path) -> None:
    root = make_repository_copy(tmp_path)
    original, copy = root / "projects" / ORIGINALS[0], root / "projects" / "flowers"
    left = (".venv/bin/python", "data/raw/mine/1.png", "outputs/a.html", "outputs/sweep/a.json", "src/__pycache__/a")
    for path in left:
        (original / path).parent.mkdir(parents=True, exist_ok=True)
        (original / path).write_text("left behind")
    notebook = Path("notebooks/exploration.ipynb")
    clean = (original / notebook).read_text()
    content = json.loads(clean)
    next(cell for cell in content["cells"] if cell["cell_type"] == "code")["execution_count"] = 7
    (original / notebook).write_text(json.dumps(content))
    assert make("flowers", "--from", ORIGINALS[0], repository=root) == 0
    assert not [path for path in left if (copy / path).exists()]
    assert (copy / notebook).read_text() == clean
    # And another project can be started from the new one.
    assert make("roses", "--from", "flowers", repository=root) == 0
    texts = texts_of(root / "projects" / "roses")
    assert not [name for name, text in texts.items() if re.search(r"\bflowers\b", text)]
    assert texts["README.md"].count("make run-roses") == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "'' cannot be a project's name; write lower case letters"),
        ("Flowers", "'Flowers' cannot be a project's name"),
        ("my-flowers", "'my-flowers' cannot be a project's name"),
        ("../flowers", "'../flowers' cannot be a project's name"),
        ("1st", "'1st' cannot be a project's name"),
        ("torch", "'torch' is the name of a package"),
        ("shared", "'shared' is the name of a package"),
        ("long", "make test-long means something else"),
        ("mnist_classifier", "projects/mnist_classifier is there already"),
        ("mnist", "'mnist' cannot be the new project's name, because make run-mnist means mnist_classifier"),
        ("mnist_two", "make run-mnist means mnist_classifier"),
        ("cell_segmentation", "make run-segmentation means image_segmentation"),
    ],
)
def test_names_that_are_refused(name: str, sentence: str, inside: Path, refused: Callable[..., str]) -> None:
    before = sorted(inside.rglob("*"))
    assert sentence in refused(name, "--from", "mnist", repository=inside)
    assert sorted(inside.rglob("*")) == before


def test_originals_and_folders_that_are_refused(inside: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    assert "say with --from (FROM)" in refused("roses", "--from", "", repository=inside)
    assert "did you mean mnist_classifier?" in refused("roses", "--from", "mnist_clasifier", repository=inside)
    assert "there is no project '..' in projects/" in refused("roses", "--from", "..", repository=inside)
    here = refused("roses", "--from", "mnist", "--to", inside / "roses", repository=inside)
    assert "lies in this repository; choose a folder outside" in here
    assert not list(inside.rglob("roses"))
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "not an empty folder; choose another." in refused("roses", "--from", "mnist", "--to", tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["thesis.txt"]


def test_a_repository_that_cannot_be_copied_is_left_as_it_was(tmp_path: Path, refused: Callable[..., str]) -> None:
    root = make_repository_copy(tmp_path / "inside")
    mine = root / "projects" / "mnist_classifier" / "src" / "mine.py"
    mine.write_text("import shared.")
    found = refused("flowers", "--from", "mnist", "--to", tmp_path / "code", repository=root)
    assert re.search(r"src/mine\.py cannot be read as Python \(.*\); mend it first\.$", found)
    mine.unlink()
    shutil.copytree(root / "projects" / "mnist_classifier", root / "projects" / "bird_classifier")
    found = refused("roses", "--from", "classifier", repository=root)
    assert "'classifier' may mean bird_classifier or mnist_classifier; write one" in found
    done = subprocess.run(["make", "--dry-run", "run-classifier"], cwd=root, capture_output=True, text=True, timeout=60)
    assert '"classifier" may mean bird_classifier mnist_classifier; write one of them whole' in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_an_empty_folder_will_do_and_git_needs_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(variable, os.devnull)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another"))  # as in a hook of another repository
    (tmp_path / "code").mkdir()
    assert make("flowers", "--from", "mnist", "--to", tmp_path / "code") == 0
    assert "git knows no user.name and user.email here" in capsys.readouterr().out
    monkeypatch.delenv("GIT_DIR")
    assert run(tmp_path / "code", "git", "log", "--format=%ae").split() == ["flowers@localhost"]


def test_git_that_refuses_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str]
) -> None:
    (tmp_path / "config").write_text("[core")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    found = refused("flowers", "--from", "mnist", "--to", tmp_path / "code")
    assert re.fullmatch(r"error: git fails: .*; nothing was made\.", found)
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


@out_there
def test_its_history_begins_with_one_commit_of_clean_code(made: Made) -> None:
    assert run(made.root, "git", "rev-list", "--count", "HEAD").strip() == "1"
    assert not run(made.root, "git", "status", "--porcelain")
    files = set(run(made.root, "git", "ls-files").split())
    assert {"Makefile", "pyproject.toml", ".github/workflows/test.yml"} <= files
    run(made.root, sys.executable, "-m", "ruff", "check", ".")
    run(made.root, sys.executable, "-m", "ruff", "format", "--check", ".")


def test_only_the_notices_of_this_project_and_of_all_come_along() -> None:
    notice = "Ours\n\nDigits (mnist_classifier)\n  CC BY\n\nTexts (text_classification)\n  unclear\n\nThe end\n"
    own = own_repository.own_notice(notice, "flowers", "mnist_classifier", REPOSITORY)
    assert own == "Ours\n\nDigits (flowers)\n  CC BY\n\nThe end\n"
    assert own_repository.own_notice(notice, "flowers", "image_segmentation", REPOSITORY) == notice


@out_there
def test_it_has_all_of_shared_that_it_needs_and_no_more(made: Made) -> None:
    have = {".".join(path.relative_to(made.root).with_suffix("").parts) for path in made.root.glob("shared/**/*.py")}
    wanted = {module for path in made.root.rglob("*.py") for module in modules_of(path.read_text())}
    wanted |= own_repository.pytest_plugins(made.root)
    files = own_repository.files_of
    assert not {name for name in wanted if files(name, REPOSITORY) != files(name, made.root)}
    assert {name for name in have - wanted if not name.endswith("__init__")} == set()
    settings = tomllib.loads((made.root / "pyproject.toml").read_text())
    for package, patterns in settings["tool"]["setuptools"]["package-data"].items():
        folder = made.root / Path(*package.split("."))
        assert all(list(folder.glob(pattern)) for pattern in patterns), package
    ours = (path.stem for folder in ("tests", "tools") for path in (REPOSITORY / folder).glob("*.py"))
    helpers = {name for name in ours if not name.startswith("test_")} & wanted
    assert helpers <= {path.stem for path in made.root.glob("t*s/*.py")}
    assert {"requirements", "serving"} <= helpers


@out_there
def test_its_makefile_calls_only_what_is_there_and_the_learning_road_stays_behind(made: Made) -> None:
    assert not (made.root / "docs").exists()
    pattern = re.compile(r"\bmake (exercise|hint|progress)\b|docs/(learn|exercises)|tests/exercises|^progress:", re.M)
    assert not [name for name, text in texts_of(made.root).items() if pattern.search(text)]
    text = (made.root / "Makefile").read_text()
    missing = [path for path in re.findall(r"\b(?:tools|tests|docs)/[\w./-]+", text) if not (made.root / path).exists()]
    assert not missing
    listed = run(made.root, "make", "help")
    for target in ("run-%", "test", "test-%", "serve-%", "export-%", "lint"):
        assert f"  {target} " in listed
    assert "new-project" not in listed
    workflow = yaml.safe_load((made.root / ".github" / "workflows" / "test.yml").read_text())
    steps = [step.get("run") for step in workflow["jobs"]["test"]["steps"]]
    assert {"make test", "make lint"} <= set(steps)


@pytest.mark.long
@everywhere
def test_it_trains_exports_and_serves(made: Made) -> None:
    run(made.project, sys.executable, "main.py", "run", "--config", "configs/smoke.yaml", root=made.root)
    assert (made.project / "outputs" / "export" / f"{made.name}.onnx").is_file()
    assert (made.project / "outputs" / "report.html").is_file()
    process = subprocess.Popen(
        [sys.executable, "main.py", "serve", "--serve.port", "0"],
        cwd=made.project,
        env=os.environ | {"PYTHONPATH": str(made.root)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        url = process.stdout.readline().split()[1]
        described = ask(f"{url}/openapi.json").json["paths"]["/predict"]["post"]["requestBody"]
        results = ask_json(f"{url}/predict", described["content"]["application/json"]["example"]).json["results"]
        assert results
        assert not any("error" in result for result in results)
        assert b"<h1>" in ask(url).body
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.long
@everywhere
def test_its_own_tests_pass(made: Made) -> None:
    run(made.root, sys.executable, "-m", "pytest", "--quiet", "-m", "not long", f"projects/{made.name}/tests")


@pytest.mark.long
@out_there
def test_the_tests_of_its_library_and_mypy_pass(made: Made) -> None:
    run(made.root, sys.executable, "-m", "pytest", "--quiet", "-m", "not long", "tests")
    run(made.root, sys.executable, "-m", "mypy")
