"""What static pages need beside our own code: files of npm packages of known content, fetched once."""

import base64
import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from shared.errors import UserError
from shared.files import atomic_write, file_digest, read_json

HERE = Path(__file__).parent
PACKAGES: dict[str, dict[str, Any]] = read_json(HERE / "npm_packages.json", "put the file back")
"""By the folder that their files get on the site."""
CACHE = HERE.parents[1] / "build" / "npm"  # where the files lie after they were fetched


def fetch_packages(folder: Path = CACHE) -> Path:
    """Fetch what is not there yet with npm, check it, and give the folder with one folder per package.

    Raises:
        UserError: there is no npm, it cannot fetch a package, or a package is not the known one.
    """
    for name, pins in PACKAGES.items():
        if not _is_whole(folder / name, pins):
            _fetch(folder / name, pins)
    return folder


def has_packages() -> bool:
    """Whether `CACHE` holds the known files of all packages."""
    return all(_is_whole(CACHE / name, pins) for name, pins in PACKAGES.items())


def _is_whole(folder: Path, pins: dict[str, Any]) -> bool:
    files = {folder / Path(name).name: digest for name, digest in pins["files"].items()}
    return all(path.is_file() and file_digest(path) == digest for path, digest in files.items())


def _fetch(folder: Path, pins: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as place:
        package = _packed(Path(place), f"{pins['package']}@{pins['version']}")
        found = "sha512-" + base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
        if found != pins["integrity"]:
            raise UserError(f"{package.name} has another SHA-512 than the known one; nothing was kept.")
        with tarfile.open(package) as archive:
            for name in pins["files"]:
                content = archive.extractfile(f"package/{name}")
                assert content
                with atomic_write(folder / Path(name).name) as file:
                    file.write(content.read())
    if not _is_whole(folder, pins):
        raise UserError(f"the files in {folder} are not the known ones; delete the folder, and run this again.")


def _packed(folder: Path, package: str) -> Path:
    try:
        subprocess.run(["npm", "pack", package, "--pack-destination", folder], check=True, capture_output=True)
    except FileNotFoundError as error:
        raise UserError("there is no npm; install Node.js, which fetches what the static pages need.") from error
    except subprocess.CalledProcessError as error:
        raise UserError(f"npm cannot fetch {package}; look whether `npm ping` works.") from error
    return next(folder.glob("*.tgz"))
