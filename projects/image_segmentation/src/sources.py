"""Where the images and masks come from: one function per source; each returns `SourceData`."""

import tarfile
import tempfile
from itertools import chain
from pathlib import Path

import numpy as np

from shared.console import log
from shared.data.class_folders import none_of
from shared.data.download import download
from shared.data.examples import Examples, SourceData
from shared.data.folders import SPLIT_NAMES
from shared.data.index import read_index
from shared.data.problems import Problems
from shared.data.splits import neighbor_groups
from shared.errors import UserError
from src.config import DataConfig
from src.masks import IGNORE, Pair, decode_masks, detect_format, find_pairs, mask_folders, palette_format, read_pairs
from src.sample import CLASSES, make_sample

PETS_SIDE = 256  # pixels of the longer side: 7,349 images then fit into memory


def load_folder(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own images and masks (see `mask_folders` for the layouts); `classes` are those of a trained network.

    Raises:
        UserError: a file does not fit and `data.broken` is `refuse`, or too little is left.
    """
    problems = Problems()
    folders = mask_folders(root)
    if not folders:
        raise UserError(f"{root} holds no images/ beside masks/, nor train/ and test/ with these; see the README.")
    pairs = {split: find_pairs(*found, problems) for split, found in folders.items()}
    colors = bool(settings.palette)
    decoded = {split: read_pairs(found, settings.max_side, problems, colors) for split, found in pairs.items()}
    if not any(decoded.values()):
        raise UserError(f"{root} has no image with its mask that could be used; {problems or 'it is empty'}.")
    if colors:
        form = palette_format(settings.classes, settings.palette, settings.ignore)
    else:
        ignore = int(settings.ignore) if settings.ignore else None
        form = detect_format(chain.from_iterable(decoded.values()), classes or settings.classes, ignore)
    splits = {split: decode_masks(found, form, problems) for split, found in decoded.items()}
    if "train" in splits and not classes:  # nothing is cut from what is only measured
        splits["train"] = with_groups(splits["train"], root / "index.csv", settings, problems)
    if problems and settings.broken == "refuse":
        raise UserError(refusal(root, problems))
    if problems:
        log.warning(f"left out of {root}: {problems}")
    if not (classes or "train" in splits) or not all(map(len, splits.values())):
        raise UserError(f"{root} has a split without any image and mask that could be used; see the README.")
    log.info(f"data: masks hold {form.encoding}; {len(form.classes)} classes: {', '.join(form.classes)}")
    train, validation, test = (splits.get(split) for split in SPLIT_NAMES)
    description = "the user's own images and masks"
    return SourceData(form.classes, train or none_of(splits), validation, test, description, "the user's own", problems)


def with_groups(examples: Examples, index: Path, settings: DataConfig, problems: Problems) -> Examples:
    """The examples with the group and stratum of each: from `index.csv`, else neighbors by name are one group."""
    names = examples.names
    if not index.is_file():
        if settings.strata:
            raise UserError(
                f"there is no {index} with the column {settings.strata!r} that data.strata asks for; add it."
            )
        return Examples(examples.columns, names, neighbor_groups(names, settings.group_size))
    columns = ["id", "group"] + [settings.strata] * bool(settings.strata)
    rows = {row["id"]: row for row in read_index(index, columns)}
    for name in names:
        if name not in rows:
            problems.add("images that index.csv does not name", name)
    found = [rows.get(name, {}) for name in names]
    groups = [row.get("group") or name for row, name in zip(found, names, strict=True)]
    return Examples(examples.columns, names, groups, [row.get(settings.strata, "") for row in found])


def refusal(root: Path, problems: Problems) -> str:
    """The sentence that refuses files which do not fit."""
    return f"{root} has {problems}; mend them, or go on without them with --data.broken leave_out."


def is_pets(folder: Path) -> bool:
    """Whether a folder has the layout of Oxford-IIIT Pet."""
    return (folder / "annotations" / "trimaps").is_dir() and (folder / "images").is_dir()


def find_pets(root: Path) -> Path | None:
    """The folder of `images` and `annotations`: `root` itself, or where torchvision puts them."""
    folders = (root, root / "pets", root / "oxford-iiit-pet", root / "pets" / "oxford-iiit-pet")
    return next((folder for folder in folders if is_pets(folder)), None)


def load_pets(root: Path) -> SourceData:
    """Oxford-IIIT Pet (Parkhi et al. 2012). Its border class, a few pixels wide and of unclear truth, is ignored."""
    folder = find_pets(root) or download_pets(root / "pets")
    problems = Problems()
    trimaps = folder / "annotations" / "trimaps"
    table = np.full(256, IGNORE, np.uint8)
    table[1], table[2] = 1, 0  # in trimaps 1 is the pet, 2 the background, 3 the border
    splits = []
    for split in ("trainval", "test"):
        lines = (folder / "annotations" / f"{split}.txt").read_text().splitlines()
        names = [line.split()[0] for line in lines]
        pairs = [Pair(name, folder / "images" / f"{name}.jpg", trimaps / f"{name}.png") for name in names]
        images, masks = [], []
        for _, image, mask in read_pairs(pairs, PETS_SIDE, problems):
            images.append(image)
            masks.append(table[mask])
        splits.append(Examples({"images": images, "masks": masks}, names, groups=names))  # each image is its own group
    if problems:
        raise UserError(f"{folder} has {problems}; delete it, so that it is downloaded again.")
    description = f"Oxford-IIIT Pet (Parkhi et al. 2012), official test split, scaled to {PETS_SIDE} pixels"
    train, test = splits
    return SourceData(["background", "pet"], train, None, test, f"{description}, borders ignored", "CC BY-SA 4.0")


def download_pets(folder: Path) -> Path:
    """Download and unpack the two archives; goes on where an earlier download was stopped."""
    from torchvision.datasets import OxfordIIITPet  # addresses and digests; its import takes a second

    for url, md5 in OxfordIIITPet._RESOURCES:
        archive = folder / url.rsplit("/", 1)[1]
        download([url], archive, md5)
        with tempfile.TemporaryDirectory(dir=folder) as temporary, tarfile.open(archive) as packed:
            packed.extractall(temporary, filter="data")
            for found in Path(temporary).iterdir():
                if not (folder / found.name).exists():  # it exists if the download stopped between the archives
                    found.replace(folder / found.name)
    return folder


def load_sample(seed: int, count: int) -> SourceData:
    """The built-in sample, with `count` training images."""
    splits = make_sample(seed, count)
    description = "the built-in sample: textured shapes over photographs from scikit-image, drawn from the seed"
    license_text = "public domain and CC0 images of scikit-image"
    return SourceData(CLASSES, splits.train, splits.validation, splits.test, description, license_text)
