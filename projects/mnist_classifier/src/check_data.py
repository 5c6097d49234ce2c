"""Look at the data before training does: what is in it, what is wrong with it, and which settings suit it."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from shared.data.check import (
    Example,
    Findings,
    content_digest,
    passed_over,
    refused_record,
    samples_by_class,
    size_of,
    size_on_disk,
    survey_folders,
)
from shared.data.images import read_image
from shared.errors import UserError
from shared.files import require_writable
from shared.report.check import all_warnings, conclude
from shared.report.plots import sample_grid
from src.config import PROJECT, Config
from src.dataloader import Data, load_data

COLOURFUL = 12
"""Pictures whose channels differ by so many levels on average are in colour; a tint of the paper is less."""


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would, and say what is in it and what is wrong.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    started = time.perf_counter()
    require_writable(config.output_dir)
    found = Findings("pictures")
    record = refused_record(config.data.source)
    try:
        data = load_data(config)
    except UserError as error:
        found.refusal = str(error)
        found.examples = survey_folders(config.data.root, found.problems)
        pictures = {}
    else:
        record = data.as_dict()
        found.problems = data.problems
        found.examples = _examples(data, config.data.root)
        pictures = _prepared(data)
    samples = samples_by_class(found.examples, config.seed)
    found.warnings = all_warnings(found) + _setting_warnings(config, found, samples)
    found.warnings += passed_over(record, config.data.root)
    grid = {
        name: [pictures[one.name] if pictures else _original(config.data.root / one.name) for one in chosen]
        for name, chosen in samples.items()
    }
    return conclude(
        found,
        config.output_dir,
        project=PROJECT.name,
        seed=config.seed,
        record=record,
        grid=sample_grid(grid) if grid else None,
        seconds=time.perf_counter() - started,
    )


def _examples(data: Data, root: Path) -> list[Example]:
    """What training sees, with the sizes that the files have."""
    examples = []
    for part, batch in vars(data.parts).items():
        size = size_of((batch["images"].shape[3], batch["images"].shape[2]))
        for name, image, label in zip(getattr(data.names, part), batch["images"], batch["labels"], strict=True):
            on_disk = size_on_disk(root / name) if data.record.source == "folder" else size
            examples.append(Example(name, part, (data.classes[label],), content_digest(image.numpy()), on_disk))
    return examples


def _prepared(data: Data) -> dict[str, np.ndarray]:
    """The pictures as the network gets them, by name."""
    return {
        name: _displayed(image)
        for part, batch in vars(data.parts).items()
        for name, image in zip(getattr(data.names, part), batch["images"], strict=True)
    }


def _displayed(image: Tensor) -> np.ndarray:
    array: np.ndarray = image.permute(1, 2, 0).numpy()
    return array[:, :, 0] if array.shape[2] == 1 else array


def _original(path: Path) -> np.ndarray:
    return np.asarray(read_image(path))


def _setting_warnings(config: Config, found: Findings, samples: dict[str, list[Example]]) -> list[str]:
    """Which settings would suit the user's own pictures better; the samples stand for all."""
    files = [config.data.root / one.name for chosen in samples.values() for one in chosen]
    files = [path for path in files if path.is_file()]
    if not files:
        return []
    warnings = []
    colourful = sum(_is_colourful(_original(path)) for path in files)
    if config.data.channels == 1 and 2 * colourful > len(files):
        warnings.append(
            f"{colourful} of {len(files)} pictures looked at are in colour, but data.channels is 1, so the network "
            "sees them in gray; for photographs try --data.channels 3 --data.preparation photo --data.image_size 64."
        )
    small = sum(min(one.measures.values(), default=0) < config.data.image_size for one in found.examples)
    if config.data.preparation == "photo" and small:
        warnings.append(
            f"{small:,} pictures have a side below data.image_size {config.data.image_size} and are enlarged; "
            "lower that setting, or bring larger ones."
        )
    return warnings


def _is_colourful(pixels: np.ndarray) -> bool:
    return pixels.ndim == 3 and float(np.ptp(pixels.astype(np.int16), axis=2).mean()) > COLOURFUL
