"""What masks mean is decided from all of them, or asked; the flags that a refusal names work."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from images import load, refusal
from PIL import Image

from shared.data.examples import Data

SIDE = 48
COLORS = np.array([(40, 80, 40), (200, 60, 50), (60, 60, 200), (230, 230, 90)], np.uint8)
"""What the background and the objects of each class look like."""

Save = Callable[[np.ndarray, Path], None]
"""Writes class ids, uint8 [H, W], to a file named without its suffix."""


def scene(index: int, alike: bool = False, objects: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """An image with discs, and their numbers 1, 2, 3, 0 around; all discs have one color where they are `alike`."""
    random = np.random.default_rng(index)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = np.zeros((SIDE, SIDE), np.uint8)
    for number, corner in enumerate(random.permutation(4)[:objects], 1):
        center = 12 + 24 * (corner // 2), 12 + 24 * (corner % 2)
        ids[np.hypot(rows - center[0], columns - center[1]) < random.integers(5, 10)] = number
    noise = random.integers(0, 20, (SIDE, SIDE, 3), dtype=np.uint8)
    return COLORS[np.minimum(ids, 1) if alike else ids] + noise, ids


def folder(root: Path, save: Save, others: Save | None = None, alike: bool = False, objects: int = 3) -> Path:
    """Twelve images and masks; every third mask is written by `others`, if given."""
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    for index in range(12):
        image, ids = scene(index, alike, objects)
        Image.fromarray(image).save(root / "images" / f"{index:02d}.png")
        (others if others and index % 3 == 0 else save)(ids, root / "masks" / f"{index:02d}")
    return root


def gray(factor: int = 1, suffix: str = ".png", binary: bool = False) -> Save:
    """Gray levels: the ids times a factor; of foreground only where `binary`."""

    def save(ids: np.ndarray, path: Path) -> None:
        values = np.minimum(ids, 1) if binary else ids
        Image.fromarray((values.astype(int) * factor).astype(np.uint16 if factor > 255 else np.uint8)).save(
            f"{path}{suffix}"
        )

    return save


def indexed(*palette: int, order: tuple[int, ...] = (0, 1, 2, 3)) -> Save:
    """Indices into a palette."""

    def save(ids: np.ndarray, path: Path) -> None:
        image = Image.fromarray(np.array(order, np.uint8)[ids], "P")
        image.putpalette(list(palette))
        image.save(path.with_suffix(".png"))

    return save


def colored(ids: np.ndarray, path: Path) -> None:
    """The color of each class."""
    Image.fromarray(np.array([(0, 0, 0), (250, 50, 83), (0, 128, 0), (0, 0, 255)], np.uint8)[ids]).save(f"{path}.png")


def colored_jpeg(ids: np.ndarray, path: Path) -> None:
    """The color of each class, blurred by compression."""
    colored(ids, path)
    Image.open(f"{path}.png").save(f"{path}.jpg")
    Path(f"{path}.png").unlink()


def random_colors(ids: np.ndarray, path: Path) -> None:
    """Another color for each object, in each file."""
    colors = np.random.default_rng(int(path.name)).integers(1, 256, (4, 3), dtype=np.uint8)
    Image.fromarray(colors[ids] * (ids > 0)[:, :, None].astype(np.uint8)).save(f"{path}.png")


def on_transparent(color: tuple[int, int, int], soft: bool = False) -> Save:
    """Objects of a color on a transparent background of the same color."""

    def save(ids: np.ndarray, path: Path) -> None:
        rgba = np.full((*ids.shape, 4), (*color, 0), np.uint8)
        rgba[ids > 0, 3] = 255
        if soft:
            rgba[:, :, 3] = np.linspace(0, 255, ids.shape[1])
        Image.fromarray(rgba).save(path.with_suffix(".png"))

    return save


def soft_edges(ids: np.ndarray, path: Path) -> None:
    """Objects of 255 whose edges fade."""
    large = Image.fromarray(np.minimum(ids, 1) * np.uint8(255)).resize((2 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC)
    large.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path.with_suffix(".png"))


def fractions(ids: np.ndarray, path: Path) -> None:
    """Probabilities, as a network gives them."""
    Image.fromarray(np.where(ids > 0, 0.9, 0.1).astype(np.float32)).save(path.with_suffix(".tiff"))


def numbered(count: int) -> Save:
    """Each object has another number, not the same one from file to file."""

    def save(ids: np.ndarray, path: Path) -> None:
        start = count * int(path.name)
        Image.fromarray(np.where(ids > 0, ids.astype(np.uint16) + start, 0).astype(np.uint16)).save(f"{path}.png")

    return save


def advice(message: str) -> list[list[str]]:
    """The flags that a message names: those side by side belong together."""
    flag = r"""--data\.\w+ (?:"[^"]*"|'[^']*'|[\w#]+)"""
    return [shlex.split(found.group()) for found in re.finditer(rf"{flag}(?: {flag})*", message)]


def foreground(data: Data) -> float:
    """The share of pixels of class 1."""
    return float(np.mean([(mask == 1).mean() for split in vars(data.splits).values() for mask in split["masks"]]))


TRUE_SHARE = float(np.mean([(scene(index)[1] > 0).mean() for index in range(12)]))
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@pytest.mark.parametrize(
    ("save", "others"),
    [
        (gray(255, binary=True), None),
        (gray(255, ".jpg", binary=True), None),
        (gray(65535, binary=True), None),
        (gray(255, ".jpg", binary=True), gray(255, binary=True)),
        (on_transparent(WHITE), None),
        (on_transparent(BLACK), None),
        (indexed(*BLACK, *WHITE, *WHITE, *WHITE), None),
        # Programs that reduce colors choose the order of the palette for each file.
        (indexed(*BLACK, *WHITE, order=(0, 1, 1, 1)), indexed(*WHITE, *BLACK, order=(1, 0, 0, 0))),
    ],
    ids=["png", "jpeg", "16 bit", "jpeg and png", "white alpha", "black alpha", "palette", "two palettes"],
)
def test_black_and_white_of_every_kind_is_background_and_foreground(save: Save, others: Save, tmp_path: Path) -> None:
    data = load(folder(tmp_path, save, others))
    assert data.classes == ["background", "foreground"]
    assert foreground(data) == pytest.approx(TRUE_SHARE, abs=0.001)


@pytest.mark.parametrize(
    ("save", "others", "words"),
    [
        (gray(1, ".jpg", binary=True), None, "12 (00.jpg"),
        (gray(1, ".jpg"), None, "12 (00.jpg"),
        (gray(80, ".jpg"), None, "12 (00.jpg"),
        (gray(255, ".jpg", binary=True), gray(1, ".jpg", binary=True), "4 (00.jpg, 03.jpg"),
        (gray(1, ".webp"), None, "12 (00.webp"),
    ],
    ids=["0 and 1", "ids", "gray levels", "some 0 and 1", "webp"],
)
def test_ids_in_lossy_files_are_refused(save: Save, others: Save, words: str, tmp_path: Path) -> None:
    message = refusal(folder(tmp_path, save, others))
    assert words in message
    assert "as PNG" in message


IDS = ["class 0", "class 1", "class 2", "class 3"]
BINARY = ["background", "foreground"]


@pytest.mark.parametrize(
    ("save", "others", "words", "readings"),
    [
        (gray(1, binary=True), gray(255, binary=True), "4 (00.png, 03.png", [BINARY, None]),
        (soft_edges, None, "12 (00.png", [BINARY]),
        (soft_edges, gray(255, binary=True), "8 (01.png", [BINARY]),
        (on_transparent(WHITE, soft=True), None, "12 (00.png", [BINARY]),
        (fractions, None, "26, 230", [2, BINARY]),
        (gray(80), None, "80, 160, 240", [4, BINARY]),
        (gray(128, binary=True), None, "128", [2, BINARY]),
        (colored, None, "#fa3253", [4, BINARY]),
        (colored, gray(0), "8 (01.png", [4, BINARY]),
        (gray(2), None, "class 1, class 3, class 5", [4]),
        (indexed(*[0] * 6, 255, 0, 0, *[0] * 3, 0, 255, 0, order=(0, 2, 4, 4)), None, "class 1, class 3", [3]),
    ],
    ids=[
        "0/1 and 0/255",
        "soft edges",
        "some soft",
        "soft alpha",
        "fractions",
        "gray levels",
        "0 and 128",
        "colors",
        "some gray",
        "gaps",
        "gaps in a palette",
    ],
)
def test_masks_that_can_mean_several_things_are_asked_about(
    save: Save, others: Save, words: str, readings: list[list[str] | int | None], tmp_path: Path
) -> None:
    message = refusal(folder(tmp_path, save, others))
    assert words in message
    found = advice(message)
    assert len(found) == len(readings), message
    for flags, expected in zip(found, readings, strict=True):
        data = load(tmp_path, *flags)
        if expected == BINARY:
            assert data.classes == BINARY
        elif expected is not None:
            assert len(data.classes) == expected
        assert all(any(mask.max() > 0 for mask in split["masks"]) for split in vars(data.splits).values())


@pytest.mark.parametrize(
    ("save", "readings"),
    [
        (gray(), 2),
        (indexed(*BLACK, *WHITE, 255, 0, 0, 0, 255, 0), 2),
        (numbered(3), 2),
        (numbered(40), 1),
        (random_colors, 1),
    ],
)
def test_numbered_objects_are_asked_about(save: Save, readings: int, tmp_path: Path) -> None:
    message = refusal(folder(tmp_path, save, alike=True))
    found = advice(message)
    assert found[0] == ["--data.foreground", "above_zero"]
    assert len(found) == readings, message
    data = load(tmp_path, *found[0])
    assert data.classes == BINARY
    assert foreground(data) == pytest.approx(TRUE_SHARE)


def test_classes_that_look_different_are_no_numbered_objects(tmp_path: Path) -> None:
    assert load(folder(tmp_path, gray())).classes == IDS
    assert load(folder(tmp_path / "alike", gray(), alike=True), "--data.classes", str(IDS)).classes == IDS


def test_palettes_among_gray_masks_are_said_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    palette = indexed(*BLACK, 255, 0, 0, 0, 255, 0, 0, 0, 255)
    data = load(folder(tmp_path / "same", palette, gray()))
    (note,) = data.as_dict()["notes"]
    assert (note[:4], note[-1]) == ("gray", "4")
    assert "4 (00.png" in capsys.readouterr().err
    assert "4 (00.png" in refusal(folder(tmp_path / "other", palette, gray(38)))


def test_palettes_that_differ_are_refused_or_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    red, green = indexed(*BLACK, *[255, 0, 0] * 3), indexed(*BLACK, *[0, 255, 0] * 3)
    assert "another color than masks before: 8 (01.png" in refusal(folder(tmp_path, red, green))
    data = load(tmp_path, "--data.classes", str(IDS))
    assert (data.classes, len(data.facts["notes"])) == (IDS, 1)
    assert "8 (01.png" in capsys.readouterr().err


def test_masks_with_nothing_marked_are_refused(tmp_path: Path) -> None:
    assert "no value but 0" in refusal(folder(tmp_path, gray(0)))


def test_transparent_pixels_are_said_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = load(folder(tmp_path, on_transparent(WHITE)))
    assert data.as_dict()["notes"] == ["transparent pixels of masks are read as background: 12"]
    assert "12 (00.png" in capsys.readouterr().err


def test_the_share_of_ignored_pixels_is_said_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def save(ids: np.ndarray, path: Path) -> None:
        ids[: SIDE // 4] = 255
        Image.fromarray(ids).save(path.with_suffix(".png"))

    data = load(folder(tmp_path, save))
    assert data.as_dict()["ignored_pixels"] == {"train": 0.25, "validation": 0.25, "test": 0.25}
    assert "25.0% of train" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("save", "flags", "names"),
    [
        (gray(255, binary=True), ["--data.threshold", "256"], "foreground"),
        (lambda ids, path: gray(255)(ids * 0 + 1, path), [], "background"),
        (gray(), ["--data.classes", "[sky, road, car, tree, sign]"], "sign"),
        (
            colored,
            ["--data.classes", "[a, b, c, d, e]", "--data.palette", "['black', '#fa3253', 'green', 'blue', 'red']"],
            "e",
        ),
    ],
)
def test_a_class_without_a_pixel_is_refused(save: Save, flags: list[str], names: str, tmp_path: Path) -> None:
    message = refusal(folder(tmp_path, save), *flags)
    assert f"of the class {names};" in message
    for found in advice(message):
        assert len(load(tmp_path, *found).classes) == 4


def test_leaving_out_is_advised_only_where_something_is_left(tmp_path: Path) -> None:
    names = ["--data.classes", "[a, b, c]"]
    assert advice(refusal(folder(tmp_path / "all", gray(1, ".jpg")), *names)) == []
    message = refusal(folder(tmp_path / "some", gray(), gray(1, ".jpg")), "--data.classes", str(IDS))
    assert "save them as PNG: 4 (00.jpg" in message
    assert sum(load(tmp_path / "some", "--data.classes", str(IDS), *advice(message)[0]).counts.values()) == 8


def test_settings_that_do_not_fit_the_masks_name_one_that_does(tmp_path: Path) -> None:
    lossy = refusal(folder(tmp_path / "jpeg", gray(255, ".jpg", binary=True)), "--data.foreground", "above_zero")
    assert load(tmp_path / "jpeg", *advice(lossy)[0]).classes == BINARY
    for name, save in (("dark", gray(1, ".jpg")), ("blurred", colored_jpeg)):  # only PNG helps
        assert advice(refusal(folder(tmp_path / name, save), "--data.foreground", "above_zero")) == []
    assert "#000000" not in refusal(tmp_path / "blurred")
    colors = refusal(folder(tmp_path / "colors", colored), "--data.threshold", "128")
    assert load(tmp_path / "colors", *advice(colors)[0]).classes == BINARY


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("{}", "{}_mask"),
        ("{}", "mask_{}"),
        ("{}_sat", "{}_mask"),
        ("{}_leftImg8bit", "{}_gtFine_labelIds"),
        ("{}", "{}L"),
    ],
)
def test_what_the_names_of_all_masks_share_is_left_out(
    image: str, mask: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path, gray(255, binary=True))
    for kind, names in (("images", image), ("masks", mask)):
        for path in (tmp_path / kind).iterdir():
            path.rename(path.with_stem(names.format(path.stem)))
    data = load(tmp_path)
    assert sum(data.counts.values()) == 12
    assert set(data.splits.test.names) <= {image.format(f"{index:02d}") for index in range(12)}
    assert len(data.as_dict()["notes"]) == 1
    assert mask.format("00") in capsys.readouterr().out


def test_a_mask_without_the_ending_of_the_others_is_named(tmp_path: Path) -> None:
    folder(tmp_path, gray(255, binary=True))
    for path in sorted((tmp_path / "masks").iterdir())[1:]:
        path.rename(path.with_stem(f"{path.stem}_mask"))
    assert "images without a mask: 11" in refusal(tmp_path)
