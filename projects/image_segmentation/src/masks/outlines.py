"""Outlines in JSON become masks, and masks outlines: COCO (Lin et al. 2014), as most programs have it, and labelme."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from skimage.draw import polygon
from skimage.measure import approximate_polygon, find_contours, label, regionprops

from shared.data.folders import list_files, split_called
from shared.data.problems import Problems, named
from shared.errors import UserError
from src.config import DataConfig
from src.masks import IGNORE
from src.masks.files import Pair, name_of

BACKGROUND = "background"
LABELME_NAMES = {"_background_": BACKGROUND, "__ignore__": ""}
TOLERANCE = 0.25  # pixels that a simplified outline may be off
SMALLEST = 4  # pixels; what is smaller has no outline worth the name


def annotation_files(root: Path) -> list[Path]:
    """The JSON files in a folder and in the folders in it."""
    return sorted([*root.glob("*.json"), *root.glob("*/*.json")])


def read_annotations(settings: DataConfig, root: Path, problems: Problems) -> tuple[dict[str, list[Pair]], DataConfig]:
    """The images with their outlines by split, and the settings with the classes, the background first."""
    paths = annotation_files(root)
    names, annotated = read_files(paths)
    one_class = settings.foreground == "above_zero"
    classes = names if one_class else settings.classes or names
    text = f"the annotation files in {root} ({named([path.name for path in paths])})"
    unnamed = sorted({name for one in annotated for name, _ in one.objects} - {*classes, ""})
    if unnamed:
        raise UserError(f"{text} have outlines of {named(unnamed)}; name these classes in data.classes.")
    if len(names) < 2:
        raise UserError(f"{text} have no outlines of any class; export them again, with the objects.")
    if settings.threshold:
        raise UserError(f"{text} have outlines, no gray levels; leave data.threshold out.")
    ids = {name: number for number, name in enumerate(classes)} | {"": IGNORE}
    split_of, pairs = splits_of({one.mask for one in annotated}, root), defaultdict[str, list[Pair]](list)
    files = defaultdict[str, list[Path]](list)
    for path in list_files(root):
        files[path.name].append(path)
    for one in annotated:
        candidates = files.get(one.image.name, [])
        image = image_among(candidates, one, root)
        if image is None:
            problems.add("outlines without an image, or of several", f"{one.mask.name}: {one.image}")
            continue
        candidates.remove(image)
        objects = [(ids[name], points) for name, points in one.objects]
        pairs[split_of[one.mask]].append(one._replace(name=name_of(image, root), image=image, objects=objects))
    for path in (path for paths in files.values() for path in paths):
        problems.add("images without an outline", path.relative_to(root).as_posix())
    return pairs, settings if one_class else replace(settings, classes=classes)


def read_files(paths: list[Path]) -> tuple[list[str], list[Pair]]:
    """The classes that annotation files name, the background first, and the images in them, by the paths they state."""
    names: list[str] = []
    found: list[Pair] = []
    for path in paths:
        try:
            content = json.loads(path.read_bytes())
            if "shapes" in content:
                found.append(from_labelme(path, content))
            elif {"images", "annotations", "categories"} <= content.keys():
                names += [str(one["name"]) for one in sorted(content["categories"], key=lambda one: one["id"])]
                found += from_coco(path, content)
            else:
                raise UserError(f"{path} is not JSON of COCO or labelme; remove it, or export masks as PNG.")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(
                f"{path} cannot be read as JSON of COCO or labelme ({error!r}); export it again."
            ) from error
    names = names or sorted({name for one in found for name, _ in one.objects if name})
    return list(dict.fromkeys([BACKGROUND, *names])), found


def from_coco(path: Path, content: dict[str, Any]) -> list[Pair]:
    """The images in a file of COCO's format."""
    categories = {one["id"]: str(one["name"]) for one in content["categories"]}
    sizes = {one["id"]: size_of(one.get("height"), one.get("width")) for one in content["images"]}
    objects: dict[Any, list[tuple[Any, np.ndarray]]] = {number: [] for number in sizes}
    for one in content["annotations"]:
        found, number, name = one.get("segmentation"), one["image_id"], categories[one["category_id"]]
        if not found:
            raise UserError(f"{path} has an object by a box, not by its outline; export polygons, or masks as PNG.")
        if isinstance(found, dict):
            size = size_of(*found["size"])
            if sizes[number] not in (None, size):
                raise ValueError("run lengths of another size than their image")
            sizes[number] = size
            objects[number].append((name, runs_of(found["counts"], size)))
        else:
            objects[number].extend((name, outline_of(points)) for points in found)
    return [
        Pair("", stated_path(one["file_name"]), path, objects[one["id"]], sizes[one["id"]]) for one in content["images"]
    ]


def runs_of(counts: str | list[Any], size: tuple[int, int] | None) -> np.ndarray:
    """The lengths of runs, int64 [R], of a mask in COCO's run-length encoding (RLE), checked.

    In a string, each length is written in digits to the base of 32, the lowest first, from `0` on; a sixth bit says
    that more follow. From the fourth length on it is the difference to the one before the last (`rleFrString` in
    COCO's maskApi.c).
    """
    runs, value, bits = [int(count) for count in counts] if isinstance(counts, list) else [], 0, 0
    for digit in counts.encode() if isinstance(counts, str) else b"":
        value |= (digit - 48 & 31) << bits
        bits += 5
        if not digit - 48 & 32:
            value -= (digit - 48 & 16) << bits - 4  # the highest bit is the sign
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value, bits = 0, 0
    if size is None or bits or min(runs, default=-1) < 0 or sum(runs) != size[0] * size[1]:
        raise ValueError("run lengths that do not fill their image")
    return np.array(runs, np.int64)


def from_labelme(path: Path, content: dict[str, Any]) -> Pair:
    """The image that a file of labelme describes."""
    objects = []
    for shape in content["shapes"]:
        points, kind = shape["points"], shape.get("shape_type") or "polygon"
        if kind == "rectangle":
            (left, top), (right, bottom) = points
            points = [(left, top), (right, top), (right, bottom), (left, bottom)]
        elif kind != "polygon":
            raise UserError(f"{path} has a shape of the type {kind!r}; draw outlines as polygons.")
        name = str(shape["label"])
        objects.append((LABELME_NAMES.get(name, name), outline_of(points)))
    size = size_of(content.get("imageHeight"), content.get("imageWidth"))
    return Pair("", stated_path(content["imagePath"]), path, objects, size)


def stated_path(text: str) -> Path:
    """The path of an image, as an annotation file on any system states it."""
    return Path(text.replace("\\", "/"))


def size_of(height: Any, width: Any) -> tuple[int, int] | None:
    """Height and width in pixels, checked; None where a file does not say them."""
    if height is None or width is None:
        return None
    if min(int(height), int(width)) < 1:
        raise ValueError(f"an image of {width}x{height} pixels")
    return int(height), int(width)


def outline_of(points: list[Any]) -> np.ndarray:
    """The points [P, 2] of an outline, checked."""
    outline = np.array(points, float).reshape(-1, 2)
    if len(outline) < 3 or not np.isfinite(outline).all():
        raise ValueError("an outline with less than three points, or one that is no number")
    return outline


def draw(objects: Sequence[tuple[int, np.ndarray]], size: tuple[int, int]) -> np.ndarray:
    """The class ids of objects (see `Pair`), uint8 [H, W]; later outlines cover earlier ones."""
    mask = np.zeros(size, np.uint8)
    for number, points in objects:
        if points.ndim == 1:
            inside = np.repeat(np.arange(len(points)) % 2 == 1, points)  # bool [W * H]
            mask[inside.reshape(size[::-1]).T] = number
        else:  # a pixel is inside where its center is: COCO counts from a pixel's corner
            mask[polygon(points[:, 1] - 0.5, points[:, 0] - 0.5, size)] = number
    return mask


def image_among(candidates: list[Path], pair: Pair, root: Path) -> Path | None:
    """The one image that a pair can mean; of several the one beside its file, at the path it names, or of its split."""

    def fits(path: Path) -> tuple[bool, ...]:
        beside, named = path.parent == pair.mask.parent, path.as_posix().endswith(f"/{pair.image.as_posix()}")
        return beside, named, split_in(path, root) == split_in(pair.mask, root)

    best = max(map(fits, candidates), default=())
    found = [path for path in candidates if fits(path) == best]
    return found[0] if len(found) == 1 else None


def split_in(path: Path, root: Path) -> str:
    """The split that a word in the path below `root` names; empty where none does."""
    words = re.split(r"[\W_\d]+", path.relative_to(root).with_suffix("").as_posix())
    return next((split for word in words if (split := split_called(word))), "")


def splits_of(paths: set[Path], root: Path) -> dict[Path, str]:
    """The split of each annotation file, by a word in its name or its folder; all are `train` where none is."""
    splits = {path: split_in(path, root) for path in paths}
    if "train" not in splits.values():
        return dict.fromkeys(paths, "train")
    unclear = sorted(path.name for path, split in splits.items() if not split)
    if unclear:
        raise UserError(f"{root} has annotation files of no split beside those of train: {named(unclear)}; move them.")
    return splits


def annotations_of(mask: np.ndarray) -> Iterator[dict[str, Any]]:
    """One annotation for each connected region of each class but the first, which is the background.

    COCO's polygons have no holes: the outline is the outer one, while `area` counts the region's own pixels.

    Args:
        mask: class ids, uint8 [H, W].
    """
    for index in np.unique(mask[mask > 0]):
        for region in regionprops(label(mask == index)):
            if region.area < SMALLEST:
                continue
            top, left, bottom, right = region.bbox
            around = np.pad(region.image_filled, 1).astype(float)  # a border of 0 closes outlines at the image's edge
            outline = max(find_contours(around, 0.5), key=len)  # rows and columns, [P, 2]
            # Without the last point, which repeats the first; half a pixel, as a pixel's center has whole coordinates.
            points = approximate_polygon(outline, TOLERANCE)[:-1] + (top - 0.5, left - 0.5)
            yield {
                "category_id": int(index),
                "segmentation": [[round(float(value), 2) for value in points[:, ::-1].ravel()]],  # x, y, x, y, ...
                "bbox": [left, top, right - left, bottom - top],
                "area": int(region.area),
                "iscrowd": 0,
            }
