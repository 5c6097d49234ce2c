"""Find thresholds with guaranteed error rates on the user's own photos.

The thresholds are order statistics (Wilks 1941): of n pairs of different people the k-th most similar is exceeded by a
share of all such pairs that is distributed as Beta(k, n - k + 1), whatever the similarities' distribution is. That
holds for independent pairs. Pairs of different people are not: each person is in many, and a person who resembles one
stranger resembles others too. So their threshold must also hold in nearly all draws of the people with replacement
(bootstrap, Efron 1979).
"""

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.stats import binom, binomtest

from models.model import embed, embedder_id, restore_model
from shared.console import log
from shared.errors import UserError
from shared.export.to_onnx import write_manifest
from shared.files import write_json
from shared.metrics.verification import draw_pairs
from shared.results import write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config, DecisionConfig, export_path
from src.dataloader import FaceData, load_data
from src.decision import FILE, Decision
from src.pairs import Pairs

DRAWS = 1000
MAX_PAIRS = 200_000


def calibrate(config: Config) -> dict[str, Any]:
    """Choose the thresholds of `verify` and `identify` on the people in data.root; write outputs/decision.json.

    If there is an exported embedder, they are also written beside it. Only people that the embedder has not learned
    from count.
    """
    trained, data = load_checkpoint(best_checkpoint(config.output_dir)), load_data(config)
    if data.record.source == "sample":
        log.warning("calibrated on the built-in sample, whose photos of a person are views of one image; use your own.")
    started = time.perf_counter()
    model = restore_model(config, trained)
    pairs = one_pair_each(data, unseen(data, trained.metadata["trained_on_data"]), config.seed)
    similarities = pairs.similarities(embed(model, data.faces, pairs.members))
    same, different = similarities[pairs.same], similarities[~pairs.same]
    people = data.labels[pairs.members[~pairs.same]]
    decision, observed = choose_thresholds(different, people, same, config.decision, embedder_id(model))
    facts = {"seed": config.seed, "data": data.as_dict(), "metrics": observed, "decision": asdict(decision)}
    result = write_result(config.output_dir, "decision", seconds=time.perf_counter() - started, **facts)
    exported = export_path(config)
    if exported.is_file():
        write_json(exported.with_name(FILE), asdict(decision))
        write_manifest(exported.parent)
    log.info(f"calibrate: same above {decision.same_above:.3f}, different below {decision.different_below:.3f}")
    log.info(f"calibrate: {decision.origin}")
    return result


def unseen(data: FaceData, trained_on_data: bool) -> np.ndarray:
    """The indices of faces of people that the embedder has not learned from."""
    start = len(data.faces) - len(data.splits.test) if trained_on_data else 0  # the test split comes last
    return start + np.flatnonzero(data.found[start:])


def one_pair_each(data: FaceData, indices: np.ndarray, seed: int) -> Pairs:
    """A pair of photos, drawn at random, for every two people and for every person with two photos.

    More pairs of the same people would look like more evidence than they are.
    """
    random, order = np.random.default_rng(seed), indices[data.labels[indices].argsort(kind="stable")]
    photos = np.split(order, np.flatnonzero(np.diff(data.labels[order])) + 1)  # person by person
    same = [random.choice(own, 2, replace=False) for own in photos if len(own) > 1]
    people = draw_pairs(np.arange(len(photos)), MAX_PAIRS, random, same=False)
    different = [[random.choice(photos[first]), random.choice(photos[second])] for first, second in people]
    members = np.array([*same, *different], np.int64).reshape(-1, 2)
    return Pairs(members, np.arange(len(members)) < len(same), np.ones(len(members), np.int64))


def choose_thresholds(
    different: np.ndarray, people: np.ndarray, same: np.ndarray, settings: DecisionConfig, embedder: str
) -> tuple[Decision, dict[str, Any]]:
    """Thresholds that keep both error rates with the wanted confidence, and the rates that were observed with them.

    Args:
        different: the similarities of pairs of different people, float [N]; one pair of photos for two people.
        people: the two people of each of these pairs, integers [N, 2].
        same: the similarities of pairs of the same person, float [M]; one pair of photos per person.

    Raises:
        UserError: there are too few pairs to promise anything.
    """
    rejects = allowed_errors(len(same), settings.false_reject, settings.confidence)
    if not rejects or not allowed_errors(len(different), settings.false_accept, settings.confidence):
        raise UserError(
            f"{len(different)} pairs of different people and {len(same)} of the same are too few for "
            f"decision.false_accept {settings.false_accept:g} and decision.false_reject {settings.false_reject:g}: "
            f"{pairs_needed(settings.false_accept, settings.confidence)} and "
            f"{pairs_needed(settings.false_reject, settings.confidence)} are needed (a pair for every two people, and "
            "one for every person with two photos); add people, or ask for less."
        )
    same_above = accept_threshold(different, people, settings)
    different_below = min(float(np.sort(same)[rejects - 1]), same_above)
    origin = (
        f"calibrated on {len(different)} pairs of {len(np.unique(people))} people and {len(same)} of the same: "
        f"with confidence {settings.confidence:g}, at most {settings.false_accept:g} of different people are predicted "
        f"`same` and at most {settings.false_reject:g} of the same `different`"
    )
    accepted = different > same_above
    observed: dict[str, Any] = {
        "false_accept": error_rate(accepted),
        "false_reject": error_rate(same < different_below),
    }
    # The wider interval of both: pairs that share people are not independent, but without any error all draws are 0.
    rates = [weights[accepted].sum() / weights.sum() for weights in draw_people(people) if weights.any()]
    (low, high), (drawn_low, drawn_high) = observed["false_accept"]["interval"], np.quantile(rates, [0.025, 0.975])
    observed["false_accept"]["interval"] = [min(low, float(drawn_low)), max(high, float(drawn_high))]
    for kind, values in (("same", same), ("different", different)):
        observed[f"cannot_tell_of_{kind}"] = float(((values <= same_above) & (values >= different_below)).mean())
    return Decision(embedder, same_above, different_below, origin), observed


def accept_threshold(different: np.ndarray, people: np.ndarray, settings: DecisionConfig) -> float:
    """The threshold that keeps the false accept rate, of enough pairs (see `choose_thresholds`)."""
    order = np.argsort(-different)
    ranked, redrawn = different[order], []
    for weights in draw_people(people[order]):
        reached = np.cumsum(weights)
        if reached[-1]:
            redrawn.append(ranked[np.searchsorted(reached, settings.false_accept * reached[-1], side="right")])
    accepts = allowed_errors(len(different), settings.false_accept, settings.confidence)
    return max(ranked[accepts - 1], float(np.quantile(redrawn, settings.confidence, method="higher")))


def draw_people(people: np.ndarray) -> Iterator[np.ndarray]:
    """How often each pair of people, integers [N, 2], is in one draw of the people, integers [N]; draw after draw."""
    _, places = np.unique(people, return_inverse=True)
    first, second = places.reshape(-1, 2).T
    count = int(places.max()) + 1
    random = np.random.default_rng(0)  # the same pairs always give the same threshold
    for _ in range(DRAWS):
        times = np.bincount(random.integers(count, size=count), minlength=count)
        yield times[first] * times[second]


def allowed_errors(pairs: int, rate: float, confidence: float) -> int:
    """The largest k for which a threshold at the k-th worst pair keeps the error rate with this confidence; 0: none."""
    return int(binom.ppf(1 - confidence, pairs, rate))  # Beta(k, n - k + 1) and the binomial tail are one


def pairs_needed(rate: float, confidence: float) -> int:
    """How many pairs are needed to promise anything about this error rate."""
    return int(np.ceil(np.log(1 - confidence) / np.log(1 - rate)))


def error_rate(errors: np.ndarray) -> dict[str, Any]:
    """The share of errors among pairs, bool [N], with its 95 % interval (Clopper and Pearson 1934)."""
    count, total = int(errors.sum()), len(errors)
    interval = binomtest(count, total).proportion_ci(0.95, method="exact")
    return {"share": count / total, "interval": [float(interval.low), float(interval.high)], "pairs": total}
