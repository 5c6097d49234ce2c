"""Look at the data before training does: what is in it, what is wrong with it, and which settings suit it."""

from typing import Any

import numpy as np

from shared.data.check import (
    DataCheck,
    Example,
    all_warnings,
    contents_by_name,
    list_examples,
    samples_by_class,
    size_of,
    size_on_disk,
    start_check,
)
from shared.data.copies import find_near_copies, near_copy_warnings
from shared.data.images import read_image
from shared.data.skipped import skipped_warnings
from shared.report.check import write_check_report
from src.config import PROJECT, Config
from src.dataloader import likeness, load_data
from src.preparation import displayed, is_colorful


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    root = config.data.root
    check, data = start_check(config, "images", load_data)
    prepared = contents_by_name(data, "images") if data else {}
    if data:
        on_disk = data.record.source == "folder"
        check.examples = list_examples(
            data, "images", lambda name, image: size_on_disk(root / name) if on_disk else size_of(image.shape[:0:-1])
        )
    samples = samples_by_class(check.examples, config.seed)
    value_range = data.settled.get("value_range", []) if data else []
    check.warnings = all_warnings(check) + _setting_warnings(config, check, samples, value_range)
    check.warnings += skipped_warnings(check.record, root)
    if data and on_disk:
        copies = find_near_copies(data.splits, "images", likeness(data.settled), within=True)
        check.warnings += near_copy_warnings(data.splits, copies)
    images = {
        label: [displayed(prepared[one.name]) if data else np.asarray(read_image(root / one.name)) for one in chosen]
        for label, chosen in samples.items()
    }
    return write_check_report(check, config, PROJECT, samples=images)


def _setting_warnings(
    config: Config, check: DataCheck, samples: dict[str, list[Example]], value_range: list[float]
) -> list[str]:
    """Which settings would suit the user's own images better; the samples stand for all."""
    files = [config.data.root / one.name for chosen in samples.values() for one in chosen]
    files = [path for path in files if path.is_file()]
    if not files:
        return []
    warnings = []
    colorful = sum(is_colorful(np.asarray(read_image(path, value_range=value_range))) for path in files)
    if config.data.channels == 1 and 2 * colorful > len(files):
        warnings.append(
            f"{colorful} of {len(files)} sampled images are in color, but data.channels is 1, so the network "
            "sees them in gray; for photos try --data.channels 3 --data.preparation photo --data.image_size 64."
        )
    small = sum(min(one.measures.values(), default=0) < config.data.image_size for one in check.examples)
    if config.data.preparation == "photo" and small:
        warnings.append(
            f"{small:,} images have a side below data.image_size {config.data.image_size} and are enlarged; "
            "lower that setting, or use larger images."
        )
    return warnings
