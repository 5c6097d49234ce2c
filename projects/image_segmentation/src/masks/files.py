"""Which files belong together: the folders of images and masks, and the pairs of files in them."""

from collections.abc import Iterable
from itertools import product, takewhile
from pathlib import Path
from typing import NamedTuple

from shared.console import log
from shared.data.folders import SPLIT_NAMES, class_folders, list_files, splits_among, warn_beside_splits
from shared.data.problems import Problems


class Pair(NamedTuple):
    """An image file and the file of its mask."""

    name: str
    """The path of the image below the folder of images, without the suffix."""
    image: Path
    mask: Path

    @property
    def is_lossy(self) -> bool:
        """Whether the compression of the mask's file changes values."""
        return self.mask.suffix.lower() in (".jpg", ".jfif", ".jpeg", ".webp")


def mask_folders(root: Path) -> dict[str, tuple[Path, Path]]:
    """The folders of images and of masks below `root`, by split; without splits they are `train`.

    Layouts: `images` and `masks`; `JPEGImages` and `SegmentationClass`, as in Pascal VOC and exports of CVAT; `images`
    and `masks` below `train`, `validation` and `test` (or other names in `SPLIT_NAMES`); or `train` beside `trainannot`
    and so on, as in CamVid.

    Raises:
        UserError: two folders are of one split.
    """
    for images, masks in (("images", "masks"), ("JPEGImages", "SegmentationClass")):
        if (root / images).is_dir() and (root / masks).is_dir():
            return {"train": (root / images, root / masks)}
    found = {}
    for folder in class_folders(root):
        layouts = [(folder, folder.with_name(f"{folder.name}annot")), (folder / "images", folder / "masks")]
        complete = [pair for pair in layouts if all(path.is_dir() for path in pair)]
        if complete and not folder.name.endswith("annot"):
            found[folder] = complete[0]
    splits, others = splits_among(list(found))
    if splits:
        warn_beside_splits(others)
    return {split: found[splits[split]] for split in SPLIT_NAMES if split in splits}


def find_pairs(images: Path, masks: Path, problems: Problems, notes: list[str]) -> list[Pair]:
    """Match the files of two folders by their names without suffix; a file without a partner goes into `problems`.

    Where no names are the same, an ending or beginning that all masks share, such as `_mask`, is left out of them.

    Args:
        notes: a sentence about what was left out of the names is added to it.
    """
    found, wanted = (_by_name(folder, problems) for folder in (images, masks))
    if not found.keys() & wanted.keys():
        found, wanted = _without_affixes(found, wanted)
        pair = next(((found[name].name, wanted[name].name) for name in sorted(found.keys() & wanted.keys())), None)
        if pair:
            notes.append("names of images and masks are matched without what all of them share")
            log.info(f"data: {notes[-1]}: {pair[0]} and {pair[1]} are a pair")
    for name in sorted(found.keys() - wanted.keys()):
        problems.add("images without a mask", f"{images.name}/{found[name].relative_to(images)}")
    for name in sorted(wanted.keys() - found.keys()):
        problems.add("masks without an image", f"{masks.name}/{wanted[name].relative_to(masks)}")
    common = sorted(found.keys() & wanted.keys())
    return [Pair(name_of(found[name], images), found[name], wanted[name]) for name in common]


def name_of(path: Path, folder: Path) -> str:
    """The path below a folder, without the suffix."""
    return path.relative_to(folder).with_suffix("").as_posix()


def _by_name(folder: Path, problems: Problems) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in list_files(folder):
        if name_of(path, folder) in files:
            problems.add("files of one name with several suffixes", f"{folder.name}/{path.name}")
        files.setdefault(name_of(path, folder), path)
    return files


def _without_affixes(images: dict[str, Path], masks: dict[str, Path]) -> tuple[dict[str, Path], dict[str, Path]]:
    """Names without the shortest ending (or beginning) of all images, and of all masks, that matches most of them."""
    best, most = (images, masks), 0
    for at_end in (True, False):
        for cut in sorted(product(*(range(_shared(files, at_end) + 1) for files in (images, masks))), key=sum):
            first, second = (_cut(files, length, at_end) for files, length in zip((images, masks), cut, strict=True))
            matches = len(first.keys() & second.keys())
            if matches > most and len(first) == len(images) and len(second) == len(masks):
                best, most = (first, second), matches
    return best


def _shared(names: Iterable[str], at_end: bool) -> int:
    """How many letters all names share at their end or beginning, folders aside."""
    stems = [name.rpartition("/")[2][:: -1 if at_end else 1] for name in names]
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*stems, strict=False)))


def _cut(files: dict[str, Path], length: int, at_end: bool) -> dict[str, Path]:
    parts = [(*name.rpartition("/"), path) for name, path in files.items()]
    return {
        folder + slash + (stem[: len(stem) - length] if at_end else stem[length:]): path
        for folder, slash, stem, path in parts
    }
