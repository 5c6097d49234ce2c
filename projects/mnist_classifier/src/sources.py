"""Where the images come from: one function per source; each returns `SourceData`."""

import gzip
import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from shared.data.class_folders import find_splits, read_splits
from shared.data.download import download
from shared.data.examples import Examples, SourceData
from shared.data.folders import IMAGES
from shared.data.groups import in_groups
from shared.data.prepared import Reading
from shared.data.value_range import settle_range
from shared.errors import UserError
from src.config import DataConfig
from src.preparation import BOX, PHOTO, EmptyImageError, read_file

# MD5 of MNIST's four files once unpacked, so that copies packed by other programs are known too.
MNIST_FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


def load_folder(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own images: one folder per class in `root`, or in `root/train` beside `root/validation` and `root/test`."""
    given = {"image_size": settings.image_size, "value_range": settings.value_range}
    reading = Reading(read_file, given, partial(settle_range, settings.value_range))
    found = read_splits(root, find_splits(root, classes=classes), "images", reading, settings)
    require_ink(found, root)
    if classes:  # nothing is cut, so that groups do not matter
        return found
    return replace(found, train=in_groups(found.train, found.classes, root, settings.group_pattern))


def require_ink(found: SourceData, root: Path) -> None:
    """Refuse photographs: some would be left out, as they have no ink, and objects of others be taken for ink."""
    counts = found.unusual.counts | found.problems.counts
    photos, empty = counts.get(PHOTO, 0), counts.get(EmptyImageError.problem.format(nouns=IMAGES.nouns), 0)
    if empty and 2 * photos > len(found.everything()):
        raise UserError(
            f"{root} has {photos} images that look like photographs, and {empty} without ink on plain paper; use the "
            "photo classification project, or remove them."
        )


def find_mnist(root: Path) -> Path | None:
    """The folder of MNIST's four files, packed or not: `root` itself, or where torchvision puts them."""
    for folder in (root, root / "mnist", root / "MNIST" / "raw"):
        if all((folder / name).is_file() or (folder / f"{name}.gz").is_file() for name in MNIST_FILES):
            return folder
    return None


def load_mnist(root: Path) -> SourceData:
    """MNIST (LeCun, Cortes, Burges) with its own test split, downloaded where it is missing."""
    folder = find_mnist(root) or _download_mnist(root / "mnist")
    train_images, train_labels, test_images, test_labels = (_read_idx(folder, name) for name in MNIST_FILES)
    return SourceData(
        [str(number) for number in range(10)],
        _numbered("train", train_images, train_labels),
        None,
        _numbered("test", test_images, test_labels),
        "MNIST, 70,000 handwritten digits (LeCun, Cortes, Burges), with its own test split",
        "CC BY-SA 3.0 as usually stated",
    )


def _download_mnist(folder: Path) -> Path:
    from torchvision.datasets import MNIST  # addresses and digests of the packed files; its import takes a second

    for name, md5 in MNIST.resources:
        download([f"{mirror}{name}" for mirror in MNIST.mirrors], folder / name, md5)
    return folder


def _numbered(name: str, images: np.ndarray, labels: np.ndarray) -> Examples:
    names = [f"{name} {index}" for index in range(len(labels))]
    return Examples({"images": images, "labels": labels.astype(np.int64)}, names)


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


def load_sample(settings: DataConfig, _: Path) -> SourceData:
    """The built-in sample: scikit-learn's scans of 8x8 pixels, enlarged into the box that MNIST's digits fill."""
    from sklearn.datasets import load_digits  # its import takes a second, and your own data does not need it

    size = settings.image_size
    box = round(size * BOX)
    margin = (size - box) // 2
    digits = load_digits()
    images = np.zeros((len(digits.images), 1, size, size), np.uint8)
    for image, scan in zip(images, digits.images, strict=True):
        gray = Image.fromarray((scan * 255 / 16).astype(np.uint8)).resize((box, box), Image.Resampling.BICUBIC)
        image[0, margin : margin + box, margin : margin + box] = np.asarray(gray)
    return SourceData(
        [str(number) for number in range(10)],
        _numbered("scan", images, digits.target),
        None,
        None,
        "the sample built into scikit-learn: 1,797 scanned digits of 8x8 pixels (UCI Optical Recognition), enlarged",
        "CC BY 4.0 (UCI Machine Learning Repository)",
    )
