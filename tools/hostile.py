"""Requests that nobody should send: damaged images, JSON and forms, and files that claim to be huge."""

import base64
import io
import json
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
BOUNDARY = "b0undary"
CONTENT_TYPES = (
    "application/json",
    "application/octet-stream",
    f"multipart/form-data; boundary={BOUNDARY}",
    "multipart/form-data",
    'multipart/form-data; boundary="',
    "multipart/form-data; boundary=" + "x" * 300,
    "text/plain; charset=utf-16",
    "application/x-www-form-urlencoded",
    "image/svg+xml",
    "",
)


@dataclass(frozen=True)
class Case:
    """One request body."""

    kind: str
    body: bytes
    content_type: str


def hostile_cases(seed: int, count: int) -> Iterator[Case]:
    """So many cases, always the same for the same seed: images, JSON and forms in turn."""
    chance = random.Random(seed)
    seeds = images(chance)
    makers = (_image, _json, _form, _anything)
    for index in range(count):
        yield makers[index % len(makers)](chance, seeds)


def images(chance: random.Random) -> list[bytes]:
    """A small valid image in every format, some in odd modes, and bombs."""
    found = []
    for mode, kinds in (("RGB", FORMATS), ("L", FORMATS), ("RGBA", ("PNG", "TIFF", "WEBP")), ("P", ("PNG", "GIF"))):
        image = Image.frombytes("RGB", (23, 17), chance.randbytes(23 * 17 * 3)).convert(mode)
        for kind in kinds:
            file = io.BytesIO()
            image.save(file, kind)
            found.append(file.getvalue())
    return [*found, bomb(20_000, 20_000), bomb(2**31 - 1, 2**31 - 1)]


def bomb(width: int, height: int) -> bytes:
    """A PNG file of some kilobytes that claims to have this number of pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = zlib.compress(bytes(16_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def mutated(chance: random.Random, content: bytes) -> bytes:
    """The content with some bytes changed, cut out, doubled or cut off."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0 if at < len(data):
                data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            case 1:
                del data[at : at + chance.randint(1, 64)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 64)]
            case 3:
                del data[at:]
            case _:
                data[at:at] = chance.choice((b"\x00" * 9, b"\xff" * 9, b"\r\n", b'"', b"--", b"[" * 2000, b"9" * 400))
    return bytes(data)


def _image(chance: random.Random, seeds: list[bytes]) -> Case:
    return Case("image", mutated(chance, chance.choice(seeds)), "application/octet-stream")


def _json(chance: random.Random, seeds: list[bytes]) -> Case:
    if chance.random() < 0.5:
        images = [base64.b64encode(mutated(chance, chance.choice(seeds))).decode() for _ in range(chance.randint(1, 3))]
        return Case("JSON", json.dumps({"images": images}).encode(), "application/json")
    content = json.dumps({"images": _value(chance, 3), "texts": ["a"]} if chance.random() < 0.5 else _value(chance, 4))
    return Case("JSON", mutated(chance, content.encode()), "application/json")


def _value(chance: random.Random, depth: int) -> Any:
    leaves = (
        None,
        True,
        -1,
        1e308,
        float("nan"),
        10**400,
        "",
        "\ud800",
        "../../etc/passwd",
        "http://127.0.0.1/",
        "a" * 999,
    )
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(leaves)
    inner = [_value(chance, depth - 1) for _ in range(chance.randint(0, 4))]
    return inner if chance.random() < 0.5 else {str(chance.choice(leaves)): value for value in inner}


def _form(chance: random.Random, seeds: list[bytes]) -> Case:
    splits = []
    for _ in range(chance.randint(1, 4)):
        name = chance.choice(("images", "texts", "", "\x00", "x" * 500))
        file = chance.choice(('; filename="a.png"', '; filename="../../x"', ""))
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        splits.append(head.encode() + chance.choice(seeds) + b"\r\n")
    content = b"".join(splits) + f"--{BOUNDARY}--\r\n".encode()
    return Case("form", mutated(chance, content), f"multipart/form-data; boundary={BOUNDARY}")


def _anything(chance: random.Random, seeds: list[bytes]) -> Case:
    content = chance.choice((chance.randbytes(chance.randint(0, 300)), chance.choice(seeds)))
    return Case("any type", content, chance.choice(CONTENT_TYPES))
