"""From a similarity to a prediction: two thresholds, calibrated by the verb `calibrate` or general ones."""

from dataclasses import dataclass
from pathlib import Path

from shared.errors import UserError
from shared.files import read_json

FILE = "decision.json"
GENERAL = {True: (1 - 0.55**2 / 2, 1 - 0.65**2 / 2), False: (0.8, 0.2)}
"""Thresholds where nothing is calibrated: those of dlib_resnet lie around dlib's own limit, a distance of 0.6."""


@dataclass(frozen=True)
class Decision:
    """Two thresholds for how alike two faces are (see `src.pairs.similarity`)."""

    embedder: str
    same_above: float
    different_below: float
    """Between the two the prediction is `can't tell`."""
    origin: str
    """Where the thresholds come from, and what they promise."""

    def decide(self, similarity: float) -> str:
        """`same`, `different` or `can't tell`."""
        if similarity > self.same_above:
            return "same"
        return "different" if similarity < self.different_below else "can't tell"


def load_decision(output_dir: Path, embedder: str) -> Decision:
    """The calibrated thresholds of this embedder, or, where there are none, general ones without any promise.

    Raises:
        UserError: the file is damaged, or the thresholds are of another embedder.
    """
    path, again = output_dir / FILE, "run `python main.py calibrate` again, or delete it."
    if not path.is_file():
        return Decision(embedder, *GENERAL[embedder.startswith("dlib_resnet")], "not calibrated on your photos")
    content = read_json(path, "run `python main.py calibrate` again")
    try:
        decision = Decision(**content["decision"])
    except (KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged; {again}") from error
    if decision.embedder != embedder:
        raise UserError(
            f"{path} holds the thresholds of {decision.embedder}, but the embedder is {embedder} now; {again}"
        )
    return decision
