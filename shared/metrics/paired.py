"""Whether two models differ by more than noise on the same examples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest, bootstrap, permutation_test

NOISE = 0.05
"""Two equal models differ in this share of comparisons by as much; a smaller share counts as more than noise."""


def paired_test(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """Compare the scores of two models on each of N examples.

    Right or wrong predictions, 1 or 0: McNemar's exact test (1947), the binomial test of the examples that only one of
    the two gets right. Other scores, such as an IoU per image: the permutation test that swaps the two models' scores
    at random (Fisher 1935), of which McNemar's is the special case.

    Returns:
        `difference`, the mean of second minus first; `interval`, its 95 % bootstrap interval over the examples
        (Efron 1979); `p_value`, the chance of a difference as large between equal models; `test`, its name; `examples`.
    """
    differences = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    changed = differences[differences != 0]
    mean = float(differences.mean())
    if set(first) | set(second) <= {0, 1}:
        test, better = "McNemar's exact test", int((changed > 0).sum())
        p_value = binomtest(better, len(changed)).pvalue if len(changed) else 1.0
    else:
        test = "paired permutation test"
        options = {"permutation_type": "samples", "n_resamples": 9999, "batch": 100, "rng": 0}
        found = permutation_test([changed], np.mean, vectorized=True, **options) if len(changed) else None
        p_value = found.pvalue if found else 1.0
    interval = [mean, mean]
    if len(changed) and len(differences) > 1:
        drawn = bootstrap([differences], np.mean, n_resamples=2000, batch=100, method="percentile", rng=0)
        interval = [float(end) for end in drawn.confidence_interval]
    return {
        "difference": mean,
        "interval": interval,
        "p_value": float(p_value),
        "test": test,
        "examples": len(differences),
    }
