"""Look at the data before training does: what is in it, what is wrong with it, and which settings suit it."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from shared.data.check import (
    DataCheck,
    Example,
    content_digest,
    refused_record,
    samples_by_class,
    size_of,
    size_on_disk,
    skipped_files,
    survey_folders,
)
from shared.data.images import read_image
from shared.errors import UserError
from shared.files import require_writable
from shared.report.check import all_warnings, write_check_report
from shared.report.plots import sample_grid
from src.config import PROJECT, Config
from src.dataloader import Data, load_data

COLORFUL = 12
"""Images whose channels differ by so many levels on average are in color; a tint of the paper is less."""


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would, and say what is in it and what is wrong.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    started = time.perf_counter()
    require_writable(config.output_dir)
    found = DataCheck("images")
    record = refused_record(config.data.source)
    try:
        data = load_data(config)
    except UserError as error:
        found.refusal = str(error)
        found.examples = survey_folders(config.data.root, found.problems)
        images = {}
    else:
        record = data.as_dict()
        found.problems = data.problems
        found.examples = _examples(data, config.data.root)
        images = _prepared(data)
    samples = samples_by_class(found.examples, config.seed)
    found.warnings = all_warnings(found) + _setting_warnings(config, found, samples)
    found.warnings += skipped_files(record, config.data.root)
    grid = {
        name: [images[one.name] if images else _original(config.data.root / one.name) for one in chosen]
        for name, chosen in samples.items()
    }
    return write_check_report(
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
    for split, batch in vars(data.splits).items():
        size = size_of((batch["images"].shape[3], batch["images"].shape[2]))
        for name, image, label in zip(getattr(data.names, split), batch["images"], batch["labels"], strict=True):
            on_disk = size_on_disk(root / name) if data.record.source == "folder" else size
            examples.append(Example(name, split, (data.classes[label],), content_digest(image.numpy()), on_disk))
    return examples


def _prepared(data: Data) -> dict[str, np.ndarray]:
    """The images as the network gets them, by name."""
    return {
        name: _displayed(image)
        for split, batch in vars(data.splits).items()
        for name, image in zip(getattr(data.names, split), batch["images"], strict=True)
    }


def _displayed(image: Tensor) -> np.ndarray:
    array: np.ndarray = image.permute(1, 2, 0).numpy()
    return array[:, :, 0] if array.shape[2] == 1 else array


def _original(path: Path) -> np.ndarray:
    return np.asarray(read_image(path))


def _setting_warnings(config: Config, found: DataCheck, samples: dict[str, list[Example]]) -> list[str]:
    """Which settings would suit the user's own images better; the samples stand for all."""
    files = [config.data.root / one.name for chosen in samples.values() for one in chosen]
    files = [path for path in files if path.is_file()]
    if not files:
        return []
    warnings = []
    colorful = sum(_is_colorful(_original(path)) for path in files)
    if config.data.channels == 1 and 2 * colorful > len(files):
        warnings.append(
            f"{colorful} of {len(files)} images looked at are in color, but data.channels is 1, so the network "
            "sees them in gray; for photographs try --data.channels 3 --data.preparation photo --data.image_size 64."
        )
    small = sum(min(one.measures.values(), default=0) < config.data.image_size for one in found.examples)
    if config.data.preparation == "photo" and small:
        warnings.append(
            f"{small:,} images have a side below data.image_size {config.data.image_size} and are enlarged; "
            "lower that setting, or bring larger ones."
        )
    return warnings


def _is_colorful(pixels: np.ndarray) -> bool:
    return pixels.ndim == 3 and float(np.ptp(pixels.astype(np.int16), axis=2).mean()) > COLORFUL
