"""The data: where the photos come from, how people are divided among the splits, and what a batch is.

For your own data, edit `load_data` (or add a function to sources.py); for other changes of the training crops, edit
augmentation.py.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Generator
from torch.utils.data import DataLoader

from models.model import crop_size
from shared.console import log
from shared.data.batches import fitting_batch_size
from shared.data.examples import Data, Examples, SourceData, joined, split_data
from shared.data.folders import has_class_files
from shared.data.memory import Batch, BatchDataset, TensorBatches, ordered_loader, shuffled_loader
from shared.data.rows import Rows
from shared.data.skipped import skipped_files
from shared.data.sources import DataRecord, DataSource, load_present, load_source
from shared.data.splits import Splits
from shared.errors import UserError
from src.augmentation import augment
from src.config import Config, DataConfig
from src.detections import NO_FACE, SEVERAL
from src.pairs import Pairs, draw_pairs, read_pairs
from src.sources import PAIRS, find_lfw, load_folder, load_lfw, load_sample


@dataclass(frozen=True, kw_only=True)
class FaceData(Data):
    """Faces in three splits of different people, and the pairs to measure on.

    `classes` is empty: an embedder compares any people, so it may be measured on people it has not learned from.
    """

    faces: Examples
    """The faces of training, validation and test, one after the other; all pairs hold indices into them."""
    people: list[str]
    """The names; `labels` are indices into this list."""
    pairs: dict[str, Pairs]
    """What is measured, by split: `validation` and `test`, or `test` alone."""
    official: Pairs | None
    """All pairs of a pairs.txt."""

    @property
    def labels(self) -> np.ndarray:
        """Whose the faces are, int64 [N]."""
        return np.asarray(self.faces["labels"])

    @property
    def found(self) -> np.ndarray:
        """Whether the photo shows a face, bool [N]."""
        return np.asarray(self.faces["found"])


def load_data(config: Config) -> FaceData:
    """Find the photos, divide the people among the splits (see `read_people`), and refuse too few faces.

    Raises:
        UserError: data is missing or damaged, or shows too few people.
    """
    data = read_people(config)
    require_faces(data)
    return data


def read_people(config: Config) -> FaceData:
    """The photos of `DataConfig.source` with different people in each split.

    Returns:
        Splits with the columns `crops`, uint8 [N, 3, S, S], black where no face was found; `labels`, int64 [N]; and
        `found`, bool [N]: whether a face was.
    """
    settings = config.data
    found, record = load_source(settings.source, settings.root, make_sources(config))
    # The test split is cut off first; nothing is chosen on it. Validation picks the best epoch and the threshold.
    splits = split_data(found, settings.validation_fraction, settings.test_fraction, config.seed)
    return with_pairs(config, found, record, splits)


def load_people(config: Config, on: Path) -> FaceData:
    """All photos in `on` as the test split of data without others.

    Raises:
        UserError: data is missing or damaged, or shows too few people.
    """
    config = replace(config, data=replace(config.data, root=on, test_fold=0))
    found, record = load_present(config.data.root, make_sources(config))
    nothing, whole = found.everything().at([]), found.everything()
    data = with_pairs(config, found, record, Splits(nothing, nothing, whole))
    require_faces(data)
    return data


def with_pairs(config: Config, found: SourceData, record: DataRecord, splits: Splits[Examples]) -> FaceData:
    """The splits with what was found in the photos, and with pairs: those of a pairs.txt, or drawn ones."""
    for sentence in found.unusual.sentences():
        log.warning(sentence)
    without, several = (set(found.unusual.by_kind.get(note, ())) for note in (NO_FACE, SEVERAL))
    for split in vars(splits).values():
        split.columns["found"] = torch.tensor([name not in without for name in split.names], dtype=torch.bool)
    faces = joined([*vars(splits).values()]).as_tensors()
    first_test = len(faces) - len(splits.test)
    places = {"validation": np.arange(len(splits.train), first_test), "test": np.arange(first_test, len(faces))}
    folder = find_lfw(config.data.root) if record.source == "lfw" else None
    official = read_pairs(folder / PAIRS, faces.names) if folder else None
    pairs = {}
    for name, indices in places.items():
        if name == "test" and official:
            pairs[name] = official.at((official.members >= first_test).all(1))
        elif len(indices):
            pairs[name] = draw_pairs(faces["labels"].numpy(), indices, config.data.pairs, config.seed)
    counts = {
        "people": {name: len(np.unique(split["labels"])) for name, split in vars(splits).items()},
        "no_face": {name: int((~split["found"]).sum()) for name, split in vars(splits).items()},
        "several_faces": {name: len(several & set(split.names)) for name, split in vars(splits).items()},
    }
    return FaceData(
        splits,
        [],
        record,
        found.problems,
        found.facts | counts | {"crop_size": crop_size(config)},
        found.settled,
        found.unusual,
        faces=faces,
        people=found.classes,
        pairs=pairs,
        official=official,
    )


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
