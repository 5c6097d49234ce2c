"""Where the photos come from: one function per source; each returns `SourceData`."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from shared.data.class_folders import find_splits, read_splits
from shared.data.examples import Examples, SourceData, with_labels
from shared.data.folders import has_class_files
from shared.data.groups import in_groups
from shared.data.index import tables_in
from shared.data.prepared import Reading
from shared.data.problems import Problems
from shared.data.tables import find_in_tables
from shared.data.value_range import settle_range
from src.config import DataConfig
from src.preparation import prepare, read_file


def load_folder(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own photos: in class folders (also below `train`, `validation`, `test`), or labeled by tables in `root`."""
    given = {name: getattr(settings, name) for name in ("image_size", "fit", "value_range")}
    reading, left_out = Reading(read_file, given, partial(settle_range, settings.value_range)), Problems()
    several = None if settings.labels == "auto" else settings.labels == "several"
    labeled = find_in_tables(root, settings.label_columns, several, left_out, classes=classes)
    labeled = labeled or find_splits(root, classes=classes)
    found = with_labels(read_splits(root, labeled, "images", reading, settings), settings.labels)
    found.problems.update(left_out)
    if classes:  # nothing is cut, so that groups do not matter
        return found
    return replace(found, train=in_groups(found.train, found.classes, root, settings.group_pattern))


def has_photos(root: Path) -> bool:
    """Whether `root` holds class folders of images, or a table."""
    return has_class_files(root) or bool(tables_in(root))


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
    found = SourceData(
        classes,
        *splits.values(),
        "the built-in sample: recolored patches of eight photographs that come with scikit-image, a toy",
        "those of the photographs, see the README of scikit-image's data",
    )
    return with_labels(found, settings.labels)
