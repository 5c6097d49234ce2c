"""The commands of every page run, from top to bottom, in a copy of the repository: `make test-docs`."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from commands import REPOSITORY
from pages import PAGES, Block, blocks, home, named
from PIL import Image
from skimage.data import astronaut, lfw_subset

from shared.testing.chromium import chromium
from shared.testing.pages import in_browser

pytestmark = pytest.mark.long

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "__pycache__", ".*_cache", "dist", "build", "outputs", "raw", "processed"
)
MOODS = ("good", "bad")
RUN = [page for page in PAGES if any(block.is_run for block in blocks(page))]


class Copy:
    """A copy of the repository, with an environment that reads its `shared`, and the files that pages speak of."""

    def __init__(self, folder: Path, page: Path) -> None:
        self.root = Path(shutil.copytree(REPOSITORY, folder / "repository", ignore=LEFT_OUT))
        self.home = self.root / home(page).relative_to(REPOSITORY)
        environment = self.root / ".venv"
        environment.mkdir()
        for part in Path(sys.prefix).iterdir():
            (environment / part.name).symlink_to(part)
        (environment / "installed").unlink(missing_ok=True)
        asking = [self.root / "pyproject.toml", self.root / "constraints.txt", *self.root.rglob("requirements.txt")]
        (environment / "installed").write_text("\n".join(["TORCH=", *(path.read_text() for path in asking)]))
        self.variables = os.environ | {
            "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.root),
            "OMP_NUM_THREADS": "1",
        }
        write_examples(self.home)

    def run(self, command: str, *, fails: bool = False) -> None:
        """Type a command."""
        settings = {"cwd": self.home, "env": self.variables, "capture_output": True, "text": True, "timeout": 1800}
        done = subprocess.run(["bash", "-c", command], **settings)  # type: ignore[call-overload]
        assert (done.returncode != 0) == fails, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr, command

    def project(self, command: str) -> Path:
        """The project that a command is about: by its path or short name, else the one whose page this is."""
        found = re.search(r"projects/(\w+)/|^make [a-z-]+-(\w+)", command)
        name = (found[1] or found[2]) if found else self.home.name
        return next(path.parent for path in self.root.glob("projects/*/main.py") if name in path.parent.name)


def write_examples(folder: Path) -> None:
    """The images, masks, recordings and texts that a reader would have."""
    random = np.random.default_rng(0)
    digit = np.zeros((28, 28), np.uint8)
    digit[5:23, 13:16] = 255
    images = {name: Image.fromarray(digit) for name in ("digit", "image", "a", "b", "photos/one", "path/to/digit")}
    face = Image.fromarray(astronaut()[:300, 80:380])
    names = ("photo", "one_photo", "another", "photos_of_ann/ann", "photos/two", "path/to/one_photo", "path/to/another")
    images |= dict.fromkeys(names, face)
    for kind, low in (("daisy", 0), ("tulip", 90), ("rose", 170)):
        for number in range(30):
            noise = random.integers(low, low + 80, (40, 40, 3), dtype=np.uint8)
            for where in ("path/to/flowers", "path/to/images", "path/to/photos"):
                images[f"{where}/{kind}/{number}"] = Image.fromarray(noise)
    for number, cell in enumerate(lfw_subset()[:60]):
        large = Image.fromarray((cell * 255).astype(np.uint8)).resize((96, 96))
        for where in ("path/to/cells", "path/to/folder", "path/to/your/folder"):
            images[f"{where}/images/{number}"] = large.convert("RGB")
            images[f"{where}/masks/{number}"] = large.point(lambda value: 255 * (value > 127))
    for name, image in images.items():
        for suffix in (".png", ".jpg") if "/masks/" not in name and "/images/" not in name else (".png",):
            path = (folder / name).with_suffix(suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path)
    time = np.arange(4000) / 8000  # two kinds of whistles, half a second each
    whistles = {"recording": 300} | {f"path/to/recordings/low/{index}": 300 for index in range(40)}
    whistles |= {f"path/to/recordings/high/{index}": 1500 for index in range(40)}
    for name, pitch in whistles.items():
        path = (folder / name).with_suffix(".wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = np.sin(2 * np.pi * pitch * random.uniform(0.9, 1.1) * time) / 2
        soundfile.write(path, sound.astype(np.float32), 8000, subtype="PCM_16")
    rows = [f"a {kind} film {number},{kind},a {kind} film {number},{kind}" for number in range(60) for kind in MOODS]
    for path in ("reviews.csv", "path/to/reviews.csv"):
        (folder / path).write_text("\n".join(["text,label,review,stars", *rows]) + "\n")


def with_flags(command: str, flags: str) -> str:
    """The command with more flags: as ARGS where make passes them on."""
    if not command.startswith("make "):
        return f"{command} {flags}" if "main.py" in command else command
    words = shlex.split(command)
    given = [word.removeprefix("ARGS=") for word in words if word.startswith("ARGS=")]
    words = [word for word in words if not word.startswith("ARGS=")]
    return shlex.join([*words, "ARGS=" + " ".join([*given, flags])])


def check(command: str, copy: Copy, manner: str) -> None:
    """Run one command in its block's manner."""
    if manner == "smoke" and not command.startswith(("cp ", "make new-project ")):
        # The project's quick configuration must not take the reader's own data away.
        source = " --data.source auto" if re.search("DATA=|--data.root", command) else ""
        command = with_flags(command, f"--config {copy.project(command) / 'configs' / 'smoke.yaml'}{source}")
    if re.match(r"make serve-|\S*python\S* \S*main.py serve", command):
        with serving(command, copy):
            return
    copy.run(command, fails=manner == "fails")


@contextmanager
def serving(command: str, copy: Copy) -> Iterator[int]:
    """A server while it answers; gives its port. It has to end well when it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    line = f"exec {with_flags(command, f'--serve.port {port}')}"
    server = subprocess.Popen(["bash", "-c", line], cwd=copy.home, env=copy.variables, start_new_session=True)
    try:
        patience = "--retry 120 --retry-delay 1 --retry-connrefused"
        copy.run(f"curl --silent --show-error --fail {patience} http://127.0.0.1:{port}/healthz")
        yield port
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)


def ask(block: Block, copy: Copy) -> None:
    """Ask the questions of a block while the server of its project answers."""
    name = block.manner.removeprefix("served").removeprefix(" by ") or copy.home.name
    project = copy.project(f"make serve-{name}")
    if not list(project.glob("outputs/export/*.onnx")):
        check(f"python {project / 'main.py'} run", copy, "smoke")
    with serving(f"python {project / 'main.py'} serve", copy) as port:
        for line in block.lines:
            copy.run(line.replace("curl", "curl --silent --show-error --fail").replace(":8000", f":{port}"))


@pytest.mark.parametrize("page", RUN, ids=named)
def test_the_commands_of_the_page_run(page: Path, tmp_path: Path) -> None:
    copy = Copy(tmp_path, page)
    for block in (block for block in blocks(page) if block.is_run):
        if block.manner.startswith("served"):
            ask(block, copy)
        else:
            for line in block.lines:
                check(line, copy, block.manner)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's copy in which `make docs` has run."""
    copy = Copy(tmp_path_factory.mktemp("docs"), REPOSITORY / "README.md")
    executed = REPOSITORY / "build" / "notebooks"
    if executed.is_dir():  # those of the same notebooks and code are taken as they are
        shutil.copytree(executed, copy.root / "build" / "notebooks")
    copy.run("make docs")
    return copy.root


def test_the_rendered_pages_fetch_nothing_from_elsewhere(rendered: Path) -> None:
    site = rendered / "dist" / "docs"
    pages = list(site.rglob("*.html"))
    assert any(path.name == "shared.training.html" for path in pages)
    for notebook in [*rendered.glob("docs/learn/*.ipynb"), *rendered.glob("projects/*/notebooks/*.ipynb")]:
        page = site / notebook.relative_to(rendered).with_suffix(".html")
        images = re.findall(rf'src="({notebook.stem}_\w+\.png)"', page.read_text())
        assert images, notebook
        assert all((page.parent / image).is_file() for image in images)
    assert (site / "search" / "search_index.js").is_file()  # for pages that are opened from files
    for path in pages:
        fetched = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"?(https?:[^\"> ]+)", path.read_text())
        assert [address for address in fetched if "canonical" not in address] == [], path.name


@in_browser
def test_no_rendered_page_is_wider_than_a_phone(rendered: Path) -> None:
    with chromium() as page:
        page.size(390, 844)
        for path in (rendered / "dist" / "docs").rglob("*.html"):
            page.open(path.as_uri())
            page.wait_for("document.readyState === 'complete'")
            assert page.run("document.documentElement.scrollWidth") <= 390, path
