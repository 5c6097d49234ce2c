"""Data sets, splits, transforms and loaders: from files to batches of uint8 images."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import Generator, Tensor
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST

from shared.data.batches import fitting_batch_size
from shared.data.download import download
from shared.data.folders import LabeledFiles, find_labeled, has_class_files, read_all, split_folders
from shared.data.images import read_image
from shared.data.memory import Augmentation, Batch, TensorBatches, ordered_loader, shuffled_loader
from shared.data.problems import Problems
from shared.data.sources import DataRecord, DataSource, load_source
from shared.data.splits import Splits, stratified_split
from shared.errors import UserError
from src.config import Config, DataConfig
from src.preparation import BOX, make_preparation

# MD5 of the four files once unpacked, so that copies packed by other programs are known too.
# The packed files' digests, for downloads, come from torchvision.
MNIST_FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


@dataclass(frozen=True)
class Examples:
    """Images, uint8 [N, C, H, W], their class ids, int64 [N], and their names: of files, below the data's folder."""

    images: np.ndarray
    labels: np.ndarray
    names: list[str]

    def at(self, indices: np.ndarray) -> "Examples":
        """The examples at these indices."""
        return Examples(self.images[indices], self.labels[indices], [self.names[index] for index in indices])


@dataclass(frozen=True)
class Loaded:
    """What a source gives: a train split, and validation and test splits where it has its own."""

    classes: list[str]
    train: Examples
    validation: Examples | None
    test: Examples | None
    description: str
    license: str
    problems: Problems = field(default_factory=Problems)
    """The files that were left out."""


@dataclass(frozen=True)
class Data:
    """The three splits as batches of `images` (uint8 [N, C, H, W]) and `labels` (int64 [N])."""

    splits: Splits[Batch]
    classes: list[str]
    record: DataRecord
    digest: str
    """SHA-256 of the training split: tells whether two runs trained on the same images."""
    names: Splits[list[str]]
    """Of the images in each split."""
    problems: Problems
    """The files that were left out."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of examples in each split."""
        return {name: len(split["labels"]) for name, split in vars(self.splits).items()}

    def as_dict(self) -> dict[str, object]:
        """The record for results, as plain types."""
        return self.record.as_dict() | {"counts": self.counts, "digest": self.digest}


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into its three splits.

    Raises:
        UserError: the data is not there, damaged, or too small to be cut.
    """
    settings = config.data
    sources = {
        "folder": DataSource(has_class_files, partial(_load_folder, settings)),
        "mnist": DataSource(lambda root: _find_mnist(root) is not None, _load_mnist),
        "sample": DataSource(lambda _: False, lambda _: _load_sample(settings)),
    }
    name, loaded, substituted = load_source(settings.source, settings.root, sources, published="mnist")
    train, test = _cut(loaded.train, loaded.test, settings.test_fraction, config.seed)
    train, validation = _cut(train, loaded.validation, settings.validation_fraction, config.seed)
    record = DataRecord(name, loaded.description, loaded.license, substituted)
    splits = Splits(_tensors(train, settings), _tensors(validation, settings), _tensors(test, settings))
    digest = hashlib.sha256(train.images.tobytes() + train.labels.tobytes()).hexdigest()
    names = Splits(train.names, validation.names, test.names)
    return Data(splits, loaded.classes, record, digest, names, loaded.problems)


def make_loaders(data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches; only the train split is shuffled and augmented."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    train = TensorBatches(data.splits.train, make_augmentation(config.data), config.seed)
    return Splits(
        shuffled_loader(train, size, config.training.workers),
        ordered_loader(TensorBatches(data.splits.validation)),
        ordered_loader(TensorBatches(data.splits.test)),
    )


def make_augmentation(settings: DataConfig) -> Augmentation:
    """Random moves (and mirroring, if asked for) of a batch."""

    def augment(batch: Batch, source: Generator) -> Batch:
        images = random_shift(batch["images"], settings.shift, source)
        if settings.flip:
            mirrored = torch.rand(len(images), generator=source) < 0.5
            images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
        return {**batch, "images": images}

    return augment


def random_shift(images: Tensor, most: int, source: Generator) -> Tensor:
    """Move each image by its own random -most..most pixels along both axes; the gap takes the edge's color.

    Args:
        images: uint8, shape [N, C, H, W].
    """
    if most == 0:
        return images
    count, _, height, width = images.shape
    down, right = torch.randint(-most, most + 1, (2, count, 1, 1), generator=source)
    rows = (torch.arange(height)[None, :, None] - down).clamp(0, height - 1)
    columns = (torch.arange(width)[None, None, :] - right).clamp(0, width - 1)
    moved = images.permute(0, 2, 3, 1)[torch.arange(count)[:, None, None], rows, columns]
    return moved.permute(0, 3, 1, 2)


def _cut(whole: Examples, own: Examples | None, fraction: float, seed: int) -> tuple[Examples, Examples]:
    if own is not None:
        return whole, own
    first, second = stratified_split(whole.labels, fraction, seed)
    return whole.at(first), whole.at(second)


def _tensors(examples: Examples, settings: DataConfig) -> Batch:
    images = torch.from_numpy(np.ascontiguousarray(examples.images))
    expected = (settings.channels, settings.image_size, settings.image_size)
    if images.shape[1:] != expected:
        raise UserError(
            f"this data has images of {tuple(images.shape[1:])} (channels, height, width), but data.channels and "
            f"data.image_size ask for {expected}; correct those settings."
        )
    return {"images": images, "labels": torch.from_numpy(examples.labels)}


def _find_mnist(root: Path) -> Path | None:
    """The folder of MNIST's four files, packed or not: `root` itself, or where torchvision puts them."""
    for folder in (root, root / "mnist", root / "MNIST" / "raw"):
        if all((folder / name).is_file() or (folder / f"{name}.gz").is_file() for name in MNIST_FILES):
            return folder
    return None


def _load_mnist(root: Path) -> Loaded:
    folder = _find_mnist(root)
    if folder is None:
        folder = root / "mnist"
        for name, md5 in MNIST.resources:
            download([f"{mirror}{name}" for mirror in MNIST.mirrors], folder / name, md5)
    train_images, train_labels, test_images, test_labels = (_read_idx(folder, name) for name in MNIST_FILES)
    return Loaded(
        [str(number) for number in range(10)],
        Examples(train_images, train_labels.astype(np.int64), _numbered("train", len(train_labels))),
        None,
        Examples(test_images, test_labels.astype(np.int64), _numbered("test", len(test_labels))),
        "MNIST, 70,000 handwritten digits (LeCun, Cortes, Burges), with its own test split",
        "CC BY-SA 3.0 as usually stated",
    )


def _numbered(name: str, count: int) -> list[str]:
    return [f"{name} {index}" for index in range(count)]


def _read_idx(folder: Path, name: str) -> np.ndarray:
    """Read one of MNIST's files: images as uint8 [N, 1, 28, 28], labels as uint8 [N]."""
    plain, packed = folder / name, folder / f"{name}.gz"
    path = plain if plain.is_file() else packed
    try:
        content = plain.read_bytes() if plain.is_file() else gzip.decompress(packed.read_bytes())
    except (OSError, EOFError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error}); delete it, so that it is downloaded again.") from error
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != MNIST_FILES[name]:
        raise UserError(
            f"{path} is damaged or not MNIST's (its MD5 is wrong); delete it, so that it is downloaded again."
        )
    if "labels" in name:
        return np.frombuffer(content, np.uint8, offset=8).copy()
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 1, 28, 28).copy()


def _load_folder(settings: DataConfig, root: Path) -> Loaded:
    """One folder a class in `root`, or in `root/train` beside `root/validation` and `root/test`."""
    prepare, problems = make_preparation(settings), Problems()
    folders = split_folders(root)
    classes = find_labeled(folders["train"]).classes
    labeled = {split: find_labeled(folder, classes) for split, folder in folders.items()}
    splits = {split: _read(root, files, prepare, problems) for split, files in labeled.items()}
    return Loaded(
        classes,
        splits["train"],
        splits.get("validation"),
        splits.get("test"),
        "the user's own images, one folder a class",
        "the user's own",
        problems,
    )


def _read(
    root: Path, labeled: LabeledFiles, prepare: Callable[[Image.Image], np.ndarray], problems: Problems
) -> Examples:
    images, labels, files = read_all(labeled, lambda path: prepare(read_image(path)), problems)
    return Examples(images, labels, [file.relative_to(root).as_posix() for file in files])


def _load_sample(settings: DataConfig) -> Loaded:
    """Scikit-learn's scans of 8x8 pixels, enlarged into the box that MNIST's digits fill."""
    size = settings.image_size
    box = round(size * BOX)
    margin = (size - box) // 2
    digits = load_digits()
    images = np.zeros((len(digits.images), settings.channels, size, size), np.uint8)
    for image, scan in zip(images, digits.images, strict=True):
        gray = Image.fromarray((scan * 255 / 16).astype(np.uint8)).resize((box, box), Image.Resampling.BICUBIC)
        image[:, margin : margin + box, margin : margin + box] = np.asarray(gray)
    return Loaded(
        [str(number) for number in range(10)],
        Examples(images, digits.target.astype(np.int64), _numbered("scan", len(images))),
        None,
        None,
        "the sample built into scikit-learn: 1,797 scanned digits of 8x8 pixels (UCI Optical Recognition), enlarged",
        "CC BY 4.0 (UCI Machine Learning Repository)",
    )
