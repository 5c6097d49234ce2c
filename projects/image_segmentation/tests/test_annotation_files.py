"""Exports of annotation programs are read as masks, or the refusal says what was found and what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from images import load, refusal
from PIL import Image

from shared.data.examples import Data
from src.masks.outlines import annotations_of, draw, runs_of

COUNT = 8
SQUARE = [[4.0, 6.0], [20.0, 6.0], [20.0, 16.0], [4.0, 16.0]]
"""Corners of the pixels from (4, 6) on, 16 wide and 10 high."""


def masks() -> list[np.ndarray]:
    """Ids of two classes in images of 40 x 30."""
    found = []
    for index in range(COUNT):
        mask = np.zeros((30, 40), np.uint8)
        mask[2 + index : 14 + index, 3:15] = 1
        mask[5:20, 25 - index : 36 - index] = 2
        found.append(mask)
    return found


def save_images(folder: Path, count: int = COUNT) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{index}.png" for index in range(count)]
    random = np.random.default_rng(len(folder.name))
    for name in names:
        Image.fromarray(random.integers(0, 255, (30, 40, 3), dtype=np.uint8)).save(folder / name)
    return names


def coco(names: list[str], **changes: Any) -> dict[str, Any]:
    """COCO's format, with the outlines of `masks`."""
    annotations = [
        found | {"id": 100 * index + number, "image_id": index}
        for index, mask in enumerate(masks()[: len(names)])
        for number, found in enumerate(annotations_of(mask))
    ]
    return {
        "images": [{"id": index, "file_name": name, "height": 30, "width": 40} for index, name in enumerate(names)],
        "categories": [{"id": 2, "name": "wall"}, {"id": 1, "name": "cell"}],
        "annotations": annotations,
    } | changes


def labelme(name: str, shapes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"version": "5.4.1", "shapes": shapes, "imagePath": name, "imageHeight": 30, "imageWidth": 40}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def by_name(data: Data) -> dict[str, np.ndarray]:
    return {
        name: mask
        for split in vars(data.splits).values()
        for name, mask in zip(split.names, split["masks"], strict=True)
    }


@pytest.mark.parametrize(
    ("images", "file"), [("images", "annotations/instances_default.json"), (".", "_annotations.coco.json")]
)
def test_coco_outlines_become_the_masks_that_they_were_made_of(images: str, file: str, tmp_path: Path) -> None:
    write(tmp_path / file, coco(save_images(tmp_path / images)))
    data = load(tmp_path)
    assert data.classes == ["background", "cell", "wall"]
    for name, mask in by_name(data).items():
        drawn = masks()[int(Path(name).name)]
        assert (mask != drawn).mean() < 0.01  # the corners of outlines are cut
    assert load(tmp_path, "--data.foreground", "above_zero").classes == ["background", "foreground"]


@pytest.mark.parametrize(
    "files",
    [
        {"train2017": "annotations/instances_train2017.json", "val2017": "annotations/instances_val2017.json"},
        {"train": "train/_annotations.coco.json", "valid": "valid/_annotations.coco.json"},
    ],
)
def test_coco_files_of_splits_are_told_by_their_names(files: dict[str, str], tmp_path: Path) -> None:
    for (folder, file), count in zip(files.items(), (8, 3), strict=True):
        inside = folder if file.startswith(folder) else f"images/{folder}"
        write(tmp_path / file, coco(save_images(tmp_path / inside, count)))
    counts = load(tmp_path).counts
    assert sum(counts.values()) == 11
    assert counts["validation"] == 3


def test_labelme_shapes_become_masks(tmp_path: Path) -> None:
    for name in save_images(tmp_path):
        shapes: list[dict[str, Any]] = [
            {"label": "cell", "points": SQUARE, "shape_type": "polygon"},
            {"label": "wall", "points": [[39, 29], [30, 20]], "shape_type": "rectangle"},
            {"label": "__ignore__", "points": [[0, 0], [4, 0], [4, 2], [0, 2]]},
        ]
        write((tmp_path / name).with_suffix(".json"), labelme(name, shapes))
    data = load(tmp_path)
    assert data.classes == ["background", "cell", "wall"]
    mask = by_name(data)["0"]
    assert (mask == 1).sum() == 160
    assert (mask[6:16, 4:20] == 1).all()
    assert (mask == 2).sum() == 81
    assert data.as_dict()["ignored_pixels"]["train"] == pytest.approx(8 / 1200)


def test_names_in_the_settings_give_the_order_of_the_classes(tmp_path: Path) -> None:
    write(tmp_path / "a.json", coco(save_images(tmp_path / "images")))
    data = load(tmp_path, "--data.classes", "[background, wall, cell]")
    assert (by_name(data)["images/0"] == 2)[2:14, 3:15].mean() > 0.9
    assert "wall; name these classes in data.classes" in refusal(tmp_path, "--data.classes", "[background, cell]")


def test_categories_without_an_outline_are_refused_with_the_names_of_the_others(tmp_path: Path) -> None:
    names = save_images(tmp_path / "images")
    categories = [{"id": 0, "name": "all"}, {"id": 1, "name": "cell"}, {"id": 2, "name": "wall"}]
    write(tmp_path / "a.json", coco(names, categories=categories))
    message = refusal(tmp_path)
    assert "of the class all;" in message
    assert load(tmp_path, "--data.classes", message.split('"')[1]).classes == ["background", "cell", "wall"]


def run_lengths(mask: np.ndarray) -> list[int]:
    """The lengths of runs of 0 and 1 in turn, down the columns."""
    flat = mask.T.ravel()
    ends = np.flatnonzero(np.diff(flat)) + 1
    return [0] * int(flat[0]) + np.diff([0, *ends, len(flat)]).tolist()


def as_string(counts: list[int]) -> str:
    """Run lengths as pycocotools compresses them (`rleToString` in maskApi.c)."""
    text = ""
    for place, count in enumerate(counts):
        value, more = count - counts[place - 2] if place > 2 else count, True
        while more:
            digit = value & 31
            value >>= 5
            more = value != (-1 if digit & 16 else 0)
            text += chr(digit + 32 * more + 48)
    return text


@pytest.mark.parametrize("encode", [lambda counts: counts, as_string])
def test_run_lengths_of_coco_become_masks(encode: Callable[[list[int]], Any], tmp_path: Path) -> None:
    names = save_images(tmp_path / "images")
    annotations = [
        {"image_id": index, "category_id": label, "iscrowd": 1, "segmentation": {"counts": counts, "size": [30, 40]}}
        for index, mask in enumerate(masks())
        for label, counts in ((label, encode(run_lengths(mask == label))) for label in (1, 2))
    ]
    images = [{"id": index, "file_name": name} for index, name in enumerate(names)]
    write(tmp_path / "a.json", coco(names, annotations=annotations, images=images))
    found = by_name(load(tmp_path))
    assert all((found[f"images/{index}"] == mask).all() for index, mask in enumerate(masks()))


def test_a_string_that_pycocotools_wrote_is_read() -> None:
    """A disk with a radius of 10 pixels, encoded by pycocotools 2.0.11."""
    runs = runs_of("di01S18J4M2N2O0O2O00000O20N1000001N101N2N3L6Hh:", (40, 50))
    rows, columns = np.mgrid[:40, :50]
    assert (draw([(1, runs)], (40, 50)) == ((rows - 20) ** 2 + (columns - 30) ** 2 <= 100)).all()


def rle(counts: Any, size: tuple[int, int] = (30, 40)) -> dict[str, Any]:
    found = {"counts": counts, "size": list(size)}
    return coco(["0.png"], annotations=[{"id": 1, "image_id": 0, "category_id": 1, "segmentation": found}])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"images": [], "annotations": [], "categories": []}, "no outlines of any class"),
        (rle([0, 1199]), "fill their image"),
        (rle([1300, -100]), "fill their image"),
        (rle(as_string([0, 1200])[:-1]), "fill their image"),
        (rle("\u20ac9"), "fill their image"),
        (rle([0, 1200], (40, 30)), "another size than"),
        (rle(7), "a.json"),
        (coco(["0.png"], annotations=[{"id": 1, "image_id": 0, "category_id": 1, "segmentation": []}]), "a box"),
        (
            coco(["0.png"], annotations=[{"id": 1, "image_id": 7, "category_id": 1, "segmentation": [[0] * 6]}]),
            "a.json",
        ),
        (coco(["0.png"], annotations=[{"id": 1, "image_id": 0, "category_id": 1, "segmentation": [[1, 2]]}]), "three"),
        (coco(["0.png"], images=[{"id": 0, "file_name": 5}]), "a.json"),
        (labelme("0.png", [{"label": "cell", "points": [[1, 1], [2, 2]], "shape_type": "line"}]), "'line'"),
        (labelme("0.png", [{"label": "cell", "points": [[1, None]] * 3, "shape_type": "polygon"}]), "a.json"),
        ({"info": "another program's"}, "a.json"),
        ([1, 2], "a.json"),
    ],
)
def test_annotations_that_cannot_be_drawn_are_refused(content: Any, words: str, tmp_path: Path) -> None:
    save_images(tmp_path / "images")
    write(tmp_path / "a.json", content)
    assert words in refusal(tmp_path)


def test_what_does_not_fit_the_images_is_named(tmp_path: Path) -> None:
    names = save_images(tmp_path / "images")
    images = coco(names)["images"]
    images[0]["height"], images[1]["file_name"] = 31, "gone.png"
    write(tmp_path / "a.json", coco(names, images=images))
    message = refusal(tmp_path)
    for words in ("0.png: 40x30, its mask", "gone.png", "images without an outline: 1 (images/1.png)"):
        assert words in message
    assert sum(load(tmp_path, "--data.broken", "leave_out").counts.values()) == 6


def save_voc(root: Path, labelmap: str) -> None:
    for index, name in enumerate(save_images(root / "JPEGImages")):
        colors = np.array([(0, 0, 0), (250, 50, 83), (0, 128, 0)], np.uint8)[masks()[index]]
        (root / "SegmentationClass").mkdir(exist_ok=True)
        Image.fromarray(colors).save(root / "SegmentationClass" / name)
    (root / "labelmap.txt").write_text(labelmap)


def test_an_export_of_cvat_has_the_names_and_colors_of_its_labelmap(tmp_path: Path) -> None:
    save_voc(tmp_path, "# label:color_rgb:parts:actions\nbackground:0,0,0::\nleft wall:0,128,0::\ncell:250,50,83::\n")
    data = load(tmp_path)
    assert data.classes == ["background", "left wall", "cell"]
    assert (by_name(data)["0"] == 2).sum() == 144
    assert load(tmp_path, "--data.foreground", "above_zero").classes == ["background", "foreground"]


LABELS = "background:0,0,0::\ncell:250,50,83::\nwall:0,128,0::\n"


def save_lists(root: Path, **lists: list[int]) -> None:
    folder = root / "ImageSets" / "Segmentation"
    folder.mkdir(parents=True)
    for name, members in lists.items():
        (folder / f"{name}.txt").write_text("".join(f"{member}\n" for member in members))


@pytest.mark.parametrize("train", [{"train": [1, 2, 6]}, {"trainval": [0, 1, 2, 3, 6]}])
def test_the_lists_of_pascal_voc_are_the_splits(
    train: dict[str, list[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_voc(tmp_path, LABELS)
    save_lists(tmp_path, **train, val=[3, 0], test=[4, 5])
    Image.new("RGB", (40, 30)).save(tmp_path / "JPEGImages" / "without a mask.png")
    data = load(tmp_path)
    assert [split.names for split in vars(data.splits).values()] == [["1", "2", "6"], ["0", "3"], ["4", "5"]]
    assert "not read: 1 (7)" in capsys.readouterr().err
    assert data.facts["notes"] == ["masks that no list in ImageSets names are not read: 1"]


def test_a_list_that_names_all_cuts_nothing_and_names_without_files_are_refused(tmp_path: Path) -> None:
    save_voc(tmp_path, LABELS)
    save_lists(tmp_path, default=[*range(COUNT)])
    assert sum(load(tmp_path).counts.values()) == COUNT
    save_lists(tmp_path / "more", train=[0, 1], val=[2, 99])
    (tmp_path / "ImageSets").rename(tmp_path / "old")
    (tmp_path / "more" / "ImageSets").rename(tmp_path / "ImageSets")
    assert "without files: 1 (99)" in refusal(tmp_path)


def test_a_labelmap_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    save_voc(tmp_path, "background 0 0 0\n")
    assert "'background 0 0 0'" in refusal(tmp_path)


def test_images_without_masks_say_what_was_found(tmp_path: Path) -> None:
    save_images(tmp_path / "images")
    (tmp_path / "annotations.xml").write_text("<annotations/>")
    assert "annotations.xml" in refusal(tmp_path)
    (tmp_path / "labels").mkdir()
    for index, mask in enumerate(masks()):
        Image.fromarray(mask).save(tmp_path / "labels" / f"{index}.png")
    assert "labels: rename the one with the masks to masks" in refusal(tmp_path)
    (tmp_path / "labels").rename(tmp_path / "masks")
    assert len(load(tmp_path, "--data.classes", "[a, b, c]").classes) == 3
