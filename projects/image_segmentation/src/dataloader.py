"""Data sets, splits and loaders: from files to batches of uint8 images and masks."""

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

from models.model import STRIDE
from shared.console import log
from shared.data.batches import fitting_batch_size
from shared.data.download import download
from shared.data.index import read_index
from shared.data.masks import (
    IGNORE,
    Images,
    MaskFormat,
    Pair,
    RawImages,
    decode_masks,
    detect_format,
    find_pairs,
    mask_folders,
    parse_color,
    read_pairs,
)
from shared.data.memory import Batch, BatchDataset, ordered_loader, shuffled_loader
from shared.data.problems import Problems, named
from shared.data.sources import DataRecord, DataSource, load_source
from shared.data.splits import Splits, grouped_split
from shared.errors import UserError
from src.augmentation import Cuts
from src.config import Config, DataConfig
from src.sample import CLASSES, make_sample

PETS_SIDE = 256  # pixels of the longer side: 7,349 images then fit into memory
VALIDATION_BATCH = 8


class Origin(NamedTuple):
    """Where an image comes from, as far as it matters for splitting."""

    group: str
    """What is alike has one group, which is never torn apart."""
    stratum: str = ""
    """Every split gets its share of each stratum."""


@dataclass(frozen=True)
class Loaded:
    """What a source gives: a train split, and validation and test splits where it has its own."""

    classes: list[str]
    train: Images
    origins: list["Origin"]
    """Of the train split's images."""
    validation: Images | None
    test: Images | None
    description: str
    license: str
    problems: Problems = field(default_factory=Problems)
    """The files that were left out."""


@dataclass(frozen=True)
class Data:
    """The three splits, decoded and in memory."""

    splits: Splits[Images]
    classes: list[str]
    record: DataRecord
    digest: str
    """SHA-256 of the training split: tells whether two runs trained on the same images."""
    problems: Problems
    """The files that were left out."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of images in each split."""
        return {name: len(split) for name, split in vars(self.splits).items()}

    def as_dict(self) -> dict[str, object]:
        """The record for results, as plain types."""
        return self.record.as_dict() | {"counts": self.counts, "digest": self.digest}


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`), check it, and cut it into its three splits.

    Raises:
        UserError: the data is not there, damaged, or too small to be cut; all that is wrong with a folder is named.
    """
    settings = config.data
    sources = {
        "folder": DataSource(
            lambda root: not _is_pets(root) and bool(mask_folders(root)), partial(_load_folder, settings)
        ),
        "pets": DataSource(lambda root: _find_pets(root) is not None, _load_pets),
        "sample": DataSource(lambda _: False, lambda _: _load_sample(config)),
    }
    name, loaded, substituted = load_source(settings.source, settings.root, sources, published="pets")
    train, origins, test = _cut(loaded.train, loaded.origins, loaded.test, settings.test_fraction, config.seed)
    train, _, validation = _cut(train, origins, loaded.validation, settings.validation_fraction, config.seed)
    splits = Splits(train, validation, test)
    for split, images in vars(splits).items():
        if all((mask == IGNORE).all() for mask in images.masks):
            raise UserError(f"every pixel of the {split} split is ignored; see data.ignore, and the masks.")
    record = DataRecord(name, loaded.description, loaded.license, substituted)
    return Data(splits, loaded.classes, record, _digest(train), loaded.problems)


def _cut(
    whole: Images, origins: list[Origin], own: Images | None, fraction: float, seed: int
) -> tuple[Images, list[Origin], Images]:
    if own is not None:
        return whole, origins, own
    groups, strata = [list(column) for column in zip(*origins, strict=True)]
    first, second = grouped_split(groups, fraction, seed, strata)
    return whole.at(first), [origins[index] for index in first], whole.at(second)


def _digest(images: Images) -> str:
    digest = hashlib.sha256()
    for image, mask in zip(images.images, images.masks, strict=True):
        digest.update(image.tobytes() + mask.tobytes())
    return digest.hexdigest()


def make_loaders(data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches: random cuts of the train split; the other splits as they are, if large in tiles."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    cuts = Cuts(data.splits.train, config.data, config.seed)
    return Splits(
        shuffled_loader(cuts, size, config.training.workers),
        ordered_loader(Tiles(data.splits.validation, config.predict.tile), VALIDATION_BATCH),
        ordered_loader(Tiles(data.splits.test, config.predict.tile), VALIDATION_BATCH),
    )


class Tiles(BatchDataset):
    """Images of any sizes, each pixel once: `images` uint8 [N, 3, h, w], `masks` uint8 [N, h, w].

    Images larger than a tile are cut without overlap; tiles of a batch are filled up to one size, with ignored
    pixels. It is for the scores that are watched while training; `evaluate` blends overlapping tiles.
    """

    def __init__(self, images: Images, tile: int) -> None:
        super().__init__()
        self._tiles = [
            (image[top : top + tile, left : left + tile], mask[top : top + tile, left : left + tile])
            for image, mask in zip(images.images, images.masks, strict=True)
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
    """The user's own images and masks (see `mask_folders` for the layouts)."""
    problems = Problems()
    folders = mask_folders(root)
    if not folders:
        raise UserError(f"{root} holds no images/ beside masks/, nor train/ and test/ with these; see the README.")
    pairs = {split: find_pairs(*found, problems) for split, found in folders.items()}
    colored = bool(settings.palette)
    raw = {split: read_pairs(found, settings.max_side, problems, colored) for split, found in pairs.items()}
    odd = [name for found in raw.values() for name in found.odd]
    if odd:
        log.warning(
            f"{len(odd)} masks have a palette that gives a value another color than masks before: {named(odd)}; "
            "if colors are meant and not values, name them with data.classes and data.palette."
        )
    if not any(found.pairs for found in raw.values()):
        raise UserError(f"{root} has no image with its mask that could be used; {problems or 'it is empty'}.")
    form = _mask_format(settings, list(raw.values()))
    splits = {split: decode_masks(found, form, problems) for split, found in raw.items()}
    origins = _origins(root, splits.get("", splits.get("train", Images())).names, settings, problems)
    _report_problems(root, problems, settings)
    if any(not len(split) for split in splits.values()) or not origins:
        raise UserError(f"{root} has a split without any image and mask that could be used; see the README.")
    log.info(f"data: masks hold {form.encoding}; {len(form.classes)} classes: {', '.join(form.classes)}")
    return _folder_loaded(splits, origins, form.classes, problems)


def _folder_loaded(splits: dict[str, Images], origins: list[Origin], classes: list[str], problems: Problems) -> Loaded:
    train = splits[""] if "" in splits else splits["train"]
    validation, test = splits.get("validation"), splits.get("test")
    if test is None:  # one split was held out: it is the test, and nothing may be chosen on it
        validation, test = None, validation
    description = "the user's own images and masks"
    return Loaded(classes, train, origins, validation, test, description, "the user's own", problems)


def _mask_format(settings: DataConfig, raw: list[RawImages]) -> MaskFormat:
    if settings.palette:
        colors = [parse_color(text, "data.palette") for text in settings.palette]
        ignored = parse_color(settings.ignore, "data.ignore") if settings.ignore else None
        return MaskFormat("palette", settings.classes, colors, ignored)
    masks = {path: mask for split in raw for path, mask in split.mask_files().items()}
    return detect_format(masks, settings.classes, int(settings.ignore) if settings.ignore else None)


def _origins(root: Path, names: list[str], settings: DataConfig, problems: Problems) -> list[Origin]:
    """What must not be torn apart, and what each split needs: by `index.csv`, else neighbors by name."""
    index = root / "index.csv"
    if settings.strata and not index.is_file():
        raise UserError(f"there is no {index} with the column {settings.strata!r} that data.strata asks for; add it.")
    if not index.is_file():
        return [Origin(f"neighbors {number // settings.group_size}") for number in range(len(names))]
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
    log.warning(f"left out of {root}: {problems}")


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
        f"Oxford-IIIT Pet (Parkhi et al. 2012), official test split, scaled to {PETS_SIDE} pixels, borders ignored",
        "CC BY-SA 4.0",
    )


def _download_pets(folder: Path) -> Path:
    from torchvision.datasets import OxfordIIITPet

    for url, md5 in OxfordIIITPet._RESOURCES:
        archive = folder / url.rsplit("/", 1)[1]
        download([url], archive, md5)
        with tempfile.TemporaryDirectory(dir=folder) as temporary, tarfile.open(archive) as packed:
            packed.extractall(temporary, filter="data")
            for found in Path(temporary).iterdir():
                if not (folder / found.name).exists():  # from a download that was stopped between the two archives
                    found.replace(folder / found.name)
    return folder


def _read_pets(folder: Path, split: str, problems: Problems) -> Images:
    lines = (folder / "annotations" / f"{split}.txt").read_text().splitlines()
    names = [line.split()[0] for line in lines]
    trimaps = folder / "annotations" / "trimaps"
    pairs = [Pair(name, folder / "images" / f"{name}.jpg", trimaps / f"{name}.png") for name in names]
    raw = read_pairs(pairs, PETS_SIDE, problems)
    table = np.full(256, IGNORE, np.uint8)
    table[1], table[2] = 1, 0  # the trimaps' third value is the border
    return Images([pair.name for pair in raw.pairs], raw.images, [table[mask] for mask in raw.masks])


def _load_sample(config: Config) -> Loaded:
    splits = make_sample(config.seed, config.data.sample_images)
    return Loaded(
        CLASSES,
        splits.train,
        [Origin(name) for name in splits.train.names],
        splits.validation,
        splits.test,
        "the built-in sample: textured shapes over photographs from scikit-image, drawn from the seed",
        "public domain and CC0 images of scikit-image",
    )
