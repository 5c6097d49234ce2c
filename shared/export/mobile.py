"""Whether phones' accelerators would help a network, by onnxruntime's own checker; every phone runs it on its CPU."""

import logging
import re
from logging.handlers import BufferingHandler
from pathlib import Path

from onnxruntime.tools.mobile_helpers.usability_checker import analyze_model

_VERDICT = re.compile(r"Model should perform well with (.+?) (as is|if modified to have fixed input shapes): (YES|NO)")


def mobile_usability(path: Path) -> dict[str, bool]:
    """For NNAPI (Android) and CoreML (iOS), as the file is and with fixed sizes: whether the accelerator would help."""
    logger, kept = logging.getLogger("mobile_usability"), BufferingHandler(capacity=100_000)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(kept)
    try:
        analyze_model(path, skip_optimize=False, logger=logger)
    finally:
        logger.removeHandler(kept)
    found = (_VERDICT.search(record.getMessage()) for record in kept.buffer)
    how = {"as is": "as is", "if modified to have fixed input shapes": "with fixed sizes"}
    return {f"{match[1]}, {how[match[2]]}": match[3] == "YES" for match in found if match}
