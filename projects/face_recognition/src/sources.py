"""Where the photos come from: one function per source; each returns `SourceData`."""

import tarfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps
from skimage.data import astronaut, camera, chelsea, lfw_subset

from models.model import crop_size
from shared.data.class_folders import read_splits
from shared.data.download import download
from shared.data.examples import Examples, SourceData
from shared.data.folders import LabeledFiles, find_labeled, has_class_files, split_folders
from shared.errors import UserError
from shared.files import atomic_write
from shared.seeding import generator
from src.augmentation import augment
from src.config import Config, DataConfig
from src.detections import ALIGNMENT, NO_FACE, face_reading
from src.pairs import read_pairs

PAIRS = "pairs.txt"
# The images turned by "funneling" and the list of pairs, at figshare, with their SHA-256, as scikit-learn has them
# (sklearn.datasets.fetch_lfw_pairs).
LFW_FILES = {
    "lfw-funneled.tgz": (
        "https://ndownloader.figshare.com/files/5976015",
        "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
    ),
    PAIRS: (
        "https://ndownloader.figshare.com/files/5976006",
        "ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592",
    ),
}
SAMPLE_VIEWS = 4


def load_folder(config: Config, root: Path) -> SourceData:
    """Your own photos: one folder per person in `root`."""
    splits = split_folders(root)
    if splits != {"train": root}:
        raise UserError(
            f"{root} holds the splits {', '.join(splits)}, but here people are divided among the splits by the seed; "
            "put all their folders into one folder."
        )
    found = _read_faces(config, root, {"train": find_labeled(root)})
    return replace(found, description="the user's own photos, one folder per person")


def _read_faces(config: Config, root: Path, labeled: dict[str, LabeledFiles]) -> SourceData:
    found = read_splits(root, labeled, "crops", face_reading(config), config.data)
    faceless = set(found.unusual.by_kind.get(NO_FACE, ()))
    train, test = by_person(found.train, faceless), found.test and by_person(found.test, faceless)
    return replace(found, train=train, test=test, facts=found.facts | {"alignment": ALIGNMENT})


def by_person(examples: Examples, faceless: Collection[str] = ()) -> Examples:
    """Examples with the column `found`, bool [N]: whether a photo shows a face; each person is a group.

    A group stays in one split, because a network that was trained on a person would be measured too well on them.
    People of few photos cannot be stratified by: all examples are in one stratum.
    """
    found = np.array([name not in faceless for name in examples.names])
    groups = [str(label) for label in examples["labels"].tolist()]
    return replace(examples, columns=examples.columns | {"found": found}, groups=groups, strata=[""] * len(groups))


def find_lfw(root: Path) -> Path | None:
    """The folder that holds people's folders and pairs.txt: `root`, or where the download is unpacked."""
    folders = (root, root / "lfw" / "lfw_funneled")
    return next((one for one in folders if (one / PAIRS).is_file() and has_class_files(one)), None)


def load_lfw(config: Config, root: Path) -> SourceData:
    """Photos with a pairs.txt; Labeled Faces in the Wild (Huang et al. 2007) is downloaded where it is missing.

    The test split has the people of one fold.
    """
    folder = find_lfw(root) or _download_lfw(root / "lfw")
    found = find_labeled(folder)
    names = [file.relative_to(folder).as_posix() for file in found.files]
    labels, pairs = np.array(found.labels), read_pairs(folder / PAIRS, names).of_fold(config.data.test_fold)
    tested = np.isin(labels, labels[pairs.members])
    labeled = {
        split: LabeledFiles([found.files[index] for index in chosen], labels[chosen].tolist(), found.classes)
        for split, chosen in (("train", np.flatnonzero(~tested)), ("test", np.flatnonzero(tested)))
    }
    terms = "for research; the photos belong to their makers, and show people who were not asked"
    if folder == root:  # put there by the user: nothing tells the data set from photos in its form
        terms = f"the user's own; if it is Labeled Faces in the Wild: {terms}"
    description = f"photos of {len(found.classes):,} people with a pairs.txt, as Labeled Faces in the Wild has them"
    return replace(_read_faces(config, folder, labeled), description=description, license=terms)


def _download_lfw(folder: Path) -> Path:
    for name, (url, sha256) in LFW_FILES.items():
        download([url], folder / name, sha256)
    unpacked = folder / "lfw_funneled"
    with tarfile.open(folder / "lfw-funneled.tgz") as archive:
        archive.extractall(folder, filter="data")
    # Last, since it is what says that the folder is whole.
    with atomic_write(unpacked / PAIRS) as file:
        file.write((folder / PAIRS).read_bytes())
    return unpacked


def load_sample(config: Config, _: Path) -> SourceData:
    """Scikit-image's thumbnails, enlarged: one image per person and views of it, always the same."""
    size, thumbnails = crop_size(config), (lfw_subset()[:100] * 255).round().astype(np.uint8)
    enlarged = [Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC) for image in thumbnails]
    crops = torch.from_numpy(np.stack([np.asarray(image) for image in enlarged]))[:, None].repeat(1, 3, 1, 1)
    views = augment(crops.repeat_interleave(SAMPLE_VIEWS - 1, 0), DataConfig(), generator(0))
    together = torch.cat([crops[:, None], views.view(len(crops), SAMPLE_VIEWS - 1, 3, size, size)], 1).flatten(0, 1)
    people = [f"thumbnail {number}" for number in range(len(crops))]
    names = [f"{people[index // SAMPLE_VIEWS]}, crop {index}" for index in range(len(together))]
    labels = np.arange(len(people)).repeat(SAMPLE_VIEWS)
    return SourceData(
        people,
        by_person(Examples({"crops": together.numpy(), "labels": labels}, names)),
        None,
        None,
        "the sample built into scikit-image: 100 thumbnails of 25x25 pixels (LFW), one image a person and "
        f"{SAMPLE_VIEWS - 1} views of it by augmentation",
        "scikit-image's; the photos are those of Labeled Faces in the Wild",
        facts={"alignment": "thumbnails as they are, enlarged"},
    )


def published_photos() -> dict[str, Image.Image]:
    """Photographs that scikit-image ships (astronaut: NASA, public domain; camera: CC0; chelsea, a cat: CC0).

    Each person has one photograph, so the second photo of the astronaut is the first one, changed: smaller, mirrored,
    darker and turned.
    """
    person = Image.fromarray(astronaut())
    changed = ImageEnhance.Brightness(ImageOps.mirror(person).resize((360, 360))).enhance(0.7).rotate(10)
    others = {"cameraman": Image.fromarray(camera()), "cat": Image.fromarray(chelsea())}
    return {"astronaut": person, "astronaut, changed": changed} | others
