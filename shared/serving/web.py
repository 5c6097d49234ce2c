"""The static site: the pages of all projects with their exported networks, which run on the visitor's device."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.errors import UserError
from shared.files import file_digest
from shared.inference.model import OnnxModel
from shared.serving.npm import PACKAGES
from shared.serving.pages import ASK, COMMON, INDEX, ON_DEVICE, SERVED, in_shell, page_files, title_of

HERE = Path(__file__).parent
WORKER, WORKER_BEGINS = "service-worker.js", "const SITE = "
FRONT_FILES = ("style.css", "icon.svg", "manifest.webmanifest")
BESIDE = ("*.json", "*.onnx", "*.safetensors")
"""What belongs to an exported network where it lies beside it: a tokenizer, thresholds, networks that prepare."""


@dataclass(frozen=True)
class Part:
    """One project's share of the site."""

    name: str
    page: Path  # the folder of its page; `on_device.mjs` is in it
    network: Path  # its exported file; what lies beside it (see `BESIDE`) belongs to it


def build_site(target: Path, parts: Sequence[Part], packages: Path) -> None:
    """Write the site, whole or not at all; what lay at `target` before is replaced.

    Args:
        packages: the folder that `fetch_packages` gave.

    Raises:
        UserError: something else than a site lies at `target`.
    """
    _require_replaceable(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".site-") as place:
        site = Path(place) / "site"
        site.mkdir()
        for name in FRONT_FILES:
            shutil.copyfile(COMMON / name, site / name)
        for name in PACKAGES:
            shutil.copytree(packages / name, site / name)
        for part in parts:
            _add_part(site / part.name, part)
        _write_front(site, parts)
        _write_service_worker(site)
        shutil.rmtree(target, ignore_errors=True)
        site.rename(target)
    target.chmod(0o755)


def _require_replaceable(target: Path) -> None:
    worker = target / WORKER
    is_site = worker.is_file() and worker.read_text(encoding="utf-8").startswith(WORKER_BEGINS)
    if target.is_file() or (target.is_dir() and any(target.iterdir()) and not is_site):
        raise UserError(f"{target} holds something else than a site made here; name a new folder or an empty one.")


def _add_part(folder: Path, part: Part) -> None:
    folder.mkdir()
    files = page_files(part.page)
    files |= {ASK: files[ON_DEVICE]}
    for name in files.keys() - {ON_DEVICE, SERVED}:
        (folder / name).write_bytes(files[name])
    shutil.copyfile(part.network, folder / "model.onnx")
    for path in (found for pattern in BESIDE for found in part.network.parent.glob(pattern) if found != part.network):
        shutil.copyfile(path, folder / path.name)
    metadata = OnnxModel(part.network).metadata
    (folder / "model.json").write_text(json.dumps(metadata, ensure_ascii=False), encoding="utf-8")


def _write_front(site: Path, parts: Sequence[Part]) -> None:
    links = ""
    for part in parts:
        title = title_of((part.page / INDEX).read_text(encoding="utf-8"))
        links += f'<li><a href="{part.name}/">{title}</a></li>'
    shutil.copyfile(HERE / "front.mjs", site / "front.mjs")
    front = (HERE / "front.html").read_text(encoding="utf-8")
    (site / INDEX).write_bytes(in_shell(front.replace("{links}", links), "front.mjs"))


def _write_service_worker(site: Path) -> None:
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    digest = hashlib.sha256("".join(name + file_digest(site / name) for name in files).encode()).hexdigest()[:16]
    shown = [name.removesuffix("index.html") or "./" for name in files]  # as visitors ask for it
    script = (HERE / WORKER).read_text(encoding="utf-8")
    content = f"{WORKER_BEGINS}{json.dumps({'version': digest, 'files': shown})};\n{script}"
    (site / WORKER).write_text(content, encoding="utf-8")
