"""Masks of every encoding become class ids, and files are found and matched by their names."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from images import load
from PIL import Image

from shared.data.problems import Problems
from shared.errors import UserError
from src.config import DataConfig
from src.masks import IGNORE
from src.masks.decode import MaskFormat, StoredMask, read_mask
from src.masks.encoding import palette_format
from src.masks.files import Folders, find_pairs, mask_folders


def array(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.uint8)


BINARY = MaskFormat("binary", ["background", "foreground"], {0: 0, 255: 1})
IDS = MaskFormat("ids", ["sky", "road", "car"], {0: 0, 1: 1, 2: 2, 255: IGNORE})


@pytest.mark.parametrize(
    ("form", "lossy", "values", "ids", "unknown"),
    [
        (BINARY, False, [[0, 255], [255, 0]], [[0, 1], [1, 0]], []),
        (BINARY, False, [[0, 128]], [[0, IGNORE]], ["128"]),
        (BINARY, True, [[3, 250]], [[0, 1]], []),
        (IDS, False, [[0, 1, 255, 2]], [[0, 1, IGNORE, 2]], []),
        (IDS, False, [[0, 3]], [[0, IGNORE]], ["3"]),
    ],
)
def test_values_become_class_ids_or_are_named(
    form: MaskFormat, lossy: bool, values: list[list[int]], ids: list[list[int]], unknown: list[str]
) -> None:
    found, strange = form.decode(StoredMask(array(*values)), lossy)
    assert (found.tolist(), strange) == (ids, unknown)


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


@pytest.mark.parametrize(
    ("palette", "ignore", "key"),
    [(["red", "orangish"], "", "data.palette"), (["red", "blue"], "voidish", "data.ignore")],
)
def test_a_misspelled_color_is_refused(palette: list[str], ignore: str, key: str) -> None:
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


def test_a_palette_gives_indices_and_their_colors(tmp_path: Path) -> None:
    image = Image.fromarray(array([0, 1]), "P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png")
    assert (mask.values.tolist(), mask.as_colors().tolist()) == ([[0, 1]], [[0xFF0000, 0x0000FF]])


def test_masks_are_turned_as_their_images_are(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(array([0, 0, 1], [0, 0, 0])).save(tmp_path / "mask.png", exif=exif)
    assert read_mask(tmp_path / "mask.png").values.tolist() == [[0, 0, 0], [1, 0, 0]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("images", "masks"):
        (tmp_path / folder / "day1").mkdir(parents=True)
    for name in ("day1/a", "day1/b", "day1/d", "c", "e"):
        Image.new("RGB", (80, 60)).save(tmp_path / "images" / f"{name}.jpg")
        values = np.tile(np.array([0, 2, 7, 0, 2], np.uint8), (60, 16))
        Image.fromarray(values).save(tmp_path / "masks" / f"{name}.png")
    return tmp_path


def test_large_images_are_scaled_down_with_their_masks_without_new_ids(root: Path) -> None:
    colors = ["--data.classes", "[a, b, c]", "--data.palette", "['#000000', '#020202', '#070707']"]
    split = load(root, "--data.max_side", "35", *colors).splits.train  # a value between these would be refused
    assert (split["images"][0].shape, split["masks"][0].shape) == ((26, 35, 3), (26, 35))
    assert split["sizes"].tolist()[0] == [26, 35]
    assert set(np.unique(split["masks"][0]).tolist()) == {0, 1, 2}


def test_pairs_are_matched_by_name(root: Path) -> None:
    problems = Problems()
    pairs = find_pairs(Folders(root / "images", root / "masks"), problems, [])
    assert ([pair.name for pair in pairs], str(problems)) == (["c", "day1/a", "day1/b", "day1/d", "e"], "")


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
