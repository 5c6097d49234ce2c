"""Say whether two photos show the same person."""

from pathlib import Path
from typing import Any

from shared.console import say
from src.config import Config
from src.decision import load_decision
from src.recogniser import Recogniser
from src.similarity import similarity


def verify(config: Config, first: Path, second: Path) -> dict[str, Any]:
    """Compare two photos of one face each: `same`, `different` or `can't tell`, and how sure that is.

    Args:
        first: a picture file
        second: another
    """
    recogniser = Recogniser(config)
    decision = load_decision(config.output_dir, recogniser.embedder)
    alike = float(similarity(recogniser.one_face(first), recogniser.one_face(second)))
    answer = decision.answer(alike)
    say(
        f"verify: {answer} (similarity {alike:.3f}; same above {decision.same_above:.3f}, different below "
        f"{decision.different_below:.3f}; thresholds {decision.origin})"
    )
    return {"answer": answer, "similarity": alike, "thresholds": decision.origin}
