"""Say whether two photos show the same person."""

from pathlib import Path
from typing import Any

from shared.console import log
from src.config import Config
from src.recognizer import Recognizer


def verify(config: Config, first: Path, second: Path) -> dict[str, Any]:
    """Compare two photos of one face each: `same`, `different` or `can't tell`, and how sure that is.

    Args:
        first: an image file
        second: another
    """
    recognizer = Recognizer(config)
    compared, decision = recognizer.compare(*map(recognizer.one_face, (first, second))), recognizer.decision
    log.info(
        f"verify: {compared['prediction']} (similarity {compared['similarity']:.3f}; same above "
        f"{decision.same_above:.3f}, different below {decision.different_below:.3f}; thresholds {decision.origin})"
    )
    return compared
