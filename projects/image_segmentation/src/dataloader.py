"""Data sets, splits and loaders: from files to batches of uint8 pictures and masks."""

import hashlib
import tarfile
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator
from torch.utils.data import DataLoader
from torchvision.datasets import OxfordIIITPet

from models.model import STRIDE
from shared.console import say, warn_once
from shared.data.batches import fitting_batch_size
from shared.data.download import download
from shared.data.index import read_index
from shared.data.masks import (
    IGNORE,
    MaskFormat,
    Pair,
    Pictures,
    RawPictures,
    detect_format,
    find_pairs,
    mask_folders,
    parse_colour,
    read_pairs,
    understand,
)
from shared.data.memory import Batch, BatchDataset, ordered_loader, shuffled_loader
from shared.data.problems import Problems, named
from shared.data.sources import DataRecord, Source, choose
from shared.data.splits import Splits, grouped_split
from shared.errors import UserError
from src.augmentation import Cuts
from src.config import Config, DataConfig
from src.sample import CLASSES, make_sample

PETS_SIDE = 256  # pixels of the longer side: 7,349 pictures then fit into memory
VALIDATION_BATCH = 8


class Origin(NamedTuple):
    """Where a picture comes from, as far as it matters for splitting."""

    group: str
    """What is alike has one group, which is never torn apart."""
    stratum: str = ""
    """Every part gets its share of each stratum."""


@dataclass(frozen=True)
class Loaded:
    """What a source gives: a train part, and validation and test parts where it has its own."""

    classes: list[str]
    train: Pictures
    origins: list["Origin"]
    """Of the train part's pictures."""
    validation: Pictures | None
    test: Pictures | None
    description: str
    licence: str
    problems: Problems = field(default_factory=Problems)
    """The files that were left out."""


@dataclass(frozen=True)
class Data:
    """The three parts, decoded and in memory."""

    parts: Splits[Pictures]
    classes: list[str]
    record: DataRecord
    digest: str
    """SHA-256 of the training part: tells whether two runs trained on the same pictures."""
    problems: Problems
    """The files that were left out."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of pictures in each part."""
        return {name: len(part) for name, part in vars(self.parts).items()}

    def as_dict(self) -> dict[str, object]:
        """The record for results, as plain types."""
        return self.record.as_dict() | {"counts": self.counts, "digest": self.digest}


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`), check it, and cut it into its three parts.

    Raises:
        UserError: the data is not there, damaged, or too small to be cut; all that is wrong with a folder is named.
    """
    settings = config.data
    sources = {
        "folder": Source(lambda root: not _is_pets(root) and bool(mask_folders(root)), partial(_load_folder, settings)),
        "pets": Source(lambda root: _find_pets(root) is not None, _load_pets),
        "sample": Source(lambda _: False, lambda _: _load_sample(config)),
    }
    name, loaded, substituted = choose(settings.source, settings.root, sources, published="pets")
    train, origins, test = _cut(loaded.train, loaded.origins, loaded.test, settings.test_fraction, config.seed)
    train, _, validation = _cut(train, origins, loaded.validation, settings.validation_fraction, config.seed)
    parts = Splits(train, validation, test)
    for part, pictures in vars(parts).items():
        if all((mask == IGNORE).all() for mask in pictures.masks):
            raise UserError(f"every pixel of the {part} part is ignored; see data.ignore, and the masks.")
    record = DataRecord(name, loaded.description, loaded.licence, substituted)
    return Data(parts, loaded.classes, record, _digest(train), loaded.problems)


def _cut(
    whole: Pictures, origins: list[Origin], own: Pictures | None, fraction: float, seed: int
) -> tuple[Pictures, list[Origin], Pictures]:
    if own is not None:
        return whole, origins, own
    groups, strata = [list(column) for column in zip(*origins, strict=True)]
    first, second = grouped_split(groups, fraction, seed, strata)
    return whole.at(first), [origins[index] for index in first], whole.at(second)


def _digest(pictures: Pictures) -> str:
    digest = hashlib.sha256()
    for image, mask in zip(pictures.images, pictures.masks, strict=True):
        digest.update(image.tobytes() + mask.tobytes())
    return digest.hexdigest()


def make_loaders(data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches: random cuts of the train part; the other parts as they are, if large in tiles."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    cuts = Cuts(data.parts.train, config.data, config.seed)
    return Splits(
        shuffled_loader(cuts, size, config.training.workers),
        ordered_loader(Tiles(data.parts.validation, config.predict.tile), VALIDATION_BATCH),
        ordered_loader(Tiles(data.parts.test, config.predict.tile), VALIDATION_BATCH),
    )


class Tiles(BatchDataset):
    """Pictures of any sizes, each pixel once: `images` uint8 [N, 3, h, w], `masks` uint8 [N, h, w].

    Pictures larger than a tile are cut without overlap; tiles of a batch are filled up to one size, with ignored
    pixels. It is for the scores that are watched while training; `evaluate` blends overlapping tiles.
    """

    def __init__(self, pictures: Pictures, tile: int) -> None:
        super().__init__()
        self._tiles = [
            (image[top : top + tile, left : left + tile], mask[top : top + tile, left : left + tile])
            for image, mask in zip(pictures.images, pictures.masks, strict=True)
            for top in range(0, mask.shape[0], tile)
            for left in range(0, mask.shape[1], tile)
        ]
        self._tiles.sort(key=lambda pair: pair[1].shape)  # so that few need filling up

    def __len__(self) -> int:
        return len(self._tiles)

    def batch(self, indices: list[int], source: Generator) -> Batch:  # noqa: ARG002 - nothing here is random
        """The tiles at `indices`."""
        tiles = [self._tiles[index] for index in indices]
        height, width = (max(mask.shape[axis] for _, mask in tiles) for axis in (0, 1))
        images = [_filled(image, height, width, "symmetric") for image, _ in tiles]
        masks = [_filled(mask, height, width, "constant") for _, mask in tiles]
        return {
            "images": torch.stack([torch.from_numpy(image).permute(2, 0, 1) for image in images]),
            "masks": torch.stack([torch.from_numpy(mask) for mask in masks]),
        }


def _filled(array: np.ndarray, height: int, width: int, mode: str) -> np.ndarray:
    """The array filled up on its lower and right side to a size that the network takes."""
    below = height + -height % STRIDE - array.shape[0]
    right = width + -width % STRIDE - array.shape[1]
    beyond = [(0, below), (0, right)] + [(0, 0)] * (array.ndim - 2)
    if mode == "constant":
        return np.pad(array, beyond, constant_values=IGNORE)
    return np.pad(array, beyond, mode="symmetric")


def _load_folder(settings: DataConfig, root: Path) -> Loaded:
    """The user's own pictures and masks (see `mask_folders` for the layouts)."""
    problems = Problems()
    folders = mask_folders(root)
    if not folders:
        raise UserError(f"{root} holds no images/ beside masks/, nor train/ and test/ with these; see the README.")
    pairs = {part: find_pairs(*found, problems) for part, found in folders.items()}
    coloured = bool(settings.palette)
    raw = {part: read_pairs(found, settings.max_side, problems, coloured) for part, found in pairs.items()}
    odd = [name for found in raw.values() for name in found.odd]
    if odd:
        warn_once(
            f"{len(odd)} masks have a palette that gives a value another colour than masks before: {named(odd)}; "
            "if colours are meant and not values, name them with data.classes and data.palette."
        )
    if not any(found.pairs for found in raw.values()):
        raise UserError(f"{root} has no picture with its mask that could be used; {problems or 'it is empty'}.")
    form = _mask_format(settings, list(raw.values()))
    parts = {part: understand(found, form, problems) for part, found in raw.items()}
    origins = _origins(root, parts.get("", parts.get("train", Pictures())).names, settings, problems)
    _report_problems(root, problems, settings)
    if any(not len(part) for part in parts.values()) or not origins:
        raise UserError(f"{root} has a part without any picture and mask that could be used; see the README.")
    say(f"data: masks hold {form.encoding}; {len(form.classes)} classes: {', '.join(form.classes)}")
    return _folder_loaded(parts, origins, form.classes, problems)


def _folder_loaded(parts: dict[str, Pictures], origins: list[Origin], classes: list[str], problems: Problems) -> Loaded:
    train = parts[""] if "" in parts else parts["train"]
    validation, test = parts.get("validation"), parts.get("test")
    if test is None:  # one part was held out: it is the test, and nothing may be chosen on it
        validation, test = None, validation
    description = "the user's own pictures and masks"
    return Loaded(classes, train, origins, validation, test, description, "the user's own", problems)


def _mask_format(settings: DataConfig, raw: list[RawPictures]) -> MaskFormat:
    if settings.palette:
        colours = [parse_colour(text, "data.palette") for text in settings.palette]
        ignored = parse_colour(settings.ignore, "data.ignore") if settings.ignore else None
        return MaskFormat("palette", settings.classes, colours, ignored)
    masks = {path: mask for part in raw for path, mask in part.mask_files().items()}
    return detect_format(masks, settings.classes, int(settings.ignore) if settings.ignore else None)


def _origins(root: Path, names: list[str], settings: DataConfig, problems: Problems) -> list[Origin]:
    """What must not be torn apart, and what each part needs: by `index.csv`, else neighbours by name."""
    index = root / "index.csv"
    if settings.strata and not index.is_file():
        raise UserError(f"there is no {index} with the column {settings.strata!r} that data.strata asks for; add it.")
    if not index.is_file():
        return [Origin(f"neighbours {number // settings.group_size}") for number in range(len(names))]
    rows = read_index(index, ("id", "group", *([settings.strata] if settings.strata else [])))
    found = {row["id"]: Origin(row["group"] or row["id"], row.get(settings.strata, "")) for row in rows}
    for name in names:
        if name not in found:
            problems.add("images that index.csv does not name", name)
    return [found.get(name, Origin(name)) for name in names]


def _report_problems(root: Path, problems: Problems, settings: DataConfig) -> None:
    if not problems:
        return
    if settings.broken == "refuse":
        raise UserError(refusal(root, problems))
    warn_once(f"left out of {root}: {problems}")


def refusal(root: Path, problems: Problems) -> str:
    """The sentence with which files that do not fit are refused."""
    return f"{root} has {problems}; mend them, or go on without them with --data.broken leave_out."


def _find_pets(root: Path) -> Path | None:
    """The folder of `images` and `annotations`: `root` itself, or where torchvision puts them."""
    for folder in (root, root / "pets", root / "oxford-iiit-pet", root / "pets" / "oxford-iiit-pet"):
        if _is_pets(folder):
            return folder
    return None


def _is_pets(folder: Path) -> bool:
    return (folder / "annotations" / "trimaps").is_dir() and (folder / "images").is_dir()


def _load_pets(root: Path) -> Loaded:
    """Oxford-IIIT Pet (Parkhi et al. 2012). Its border class, a few pixels wide and of unclear truth, is ignored."""
    folder = _find_pets(root) or _download_pets(root / "pets")
    problems = Problems()
    train, test = (_read_pets(folder, name, problems) for name in ("trainval", "test"))
    if problems:
        raise UserError(f"{folder} has {problems}; delete it, so that it is downloaded again.")
    return Loaded(
        ["background", "pet"],
        train,
        [Origin(name) for name in train.names],
        None,
        test,
        f"Oxford-IIIT Pet (Parkhi et al. 2012), official test part, scaled to {PETS_SIDE} pixels, borders ignored",
        "CC BY-SA 4.0",
    )


def _download_pets(folder: Path) -> Path:
    for url, md5 in OxfordIIITPet._RESOURCES:
        archive = folder / url.rsplit("/", 1)[1]
        download([url], archive, md5)
        with tempfile.TemporaryDirectory(dir=folder) as temporary, tarfile.open(archive) as packed:
            packed.extractall(temporary, filter="data")
            for found in Path(temporary).iterdir():
                if not (folder / found.name).exists():  # from a download that was stopped between the two archives
                    found.replace(folder / found.name)
    return folder


def _read_pets(folder: Path, part: str, problems: Problems) -> Pictures:
    lines = (folder / "annotations" / f"{part}.txt").read_text().splitlines()
    names = [line.split()[0] for line in lines]
    trimaps = folder / "annotations" / "trimaps"
    pairs = [Pair(name, folder / "images" / f"{name}.jpg", trimaps / f"{name}.png") for name in names]
    raw = read_pairs(pairs, PETS_SIDE, problems)
    table = np.full(256, IGNORE, np.uint8)
    table[1], table[2] = 1, 0  # the trimaps' third value is the border
    return Pictures([pair.name for pair in raw.pairs], raw.images, [table[mask] for mask in raw.masks])


def _load_sample(config: Config) -> Loaded:
    parts = make_sample(config.seed, config.data.sample_pictures)
    return Loaded(
        CLASSES,
        parts.train,
        [Origin(name) for name in parts.train.names],
        parts.validation,
        parts.test,
        "the built-in sample: textured shapes over photographs from scikit-image, drawn from the seed",
        "public domain and CC0 pictures of scikit-image",
    )
