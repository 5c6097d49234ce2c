"""Look at the data before training does: what is in it, what is wrong with it, and which settings suit it."""

from typing import Any

import numpy as np

from shared.data.check import (
    DataCheck,
    all_warnings,
    contents_by_name,
    list_examples,
    samples_by_class,
    size_on_disk,
    start_check,
)
from shared.data.copies import SAME_IMAGE, near_copy_warnings
from shared.data.images import read_image, size_of
from shared.data.skipped import skipped_warnings
from shared.report.check import write_check_report
from src.config import PROJECT, Config, DataConfig
from src.dataloader import load_data
from src.preparation import displayed


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    root = config.data.root
    check, data = start_check(config, "images", load_data)
    prepared = contents_by_name(data, "images") if data else None
    if data:
        on_disk = data.record.source == "folder"
        size = size_of(data.splits.train["images"].shape[:1:-1])
        check.examples = list_examples(data, "images", lambda name: size_on_disk(root / name) if on_disk else size)
    samples = samples_by_class(check.examples, config.seed)
    check.warnings = all_warnings(check) + _setting_warnings(config.data, check)
    check.warnings += skipped_warnings(data and data.record, config.data)
    check.warnings += near_copy_warnings(data, "images", SAME_IMAGE)
    images = {
        label: [
            displayed(prepared(one.name)) if prepared else np.asarray(read_image(root / one.name)) for one in chosen
        ]
        for label, chosen in samples.items()
    }
    return write_check_report(check, config, PROJECT, samples=images)


LONG = 2
"""From this ratio of the sides on, a photo's middle square leaves out half of it."""


def _setting_warnings(settings: DataConfig, check: DataCheck) -> list[str]:
    """Which settings would suit the user's own photos better."""
    sides = [sorted(one.measures.values()) for one in check.examples if one.measures]
    warnings = []
    long = sum(longer >= LONG * shorter for shorter, longer in sides)
    if settings.fit == "crop" and 10 * long > len(sides):
        warnings.append(
            f"{long:,} of {len(sides):,} photos are at least {LONG} times as long as wide, and data.fit crop keeps "
            "their middle square only; --data.fit pad or stretch shows the network all of them."
        )
    small = sum(longer < settings.image_size for _, longer in sides)
    if small:
        warnings.append(
            f"{small:,} photos are smaller than data.image_size {settings.image_size} and are enlarged; lower that "
            "setting, or use larger photos."
        )
    return warnings
