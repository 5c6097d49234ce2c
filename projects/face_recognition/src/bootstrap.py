"""How much pairs say of people who are not among them: the people are drawn again, with replacement (Efron 1979).

A person stands in many pairs, and whoever resembles one stranger resembles others too: the pairs of few people say less
than as many independent ones would.
"""

from collections.abc import Iterator

import numpy as np

DRAWS = 1000


def threshold(similarities: np.ndarray, people: np.ndarray, share: float, confidence: float) -> float:
    """What at most this share of pairs exceeds, in so many of all draws of the people.

    Args:
        similarities: float [N], of pairs of different people.
        people: integers [N, 2]: who is in each pair.
        confidence: the share of draws.
    """
    order = np.argsort(-similarities)
    ranked, found = similarities[order], []
    for weights in _draws(people[order]):
        reached = np.cumsum(weights)
        if reached[-1]:
            found.append(ranked[np.searchsorted(reached, share * reached[-1], side="right")])
    return float(np.quantile(found, confidence, method="higher"))


def interval(exceeding: np.ndarray, people: np.ndarray) -> tuple[float, float]:
    """Between which shares of pairs, bool [N], 95 % of the draws lie."""
    shares = [float(weights[exceeding].sum() / weights.sum()) for weights in _draws(people) if weights.any()]
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def _draws(people: np.ndarray) -> Iterator[np.ndarray]:
    """How often each pair is there, integers [N], in one draw of the people after the other."""
    _, places = np.unique(people, return_inverse=True)
    first, second = places.reshape(-1, 2).T
    count = int(places.max()) + 1
    random = np.random.default_rng(0)  # the same pairs always give the same threshold
    for _ in range(DRAWS):
        times = np.bincount(random.integers(count, size=count), minlength=count)
        yield times[first] * times[second]
