"""Data sets, splits and loaders: from photos to batches of aligned uint8 chips."""

import hashlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.data import lfw_subset
from torch import Generator, Tensor
from torch.utils.data import DataLoader

from shared.console import track, warn_once
from shared.data.batches import fitting_batch_size
from shared.data.download import download
from shared.data.folders import LabelledFiles, find_labelled, has_class_files, part_folders
from shared.data.images import read_image
from shared.data.memory import Batch, BatchDataset, TensorBatches, ordered_loader, shuffled_loader
from shared.data.sources import DataRecord, Source, choose
from shared.data.splits import Splits, grouped_split
from shared.errors import UserError
from shared.files import atomic_write
from shared.seeding import generator
from src.alignment import cut_chip
from src.augmentation import augment
from src.config import Config, DataConfig
from src.detections import Detections
from src.pairs import Pairs, draw_pairs, read_pairs

# The pictures turned by "funneling" and the list of pairs, at figshare, with their SHA-256, as scikit-learn has them
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
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Faces:
    """Chips and whose they are."""

    chips: Tensor
    """uint8 [N, 3, S, S]; black where no face was found."""
    labels: np.ndarray
    """int64 [N], the index into `people`."""
    found: np.ndarray
    """bool [N]: whether a face was found in the photo."""
    people: list[str]
    files: list[Path] = field(default_factory=list)
    """The photos; none where the chips come from elsewhere."""


@dataclass(frozen=True)
class Loaded:
    """What a source gives."""

    faces: Faces
    official: Pairs | None
    """The pairs of a pairs.txt."""
    description: str
    licence: str
    alignment: str
    """How the chips were cut; scores depend on it."""


@dataclass(frozen=True)
class Data:
    """All faces, the people's three parts, and the pairs to measure on; all indices are those of `faces`."""

    faces: Faces
    parts: Splits[np.ndarray]
    validation_pairs: Pairs
    test_pairs: Pairs
    official: Pairs | None
    record: DataRecord
    alignment: str
    digest: str
    """SHA-256 of the training part: tells whether two runs trained on the same faces."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of photos in each part."""
        return {name: len(part) for name, part in vars(self.parts).items()}

    @property
    def train_people(self) -> np.ndarray:
        """The labels of the people that can be trained on, sorted."""
        part = self.parts.train
        return np.unique(self.faces.labels[part[self.faces.found[part]]])

    def as_dict(self) -> dict[str, object]:
        """The record for results, as plain types."""
        labels = self.faces.labels
        return self.record.as_dict() | {
            "counts": self.counts,
            "people": {name: len(np.unique(labels[part])) for name, part in vars(self.parts).items()},
            "no_face": {name: int((~self.faces.found[part]).sum()) for name, part in vars(self.parts).items()},
            "alignment": self.alignment,
            "chip_size": self.faces.chips.shape[-1],
            "digest": self.digest,
        }


def load_data(config: Config, chip_size: int, *, search: bool = True, complete: bool = True) -> Data:
    """Find the faces (see `DataConfig.source`) and share the people out over the three parts.

    Args:
        chip_size: the side in pixels of the chips that the embedder takes.
        search: look for the face in each photo; without, photos are taken to show one, and their chips are black.
        complete: refuse photos in which too few faces were found.

    Raises:
        UserError: the data is not there, damaged, or of too few people.
    """
    settings = config.data
    sources = {
        "lfw": Source(lambda root: _find_lfw(root) is not None, partial(_load_lfw, config, chip_size, search)),
        "folder": Source(has_class_files, partial(_load_folder, config, chip_size, search)),
        "sample": Source(lambda _: False, lambda _: _load_sample(config, chip_size)),
    }
    name, loaded, substituted = choose(settings.source, settings.root, sources, published="")
    faces, labels = loaded.faces, loaded.faces.labels
    train, test, test_pairs = _test_part(loaded, settings, config.seed)
    first, second = grouped_split([str(label) for label in labels[train]], settings.validation_fraction, config.seed)
    parts = Splits(train[first], train[second], test)
    validation_pairs = draw_pairs(labels, parts.validation, settings.pairs, config.seed)
    record = DataRecord(name, loaded.description, loaded.licence, substituted)
    digest = hashlib.sha256(faces.chips[parts.train].numpy().tobytes() + labels[parts.train].tobytes()).hexdigest()
    data = Data(faces, parts, validation_pairs, test_pairs, loaded.official, record, loaded.alignment, digest)
    if complete:
        require_faces(data)
    return data


def require_faces(data: Data) -> None:
    """Refuse photos in which too few faces were found to train on or to measure with.

    Raises:
        UserError: a part lacks them.
    """
    found = data.faces.found
    without = [] if found[data.parts.train].any() else ["train"]
    for name, pairs in (("validation", data.validation_pairs), ("test", data.test_pairs)):
        whole = pairs.same[found[pairs.members].all(1)]
        without += [] if whole.any() and not whole.all() else [name]
    if without:
        raise UserError(
            f"too few faces were found in the photos of the parts {', '.join(without)} to make pairs of; "
            "use larger photos of faces, lower --detector.min_face, or raise the data fractions."
        )


def make_loaders(data: Data, config: Config) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    """The loaders of training and validation; only the first is shuffled and augmented.

    A training batch has `data.photos_per_person` views of each of `training.batch_size` people.
    """
    faces = data.faces
    people = PeopleBatches(faces, data.parts.train[faces.found[data.parts.train]], config.data, config.seed)
    size = fitting_batch_size(len(people), config.training.batch_size)
    seen = data.parts.validation[faces.found[data.parts.validation]]
    validation = {"chips": faces.chips[seen], "labels": torch.from_numpy(faces.labels[seen])}
    return (
        shuffled_loader(people, size, config.training.workers),
        ordered_loader(TensorBatches(validation), batch_size=256),
    )


class PeopleBatches(BatchDataset):
    """The training part, a person an example: batches of several photos, or views of them, of each person."""

    def __init__(self, faces: Faces, indices: np.ndarray, settings: DataConfig, seed: int) -> None:
        super().__init__(seed)
        self.faces = faces
        self.settings = settings
        labels = faces.labels[indices]
        self.photos = [torch.from_numpy(indices[labels == label]) for label in np.unique(labels)]
        """The photos' indices, person by person; a person's place here is the label that training sees."""

    def __len__(self) -> int:
        return len(self.photos)

    def batch(self, indices: list[int], source: Generator) -> Batch:
        """`photos_per_person` chips of each of these people; where there are fewer photos, they come again."""
        count = self.settings.photos_per_person
        chosen = torch.cat([_drawn(self.photos[person], count, source) for person in indices])
        labels = torch.tensor(indices).repeat_interleave(count)
        return {"chips": augment(self.faces.chips[chosen], self.settings, source), "labels": labels}


def _drawn(photos: Tensor, count: int, source: Generator) -> Tensor:
    rounds = [photos[torch.randperm(len(photos), generator=source)] for _ in range(-(-count // len(photos)))]
    return torch.cat(rounds)[:count]


def _test_part(loaded: Loaded, settings: DataConfig, seed: int) -> tuple[np.ndarray, np.ndarray, Pairs]:
    """The indices of training and test people, and the test's pairs: those of one fold, or drawn."""
    labels = loaded.faces.labels
    if loaded.official is None:
        train, test = grouped_split([str(label) for label in labels], settings.test_fraction, seed)
        return train, test, draw_pairs(labels, test, settings.pairs, seed)
    last = int(loaded.official.folds.max())
    fold = settings.test_fold or last
    if fold > last:
        raise UserError(f"data.test_fold is {fold}, but pairs.txt has {last} folds only; choose one of them.")
    pairs = loaded.official.at(loaded.official.folds == fold)
    tested = np.isin(labels, labels[np.unique(pairs.members)])
    return np.flatnonzero(~tested), np.flatnonzero(tested), pairs


def _find_lfw(root: Path) -> Path | None:
    """The folder that holds people's folders and pairs.txt: `root`, or where the download is unpacked."""
    for folder in (root, root / "lfw" / "lfw_funneled"):
        if (folder / "pairs.txt").is_file() and has_class_files(folder):
            return folder
    return None


def _load_lfw(config: Config, chip_size: int, search: bool, root: Path) -> Loaded:
    folder = _find_lfw(root) or _download_lfw(root / "lfw")
    labelled = find_labelled(folder)
    faces, alignment = _read_photos(labelled, config, chip_size, search)
    photos = {f"{file.parent.name}/{file.name}": index for index, file in enumerate(labelled.files)}
    pairs = read_pairs(folder / "pairs.txt", photos)
    description = f"photos of {len(labelled.classes):,} people with a pairs.txt, as Labeled Faces in the Wild has them"
    licence = "for research; the photos belong to their makers, and show people who were not asked"
    if folder == root:  # put there by the user: nothing tells the data set from photos in its form
        licence = f"the user's own; if it is Labeled Faces in the Wild: {licence}"
    return Loaded(faces, pairs, description, licence, alignment)


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


def _load_folder(config: Config, chip_size: int, search: bool, root: Path) -> Loaded:
    parts = part_folders(root)
    if parts != {"train": root}:
        raise UserError(
            f"{root} holds the parts {', '.join(parts)}, but people are shared out over the parts here; "
            "put all their folders into one folder."
        )
    faces, alignment = _read_photos(find_labelled(root), config, chip_size, search)
    return Loaded(faces, None, "the user's own photos, one folder a person", "the user's own", alignment)


def _read_photos(labelled: LabelledFiles, config: Config, chip_size: int, search: bool) -> tuple[Faces, str]:
    """Find and cut the most central face of each photo; photos that cannot be read or show none are named."""
    if not search:
        chips = torch.zeros(len(labelled.files), 3, chip_size, chip_size, dtype=torch.uint8)
        all_found = np.ones(len(labelled.files), bool)
        return Faces(chips, np.array(labelled.labels), all_found, labelled.classes, labelled.files), "none"
    landmarks = Detections(config.data.processed, config.detector).find(labelled.files)
    chips = torch.zeros(len(labelled.files), 3, chip_size, chip_size, dtype=torch.uint8)
    found = np.zeros(len(labelled.files), bool)
    for index, file in enumerate(track(labelled.files, "cut faces")):
        points = landmarks.get(file)
        if points is not None:
            chips[index] = torch.from_numpy(cut_chip(read_image(file).convert("RGB"), points, chip_size))
            found[index] = True
    _warn_of("cannot be read", [file for file in labelled.files if file not in landmarks], len(found))
    _warn_of("show no face", [file for file, points in landmarks.items() if points is None], len(found))
    faces = Faces(chips, np.array(labelled.labels), found, labelled.classes, labelled.files)
    return faces, "MTCNN's most central face, dlib's five landmarks onto its mean face, padding 0.25"


def _warn_of(what: str, files: Sequence[Path], total: int) -> None:
    if files:
        named = ", ".join(str(file) for file in files[:_NAMED_AT_MOST]) + (", ..." if len(files) > 5 else "")
        warn_once(f"{len(files)} of {total} photos {what}; they are not trained on and count as errors: {named}")


def _load_sample(config: Config, chip_size: int) -> Loaded:
    """Scikit-image's thumbnails of faces: one picture a person, and views of it made at random, the same each time."""
    thumbnails = (lfw_subset()[:100] * 255).round().astype(np.uint8)
    enlarged = [Image.fromarray(image).resize((chip_size, chip_size), Image.Resampling.BICUBIC) for image in thumbnails]
    chips = torch.from_numpy(np.stack([np.asarray(image) for image in enlarged]))[:, None].repeat(1, 3, 1, 1)
    others = chips.repeat_interleave(SAMPLE_VIEWS - 1, 0)
    views = augment(others, replace(DataConfig(), processed=config.data.processed), generator(0))
    together = torch.cat([chips[:, None], views.view(len(chips), SAMPLE_VIEWS - 1, *chips.shape[1:])], 1).flatten(0, 1)
    labels = np.arange(len(chips)).repeat(SAMPLE_VIEWS)
    people = [f"thumbnail {number}" for number in range(len(chips))]
    return Loaded(
        Faces(together, labels, np.ones(len(labels), bool), people),
        None,
        "the sample built into scikit-image: 100 thumbnails of 25x25 pixels (LFW), one picture a person and "
        f"{SAMPLE_VIEWS - 1} views of it by augmentation",
        "scikit-image's; the photos are those of Labeled Faces in the Wild",
        "thumbnails as they are, enlarged",
    )
