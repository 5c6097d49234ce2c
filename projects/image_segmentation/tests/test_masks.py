"""Masks of every encoding become class ids, and what is wrong with a folder is named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.data.examples import Examples
from shared.data.problems import Problems
from shared.errors import UserError
from src.config import DataConfig
from src.masks import IGNORE
from src.masks.decode import MaskFormat, Seen, StoredMask, count_values, decode_masks, look_at, read_mask
from src.masks.encoding import detect_format, palette_format
from src.masks.files import Folders, Pair, find_pairs, mask_folders


def array(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.uint8)


def format_of(mask: np.ndarray, classes: list[str], ignore: str = "") -> MaskFormat:
    pair, (levels, counts) = Pair("mask", Path("mask.png"), Path("mask.png")), count_values(mask)
    image = np.zeros((*mask.shape, 3), np.uint8)
    held, thumbnail, digests = (image, StoredMask(mask)), np.zeros((3, 16, 16), np.uint8), (b"", b"")
    one = Seen(pair, mask.shape, thumbnail, digests, StoredMask(levels), counts, 0.0, held)
    return detect_format([one], DataConfig(classes=classes, ignore=ignore), [])


def test_black_and_white_masks_are_background_and_foreground() -> None:
    form = format_of(array([0, 255]), [])
    assert (form.encoding, form.classes) == ("binary", ["background", "foreground"])
    ids, unknown = form.decode(StoredMask(array([0, 255], [255, 0])))
    assert (ids.tolist(), unknown) == ([[0, 1], [1, 0]], [])
    assert form.decode(StoredMask(array([0, 128])))[1] == ["128"]
    assert form.decode(StoredMask(array([3, 250])), lossy=True)[0].tolist() == [[0, 1]]


def test_values_are_class_ids_and_255_is_ignored() -> None:
    form = format_of(array([0, 2, 255]), [])
    assert (form.encoding, form.classes) == ("ids", ["class 0", "class 1", "class 2"])
    assert form.decode(StoredMask(array([0, 1, 255, 2])))[0].tolist() == [[0, 1, IGNORE, 2]]
    assert form.decode(StoredMask(array([0, 3])))[1] == ["3"]


def test_another_value_can_be_ignored() -> None:
    form = format_of(array([0, 1, 11]), ["road", "car"], "11")
    assert form.decode(StoredMask(array([11, 1])))[0].tolist() == [[IGNORE, 1]]


def test_two_named_classes_may_be_black_and_white_or_ids() -> None:
    assert format_of(array([0, 255]), ["cell", "wall"]).encoding == "binary"
    assert format_of(array([0, 1]), ["cell", "wall"]).encoding == "ids"


def test_colors_stand_for_classes(tmp_path: Path) -> None:
    colors = ["#804080", "#00008e", "white"]
    form = palette_format(DataConfig(classes=["road", "car", "snow"], palette=colors, ignore="black"))
    rgb = np.array([[(128, 64, 128), (0, 0, 142), (0, 0, 0), (1, 2, 3)]], np.uint8)
    found = []
    for pixels in (rgb, rgb + np.uint8(3), array([0, 255])):  # gray files are colors, too
        Image.fromarray(pixels).save(tmp_path / "mask.png")
        found.append(read_mask(tmp_path / "mask.png"))
    ids, unknown = form.decode(found[0])
    assert (ids.tolist(), unknown) == ([[0, 1, IGNORE, IGNORE]], ["#010203"])
    ids, unknown = form.decode(found[1], lossy=True)
    assert (ids.tolist(), unknown) == ([[0, 1, IGNORE, IGNORE]], [])
    assert form.decode(found[2])[0].tolist() == [[IGNORE, 2]]


@pytest.mark.parametrize(("row", "values"), [([0, 128, 200], "values 0, 128, 200,"), ([0, 0], "no value but 0")])
def test_values_that_cannot_be_class_ids_are_refused(row: list[int], values: str) -> None:
    with pytest.raises(UserError, match=values):
        format_of(array(row), [])


def test_a_misspelled_color_is_refused() -> None:
    for palette, ignore, key in (
        (["red", "orangish"], "", "data.palette"),
        (["red", "blue"], "voidish", "data.ignore"),
    ):
        with pytest.raises(UserError, match=key):
            palette_format(DataConfig(classes=["a", "b"], palette=palette, ignore=ignore))


@pytest.mark.parametrize(
    ("image", "values"),
    [
        (Image.fromarray(array([0, 7])), [[0, 7]]),
        (Image.fromarray(array([0, 7])).convert("LA"), [[0, 7]]),
        (Image.fromarray(array([0, 7])).convert("RGB"), [[0, 7]]),
        (Image.fromarray(np.array([[0, 300]], np.uint16)), [[0, 300]]),
        (Image.fromarray(np.array([[False, True]])), [[0, 255]]),
    ],
)
def test_masks_of_every_mode_keep_their_values(image: Image.Image, values: list[list[int]], tmp_path: Path) -> None:
    image.save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png").values.tolist() == values


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("images", "masks"):
        (tmp_path / folder / "day1").mkdir(parents=True)
    for name in ("day1/a", "day1/b", "c"):
        Image.new("RGB", (8, 6)).save(tmp_path / "images" / f"{name}.jpg")
        Image.new("L", (8, 6), 255).save(tmp_path / "masks" / f"{name}.png")
    return tmp_path


BINARY = MaskFormat("binary", ["background", "foreground"], {0: 0, 255: 1})


def read(root: Path, problems: Problems, form: MaskFormat = BINARY, max_side: int = 100) -> Examples:
    """The pairs that can be used."""
    pairs = find_pairs(Folders(root / "images", root / "masks"), problems, [])
    settings = DataConfig(max_side=max_side)
    return decode_masks(look_at({"train": pairs}, settings, problems)["train"], form, settings, problems)


def test_pairs_are_matched_by_name(root: Path) -> None:
    problems = Problems()
    assert read(root, problems).names == ["c", "day1/a", "day1/b"]
    assert str(problems) == ""


def test_everything_that_does_not_fit_is_named_and_counted(root: Path) -> None:
    (root / "masks" / "c.png").rename(root / "masks" / "d.png")
    Image.new("L", (8, 7), 255).save(root / "masks" / "day1" / "a.png")
    Image.new("L", (8, 6), 99).save(root / "masks" / "day1" / "b.png")
    for name in ("e", "f"):
        (root / "images" / f"{name}.png").write_bytes(b"broken")
        Image.new("L", (8, 6)).save(root / "masks" / f"{name}.png")
    problems = Problems()
    assert read(root, problems).names == []
    for words in (
        "images without a mask: 1 (images/c.jpg)",
        "masks without an image: 1 (masks/d.png)",
        "images whose mask has another size: 1 (a.jpg: 8x6, its mask 8x7)",
        "masks with values that stand for no class: 1 (b.png: 99)",
        "unreadable images: 2 (e.png",
    ):
        assert words in str(problems)


def test_large_images_are_scaled_down_with_their_masks(root: Path) -> None:
    examples = read(root, Problems(), max_side=4)
    assert {image.shape for image in examples["images"]} == {(3, 4, 3)}
    assert {mask.shape for mask in examples["masks"]} == {(3, 4)}
    assert examples["sizes"].tolist() == [[3, 4]] * 3


def test_scaling_down_makes_no_new_ids(root: Path) -> None:
    for name in ("c", "day1/a", "day1/b"):
        values = np.tile(np.array([0, 2, 7, 0, 2, 7, 0, 2], np.uint8), (6, 1))
        Image.fromarray(values).save(root / "masks" / f"{name}.png")
    form = MaskFormat("ids", ["a", "b", "c"], {0: 0, 2: 1, 7: 2})
    mask = read(root, Problems(), form, max_side=5)["masks"][0]
    assert mask.shape == (4, 5)
    assert set(np.unique(mask).tolist()) <= {0, 1, 2}


def test_class_ids_in_a_lossy_file_are_refused(root: Path) -> None:
    (root / "masks" / "c.png").unlink()
    Image.new("L", (8, 6), 1).save(root / "masks" / "c.jpg")
    problems = Problems()
    read(root, problems, MaskFormat("ids", ["a", "b"], {0: 0, 1: 1}))
    assert "save them as PNG: 1 (c.jpg)" in str(problems)


def test_known_layouts(root: Path) -> None:
    assert mask_folders(root) == {"train": Folders(root / "images", root / "masks")}
    splits = root / "splits"
    for split in ("train", "val", "test"):
        (splits / split / "images").mkdir(parents=True)
        (splits / split / "masks").mkdir()
    assert list(mask_folders(splits)) == ["train", "validation", "test"]
    (splits / "val").rename(splits / "Valid")
    assert mask_folders(splits)["validation"] == Folders(splits / "Valid" / "images", splits / "Valid" / "masks")
    shutil.copytree(splits / "Valid", splits / "dev")
    with pytest.raises(UserError, match="are both the validation split; put them together or remove one"):
        mask_folders(splits)
    camvid = root / "camvid"
    for name in ("train", "trainannot", "val", "valannot"):
        (camvid / name).mkdir(parents=True)
    assert mask_folders(camvid)["validation"] == Folders(camvid / "val", camvid / "valannot")
    assert mask_folders(root / "images") == {}


def test_masks_are_turned_as_their_images_are(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(array([0, 0, 1], [0, 0, 0])).save(tmp_path / "mask.png", exif=exif)
    assert read_mask(tmp_path / "mask.png").values.tolist() == [[0, 0, 0], [1, 0, 0]]


def with_palette(path: Path, colors: list[int]) -> None:
    image = Image.fromarray(array([0, 1])).convert("P")
    image.putdata([0, 1])
    image.putpalette(colors)
    image.save(path)


def test_a_palette_is_meant_where_colors_are_named(tmp_path: Path) -> None:
    with_palette(tmp_path / "mask.png", [255, 0, 0, 0, 0, 255])
    assert read_mask(tmp_path / "mask.png").values.tolist() == [[0, 1]]
    assert read_mask(tmp_path / "mask.png").as_colors().tolist() == [[0xFF0000, 0x0000FF]]


def test_palettes_that_differ_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for name, colors in (("a", [0, 0, 0, 255, 0, 0]), ("b", [0, 0, 0, 255, 0, 0]), ("c", [255, 0, 0, 0, 0, 0])):
        Image.new("RGB", (2, 1)).save(tmp_path / "images" / f"{name}.png")
        with_palette(tmp_path / "masks" / f"{name}.png", colors)
    pairs = find_pairs(Folders(tmp_path / "images", tmp_path / "masks"), Problems(), [])
    seen = look_at({"train": pairs}, DataConfig(cache="none"), Problems())
    with pytest.raises(UserError, match=r"another color than masks before: 1 \(c\.png\)"):
        detect_format(seen["train"], DataConfig(), [])
    notes: list[str] = []
    assert detect_format(seen["train"], DataConfig(classes=["road", "car"]), notes).encoding == "ids"
    assert "c.png" in capsys.readouterr().err
    assert len(notes) == 1
