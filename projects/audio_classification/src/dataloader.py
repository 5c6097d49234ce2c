"""The data: where it comes from, how it is split, and how it is served in batches.

For your own data, edit `load_data` (or add a function to sources.py); the changes of training clips are in
augmentation.py.
"""

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
from torch.utils.data import DataLoader

from shared.data.batches import fitting_batch_size
from shared.data.copies import SAME_RECORDING, warn_near_copies
from shared.data.examples import Data, Examples, SourceData, split_data
from shared.data.folders import RECORDINGS, has_class_files
from shared.data.memory import Batch, TensorBatches, ordered_loader, shuffled_loader
from shared.data.problems import named
from shared.data.skipped import skipped_files
from shared.data.sources import DataSource, load_source
from shared.data.splits import Splits
from shared.errors import UserError
from src.augmentation import augment
from src.config import Config, DataConfig
from src.sources import find_commands, find_fsdd, load_commands, load_folder, load_fsdd, load_sample

EVALUATION_BATCH = 256
"""Clips; a batch of one second at 16 kHz then takes some hundred megabytes as features."""


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into training, validation and test splits.

    Returns:
        The splits have the columns `samples`, int16 [N, samples], and `labels`, int64 [N]; speakers are the groups.

    Raises:
        UserError: the data is not there, damaged, or too small to be cut.
    """
    settings = config.data
    found, record = load_source(settings.source, settings.root, make_sources(config))  # no download unasked
    splits = split_by_speaker(found, settings, config.seed)
    present = set(splits.train["labels"].tolist())
    if lacking := [name for label, name in enumerate(found.classes) if label not in present]:
        raise UserError(
            f"no clip of {named(lacking)} is left to train on, because so few speakers have them; "
            "add speakers, remove these classes, or try another --seed."
        )
    known = {speaker for own in (found.train, found.validation, found.test) if own for speaker in own.groups if speaker}
    speakers = {name: len(known & set(split.groups)) for name, split in vars(splits).items()}
    copies = warn_near_copies(splits, "samples", SAME_RECORDING) if record.source == "folder" else None
    facts = found.facts | {"speakers": speakers}
    return Data(splits, found.classes, record, found.problems, facts, unusual=found.unusual, near_copies=copies)


def make_sources(config: Config, classes: list[str] | None = None) -> dict[str, DataSource[SourceData]]:
    """Where data can come from, by the name of the source; `classes` are those of a trained network."""
    settings = config.data
    folder = partial(load_folder, settings, classes=classes)
    return {
        "speech_commands": DataSource(partial(load_commands, settings), lambda root: find_commands(root) is not None),
        "fsdd": DataSource(partial(load_fsdd, settings), lambda root: bool(find_fsdd(root))),
        "folder": DataSource(
            folder, partial(has_class_files, kind=RECORDINGS), partial(skipped_files, kind=RECORDINGS)
        ),
        "sample": DataSource(partial(load_sample, settings, config.seed)),
    }


def make_loaders(data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches; only the training split is shuffled and augmented."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    train = TensorBatches(data.splits.train.columns, partial(augment, config.data), config.seed)
    return Splits(
        shuffled_loader(train, size, config.training.workers),
        ordered_loader(TensorBatches(data.splits.validation.columns), EVALUATION_BATCH),
        ordered_loader(TensorBatches(data.splits.test.columns), EVALUATION_BATCH),
    )


def split_by_speaker(found: SourceData, settings: DataConfig, seed: int) -> Splits[Examples]:
    """The splits that the source has; those it lacks are cut off its training clips, the test split first.

    A network learns voices as well as words: measured on speakers it was trained on, it scores better than it is.
    """
    train, test = found.train, found.test
    if settings.test_groups:
        if test is not None:
            raise UserError("the data has a test split, which data.test_groups cannot change; leave that setting out.")
        train, test = _cut_speakers(train, settings.test_groups)
    if any(train.groups):  # a clip whose speaker is not known is a group by itself
        groups = [group or name for group, name in zip(train.groups, train.names, strict=True)]
        train = replace(train, groups=groups, strata=[str(label) for label in train["labels"]])
    found = replace(found, train=train, test=test)
    advice, speakers, by_speaker = "", len(set(train.groups)), settings.validation_by == "group"
    if found.validation is None and by_speaker and test is not None:
        advice = "set data.validation_by to clip"
    elif found.validation is None and by_speaker and speakers > 1:  # one of two speakers can be the test split
        advice = f"set data.validation_by to clip and data.test_fraction to {1 / speakers:.3g}"
    return split_data(found, settings.validation_fraction, settings.test_fraction, seed, advice, by_speaker)


def _cut_speakers(whole: Examples, wanted: list[str]) -> tuple[Examples, Examples]:
    """All other clips, and those of the wanted speakers."""
    unknown = set(wanted) - set(whole.groups)
    if unknown:
        known = ", ".join(group for group, _ in Counter(filter(None, whole.groups)).most_common(5)) or "none"
        raise UserError(f"data.test_groups names {named(sorted(unknown))}, who speaks nowhere; known are {known}.")
    chosen = np.isin(whole.groups, wanted)
    if chosen.all():
        raise UserError(f"data.test_groups names every speaker ({named(wanted)}); leave one to learn from.")
    return whole.at(np.flatnonzero(~chosen)), whole.at(np.flatnonzero(chosen))
