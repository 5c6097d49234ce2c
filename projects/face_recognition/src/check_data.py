"""Look at the data before training does: whose photos there are, what is wrong with them, and what can be measured."""

from functools import partial
from typing import Any

import numpy as np

from shared.data.check import (
    DataCheck,
    Example,
    class_counts,
    content_digest,
    copy_warnings,
    inspect_files,
    inspect_image,
    samples_by_class,
    start_check,
)
from shared.data.images import read_image, size_of
from shared.data.problems import named
from shared.data.skipped import skipped_warnings
from shared.errors import UserError
from shared.report.check import write_check_report
from shared.report.html import Section
from src.config import PROJECT, Config
from src.dataloader import FaceData, load_data, require_faces

NO_FACE = "photos without a face"


def check_data(config: Config, faces: bool = False) -> dict[str, Any]:
    """Read the photos as training would, and say whose they are and what is wrong.

    Writes outputs/check_data.json, outputs/data.png (photos by person) and outputs/data.html.

    Args:
        faces: also look for the face in each photo; training then need not do it again
    """
    root = config.data.root
    check, data = start_check(config, "photos", partial(load_data, search=faces, complete=False))
    check.class_nouns = ("person", "people")
    crops: dict[str, np.ndarray] = {}  # of the sample, whose photos are no files
    if data:
        if data.record.source == "sample":
            crops = dict(zip(data.faces.names, data.faces["crops"].permute(0, 2, 3, 1).numpy(), strict=True))
        check.examples = _list_photos(data, config, check, crops)
        try:
            require_faces(data)
        except UserError as error:
            check.refusal = str(error)
    check.warnings = [*check.problems.sentences(), *copy_warnings(check)]
    counts = class_counts(check.examples)
    if data and data.faces["several"].any():
        several = [data.faces.names[index] for index in np.flatnonzero(data.faces["several"])]
        check.warnings.append(
            f"photos of several faces: {len(several):,} ({named(several)}); the most central face of each is taken for "
            "the person, so crop them to the person."
        )
    single = [name for name, by_split in counts.items() if by_split.total() == 1]
    if single:
        check.warnings.append(
            f"people with one photo only: {len(single):,} of {len(counts):,} ({named(single)}); they give no pair of "
            "the same person to learn from or to measure with, so add photos of them."
        )
    check.warnings += skipped_warnings(data and data.record, config.data)
    read = partial(read_image, **(data.settled if data else {}))
    images = {
        name: [crops[one.name] if crops else np.asarray(read(root / one.name)) for one in chosen]
        for name, chosen in samples_by_class(check.examples, config.seed).items()
    }
    return write_check_report(
        check, config, PROJECT, samples=images, sections=[_measurable(data)] if data else [], searched=faces
    )


def _list_photos(data: FaceData, config: Config, check: DataCheck, crops: dict[str, np.ndarray]) -> list[Example]:
    """The photos that can be read; of the sample, its crops. What is wrong with a photo goes into `check.problems`."""
    size = size_of(data.faces["crops"].shape[2:]) if crops else {}
    listed = [
        Example(name, split, (data.people[label],), content_digest(crops[name]) if crops else "", size)
        for split, held in vars(data.splits).items()
        for name, label in zip(held.names, held["labels"], strict=True)
    ]
    if crops:
        return listed
    look = partial(inspect_image, **data.settled)
    examples = inspect_files({config.data.root / one.name: one for one in listed}, check.problems, look=look)
    readable = np.isin(data.faces.names, [one.name for one in examples])
    found = data.faces["found"]
    for index in np.flatnonzero(~found & readable):
        check.problems.add(NO_FACE, data.faces.names[index])
    found[~readable] = False  # without a search, every photo is taken to show a face
    return examples


def _measurable(data: FaceData) -> Section:
    pairs = {"validation": data.validation_pairs.same, "test": data.test_pairs.same}
    rows = []
    for split, held in vars(data.splits).items():
        numbers = [f"{same.sum():,}" for same in (pairs[split], ~pairs[split])] if split in pairs else ["", ""]
        rows.append([split, f"{len(np.unique(held['labels'])):,}", f"{len(held):,}", *numbers])
    header = ["split", "people", "photos", "pairs of the same person", "of different ones"]
    return Section("People and pairs", "No person is in two splits.", header, rows)
