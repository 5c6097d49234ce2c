"""The data: where the photos come from, how people are divided among the splits, and what a batch is.

For your own data, edit `load_data` (or add a function to sources.py); for other changes of the training crops, edit
augmentation.py.
"""

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Generator
from torch.utils.data import DataLoader

from models.model import crop_size
from shared.console import log
from shared.data.batches import fitting_batch_size
from shared.data.examples import Data, Examples
from shared.data.folders import has_class_files
from shared.data.memory import Batch, BatchDataset, TensorBatches, ordered_loader, shuffled_loader
from shared.data.skipped import skipped_files
from shared.data.sources import DataSource, load_present, load_source
from shared.data.splits import Splits, grouped_split
from shared.data.value_range import measure_range
from shared.errors import UserError
from src.augmentation import augment
from src.config import Config, DataConfig
from src.detections import cut_faces
from src.pairs import Pairs, draw_pairs
from src.sources import FoundPhotos, find_lfw, load_folder, load_lfw, load_sample


@dataclass(frozen=True, kw_only=True)
class FaceData(Data):
    """Faces in three splits of different people, and the pairs to measure on.

    `classes` is empty: an embedder compares any people, so it may be measured on people it has not learned from.
    """

    faces: Examples
    """The faces of training, validation and test in this order; the splits are views of them."""
    people: list[str]
    """The names; `labels` are indices into this list."""
    validation_pairs: Pairs
    test_pairs: Pairs
    official: Pairs | None
    """All pairs of a pairs.txt; all pairs hold indices into `faces`."""


def load_data(config: Config, *, search: bool = True, complete: bool = True) -> FaceData:
    """Find the photos (see `DataConfig.source`), divide the people among the splits, and cut out the faces.

    Args:
        search: look for the face in each photo; without, photos are taken to show one, and their crops are black.
        complete: refuse photos in which too few faces were found.

    Returns:
        Splits with the columns `crops`, uint8 [N, 3, S, S], black where no face was found; `labels`, int64 [N];
        `found`, bool [N]: whether a face was; and `several`, bool [N]: whether there were others beside the one that
        was cut out, the most central one.

    Raises:
        UserError: data is missing or damaged, or shows too few people.
    """
    settings = config.data
    photos, record = load_source(settings.source, settings.root, make_sources(config))
    train, test, test_pairs = cut_test(photos, settings, config.seed)
    # All photos of a person go into one split: a network that has seen the person would be measured too well.
    first, second = grouped_split(photos.labels[train].astype(str).tolist(), settings.validation_fraction, config.seed)
    validation_pairs = draw_pairs(photos.labels, train[second], settings.pairs, config.seed)
    order = np.concatenate([train[first], train[second], test])
    value_range = measure_range([photos.files[index] for index in train] if photos.files else [], settings.value_range)
    settled = {"value_range": value_range}
    faces, alignment = cut_photos(photos, order, replace(config, data=replace(settings, **settled)), search)
    ends = np.cumsum([0, len(first), len(second), len(test)])
    splits = Splits(
        *(
            Examples({name: column[start:end] for name, column in faces.columns.items()}, faces.names[start:end])
            for start, end in pairwise(ends)
        )
    )
    indices = np.argsort(order)  # from the source's indices to those of `faces`
    data = FaceData(
        splits,
        [],
        record,
        facts={
            "people": {name: len(np.unique(split["labels"])) for name, split in vars(splits).items()},
            "no_face": {name: int((~split["found"]).sum()) for name, split in vars(splits).items()},
            "several_faces": {name: int(split["several"].sum()) for name, split in vars(splits).items()},
            "alignment": alignment,  # scores depend on how the crops were cut
            "crop_size": crop_size(config),
        },
        settled=settled,
        faces=faces,
        people=photos.people,
        validation_pairs=validation_pairs.renumbered(indices),
        test_pairs=test_pairs.renumbered(indices),
        official=photos.official and photos.official.renumbered(indices),
    )
    if complete:
        require_faces(data)
    return data


def make_sources(config: Config) -> dict[str, DataSource[FoundPhotos]]:
    """Where photos can come from, by the name of the source."""
    return {
        "lfw": DataSource(load_lfw, lambda root: find_lfw(root) is not None),
        "folder": DataSource(load_folder, has_class_files, skipped_files),
        "sample": DataSource(partial(load_sample, crop_size(config))),
    }


def load_people(config: Config, on: Path) -> FaceData:
    """All photos in `on`, with the pairs of its pairs.txt or drawn ones, as the test split of data without others.

    Raises:
        UserError: data is missing or damaged, or shows too few people.
    """
    photos, record = load_present(on, make_sources(config))
    everyone = np.arange(len(photos.labels))
    pairs = photos.official or draw_pairs(photos.labels, everyone, config.data.pairs, config.seed)
    faces, alignment = cut_photos(photos, everyone, replace(config, data=replace(config.data, root=on)), search=True)
    nothing = faces.at([])
    same = pairs.same[faces["found"][pairs.members].all(1)]
    if not same.any() or same.all():
        raise UserError(f"too few faces were found in {on} to make pairs of; use larger photos of faces.")
    facts = {"people": {"test": len(photos.people)}, "no_face": {"test": int((~faces["found"]).sum())}}
    return FaceData(
        Splits(nothing, nothing, faces),
        [],
        record,
        facts=facts | {"alignment": alignment, "crop_size": crop_size(config)},
        faces=faces,
        people=photos.people,
        validation_pairs=pairs.at(np.zeros(len(pairs), bool)),
        test_pairs=pairs,
        official=None,
    )


def cut_photos(photos: FoundPhotos, order: np.ndarray, config: Config, search: bool) -> tuple[Examples, str]:
    """The faces in the photos, in that order, and how their crops were cut (see `load_data`)."""
    labels, size = photos.labels[order], crop_size(config)
    counts = np.ones(len(order), np.int64)
    if photos.crops is not None:
        names = [f"{photos.people[label]}, crop {index}" for label, index in zip(labels, order, strict=True)]
        crops, alignment = photos.crops[order], "thumbnails as they are, enlarged"
    else:
        files = [photos.files[index] for index in order]
        names = [file.relative_to(config.data.root).as_posix() for file in files]
        log.info(f"data: the cut faces take {3 * len(order) * size**2 / 1e9:.2g} GB of memory; photos are not kept")
        crops, alignment = torch.zeros(len(order), 3, size, size, dtype=torch.uint8), "none"
        if search:
            crops, counts = cut_faces(files, size, config)
            alignment = "MTCNN's most central face, dlib's five landmarks onto its mean face, padding 0.25"
    columns = {"crops": crops, "labels": labels, "found": counts > 0, "several": counts > 1}
    return Examples(columns, names), alignment


def cut_test(photos: FoundPhotos, settings: DataConfig, seed: int) -> tuple[np.ndarray, np.ndarray, Pairs]:
    """The indices of training and test people, and the test's pairs: those of one fold of pairs.txt, or drawn."""
    labels = photos.labels
    if photos.official is None:
        require_people(labels, settings, seed)
        train, test = grouped_split(labels.astype(str).tolist(), settings.test_fraction, seed)
        return train, test, draw_pairs(labels, test, settings.pairs, seed)
    last = int(photos.official.folds.max())
    fold = settings.test_fold or last
    if fold > last:
        raise UserError(f"data.test_fold is {fold}, but pairs.txt has {last} folds only; choose one of them.")
    pairs = photos.official.at(photos.official.folds == fold)
    tested = np.isin(labels, labels[np.unique(pairs.members)])
    return np.flatnonzero(~tested), np.flatnonzero(tested), pairs


def require_people(labels: np.ndarray, settings: DataConfig, seed: int) -> None:
    """Raise a UserError where the people with these photos, int64 [N], are too few for pairs in validation and test."""

    def suit(test_fraction: float, validation_fraction: float) -> bool:
        try:
            train, test = grouped_split(labels.astype(str).tolist(), test_fraction, seed)
            _, second = grouped_split(labels[train].astype(str).tolist(), validation_fraction, seed)
        except UserError:
            return False
        photos = [np.unique(labels[held], return_counts=True)[1] for held in (test, train[second])]
        return all(len(counts) > 1 and counts.max() > 1 for counts in photos)

    if suit(settings.test_fraction, settings.validation_fraction):
        return
    count = len(np.unique(labels))
    test_fraction, validation_fraction = round(2 / count, 3), round(2 / max(3, count - 2), 3)
    other = f", or set data.test_fraction {test_fraction} and data.validation_fraction {validation_fraction}"
    raise UserError(
        f"{count} people are too few: validation and test each compare two people or more, one of them with two "
        "photos, and training takes the others; add photos of other people, with two photos each"
        + (f"{other}." if suit(test_fraction, validation_fraction) else ".")
    )


def require_faces(data: FaceData) -> None:
    """Raise a UserError where a split has too few faces to train on or to measure with."""
    without = [] if data.splits.train["found"].any() else ["train"]
    for name, pairs in (("validation", data.validation_pairs), ("test", data.test_pairs)):
        whole = pairs.same[data.faces["found"][pairs.members].all(1)]
        without += [] if whole.any() and not whole.all() else [name]
    if without:
        raise UserError(
            f"too few faces were found in the photos of the splits {', '.join(without)} to make pairs of; "
            "use larger photos of faces, lower --detector.min_face, or raise the data fractions."
        )


def make_loaders(data: FaceData, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches; only the training split is shuffled and augmented.

    A training batch has `data.photos_per_person` views of each of `training.batch_size` people.
    """
    people = PeopleBatches(data.splits.train, config.data, config.seed)
    size = fitting_batch_size(len(people), config.training.batch_size)
    held = [
        split.at(np.flatnonzero(split["found"])).as_tensors() for split in (data.splits.validation, data.splits.test)
    ]
    return Splits(
        shuffled_loader(people, size, config.training.workers),
        *(ordered_loader(TensorBatches(split.columns), 256) for split in held),
    )


class PeopleBatches(BatchDataset):
    """The training split, a person an example: batches of several photos, or views of them, of each person."""

    def __init__(self, split: Examples, settings: DataConfig, seed: int) -> None:
        super().__init__(seed)
        self.crops = split["crops"]
        self.settings = settings
        seen = np.flatnonzero(split["found"])
        labels = split["labels"][seen]
        self.photos = [torch.from_numpy(seen[labels == label]) for label in np.unique(labels)]
        """The photos' indices, person by person; a person's place here is the label that training sees."""

    def __len__(self) -> int:
        return len(self.photos)

    def batch(self, indices: list[int], source: Generator) -> Batch:
        """`photos_per_person` crops of each of these people; where there are fewer photos, they come again."""
        count, chosen = self.settings.photos_per_person, []
        for photos in (self.photos[person] for person in indices):
            rounds = [photos[torch.randperm(len(photos), generator=source)] for _ in range(-(-count // len(photos)))]
            chosen.append(torch.cat(rounds)[:count])
        crops = self.crops[torch.cat(chosen)]  # uint8 [people * count, 3, S, S]
        labels = torch.tensor(indices).repeat_interleave(count)
        return {"crops": augment(crops, self.settings, source), "labels": labels}
