"""The data: where the photos come from, how people are divided among the splits, and what a batch is.

For your own data, edit `load_data` (or add a function to sources.py); for other changes of the training crops, edit
augmentation.py.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator
from torch.utils.data import DataLoader

from models.model import crop_size
from shared.data.batches import fitting_batch_size
from shared.data.examples import Data, Examples, SourceData, joined, split_data
from shared.data.folders import has_class_files
from shared.data.memory import Batch, BatchDataset, TensorBatches, ordered_loader, shuffled_loader
from shared.data.rows import Rows
from shared.data.skipped import skipped_files
from shared.data.sources import DataSource, load_present, load_source
from shared.data.splits import Splits
from shared.errors import UserError
from src.augmentation import augment
from src.config import Config, DataConfig
from src.detections import SEVERAL
from src.pairs import Pairs, draw_pairs, read_pairs
from src.sources import PAIRS, find_lfw, load_folder, load_lfw, load_sample


@dataclass(frozen=True, kw_only=True)
class FaceData(Data):
    """Faces in three splits of different people, and the pairs to measure on.

    `classes` is empty: an embedder compares any people, so it may be measured on people it has not learned from.
    """

    people: list[str]
    """The names; `labels` are indices into this list."""
    max_pairs: int
    """Of the same person, and of different people, where pairs are drawn."""
    seed: int
    official: Pairs | None = None
    """All pairs of a pairs.txt; those of test photos are the test pairs."""

    @cached_property
    def faces(self) -> Examples:
        """The faces of training, validation and test, one after the other; all pairs hold indices into them."""
        return joined([*vars(self.splits).values()]).as_tensors()

    @cached_property
    def pairs(self) -> dict[str, Pairs]:
        """What is measured, by split: `validation` and `test`, or `test` alone; raises UserError: too few people."""
        train, validation, _ = self.counts.values()
        places, pairs = np.split(np.arange(len(self.faces)), [train, train + validation]), {}
        for name, indices in zip(("validation", "test"), places[1:], strict=True):
            if name == "test" and self.official:
                pairs[name] = self.official.at((self.official.members >= train + validation).all(1))
            elif len(indices):
                pairs[name] = draw_pairs(self.labels, indices, self.max_pairs, self.seed)
        return pairs

    @property
    def labels(self) -> np.ndarray:
        """Whose the faces are, int64 [N]."""
        return np.asarray(self.faces["labels"])

    @property
    def found(self) -> np.ndarray:
        """Whether the photo shows a face, bool [N]."""
        return np.asarray(self.faces["found"])

    def with_splits(self, splits: Splits[Examples]) -> "FaceData":
        """The same photos in other splits; their pairs are drawn, since those of a pairs.txt may lie in several."""
        return replace(super().with_splits(splits), official=None)

    def as_dict(self) -> dict[str, Any]:
        """The record for results, with the numbers of people and of unusual photos in each split."""
        splits, several = vars(self.splits), set(self.unusual.by_kind.get(SEVERAL, ()))
        return super().as_dict() | {
            "people": {name: len(np.unique(split["labels"])) for name, split in splits.items()},
            "no_face": {name: int((~split["found"]).sum()) for name, split in splits.items()},
            "several_faces": {name: len(several & set(split.names)) for name, split in splits.items()},
        }


def load_data(config: Config, on: Path | None = None, *, require: bool = True) -> FaceData:
    """The photos of `DataConfig.source` with different people in each split; or all photos in `on` as the test split.

    Args:
        require: refuse data with too few faces (see `require_faces`).

    Returns:
        Splits with the columns `crops`, uint8 [N, 3, S, S], black where no face was found; `labels`, int64 [N]; and
        `found`, bool [N]: whether a face was.

    Raises:
        UserError: data is missing or damaged, or shows too few people.
    """
    settings = config.data
    if on:
        found, record = load_present(on, make_sources(replace(config, data=replace(settings, test_fold=0))))
        whole = found.everything().as_tensors()
        splits = Splits(whole.at([]), whole.at([]), whole)
    else:
        found, record = load_source(settings.source, settings.root, make_sources(config))
        # The test split is cut off first; nothing is chosen on it. Validation picks the best epoch and the threshold.
        splits = split_data(found, settings.validation_fraction, settings.test_fraction, config.seed)
    names = [name for split in vars(splits).values() for name in split.names]
    folder = find_lfw(on or settings.root) if record.source == "lfw" else None
    official = read_pairs(folder / PAIRS, names) if folder else None
    known = record, found.problems, found.facts | {"crop_size": crop_size(config)}, found.settled, found.unusual
    own = {"people": found.classes, "max_pairs": settings.pairs, "seed": config.seed, "official": official}
    data = FaceData(splits, [], *known, **own)
    if require:
        require_faces(data)
    return data


def make_sources(config: Config) -> dict[str, DataSource[SourceData]]:
    """Where photos can come from, by the name of the source."""
    return {
        "lfw": DataSource(partial(load_lfw, config), lambda root: find_lfw(root) is not None),
        "folder": DataSource(partial(load_folder, config), has_class_files, skipped_files),
        "sample": DataSource(partial(load_sample, config)),
    }


def require_faces(data: FaceData) -> None:
    """Raise a UserError where a split has too few faces to train on or to measure with."""
    train = data.splits.train
    without = ["train"] if len(train) and not train["found"].any() else []
    for name, pairs in data.pairs.items():
        whole = pairs.same[data.found[pairs.members].all(1)]
        without += [name] if not whole.any() or whole.all() else []
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
    held = [split.at(np.flatnonzero(split["found"])) for split in (data.splits.validation, data.splits.test)]
    return Splits(
        shuffled_loader(people, size, config.training.workers),
        *(ordered_loader(TensorBatches(split.columns), 64) for split in held),  # dlib_resnet takes 1 GB for 256
    )


class PeopleBatches(BatchDataset):
    """The training split, a person an example: batches of several photos, or views of them, of each person."""

    def __init__(self, split: Examples, settings: DataConfig, seed: int) -> None:
        super().__init__(seed)
        self.crops = split["crops"]
        self.on_demand = isinstance(self.crops, Rows) and self.crops.on_demand
        self.settings = settings
        seen = torch.nonzero(split["found"])[:, 0]
        labels = split["labels"][seen]
        self.photos = seen[labels.argsort(stable=True)].split(labels.unique(return_counts=True)[1].tolist())
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
