"""Images of every kind have a defined answer."""

import io
import os
import re
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.data.class_folders import find_splits, read_splits
from shared.data.folders import Decoded, find_labeled, split_folders
from shared.data.images import UnreadableImageError, read_image
from shared.data.prepared import Reading
from shared.data.settings import PreparedDataConfig
from shared.errors import UserError


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that claims side x side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_mode_becomes_gray_or_rgb(mode: str) -> None:
    image = read_image(encoded(Image.new(mode, (5, 4)), "JPEG" if mode == "CMYK" else "PNG"))
    assert image.mode in (("RGB",) if mode == "CMYK" else ("L", "RGB"))
    assert image.size == (5, 4)


def test_sixteen_bits_keep_their_shades() -> None:
    values = np.array([[0, 65535], [32768, 16384]], dtype=np.uint16)
    read = np.asarray(read_image(encoded(Image.fromarray(values))))
    np.testing.assert_allclose(read, [[0, 255], [127, 63]], atol=1)


def test_transparency_becomes_white_in_color_and_in_gray() -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((0, 0), (255, 0, 0, 255))
    assert np.asarray(read_image(encoded(image))).tolist() == [[[255, 0, 0], [255, 255, 255]]]
    for mode in ("L", "1"):
        image = Image.new(mode, (2, 1), 0)
        image.putpixel((0, 0), 255)
        assert np.asarray(read_image(encoded(image, transparency=0)).convert("L")).tolist() == [[255, 255]]


def test_images_are_turned_upright() -> None:
    image = Image.new("L", (40, 20))
    image.paste(255, (0, 0, 20, 10))  # upper left
    exif = Image.Exif()
    exif[0x0112] = 6  # its upper left belongs to the upper right
    read = read_image(encoded(image, "JPEG", exif=exif))
    assert read.size == (20, 40)
    assert [read.getpixel(place) > 128 for place in ((15, 10), (5, 10), (15, 30), (5, 30))] == [True] + 3 * [False]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (Path("none.png"), "no such file"),
        (b"", "not an image"),
        (b"hello", "not an image"),
        (encoded(Image.effect_noise((64, 64), 50))[:500], "damaged"),
        (bomb(20_000), "more than the 50,000,000 pixels allowed"),
        (bomb(100), "damaged"),
        # PostScript could start programs.
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n", "not an image"),
    ],
)
def test_what_is_no_image_is_refused(content: Path | bytes, reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=reason):
        read_image(content)


def pixels(path: Path) -> Decoded:
    return Decoded(np.asarray(read_image(path)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, count in (("cat", 3), ("dog", 2)):
        (tmp_path / name).mkdir()
        for index in range(count):
            Image.new("L", (6, 6), index).save(tmp_path / name / f"{index}.png")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def test_folders_are_classes_in_the_order_of_their_names_and_images_beside_them_are_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (6, 6)).save(folder / "stray.png")
    (folder / "cat" / ".thumb.png").write_bytes(b"")
    (folder / "cat" / "notes.txt").write_text("")
    found = find_labeled(folder)
    assert found.classes == ["cat", "dog"]
    assert found.labels == [0, 0, 0, 1, 1]
    assert "not read: 1 images of no class" in capsys.readouterr().err
    assert find_labeled(folder, ["dog", "cat"]).labels == [1, 1, 1, 0, 0]


def test_unreadable_images_are_named_and_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "dog" / "broken.png").write_bytes(b"no image")
    found = read_splits(folder, find_splits(folder), "images", Reading(pixels, {}), PreparedDataConfig())
    assert found.train["images"].shape == (5, 6, 6)
    assert found.train["labels"].tolist() == [0, 0, 0, 1, 1]
    assert found.train.names[-1] == "dog/1.png"
    message = capsys.readouterr().err
    assert "left out of 6 images: unreadable images: 1 (" in message
    assert "broken.png (not an image, or a damaged one)" in message
    assert list(found.problems.by_kind) == ["unreadable images"]


def test_folders_that_cannot_be_learned_from_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no class folders"):
        find_labeled(tmp_path / "cat")
    (folder / "bird").mkdir()
    with pytest.raises(UserError, match=r"class folders without images .*: bird; add some"):
        find_labeled(folder)
    strange = (folder / "bird").rename(folder / os.fsdecode(b"b\xe4r"))
    with pytest.raises(UserError, match="class folders whose names are no UTF-8"):
        find_labeled(folder)
    strange.rmdir()
    with pytest.raises(UserError, match="classes that the training split does not have: dog; rename"):
        find_labeled(folder, ["cat"])
    for path in (folder / "dog").iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match="no image can be read of dog; replace"):
        read_splits(folder, find_splits(folder), "images", Reading(pixels, {}), PreparedDataConfig())
    shutil.rmtree(folder / "dog")
    with pytest.raises(UserError, match=r"holds one class only \(cat\); a classifier needs"):
        find_labeled(folder)
    for name in ("lion", "tiger"):
        (folder / "cat" / name).mkdir()
    with pytest.raises(UserError, match=r"holds one class only \(cat\); did you mean \S+cat, which holds several\?"):
        find_labeled(folder)


def test_splits_are_known_by_the_names_that_people_use(folder: Path) -> None:
    assert split_folders(folder) == {"train": folder}
    for name in ("Train", "val", "test"):
        (folder / "splits" / name / "cat").mkdir(parents=True)
    found = [(split, path.name) for split, path in split_folders(folder / "splits").items()]
    assert sorted(found) == [("test", "test"), ("train", "Train"), ("validation", "val")]
    (folder / "train").mkdir()  # a class of railway images
    assert split_folders(folder) == {"train": folder}


def test_a_folder_beside_the_splits_is_not_passed_over_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("train/cat", "val/cat", "unlabeled"):
        (tmp_path / folder).mkdir(parents=True)
    assert list(split_folders(tmp_path)) == ["train", "validation"]
    assert re.search(r"not read: \S+unlabeled; the splits are", capsys.readouterr().err)
    (tmp_path / "validation").mkdir()
    with pytest.raises(UserError, match=r"validation and val are both the validation split"):
        split_folders(tmp_path)
