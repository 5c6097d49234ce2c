"""Where the photos come from: one function per source; each returns `FoundPhotos`."""

import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.data import lfw_subset
from torch import Tensor

from shared.data.download import download
from shared.data.folders import find_labeled, has_class_files, split_folders
from shared.errors import UserError
from shared.files import atomic_write
from shared.seeding import generator
from src.augmentation import augment
from src.config import DataConfig
from src.pairs import Pairs, read_pairs

# The images turned by "funneling" and the list of pairs, at figshare, with their SHA-256, as scikit-learn has them
# (sklearn.datasets.fetch_lfw_pairs).
LFW_FILES = {
    "lfw-funneled.tgz": (
        "https://ndownloader.figshare.com/files/5976015",
        "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
    ),
    "pairs.txt": (
        "https://ndownloader.figshare.com/files/5976006",
        "ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592",
    ),
}
SAMPLE_VIEWS = 4


@dataclass(frozen=True)
class FoundPhotos:
    """What a source gives: N photos and whose they are."""

    people: list[str]
    labels: np.ndarray
    """int64 [N], the index into `people`."""
    description: str
    license: str
    files: list[Path] = field(default_factory=list)
    """The photos, in which the faces are still to be found; empty where there are `crops`."""
    crops: Tensor | None = None
    """uint8 [N, 3, S, S]: faces that are cut out already."""
    official: Pairs | None = None
    """The pairs of a pairs.txt."""


def load_folder(root: Path) -> FoundPhotos:
    """Your own photos: one folder per person in `root`."""
    splits = split_folders(root)
    if splits != {"train": root}:
        raise UserError(
            f"{root} holds the splits {', '.join(splits)}, but here people are divided among the splits by the seed; "
            "put all their folders into one folder."
        )
    found = find_labeled(root)
    description = "the user's own photos, one folder per person"
    return FoundPhotos(found.classes, np.array(found.labels), description, "the user's own", found.files)


def find_lfw(root: Path) -> Path | None:
    """The folder that holds people's folders and pairs.txt: `root`, or where the download is unpacked."""
    folders = (root, root / "lfw" / "lfw_funneled")
    return next((one for one in folders if (one / "pairs.txt").is_file() and has_class_files(one)), None)


def load_lfw(root: Path) -> FoundPhotos:
    """Photos with a pairs.txt; Labeled Faces in the Wild (Huang et al. 2007) is downloaded where it is missing."""
    folder = find_lfw(root) or _download_lfw(root / "lfw")
    found = find_labeled(folder)
    photos = {f"{file.parent.name}/{file.name}": index for index, file in enumerate(found.files)}
    pairs = read_pairs(folder / "pairs.txt", photos)
    description = f"photos of {len(found.classes):,} people with a pairs.txt, as Labeled Faces in the Wild has them"
    terms = "for research; the photos belong to their makers, and show people who were not asked"
    if folder == root:  # put there by the user: nothing tells the data set from photos in its form
        terms = f"the user's own; if it is Labeled Faces in the Wild: {terms}"
    return FoundPhotos(found.classes, np.array(found.labels), description, terms, found.files, official=pairs)


def _download_lfw(folder: Path) -> Path:
    for name, (url, sha256) in LFW_FILES.items():
        download([url], folder / name, sha256)
    unpacked = folder / "lfw_funneled"
    with tarfile.open(folder / "lfw-funneled.tgz") as archive:
        archive.extractall(folder, filter="data")
    # Last, since it is what says that the folder is whole.
    with atomic_write(unpacked / "pairs.txt") as file:
        file.write((folder / "pairs.txt").read_bytes())
    return unpacked


def load_sample(size: int, _: Path) -> FoundPhotos:
    """Scikit-image's thumbnails, enlarged to `size` pixels: one image per person and views of it, always the same."""
    thumbnails = (lfw_subset()[:100] * 255).round().astype(np.uint8)
    enlarged = [Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC) for image in thumbnails]
    crops = torch.from_numpy(np.stack([np.asarray(image) for image in enlarged]))[:, None].repeat(1, 3, 1, 1)
    views = augment(crops.repeat_interleave(SAMPLE_VIEWS - 1, 0), DataConfig(), generator(0))
    together = torch.cat([crops[:, None], views.view(len(crops), SAMPLE_VIEWS - 1, 3, size, size)], 1)  # [100, 4, ...]
    return FoundPhotos(
        [f"thumbnail {number}" for number in range(len(crops))],
        np.arange(len(crops)).repeat(SAMPLE_VIEWS),
        "the sample built into scikit-image: 100 thumbnails of 25x25 pixels (LFW), one image a person and "
        f"{SAMPLE_VIEWS - 1} views of it by augmentation",
        "scikit-image's; the photos are those of Labeled Faces in the Wild",
        crops=together.flatten(0, 1),
    )
