"""Outlines of objects in JSON become masks: COCO (Lin et al. 2014), as most programs export it, and labelme's files."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shared.data.folders import list_files, split_called
from shared.data.images import UnreadableImageError
from shared.data.problems import Problems, named
from shared.errors import UserError
from src.masks.decode import IGNORE, Decoded, MaskFormat, StoredMask, fitted, read_rgb
from src.masks.files import Pair, name_of
from src.masks.settings import MaskConfig

BACKGROUND = "background"
LABELME_NAMES = {"_background_": BACKGROUND, "__ignore__": ""}


class Outlines(NamedTuple):
    """The objects that a file describes in one image."""

    file: Path
    image: str
    """The image's name in the file."""
    size: tuple[int, int] | None
    """Height and width in pixels, where the file says them."""
    objects: list[tuple[str, np.ndarray]]
    """The class of each object, empty where its pixels are ignored, and its outline's points, float [P, 2]: x and y in
    pixels; or the lengths of runs of pixels down the columns, int64 [R], of which the first is outside of it."""


def annotation_files(root: Path) -> list[Path]:
    """The JSON files in a folder and in the folders in it."""
    return sorted([*root.glob("*.json"), *root.glob("*/*.json")])


def read_outlines(root: Path) -> tuple[list[str], list[Outlines]]:
    """The classes that annotation files name, the background first, and the outlines in each image.

    Raises:
        UserError: a file is damaged, of another kind, or describes objects by something else than outlines.
    """
    names: list[str] = []
    found: list[Outlines] = []
    for path in annotation_files(root):
        try:
            content = json.loads(path.read_bytes())
            if "shapes" in content:
                found.append(labelme_outlines(path, content))
            elif {"images", "annotations", "categories"} <= content.keys():
                names += [str(one["name"]) for one in sorted(content["categories"], key=lambda one: one["id"])]
                found += coco_outlines(path, content)
            else:
                raise UserError(f"{path} is not JSON of COCO or labelme; remove it, or export masks as PNG.")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(
                f"{path} cannot be read as JSON of COCO or labelme ({error!r}); export it again."
            ) from error
    names = names or sorted({name for one in found for name, _ in one.objects if name})
    return list(dict.fromkeys([BACKGROUND, *names])), found


def coco_outlines(path: Path, content: dict[str, Any]) -> list[Outlines]:
    """The outlines in COCO's format by image."""
    categories = {one["id"]: str(one["name"]) for one in content["categories"]}
    images = {
        one["id"]: Outlines(path, str(one["file_name"]), size_of(one.get("height"), one.get("width")), [])
        for one in content["images"]
    }
    for one in content["annotations"]:
        found, image, name = one.get("segmentation"), images[one["image_id"]], categories[one["category_id"]]
        if not found:
            raise UserError(f"{path} has an object by a box, not by its outline; export polygons, or masks as PNG.")
        if isinstance(found, dict):
            size = size_of(*found["size"])
            if image.size not in (None, size):
                raise ValueError(f"run lengths of another size than {image.image}")
            image.objects.append((name, runs_of(found["counts"], size)))
            images[one["image_id"]] = image._replace(size=size)
        else:
            image.objects.extend((name, outline_of(points)) for points in found)
    return list(images.values())


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


def labelme_outlines(path: Path, content: dict[str, Any]) -> Outlines:
    """The outlines in a file of labelme."""
    size = size_of(content.get("imageHeight"), content.get("imageWidth"))
    found = Outlines(path, str(content["imagePath"]), size, [])
    for shape in content["shapes"]:
        points, kind = shape["points"], shape.get("shape_type") or "polygon"
        if kind == "rectangle":
            (left, top), (right, bottom) = points
            points = [(left, top), (right, top), (right, bottom), (left, bottom)]
        elif kind != "polygon":
            raise UserError(f"{path} has a shape of the type {kind!r}; draw outlines as polygons.")
        name = str(shape["label"])
        found.objects.append((LABELME_NAMES.get(name, name), outline_of(points)))
    return found


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


def read_annotations(
    settings: MaskConfig, root: Path, problems: Problems
) -> tuple[dict[str, list[Decoded]], MaskFormat]:
    """Images and the masks drawn from their outlines, by split; later outlines cover earlier ones.

    Raises:
        UserError: a file cannot be used, or has a class that `data.classes` does not name.
    """
    names, found = read_outlines(root)
    classes = names if settings.foreground == "above_zero" else settings.classes or names
    text = f"the annotation files in {root} ({named([path.name for path in annotation_files(root)])})"
    unnamed = sorted({name for one in found for name, _ in one.objects if name} - set(classes))
    if unnamed:
        raise UserError(f"{text} have outlines of {named(unnamed)}; name these classes in data.classes.")
    if len(names) < 2:
        raise UserError(f"{text} have no outlines of any class; export them again, with the objects.")
    if settings.threshold:
        raise UserError(f"{text} have outlines, no gray levels; leave data.threshold out.")
    splits, decoded = splits_of([one.file for one in found], root), defaultdict[str, list[Decoded]](list)
    files = defaultdict[str, list[Path]](list)
    for path in list_files(root):
        files[path.name].append(path)
    for one in found:
        wanted = one.image.replace("\\", "/")
        candidates = files.get(wanted.rpartition("/")[2], [])
        image_file = image_among(candidates, wanted, one.file, root)
        if image_file is None:
            problems.add("outlines without an image, or of several", f"{one.file.name}: {one.image}")
            continue
        candidates.remove(image_file)
        try:
            image = read_rgb(image_file, settings.value_range)  # [H, W, 3]
        except UnreadableImageError as error:
            problems.add("unreadable images", f"{image_file.name}: {error}")
            continue
        size = one.size or image.shape[:2]  # where it is another size, nothing is drawn
        mask = draw(one.objects, classes, size) if size == image.shape[:2] else np.broadcast_to(np.uint8(0), size)
        pair = Pair(name_of(image_file, root), image_file, one.file)
        decoded[splits[one.file]] += fitted(pair, image, StoredMask(mask), settings.max_side, problems)
    for path in (path for paths in files.values() for path in paths):
        problems.add("images without an outline", path.relative_to(root).as_posix())
    if settings.foreground == "above_zero":
        form = MaskFormat("threshold", settings.classes or [BACKGROUND, "foreground"], {IGNORE: IGNORE}, 1)
        return decoded, form
    return decoded, MaskFormat("outlines", classes, {index: index for index in [*range(len(classes)), IGNORE]})


def draw(objects: list[tuple[str, np.ndarray]], classes: list[str], size: tuple[int, int]) -> np.ndarray:
    """Class ids, uint8 [H, W]; a pixel is inside an outline where its center is."""
    mask = np.zeros(size, np.uint8)
    for name, points in objects:
        number = classes.index(name) if name else IGNORE
        if points.ndim == 1:
            inside = np.repeat(np.arange(len(points)) % 2 == 1, points)  # bool [W * H]
            mask[inside.reshape(size[::-1]).T] = number
            continue
        x, y = (points - 0.5).T  # [P]: COCO counts from a pixel's corner
        next_x, next_y = np.roll(x, -1), np.roll(y, -1)
        top, bottom = (int(np.clip(np.ceil(edge), 0, size[0])) for edge in (y.min(), y.max()))
        for row in range(top, bottom):
            crosses = (y <= row) != (next_y <= row)  # the sides of the outline that cross the row's center
            slope = (next_x - x)[crosses] / (next_y - y)[crosses]
            borders = np.clip(np.ceil(np.sort(x[crosses] + (row - y[crosses]) * slope)), 0, size[1]).astype(int)
            for left, right in borders.reshape(-1, 2):
                mask[row, left:right] = number
    return mask


def image_among(candidates: list[Path], wanted: str, file: Path, root: Path) -> Path | None:
    """The one image of this name; of several the one beside the file, at the path it names, or of its split."""
    for fits in (
        lambda path: path.parent == file.parent,
        lambda path: path.as_posix().endswith(f"/{wanted}"),
        lambda path: split_in(path, root) == split_in(file, root),
    ):
        if len(candidates) > 1:
            candidates = [path for path in candidates if fits(path)] or candidates
    return candidates[0] if len(candidates) == 1 else None


def split_in(path: Path, root: Path) -> str:
    """The split that a word in the path below `root` names; empty where none does."""
    words = re.split(r"[\W_\d]+", path.relative_to(root).with_suffix("").as_posix())
    return next((split for word in words if (split := split_called(word))), "")


def splits_of(paths: list[Path], root: Path) -> dict[Path, str]:
    """The split of each annotation file, by a word in its name or its folder; all are `train` where none is."""
    splits = {path: split_in(path, root) for path in paths}
    if "train" not in splits.values():
        return dict.fromkeys(paths, "train")
    unclear = sorted(path.name for path, split in splits.items() if not split)
    if unclear:
        raise UserError(f"{root} has annotation files of no split beside those of train: {named(unclear)}; move them.")
    return splits
