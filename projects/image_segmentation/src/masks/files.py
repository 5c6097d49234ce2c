"""Which files belong together: the folders of images and masks, and the pairs of files in them."""

from collections.abc import Mapping, Sequence
from itertools import product
from os.path import commonprefix
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shared.console import log
from shared.data.folders import SPLIT_NAMES, class_folders, list_files, splits_among, warn_beside_splits
from shared.data.problems import Problems, named


class Pair(NamedTuple):
    """An image file and the file of its mask."""

    name: str
    """The path of the image below the folder of images, without the suffix."""
    image: Path
    mask: Path
    """The image of the mask, or the annotations with its outlines."""
    objects: Sequence[tuple[Any, np.ndarray]] = ()
    """Where annotations describe the mask: the class id of each object (its name, as long as only the annotations are
    read), and its outline's points, float [P, 2]: x and y in pixels; or the lengths of runs of pixels down the columns,
    int64 [R], of which the first is outside of it."""
    size: tuple[int, int] | None = None
    """The height and width that the annotations state."""

    @property
    def is_drawn(self) -> bool:
        """Whether the mask is drawn from outlines."""
        return self.mask.suffix == ".json"

    def __str__(self) -> str:
        return f"{self.image} or {self.mask}"

    @property
    def is_lossy(self) -> bool:
        """Whether the compression of the mask's file changes values."""
        return self.mask.suffix.lower() in (".jpg", ".jfif", ".jpeg", ".webp")


class Folders(NamedTuple):
    """The folders of the images and of the masks of a split."""

    images: Path
    masks: Path
    listed: frozenset[str] | None = None
    """The names (see `Pair`) of the images of the split; None where all in these folders are."""


def mask_folders(root: Path) -> dict[str, Folders]:
    """The folders of images and of masks below `root`, by split; without splits they are `train`.

    Layouts: `images` and `masks`; `JPEGImages` and `SegmentationClass`, as in Pascal VOC (Everingham et al. 2010, whose
    lists in `ImageSets/Segmentation` are the splits) and exports of CVAT; `images` and `masks` below `train`,
    `validation` and `test` (or other names in `SPLIT_NAMES`); or `train` beside `trainannot` and so on, as in CamVid.

    Raises:
        UserError: two folders or lists are of one split.
    """
    for images, masks in (("images", "masks"), ("JPEGImages", "SegmentationClass")):
        if (root / images).is_dir() and (root / masks).is_dir():
            whole = Folders(root / images, root / masks)
            lists = listed_splits(root / "ImageSets" / "Segmentation")
            return {split: whole._replace(listed=names) for split, names in lists.items()} or {"train": whole}
    found = {}
    for folder in class_folders(root):
        beside, inside = folder.with_name(f"{folder.name}annot"), folder / "masks"
        if beside.is_dir():
            found[folder] = Folders(folder, beside)
        elif inside.is_dir() and (folder / "images").is_dir():
            found[folder] = Folders(folder / "images", inside)
    splits, others = splits_among(list(found))
    if splits:
        warn_beside_splits(others)
    return {split: found[splits[split]] for split in SPLIT_NAMES if split in splits}


def listed_splits(folder: Path) -> dict[str, frozenset[str]]:
    """The names in the lists of Pascal VOC, one in a line, by split; empty where none is `train` or `trainval`."""
    files, _ = splits_among(sorted(folder.glob("*.txt")))  # default.txt of CVAT is no split: it names all images
    if "train" not in files and (folder / "trainval.txt").is_file():
        files["trainval"] = folder / "trainval.txt"
    lines = {split: path.read_text("utf-8-sig", errors="replace").splitlines() for split, path in files.items()}
    names = {split: frozenset(line.strip().strip('"') for line in found) - {""} for split, found in lines.items()}
    if "trainval" in names:
        names["train"] = names.pop("trainval") - names.get("validation", frozenset())
    return {split: names[split] for split in SPLIT_NAMES if split in names} if "train" in names else {}


def note_unlisted(folders: Mapping[str, Folders], notes: list[str]) -> None:
    """Say how many masks no list of a split names; `notes` gets the sentence."""
    listed = {name for one in folders.values() for name in one.listed or ()}
    masks = folders["train"].masks if listed else None
    others = sorted({name_of(path, masks) for path in list_files(masks)} - listed) if masks else []
    if others:
        notes.append(f"masks that no list in ImageSets names are not read: {len(others)}")
        log.warning(f"{notes[-1]} ({named(others)}).")


def find_pairs(folders: Folders, problems: Problems, notes: list[str]) -> list[Pair]:
    """Match the files of two folders by their names without suffix; a file without a partner goes into `problems`.

    Where no names are the same, an ending or beginning that all masks share, such as `_mask`, is left out of them; then
    `notes` gets a sentence.
    """
    images, masks, listed = folders
    found, wanted = (_by_name(folder, problems) for folder in (images, masks))
    if listed is not None:
        for name in sorted(listed - found.keys() - wanted.keys()):
            problems.add("names in ImageSets without files", name)
        found, wanted = ({name: files[name] for name in listed & files.keys()} for files in (found, wanted))
    if not found.keys() & wanted.keys():
        found, wanted = _without_affixes(found, wanted)
        for name in sorted(found.keys() & wanted.keys())[:1]:
            notes.append("names of images and masks are matched without what all of them share")
            log.info(f"data: {notes[-1]}: {found[name].name} and {wanted[name].name} are a pair")
    for name in sorted(found.keys() - wanted.keys()):
        problems.add("images without a mask", found[name].relative_to(images.parent).as_posix())
    for name in sorted(wanted.keys() - found.keys()):
        problems.add("masks without an image", wanted[name].relative_to(masks.parent).as_posix())
    common = sorted(found.keys() & wanted.keys())
    return [Pair(name_of(found[name], images), found[name], wanted[name]) for name in common]


def name_of(path: Path, folder: Path) -> str:
    """The path below a folder, without the suffix."""
    return path.relative_to(folder).with_suffix("").as_posix()


def _by_name(folder: Path, problems: Problems) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in list_files(folder):
        if files.setdefault(name_of(path, folder), path) != path:
            problems.add("files of one name with several suffixes", f"{folder.name}/{path.name}")
    return files


def _without_affixes(images: dict[str, Path], masks: dict[str, Path]) -> list[dict[str, Path]]:
    """Names without the shortest ending (or beginning) of all images, and of all masks, that matches most of them."""
    best, most = [images, masks], 0
    for step in (-1, 1):  # stems from their end, then from their beginning
        stems = [[name.rpartition("/")[2][::step] for name in files] for files in (images, masks)]
        shared = map(commonprefix, stems)
        affixes = ([text[:length][::step] for length in range(len(text) + 1)] for text in shared)
        for pair in sorted(product(*affixes), key=lambda pair: len("".join(pair))):
            cut = [
                {_without(name, affix, step): path for name, path in files.items()}
                for files, affix in zip((images, masks), pair, strict=True)
            ]
            matches = len(cut[0].keys() & cut[1].keys())
            if matches > most and len(cut[0]) == len(images) and len(cut[1]) == len(masks):
                best, most = cut, matches
    return best


def _without(name: str, affix: str, step: int) -> str:
    folder, slash, stem = name.rpartition("/")
    return folder + slash + (stem.removeprefix(affix) if step > 0 else stem.removesuffix(affix))
