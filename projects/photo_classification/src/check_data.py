"""Look at the data before training does: what is in it, what is wrong with it, and which settings suit it."""

from functools import partial
from typing import Any

from shared.data.check import DataCheck
from shared.data.copies import SAME_IMAGE
from shared.data.examples import Data
from shared.report.check import check_files
from src.config import PROJECT, Config, DataConfig
from src.dataloader import load_data


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    return check_files(config, PROJECT, load_data, SAME_IMAGE, partial(_setting_warnings, config.data))


LONG = 2
"""From this ratio of the sides on, a photo's middle square leaves out half of it."""


def _setting_warnings(settings: DataConfig, check: DataCheck, _: Data | None) -> list[str]:
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
