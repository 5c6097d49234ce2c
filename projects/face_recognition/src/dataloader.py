"""Data sets, splits and loaders: from photos to batches of aligned uint8 crops."""

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

from shared.console import log, track
from shared.data.batches import fitting_batch_size
from shared.data.download import download
from shared.data.folders import LabeledFiles, find_labeled, has_class_files, split_folders
from shared.data.images import read_image
from shared.data.memory import Batch, BatchDataset, TensorBatches, ordered_loader, shuffled_loader
from shared.data.sources import DataRecord, DataSource, load_source
from shared.data.splits import Splits, grouped_split
from shared.errors import UserError
from shared.files import atomic_write
from shared.seeding import generator
from src.alignment import cut_crop
from src.augmentation import augment
from src.config import Config, DataConfig
from src.detections import Detections
from src.pairs import Pairs, draw_pairs, read_pairs

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
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Faces:
    """Crops and whose they are."""

    crops: Tensor
    """uint8 [N, 3, S, S]; black where no face was found."""
    labels: np.ndarray
    """int64 [N], the index into `people`."""
    found: np.ndarray
    """bool [N]: whether a face was found in the photo."""
    people: list[str]
    files: list[Path] = field(default_factory=list)
    """The photos; none where the crops come from elsewhere."""


@dataclass(frozen=True)
class Loaded:
    """What a source gives."""

    faces: Faces
    official: Pairs | None
    """The pairs of a pairs.txt."""
    description: str
    license: str
    alignment: str
    """How the crops were cut; scores depend on it."""


@dataclass(frozen=True)
class Data:
    """All faces, the people's three splits, and the pairs to measure on; all indices are those of `faces`."""

    faces: Faces
    splits: Splits[np.ndarray]
    validation_pairs: Pairs
    test_pairs: Pairs
    official: Pairs | None
    record: DataRecord
    alignment: str
    digest: str
    """SHA-256 of the training split: tells whether two runs trained on the same faces."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of photos in each split."""
        return {name: len(split) for name, split in vars(self.splits).items()}

    @property
    def train_people(self) -> np.ndarray:
        """The labels of the people that can be trained on, sorted."""
        split = self.splits.train
        return np.unique(self.faces.labels[split[self.faces.found[split]]])

    def as_dict(self) -> dict[str, object]:
        """The record for results, as plain types."""
        labels = self.faces.labels
        return self.record.as_dict() | {
            "counts": self.counts,
            "people": {name: len(np.unique(labels[split])) for name, split in vars(self.splits).items()},
            "no_face": {name: int((~self.faces.found[split]).sum()) for name, split in vars(self.splits).items()},
            "alignment": self.alignment,
            "crop_size": self.faces.crops.shape[-1],
            "digest": self.digest,
        }


def load_data(config: Config, crop_size: int, *, search: bool = True, complete: bool = True) -> Data:
    """Find the faces (see `DataConfig.source`) and share the people out over the three splits.

    Args:
        crop_size: the side in pixels of the crops that the embedder takes.
        search: look for the face in each photo; without, photos are taken to show one, and their crops are black.
        complete: refuse photos in which too few faces were found.

    Raises:
        UserError: the data is not there, damaged, or of too few people.
    """
    settings = config.data
    sources = {
        "lfw": DataSource(lambda root: _find_lfw(root) is not None, partial(_load_lfw, config, crop_size, search)),
        "folder": DataSource(has_class_files, partial(_load_folder, config, crop_size, search)),
        "sample": DataSource(lambda _: False, lambda _: _load_sample(config, crop_size)),
    }
    name, loaded, substituted = load_source(settings.source, settings.root, sources, published="")
    faces, labels = loaded.faces, loaded.faces.labels
    train, test, test_pairs = _test_split(loaded, settings, config.seed)
    first, second = grouped_split([str(label) for label in labels[train]], settings.validation_fraction, config.seed)
    splits = Splits(train[first], train[second], test)
    validation_pairs = draw_pairs(labels, splits.validation, settings.pairs, config.seed)
    record = DataRecord(name, loaded.description, loaded.license, substituted)
    digest = hashlib.sha256(faces.crops[splits.train].numpy().tobytes() + labels[splits.train].tobytes()).hexdigest()
    data = Data(faces, splits, validation_pairs, test_pairs, loaded.official, record, loaded.alignment, digest)
    if complete:
        require_faces(data)
    return data


def require_faces(data: Data) -> None:
    """Refuse photos in which too few faces were found to train on or to measure with.

    Raises:
        UserError: a split lacks them.
    """
    found = data.faces.found
    without = [] if found[data.splits.train].any() else ["train"]
    for name, pairs in (("validation", data.validation_pairs), ("test", data.test_pairs)):
        whole = pairs.same[found[pairs.members].all(1)]
        without += [] if whole.any() and not whole.all() else [name]
    if without:
        raise UserError(
            f"too few faces were found in the photos of the splits {', '.join(without)} to make pairs of; "
            "use larger photos of faces, lower --detector.min_face, or raise the data fractions."
        )


def make_loaders(data: Data, config: Config) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    """The loaders of training and validation; only the first is shuffled and augmented.

    A training batch has `data.photos_per_person` views of each of `training.batch_size` people.
    """
    faces = data.faces
    people = PeopleBatches(faces, data.splits.train[faces.found[data.splits.train]], config.data, config.seed)
    size = fitting_batch_size(len(people), config.training.batch_size)
    seen = data.splits.validation[faces.found[data.splits.validation]]
    validation = {"crops": faces.crops[seen], "labels": torch.from_numpy(faces.labels[seen])}
    return (
        shuffled_loader(people, size, config.training.workers),
        ordered_loader(TensorBatches(validation), batch_size=256),
    )


class PeopleBatches(BatchDataset):
    """The training split, a person an example: batches of several photos, or views of them, of each person."""

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
        """`photos_per_person` crops of each of these people; where there are fewer photos, they come again."""
        count = self.settings.photos_per_person
        chosen = torch.cat([_drawn(self.photos[person], count, source) for person in indices])
        labels = torch.tensor(indices).repeat_interleave(count)
        return {"crops": augment(self.faces.crops[chosen], self.settings, source), "labels": labels}


def _drawn(photos: Tensor, count: int, source: Generator) -> Tensor:
    rounds = [photos[torch.randperm(len(photos), generator=source)] for _ in range(-(-count // len(photos)))]
    return torch.cat(rounds)[:count]


def _test_split(loaded: Loaded, settings: DataConfig, seed: int) -> tuple[np.ndarray, np.ndarray, Pairs]:
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


def _load_lfw(config: Config, crop_size: int, search: bool, root: Path) -> Loaded:
    folder = _find_lfw(root) or _download_lfw(root / "lfw")
    labeled = find_labeled(folder)
    faces, alignment = _read_photos(labeled, config, crop_size, search)
    photos = {f"{file.parent.name}/{file.name}": index for index, file in enumerate(labeled.files)}
    pairs = read_pairs(folder / "pairs.txt", photos)
    description = f"photos of {len(labeled.classes):,} people with a pairs.txt, as Labeled Faces in the Wild has them"
    terms = "for research; the photos belong to their makers, and show people who were not asked"
    if folder == root:  # put there by the user: nothing tells the data set from photos in its form
        terms = f"the user's own; if it is Labeled Faces in the Wild: {terms}"
    return Loaded(faces, pairs, description, terms, alignment)


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


def _load_folder(config: Config, crop_size: int, search: bool, root: Path) -> Loaded:
    splits = split_folders(root)
    if splits != {"train": root}:
        raise UserError(
            f"{root} holds the splits {', '.join(splits)}, but people are shared out over the splits here; "
            "put all their folders into one folder."
        )
    faces, alignment = _read_photos(find_labeled(root), config, crop_size, search)
    return Loaded(faces, None, "the user's own photos, one folder a person", "the user's own", alignment)


def _read_photos(labeled: LabeledFiles, config: Config, crop_size: int, search: bool) -> tuple[Faces, str]:
    """Find and cut the most central face of each photo; photos that cannot be read or show none are named."""
    if not search:
        crops = torch.zeros(len(labeled.files), 3, crop_size, crop_size, dtype=torch.uint8)
        all_found = np.ones(len(labeled.files), bool)
        return Faces(crops, np.array(labeled.labels), all_found, labeled.classes, labeled.files), "none"
    landmarks = Detections(config.data.processed, config.detector).find(labeled.files)
    crops = torch.zeros(len(labeled.files), 3, crop_size, crop_size, dtype=torch.uint8)
    found = np.zeros(len(labeled.files), bool)
    for index, file in enumerate(track(labeled.files, "cut faces")):
        points = landmarks.get(file)
        if points is not None:
            crops[index] = torch.from_numpy(cut_crop(read_image(file).convert("RGB"), points, crop_size))
            found[index] = True
    _warn_of("cannot be read", [file for file in labeled.files if file not in landmarks], len(found))
    _warn_of("show no face", [file for file, points in landmarks.items() if points is None], len(found))
    faces = Faces(crops, np.array(labeled.labels), found, labeled.classes, labeled.files)
    return faces, "MTCNN's most central face, dlib's five landmarks onto its mean face, padding 0.25"


def _warn_of(what: str, files: Sequence[Path], total: int) -> None:
    if files:
        named = ", ".join(str(file) for file in files[:_NAMED_AT_MOST]) + (", ..." if len(files) > 5 else "")
        log.warning(f"{len(files)} of {total} photos {what}; they are not trained on and count as errors: {named}")


def _load_sample(config: Config, crop_size: int) -> Loaded:
    """Scikit-image's thumbnails of faces: one image a person, and views of it made at random, the same each time."""
    thumbnails = (lfw_subset()[:100] * 255).round().astype(np.uint8)
    enlarged = [Image.fromarray(image).resize((crop_size, crop_size), Image.Resampling.BICUBIC) for image in thumbnails]
    crops = torch.from_numpy(np.stack([np.asarray(image) for image in enlarged]))[:, None].repeat(1, 3, 1, 1)
    others = crops.repeat_interleave(SAMPLE_VIEWS - 1, 0)
    views = augment(others, replace(DataConfig(), processed=config.data.processed), generator(0))
    together = torch.cat([crops[:, None], views.view(len(crops), SAMPLE_VIEWS - 1, *crops.shape[1:])], 1).flatten(0, 1)
    labels = np.arange(len(crops)).repeat(SAMPLE_VIEWS)
    people = [f"thumbnail {number}" for number in range(len(crops))]
    return Loaded(
        Faces(together, labels, np.ones(len(labels), bool), people),
        None,
        "the sample built into scikit-image: 100 thumbnails of 25x25 pixels (LFW), one image a person and "
        f"{SAMPLE_VIEWS - 1} views of it by augmentation",
        "scikit-image's; the photos are those of Labeled Faces in the Wild",
        "thumbnails as they are, enlarged",
    )
