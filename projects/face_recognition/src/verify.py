"""Say whether two photos show the same person."""

from pathlib import Path
from typing import Any

from shared.console import log
from src.config import Config
from src.decision import load_decision
from src.recognizer import Recognizer
from src.similarity import similarity


def verify(config: Config, first: Path, second: Path) -> dict[str, Any]:
    """Compare two photos of one face each: `same`, `different` or `can't tell`, and how sure that is.

    Args:
        first: an image file
        second: another
    """
    recognizer = Recognizer(config)
    decision = load_decision(config.output_dir, recognizer.embedder)
    alike = float(similarity(recognizer.one_face(first), recognizer.one_face(second)))
    answer = decision.answer(alike)
    log.info(
        f"verify: {answer} (similarity {alike:.3f}; same above {decision.same_above:.3f}, different below "
        f"{decision.different_below:.3f}; thresholds {decision.origin})"
    )
    return {"prediction": answer, "similarity": alike, "thresholds": decision.origin}
