"""Look at the data before training does: what is in it, and what is wrong with it."""

from typing import Any

from shared.data.copies import SAME_DIGIT
from shared.report.check import check_files
from src.config import PROJECT, Config
from src.dataloader import load_data


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    return check_files(config, PROJECT, load_data, SAME_DIGIT)
