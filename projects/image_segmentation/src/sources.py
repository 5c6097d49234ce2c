"""Where the images and masks come from: one function per source; each returns `SourceData`."""

import re
import tarfile
import tempfile
from dataclasses import replace
from itertools import chain
from pathlib import Path

from shared.console import log
from shared.data.class_folders import none_of
from shared.data.download import download
from shared.data.examples import Examples, SourceData
from shared.data.folders import SPLIT_NAMES, class_folders, visible_files
from shared.data.groups import find_groups
from shared.data.index import read_index
from shared.data.problems import Problems, named
from shared.data.splits import neighbor_groups
from shared.data.value_range import measure_range
from shared.errors import UserError
from src.config import DataConfig
from src.masks import IGNORE
from src.masks.decode import MaskFormat, decode_masks, inspect_pairs
from src.masks.encoding import detect_format, require_every_class
from src.masks.files import Pair, find_pairs, mask_folders, note_unlisted
from src.masks.outlines import annotation_files, read_annotations

PETS_SIDE = 256  # pixels of the longer side


def load_folder(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own images and masks (see `mask_folders` for the layouts), or outlines in JSON (see masks/outlines.py).

    `classes` are those of a trained network, where the masks are only measured.

    Raises:
        UserError: a file does not fit and `data.broken` is `refuse`, or too little is left.
    """
    problems, notes = Problems(), list[str]()
    pairs, settings = list_pairs(settings, root, classes, problems, notes)
    value_range = measure_range([pair.image for pair in pairs.get("train", [])], settings.value_range)
    settings = replace(settings, value_range=value_range)
    if not classes:
        pairs.setdefault("train", [])  # which is needed, and refused below where there is none
    seen = inspect_pairs(pairs, settings, problems)
    every = list(chain.from_iterable(seen.values()))
    if not every:
        raise UserError(f"{root} has no image with its mask that could be used; {problems or 'it is empty'}.")
    form = detect_format(every, settings, notes)
    splits = {split: decode_masks(held, form, settings, problems) for split, held in seen.items()}
    if "train" in splits and not classes:  # nothing is cut from what is only measured
        splits["train"] = with_groups(splits["train"], root / "index.csv", settings, problems)
    require_enough(root, [len(held) for held in splits.values()], settings.broken, problems)
    if not classes:  # of those of a trained network, some may be missing
        counts = sum(held["pixels"].sum(0) for held in splits.values())
        require_every_class(root, form, counts, every, settings)
    log.info(f"data: masks hold {form.encoding}; {len(form.classes)} classes: {', '.join(form.classes)}")
    train, validation, test = (splits.get(split) for split in SPLIT_NAMES)
    facts = {"masks": form.encoding, "notes": notes, "cache": "memory" if every[0].held else "none"}
    held, settled = (train or none_of(splits), validation, test), {"value_range": value_range}
    description = "the user's own images and masks"
    return SourceData(form.classes, *held, description, "the user's own", problems, facts, settled)


def list_pairs(
    settings: DataConfig, root: Path, classes: list[str] | None, problems: Problems, notes: list[str]
) -> tuple[dict[str, list[Pair]], DataConfig]:
    """The files of each split, and the settings with the classes where they are known."""
    folders = mask_folders(root)
    if folders:
        settings = with_labelmap(settings, root / "labelmap.txt")
    settings = replace(settings, classes=settings.classes or classes or [])
    if folders:
        pairs = {split: find_pairs(found, problems, notes) for split, found in folders.items()}
        note_unlisted(folders, notes)
        return pairs, settings
    if not annotation_files(root):
        raise UserError(f"{root} holds no images/ beside masks/{what_else(root)}; see the README.")
    return read_annotations(settings, root, problems)


def require_enough(root: Path, counts: list[int], broken: str, problems: Problems) -> None:
    """Refuse what does not fit, unless it may be left out and leaves some pairs in each split."""
    leaves_some = all(counts)
    if problems and broken == "refuse":
        raise UserError(refusal(root, problems) if leaves_some else f"{root} has {problems}; mend them.")
    if problems:
        log.warning(f"left out of {root}: {problems}")
    if not leaves_some:
        raise UserError(f"{root} has a split without any image and mask that could be used; see the README.")


def is_folder(root: Path) -> bool:
    """Whether `load_folder` knows what lies in a folder, or says what is missing there."""
    return bool(mask_folders(root) or annotation_files(root)) or any(
        (root / name).is_dir() for name in ("images", "JPEGImages")
    )


def what_else(root: Path) -> str:
    """What lies in a folder that has images, but no masks that are known."""
    folders = [path.name for path in class_folders(root) if path.name != "images"]
    others = [path.name for path in visible_files(root) if path.suffix.lower() in (".xml", ".txt", ".csv")]
    found = f"; it has the folders {named(folders)}: rename the one with the masks to masks" if folders else ""
    return f"{found}; {named(others)} are not read: export masks as PNG, or COCO JSON" if others else found


def with_labelmap(settings: DataConfig, path: Path) -> DataConfig:
    """The settings with the names and colors of CVAT's `labelmap.txt`, unless the settings say how to read masks."""
    if not path.is_file() or settings.classes or settings.threshold or settings.foreground != "auto":
        return settings
    lines = [line.strip() for line in path.read_text("utf-8", errors="replace").splitlines()]
    classes, palette = [], []
    for line in lines:
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([^:]+):(\d+),(\d+),(\d+):.*", line)
            if not match or max(map(int, match.groups()[1:])) > 255:
                raise UserError(f"{path} has the line {line!r}; write name:red,green,blue:: there.")
            classes.append(match[1])
            palette.append("#" + "".join(f"{int(level):02x}" for level in match.groups()[1:]))
    log.info(f"data: {path.name} names {len(classes)} classes and their colors")
    return replace(settings, classes=classes, palette=palette)


def with_groups(examples: Examples, index: Path, settings: DataConfig, problems: Problems) -> Examples:
    """The examples with their groups (by pattern, from `index.csv`, or neighbors by name) and their strata."""
    names, strata, rows = examples.names, settings.strata, dict[str, dict[str, str]]()
    if index.is_file():
        columns = ["id"] + ["group"] * (not settings.group_pattern) + [strata] * bool(strata)
        rows = {row["id"]: row for row in read_index(index, columns)}
        for name in names:
            if name not in rows:
                problems.add("images that index.csv does not name", name)
    elif strata:
        raise UserError(f"there is no {index} with the column {strata!r} that data.strata asks for; add it.")
    if settings.group_pattern:
        groups = find_groups(index.parent, names, settings.group_pattern)
    elif rows:
        groups = [rows.get(name, {}).get("group", "") for name in names]
    else:
        groups = neighbor_groups(names, settings.group_size)
    whole = [group or name for group, name in zip(groups, names, strict=True)]
    return replace(examples, groups=whole, strata=[rows.get(name, {}).get(strata, "") for name in names] * bool(rows))


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


def load_pets(settings: DataConfig, root: Path) -> SourceData:
    """Oxford-IIIT Pet (Parkhi et al. 2012). Its border class, a few pixels wide and of unclear truth, is ignored."""
    folder = find_pets(root) or download_pets(root / "pets")
    problems, trimaps = Problems(), folder / "annotations" / "trimaps"
    form = MaskFormat("ids", ["background", "pet"], {1: 1, 2: 0, 3: IGNORE})  # pet, background, border
    pairs = {}
    for split in ("trainval", "test"):
        lines = (folder / "annotations" / f"{split}.txt").read_text(encoding="utf-8").splitlines()
        names = [line.split()[0] for line in lines]
        pairs[split] = [Pair(name, folder / "images" / f"{name}.jpg", trimaps / f"{name}.png") for name in names]
    settings = replace(settings, max_side=PETS_SIDE, value_range=[])
    train, test = (decode_masks(s, form, settings, problems) for s in inspect_pairs(pairs, settings, problems).values())
    if problems:
        raise UserError(f"{folder} has {problems}; delete it, so that it is downloaded again.")
    train = replace(train, groups=train.names)  # each image is its own group
    description = f"Oxford-IIIT Pet (Parkhi et al. 2012), official test split, scaled to {PETS_SIDE} pixels"
    return SourceData(form.classes, train, None, test, f"{description}, borders ignored", "CC BY-SA 4.0")


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
