"""Whether two models differ by more than noise on the same examples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest, permutation_test

NOISE = 0.05
"""Two equal models differ in this share of comparisons by as much; a smaller share counts as more than noise."""
DRAWS = 2000
"""Of the bootstrap."""


def paired_test(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """Compare the scores of two models on each of N examples.

    Right or wrong predictions, 1 or 0: McNemar's exact test (1947), the binomial test of the examples that only one of
    the two gets right. Other scores, such as an IoU per image: the permutation test that swaps the two models' scores
    at random (Fisher 1935), of which McNemar's is the special case.

    Returns:
        `difference`, the mean of second minus first; `interval`, where it lies with 95 % confidence: by McNemar's test
        the exact one of Clopper and Pearson (1934), else from the bootstrap over the examples (Efron 1979); `p_value`,
        the chance of a difference as large between equal models; `test`, its name; `examples`, their number.
    """
    differences = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    changed = differences[differences != 0]
    test, p_value, interval = "no example differs", 1.0, [0.0, 0.0]
    if len(changed) and set(first) | set(second) <= {0, 1}:
        found = binomtest(int((changed > 0).sum()), len(changed))
        share = len(changed) / len(differences)
        test, p_value = "McNemar's exact test", found.pvalue
        interval = [float(2 * end - 1) * share for end in found.proportion_ci()]
    elif len(changed):
        options = {"permutation_type": "samples", "n_resamples": 9999, "batch": 100, "rng": 0}
        test, p_value = "paired permutation test", permutation_test([changed], np.mean, **options).pvalue
        random, count = np.random.default_rng(0), len(differences)
        drawn = [differences[random.integers(0, count, count)].mean() for _ in range(DRAWS)]
        interval = [float(end) for end in np.quantile(drawn, (0.025, 0.975))]
    return {
        "difference": float(differences.mean()),
        "interval": interval,
        "p_value": float(p_value),
        "test": test,
        "examples": len(differences),
    }
