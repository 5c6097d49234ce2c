"""The static site: the pages of all projects with their exported networks, which run on the visitor's device."""

import base64
import hashlib
import html
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import UserError
from shared.files import file_digest, read_json
from shared.inference.classifier import OnnxClassifier
from shared.serving.pages import ASK, COMMON, ON_DEVICE, SERVED, page_files

HERE = Path(__file__).parent
PINS: dict[str, Any] = read_json(HERE / "onnxruntime_web.json", "put the file back")
CACHE = HERE.parents[1] / "build" / "onnxruntime-web"
"""Where the runtime lies after it was fetched once."""
FRONT_FILES = ("style.css", "icon.svg", "manifest.webmanifest")


@dataclass(frozen=True)
class Part:
    """One project's share of the site."""

    name: str
    page: Path
    """The folder of its page; `on_device.mjs` is in it."""
    network: Path
    """Its exported file."""


def fetch_runtime(folder: Path = CACHE) -> Path:
    """Fetch onnxruntime-web with npm, check it, and give the folder of the files that the site needs.

    Raises:
        UserError: there is no npm, it cannot fetch the package, or the package is not the known one.
    """
    if is_runtime(folder):
        return folder
    with tempfile.TemporaryDirectory() as place:
        package = _packed(Path(place))
        found = "sha512-" + base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
        if found != PINS["integrity"]:
            raise UserError(
                f"{PINS['package']} {PINS['version']} has another SHA-512 than the known one; nothing was kept."
            )
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(package) as archive:
            for name in PINS["files"]:
                content = archive.extractfile(f"package/dist/{name}")
                assert content
                (folder / name).write_bytes(content.read())
    if not is_runtime(folder):
        raise UserError(f"the files in {folder} are not the known ones; delete the folder, and run this again.")
    return folder


def is_runtime(folder: Path) -> bool:
    """Whether the folder holds the known files."""
    return all(
        (folder / name).is_file() and file_digest(folder / name) == digest for name, digest in PINS["files"].items()
    )


def _packed(folder: Path) -> Path:
    package = f"{PINS['package']}@{PINS['version']}"
    try:
        subprocess.run(["npm", "pack", package, "--pack-destination", folder], check=True, capture_output=True)
    except FileNotFoundError as error:
        raise UserError("there is no npm; install Node.js, which fetches the runtime of the static pages.") from error
    except subprocess.CalledProcessError as error:
        raise UserError(f"npm cannot fetch {package}; look whether `npm ping` works.") from error
    return next(folder.glob("*.tgz"))


def build_site(target: Path, parts: Sequence[Part], runtime: Path) -> None:
    """Write the site, whole or not at all; what lay at `target` before is replaced.

    Args:
        runtime: the folder that `fetch_runtime` gave.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".site-") as place:
        site = Path(place) / "site"
        site.mkdir()
        for name in FRONT_FILES:
            shutil.copyfile(COMMON / name, site / name)
        shutil.copytree(runtime, site / "ort")
        for part in parts:
            _add_part(site / part.name, part)
        _write_front(site, parts)
        _write_service_worker(site)
        shutil.rmtree(target, ignore_errors=True)
        site.rename(target)
    target.chmod(0o755)


def _add_part(folder: Path, part: Part) -> None:
    folder.mkdir()
    files = page_files(part.page) | {ASK: part.page / ON_DEVICE}
    for name in files.keys() - {ON_DEVICE, SERVED}:
        shutil.copyfile(files[name], folder / name)
    shutil.copyfile(part.network, folder / "model.onnx")
    about = OnnxClassifier(part.network).about
    (folder / "model.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _write_front(site: Path, parts: Sequence[Part]) -> None:
    links = "".join(f'<li><a href="{part.name}/">{html.escape(_title(part))}</a></li>' for part in parts)
    shutil.copyfile(HERE / "front.mjs", site / "front.mjs")
    template = (HERE / "front.html").read_text(encoding="utf-8")
    (site / "index.html").write_text(template.replace("{links}", links), encoding="utf-8")


def _title(part: Part) -> str:
    text = (part.page / "index.html").read_text(encoding="utf-8")
    return html.unescape(text.partition("<title>")[2].partition("</title>")[0])


def _write_service_worker(site: Path) -> None:
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    digest = hashlib.sha256("".join(name + file_digest(site / name) for name in files).encode()).hexdigest()[:16]
    shown = [name.removesuffix("index.html") or "./" for name in files]  # as visitors ask for it
    script = (HERE / "service-worker.js").read_text(encoding="utf-8")
    content = f"const SITE = {json.dumps({'version': digest, 'files': shown})};\n{script}"
    (site / "service-worker.js").write_text(content, encoding="utf-8")
