"""A new project, here or as a repository of its own, is whole: no edit, no data, nothing that points back."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
ORIGINALS = sorted(path.parent.name for path in REPOSITORY.glob("projects/*/main.py"))
NAMES = {original: f"flowers{number}" for number, original in enumerate(ORIGINALS)}
TEXTS = (".py", ".yaml", ".yml", ".toml", ".txt", ".md", ".ipynb", ".html", ".mjs", ".js", ".json")

sys.path.append(str(REPOSITORY / "tools"))
new_project = importlib.import_module("new_project")
starter = importlib.import_module("starter")
own_repository = importlib.import_module("own_repository")
requirements = importlib.import_module("shared.testing.requirements")


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


def make(*arguments: object, repository: Path) -> int:
    code: int = new_project.main([*map(str, arguments)], repository=repository)
    return code


def python(root: Path, *arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run this interpreter with the `shared` of that repository, not with the installed one."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder or root,
        env=os.environ | {"PYTHONPATH": str(root), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=3000,
    )


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
        assert make(name, "--from", original, "--to", folder / name, repository=REPOSITORY) == 0
    return folder


PLACES = [pytest.param((place, name), id=f"{place} from {name}") for name in ORIGINALS for place in ("here", "outside")]


@pytest.fixture
def made(request: pytest.FixtureRequest, inside: Path, outside: Path) -> Made:
    place, original = request.param
    name = NAMES[original]
    return Made(original, name, inside if place == "here" else outside / name)


everywhere = pytest.mark.parametrize("made", PLACES, indirect=True)
out_there = pytest.mark.parametrize("made", [place for place in PLACES if "outside" in str(place.id)], indirect=True)


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
def test_it_starts_without_data_and_results(made: Made) -> None:
    for folder in starter.FOLDERS:
        assert [path.name for path in (made.project / folder).iterdir()] == [".gitkeep"]
    for folder in ("data", "logs", "outputs"):
        assert all(path.name == ".gitkeep" for path in (made.project / folder).rglob("*") if path.is_file())


@everywhere
def test_its_configuration_has_the_same_values_and_says_where_from(made: Made) -> None:
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


def test_a_page_without_commands_gets_them() -> None:
    page = starter.fresh_readme("# rabbits\n", "rabbits", "flowers")
    assert page.startswith("# flowers\n\nFrom the top of the repository:\n")
    assert "make run-flowers" in page
    assert page.endswith("```bash\npython main.py --help\n```\n")


def test_a_section_with_measured_figures_goes_with_its_subsections() -> None:
    table = "<!-- table: speed -->\n| 3 |\n<!-- end -->\n"
    sections = ["# rabbits\n", "## Data\n", "### Speed\n", table, "## Results\n", table, "### More\n", "## End\n"]
    kept = re.findall(r"(?m)^##+ (.*)$", starter.fresh_readme("\n".join(sections), "rabbits", "flowers"))
    assert kept == ["Data", "End"]


@everywhere
@pytest.mark.parametrize("verb", ["run", "test", "serve", "export"])
def test_make_finds_it(made: Made, verb: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", f"{verb}-{made.name}"], cwd=made.root, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert f"projects/{made.name}/" in done.stdout


def test_the_rules_for_projects_hold_with_new_ones(inside: Path) -> None:
    names_itself = "tests/test_copy.py::test_nothing_in_a_copy_names_the_original"
    done = python(
        inside,
        "-m",
        "pytest",
        "--quiet",
        "tests/test_layout.py",
        "tests/test_imports.py",
        "tests/test_readme.py",
        names_itself,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_its_requirements_are_installed_with_those_of_the_others(inside: Path) -> None:
    settings = tomllib.loads((inside / "pyproject.toml").read_text())
    files = settings["tool"]["setuptools"]["dynamic"]["optional-dependencies"]["projects"]["file"]
    assert files == sorted(files)
    assert {f"projects/{name}/requirements.txt" for name in NAMES.values()} <= set(files)


def test_without_a_list_of_requirements_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_repository_copy(tmp_path)
    (root / "pyproject.toml").write_text("[project]\n")
    assert make("flowers", "--from", "mnist", repository=root) == 2
    assert "pyproject.toml has no list `projects = { file = [`" in capsys.readouterr().err
    assert not (root / "projects" / "flowers").exists()


def test_what_runs_have_left_in_the_original_stays_there(tmp_path: Path) -> None:
    root = make_repository_copy(tmp_path)
    original = root / "projects" / ORIGINALS[0]
    left = [
        ".venv/bin/python",
        "data/raw/mine/1.png",
        "outputs/report.html",
        "outputs/sweep/a.json",
        "src/__pycache__/a.pyc",
    ]
    for path in left:
        (original / path).parent.mkdir(parents=True, exist_ok=True)
        (original / path).write_text("left behind")
    notebook = original / "notebooks" / "exploration.ipynb"
    content = json.loads(notebook.read_text())
    clean = notebook.read_text()
    next(cell for cell in content["cells"] if cell["cell_type"] == "code")["execution_count"] = 7
    notebook.write_text(json.dumps(content))
    assert make("flowers", "--from", ORIGINALS[0], repository=root) == 0
    copy = root / "projects" / "flowers"
    assert not [path for path in left if (copy / path).exists()]
    assert (copy / "notebooks" / "exploration.ipynb").read_text() == clean


def test_a_new_project_can_be_started_from_another_new_one(tmp_path: Path) -> None:
    root = make_repository_copy(tmp_path)
    assert make("flowers", "--from", ORIGINALS[0], repository=root) == 0
    assert make("roses", "--from", "flowers", repository=root) == 0
    naming = [name for name, text in texts_of(root / "projects" / "roses").items() if re.search(r"\bflowers\b", text)]
    assert not naming
    assert (root / "projects" / "roses" / "README.md").read_text().count("make run-roses") == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "'' cannot be a project's name; write lower case letters"),
        ("Flowers", "'Flowers' cannot be a project's name; write lower case letters"),
        ("my-flowers", "'my-flowers' cannot be a project's name"),
        ("../flowers", "'../flowers' cannot be a project's name"),
        ("1st", "'1st' cannot be a project's name"),
        ("torch", "'torch' is the name of a package that projects import"),
        ("shared", "'shared' is the name of a package that projects import"),
        ("long", "'long' cannot be a project's name, because make test-long means something else"),
        ("mnist_classifier", "projects/mnist_classifier is there already"),
        ("mnist", "'mnist' cannot be the new project's name, because make run-mnist means mnist_classifier"),
        ("mnist_two", "because make run-mnist means mnist_classifier"),
        ("cell_segmentation", "because make run-segmentation means image_segmentation"),
    ],
)
def test_names_that_are_refused(name: str, sentence: str, inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(inside.rglob("*")), (inside / "pyproject.toml").read_text()
    assert make(name, "--from", "mnist", repository=inside) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("error: ")
    assert sentence in said[0]
    assert (sorted(inside.rglob("*")), (inside / "pyproject.toml").read_text()) == before


@pytest.mark.parametrize(
    ("original", "sentence"),
    [
        ("", "say with --from (FROM) which project to start from: "),
        ("mnist_clasifier", "there is no project 'mnist_clasifier' in projects/; did you mean mnist_classifier?"),
        ("..", "there is no project '..' in projects/"),
    ],
)
def test_originals_that_are_refused(
    original: str, sentence: str, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make("roses", "--from", original, repository=inside) == 2
    assert sentence in capsys.readouterr().err
    assert not (inside / "projects" / "roses").exists()


def test_code_that_is_no_python_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_repository_copy(tmp_path / "inside")
    (root / "projects" / "mnist_classifier" / "src" / "mine.py").write_text("import shared.")
    assert make("flowers", "--from", "mnist", "--to", tmp_path / "code", repository=root) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert re.search(r"src/mine\.py cannot be read as Python \(.*\); mend it first\.$", said[0])
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_a_short_name_that_two_projects_have_is_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_repository_copy(tmp_path)
    shutil.copytree(root / "projects" / "mnist_classifier", root / "projects" / "bird_classifier")
    assert make("roses", "--from", "classifier", repository=root) == 2
    assert "'classifier' may mean bird_classifier or mnist_classifier; write one" in capsys.readouterr().err
    done = subprocess.run(["make", "--dry-run", "run-classifier"], cwd=root, capture_output=True, text=True, timeout=60)
    assert '"classifier" may mean bird_classifier mnist_classifier; write one of them whole' in done.stderr


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "thesis.txt").write_text("years of work")
    assert make("flowers", "--from", "mnist", "--to", tmp_path / "code", repository=REPOSITORY) == 2
    assert "is there already and not an empty folder; choose another." in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["code", "thesis.txt"]


def test_a_folder_in_this_repository_is_refused(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make("roses", "--from", "mnist", "--to", inside / "roses", repository=inside) == 2
    assert "lies in this repository; choose a folder outside" in capsys.readouterr().err


def test_an_empty_folder_will_do_and_git_needs_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(variable, os.devnull)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another"))  # as in a hook of another repository
    (tmp_path / "code").mkdir()
    assert make("flowers", "--from", "mnist", "--to", tmp_path / "code", repository=REPOSITORY) == 0
    assert "git knows no user.name and user.email here" in capsys.readouterr().out
    monkeypatch.delenv("GIT_DIR")
    log = subprocess.run(["git", "log", "--format=%ae"], cwd=tmp_path / "code", capture_output=True, text=True)
    assert log.stdout.split() == ["flowers@localhost"]


def test_git_that_refuses_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config").write_text("[core")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    assert make("flowers", "--from", "mnist", "--to", tmp_path / "code", repository=REPOSITORY) == 2
    assert re.fullmatch(r"error: git fails: .*; nothing was made\.\n", capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


@out_there
def test_its_history_begins_with_one_commit_of_everything(made: Made) -> None:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=made.root, capture_output=True, text=True, check=True).stdout

    assert git("rev-list", "--count", "HEAD").strip() == "1"
    assert not git("status", "--porcelain")
    assert {"Makefile", "pyproject.toml", ".github/workflows/test.yml"} <= set(git("ls-files").split())


def test_only_the_notices_of_this_project_and_of_all_come_along() -> None:
    notice = "Ours\n\nDigits (mnist_classifier)\n  CC BY\n\nTexts (text_classification)\n  unclear\n\nThe end\n"
    own = own_repository.own_notice(notice, "flowers", "mnist_classifier", REPOSITORY)
    assert own == "Ours\n\nDigits (flowers)\n  CC BY\n\nThe end\n"
    assert own_repository.own_notice(notice, "flowers", "image_segmentation", REPOSITORY) == notice


@out_there
def test_it_has_all_of_shared_that_it_needs_and_no_more(made: Made) -> None:
    have = {".".join(path.relative_to(made.root).with_suffix("").parts) for path in made.root.glob("shared/**/*.py")}
    wanted = {module for path in made.root.rglob("*.py") for module in requirements.modules_of(path.read_text())}
    wanted |= own_repository.pytest_plugins(made.root)
    missing = {name for name in wanted if is_module(REPOSITORY, name) and not is_module(made.root, name)}
    assert not missing
    assert {name for name in have - wanted if not name.endswith("__init__")} == set()
    settings = tomllib.loads((made.root / "pyproject.toml").read_text())
    for package, patterns in settings["tool"]["setuptools"]["package-data"].items():
        folder = made.root / Path(*package.split("."))
        assert all(list(folder.glob(pattern)) for pattern in patterns), package


def is_module(root: Path, name: str) -> bool:
    path = root / Path(*name.split("."))
    return name.startswith("shared") and (path.with_suffix(".py").is_file() or (path / "__init__.py").is_file())


@out_there
def test_its_makefile_calls_only_what_is_there(made: Made) -> None:
    text = (made.root / "Makefile").read_text()
    missing = [path for path in re.findall(r"\b(?:tools|tests|docs)/[\w./-]+", text) if not (made.root / path).exists()]
    assert not missing
    listed = subprocess.run(["make", "help"], cwd=made.root, capture_output=True, text=True, check=True).stdout
    for target in ("run-%", "test", "test-%", "serve-%", "export-%", "lint"):
        assert f"  {target} " in listed
    assert "new-project" not in listed
    workflow = yaml.safe_load((made.root / ".github" / "workflows" / "test.yml").read_text())
    steps = [step.get("run") for step in workflow["jobs"]["test"]["steps"]]
    assert {"make test", "make lint"} <= set(steps)


@out_there
def test_it_is_as_clean_as_the_code_it_was_made_from(made: Made) -> None:
    for arguments in (["check", "."], ["format", "--check", "."]):
        done = python(made.root, "-m", "ruff", *arguments)
        assert done.returncode == 0, done.stdout


@pytest.mark.long
@everywhere
def test_it_trains_exports_and_serves(made: Made) -> None:
    done = python(made.root, "main.py", "run", "--config", "configs/smoke.yaml", folder=made.project)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (made.project / "outputs" / "export" / f"{made.name}.onnx").is_file()
    assert (made.project / "outputs" / "report.html").is_file()
    with server(made) as url:
        interface = asked(f"{url}/openapi.json")
        question = interface["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
        answers = asked(f"{url}/predict", question)["results"]
        assert answers
        assert not any("error" in answer for answer in answers)
        with urllib.request.urlopen(url, timeout=60) as page:
            assert "<h1>" in page.read().decode()


@contextmanager
def server(made: Made) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "main.py", "serve", "--serve.port", "0"],
        cwd=made.project,
        env=os.environ | {"PYTHONPATH": str(made.root)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield process.stdout.readline().split()[1]
    finally:
        process.terminate()
        process.wait(timeout=60)


def asked(url: str, question: Any = None) -> Any:
    body = None if question is None else json.dumps(question).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.long
@everywhere
def test_its_own_tests_pass(made: Made) -> None:
    done = python(made.root, "-m", "pytest", "--quiet", "-m", "not long", f"projects/{made.name}/tests")
    assert done.returncode == 0, done.stdout[-3000:]


@out_there
def test_the_tests_of_its_library_find_their_helpers(made: Made) -> None:
    helpers = {path.stem for path in (REPOSITORY / "tests").glob("*.py") if not path.stem.startswith("test_")}
    tests = list((made.root / "tests").glob("*.py"))
    wanted = {helper for path in tests for helper in helpers & requirements.modules_of(path.read_text())}
    assert wanted
    assert wanted <= {path.stem for path in tests}


@pytest.mark.long
@out_there
def test_the_tests_of_its_library_and_mypy_pass(made: Made) -> None:
    done = python(made.root, "-m", "pytest", "--quiet", "-m", "not long", "tests")
    assert done.returncode == 0, done.stdout[-3000:]
    done = python(made.root, "-m", "mypy")
    assert done.returncode == 0, done.stdout
