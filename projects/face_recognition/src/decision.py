"""From a similarity to a prediction whose error is known: thresholds that keep false accepts and rejects rare.

The thresholds are order statistics (Wilks 1941): of n pairs of different people the k-th most similar is exceeded by a
share of all such pairs that is distributed as Beta(k, n - k + 1), whatever the similarities' distribution is. That
holds for independent pairs. Pairs of different people are not: each person is in many, and a person who resembles one
stranger resembles others too. So their threshold must also hold in nearly all draws of the people with replacement
(bootstrap, Efron 1979).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta, binomtest

from shared.errors import UserError
from shared.files import read_json
from src.config import DecisionConfig
from src.pairs import similarity
from src.recognizer import Photo

FILE = "decision.json"
# Around dlib's limit for the distance, 0.6: below 0.55 it is the same person, above 0.65 another.
DLIB_SAME, DLIB_DIFFERENT = 1 - 0.55**2 / 2, 1 - 0.65**2 / 2
OTHER_SAME, OTHER_DIFFERENT = 0.8, 0.2
DRAWS = 1000


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

    def compare(self, first: Photo, second: Photo) -> dict[str, Any]:
        """Whether two photos of one face each show the same person, as plain types; on_device.mjs does the same."""
        for name, photo in (("first", first), ("second", second)):
            if not photo.faces:
                return {"prediction": "no face", "detail": f"the {name} image shows no face"}
            if len(photo.faces) > 1:
                detail = f"the {name} image shows {len(photo.faces)} faces; crop it to one"
                return {"prediction": "several faces", "detail": detail}
        alike = float(similarity(first.embeddings[0], second.embeddings[0]))
        return {"prediction": self.decide(alike), "similarity": alike, "thresholds": self.origin}


def calibrated(
    different: np.ndarray, people: np.ndarray, same: np.ndarray, settings: DecisionConfig, embedder: str
) -> tuple[Decision, dict[str, Any]]:
    """Thresholds that keep both wanted shares with the wanted confidence, and what was observed with them.

    Args:
        different: the similarities of pairs of different people, float [N]; one pair of photos for two people.
        people: the two people of each of these pairs, integers [N, 2].
        same: the similarities of pairs of the same person, float [M]; one pair of photos per person.

    Raises:
        UserError: there are too few pairs to promise anything.
    """
    same_above = accept_above(different, people, settings)
    rejected = allowed(len(same), settings.false_reject, settings.confidence)
    if same_above is None or rejected == 0:
        raise UserError(
            f"{len(different)} pairs of different people and {len(same)} of the same are too few for "
            f"decision.false_accept {settings.false_accept:g} and decision.false_reject {settings.false_reject:g}: "
            f"{needed(settings.false_accept, settings.confidence)} and "
            f"{needed(settings.false_reject, settings.confidence)} are needed (a pair for every two people, and one "
            "for every person with two photos); add people, or ask for less."
        )
    different_below = min(float(np.sort(same)[rejected - 1]), same_above)
    origin = (
        f"calibrated on {len(different)} pairs of {len(np.unique(people))} people and {len(same)} of the same: "
        f"with confidence {settings.confidence:g}, at most {settings.false_accept:g} of different people are predicted "
        f"`same` and at most {settings.false_reject:g} of the same `different`"
    )
    accepting = different > same_above
    observed: dict[str, Any] = {
        "false_accept": _observed(accepting),
        "false_reject": _observed(same < different_below),
        "cannot_tell_of_same": float(((same <= same_above) & (same >= different_below)).mean()),
        "cannot_tell_of_different": float(((different <= same_above) & (different >= different_below)).mean()),
    }
    shares = [weights[accepting].sum() / weights.sum() for weights in draw_people(people) if weights.any()]
    low, high = map(float, np.quantile(shares, [0.025, 0.975]))
    counted = observed["false_accept"]["interval"]  # of independent pairs; where nothing is above, draws say nothing
    observed["false_accept"]["interval"] = [min(low, counted[0]), max(high, counted[1])]
    return Decision(embedder, same_above, different_below, origin), observed


def accept_above(different: np.ndarray, people: np.ndarray, settings: DecisionConfig) -> float | None:
    """The threshold that keeps the wanted share of false accepts (see `calibrated`); None for too few pairs."""
    accepted = allowed(len(different), settings.false_accept, settings.confidence)
    if accepted == 0:
        return None
    order = np.argsort(-different)
    ranked, redrawn = different[order], []
    for weights in draw_people(people[order]):
        reached = np.cumsum(weights)
        if reached[-1]:
            redrawn.append(ranked[np.searchsorted(reached, settings.false_accept * reached[-1], side="right")])
    return max(ranked[accepted - 1], float(np.quantile(redrawn, settings.confidence, method="higher")))


def draw_people(people: np.ndarray) -> Iterator[np.ndarray]:
    """How often each pair of people, integers [N, 2], is in one draw of the people, integers [N]; draw after draw."""
    _, places = np.unique(people, return_inverse=True)
    first, second = places.reshape(-1, 2).T
    count = int(places.max()) + 1
    random = np.random.default_rng(0)  # the same pairs always give the same threshold
    for _ in range(DRAWS):
        times = np.bincount(random.integers(count, size=count), minlength=count)
        yield times[first] * times[second]


def allowed(pairs: int, share: float, confidence: float) -> int:
    """The largest k for which the k-th worst of that many pairs keeps the share with this confidence; 0 for none."""
    ranks = np.arange(1, pairs + 1)
    kept = beta.cdf(share, ranks, pairs - ranks + 1) >= confidence
    return int(kept.sum())


def needed(share: float, confidence: float) -> int:
    """How many pairs are needed to promise anything about this share."""
    return int(np.ceil(np.log(1 - confidence) / np.log(1 - share)))


def _observed(errors: np.ndarray) -> dict[str, Any]:
    """The share of errors among pairs, bool [N], with its 95 % interval (Clopper and Pearson 1934)."""
    count, total = int(errors.sum()), len(errors)
    interval = binomtest(count, total).proportion_ci(0.95, method="exact")
    return {"share": count / total, "interval": [float(interval.low), float(interval.high)], "pairs": total}


def load_decision(output_dir: Path, embedder: str) -> Decision:
    """The calibrated thresholds of this embedder, or, where there are none, general ones without any promise.

    Raises:
        UserError: the file is damaged, or the thresholds are of another embedder.
    """
    path = output_dir / FILE
    if not path.is_file():
        if embedder.startswith("dlib_resnet"):
            origin = "not calibrated on your photos; general ones for dlib_resnet"
            return Decision(embedder, DLIB_SAME, DLIB_DIFFERENT, origin)
        return Decision(embedder, OTHER_SAME, OTHER_DIFFERENT, "not calibrated on your photos; a guess")
    content = read_json(path, "run `python main.py calibrate` again")
    try:
        decision = Decision(**content["decision"])
    except (KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged; run `python main.py calibrate` again, or delete it.") from error
    if decision.embedder != embedder:
        raise UserError(
            f"{path} holds the thresholds of {decision.embedder}, but the embedder is {embedder} now; "
            "run `python main.py calibrate` again, or delete it."
        )
    return decision
