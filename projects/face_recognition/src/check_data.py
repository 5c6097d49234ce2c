"""Look at the data before training does: whose photos there are, what is wrong with them, and what can be measured."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.check import (
    DataCheck,
    Example,
    class_counts,
    content_digest,
    copy_warnings,
    inspect_files,
    problem_warnings,
    refused_record,
    samples_by_class,
    size_of,
    skipped_files,
    survey_folders,
)
from shared.data.images import read_image
from shared.data.problems import named
from shared.errors import UserError
from shared.files import require_writable
from shared.report.check import write_check_report
from shared.report.html import Section
from shared.report.plots import sample_grid
from src.config import PROJECT, Config
from src.dataloader import Data, load_data, require_faces
from src.utils import crop_size

NO_FACE = "photos without a face"


def check_data(config: Config, faces: bool = False) -> dict[str, Any]:
    """Read the photos as training would, and say whose they are and what is wrong.

    Writes outputs/check_data.json, outputs/data.png (photos by person) and outputs/data.html.

    Args:
        faces: also look for the face in each photo; training then need not do it again
    """
    started = time.perf_counter()
    require_writable(config.output_dir)
    found = DataCheck("photos", ("person", "people"))
    record = refused_record(config.data.source)
    sections = []
    try:
        data = load_data(config, crop_size(config), search=faces, complete=False)
    except UserError as error:
        found.refusal = str(error)
        found.examples = survey_folders(config.data.root, found.problems)
        crops = {}
    else:
        record = data.as_dict()
        found.examples = _examples(data, config, found)
        found.refusal = _refusal(data)
        crops = {} if data.faces.files else _crops(data)
        sections = [_measurable(data)]
    found.warnings = [*problem_warnings(found.problems), *copy_warnings(found), *_single_photos(found)]
    found.warnings += skipped_files(record, config.data.root)
    samples = samples_by_class(found.examples, config.seed)
    grid = {
        name: [crops[one.name] if crops else _photo(config.data.root, one.name) for one in chosen]
        for name, chosen in samples.items()
    }
    return write_check_report(
        found,
        config.output_dir,
        project=PROJECT.name,
        seed=config.seed,
        record=record,
        grid=sample_grid(grid) if grid else None,
        sections=sections,
        seconds=time.perf_counter() - started,
        searched=faces,
    )


def _examples(data: Data, config: Config, found: DataCheck) -> list[Example]:
    """The photos that can be read; of the sample, its crops."""
    part_of = {index: split for split, indices in vars(data.splits).items() for index in indices.tolist()}
    people = [data.faces.people[label] for label in data.faces.labels]
    if not data.faces.files:
        size = size_of((data.faces.crops.shape[3], data.faces.crops.shape[2]))
        return [
            Example(name, part_of[index], (people[index],), content_digest(crop), size)
            for index, (name, crop) in enumerate(_crops(data).items())
        ]
    names = [path.relative_to(config.data.root).as_posix() for path in data.faces.files]
    files = {
        path: Example(names[index], part_of[index], (people[index],), "", {})
        for index, path in enumerate(data.faces.files)
    }
    examples = inspect_files(files, found.problems)
    readable = np.isin(names, [example.name for example in examples])
    for index in np.flatnonzero(~data.faces.found & readable):
        found.problems.add(NO_FACE, names[index])
    data.faces.found[~readable] = False
    return examples


def _refusal(data: Data) -> str:
    """Why training refuses the photos that cannot be read, or show no face, if it does."""
    try:
        require_faces(data)
    except UserError as error:
        return str(error)
    return ""


def _crops(data: Data) -> dict[str, np.ndarray]:
    """The sample's crops, by a name for each."""
    crops = data.faces.crops.permute(0, 2, 3, 1).numpy()
    return {f"{data.faces.people[label]}, crop {index}": crops[index] for index, label in enumerate(data.faces.labels)}


def _photo(root: Path, name: str) -> np.ndarray:
    return np.asarray(read_image(root / name))


def _single_photos(found: DataCheck) -> list[str]:
    """What cannot be measured with people of whom there is one photo."""
    counts = class_counts(found.examples)
    single = [name for name, by_split in counts.items() if by_split.total() == 1]
    if not single:
        return []
    return [
        f"people with one photo only: {len(single):,} of {len(counts):,} ({named(single)}); they give no pair of the "
        "same person to learn from or to measure with, so add photos of them."
    ]


def _measurable(data: Data) -> Section:
    pairs = {"validation": data.validation_pairs, "test": data.test_pairs}
    rows = []
    for split, indices in vars(data.splits).items():
        people = len(np.unique(data.faces.labels[indices]))
        same = int(pairs[split].same.sum()) if split in pairs else 0
        measured = [f"{same:,}", f"{len(pairs[split]) - same:,}"] if split in pairs else ["", ""]
        rows.append([split, f"{people:,}", f"{len(indices):,}", *measured])
    header = ["split", "people", "photos", "pairs of the same person", "of different ones"]
    return Section("People and pairs", "No person is in two splits.", header, rows)
