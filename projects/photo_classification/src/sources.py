"""Where the photos come from: one function per source; each returns `SourceData`."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from shared.data.class_folders import read_class_folders
from shared.data.examples import Examples, SourceData
from shared.data.groups import in_groups
from shared.data.prepared import Reading
from shared.data.value_range import settle_range
from src.config import DataConfig
from src.preparation import prepare, read_file


def load_folder(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own photos: one folder per class in `root`, or in `root/train` beside `root/validation` and `root/test`."""
    given = {name: getattr(settings, name) for name in ("image_size", "fit", "value_range")}
    reading = Reading(read_file, given, partial(settle_range, settings.value_range))
    found = read_class_folders(root, "images", reading, settings, classes=classes)
    if classes:  # nothing is cut, so that groups do not matter
        return found
    return replace(found, train=in_groups(found.train, found.classes, root, settings.group_pattern))


def load_sample(settings: DataConfig, seed: int, _: Path) -> SourceData:
    """The built-in sample (see sample.py)."""
    from src.sample import PATCHES, draw_sample  # its libraries take a second to load, and your own data needs none

    splits, classes = {}, []
    for split in PATCHES:
        drawn = list(draw_sample(split, seed))
        classes = sorted({name for name, _, _ in drawn})
        images = np.stack([prepare(image, settings.image_size, settings.fit) for _, _, image in drawn])
        labels = np.array([classes.index(name) for name, _, _ in drawn])
        names = [f"{split} {name} {number}" for name, number, _ in drawn]
        splits[split] = Examples({"images": images, "labels": labels}, names)
    return SourceData(
        classes,
        *splits.values(),
        "the built-in sample: recolored patches of eight photographs that come with scikit-image, a toy",
        "those of the photographs, see the README of scikit-image's data",
    )
