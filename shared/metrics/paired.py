"""Whether two models differ by more than noise on the same examples."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binom, permutation_test

NOISE = 0.05
"""Two equal models differ in this share of comparisons by as much; a smaller share counts as more than noise."""
DRAWS = 2000
"""Of the bootstrap."""


def paired_test(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """Compare the scores of two models on each of N examples.

    Right or wrong predictions, 1 or 0: McNemar's test (1947) of the examples that only one of the two gets right, with
    mid-p, which Fagerland, Lydersen and Laake recommend (2013). Other scores, such as an IoU per image: the permutation
    test that swaps the two models' scores at random (Fisher 1935), of which McNemar's is the special case.

    Returns:
        `difference`, the mean of second minus first; `interval`, where it lies with 95 % confidence (Agresti and Min
        2005, or the bootstrap over the examples, Efron 1979); `p_value`, the chance of a difference as large between
        equal models; `test`, its name; `examples`, their number.
    """
    differences = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    changed = differences[differences != 0]
    test, p_value, interval = "no example differs", 1.0, [0.0, 0.0]
    if len(changed) and set(first) | set(second) <= {0, 1}:
        better, count = int((changed > 0).sum()), len(changed)
        test, fewer = "McNemar's mid-p test", min(better, count - better)
        p_value = 2 * binom.cdf(fewer, count, 0.5) - binom.pmf(fewer, count, 0.5)
        gain, total = 2 * better - count, len(differences) + 2  # half an example more in each cell of the table
        spread = 1.96 * math.sqrt(count + 1 - gain**2 / total) / total
        interval = [gain / total - spread, gain / total + spread]
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
