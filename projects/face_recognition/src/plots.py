"""Plots of a verifier's scores, as PNG bytes."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from shared.metrics.verification import as_rejected
from shared.report.plots import ACCENT, GRID, INK, SECOND, png


def roc(scores: Mapping[str, np.ndarray], same: np.ndarray) -> bytes:
    """True accepts over false accepts, on a logarithmic scale, a line a verifier.

    Args:
        scores: the similarities by name, float [P]; NaN where a pair failed.
        same: bool [P].
    """
    figure, axes = _axes()
    lowest = 1 / max(1, int((~same).sum()))
    for (name, similarities), color in zip(scores.items(), (ACCENT, SECOND), strict=False):
        false_accepts, true_accepts, _ = roc_curve(same, as_rejected(similarities), drop_intermediate=False)
        axes.plot(np.maximum(false_accepts, lowest / 2), true_accepts, color=color, label=name)
    axes.set(xscale="log", xlabel="false accepts", ylabel="true accepts", xlim=(lowest / 2, 1), ylim=(0, 1.02))
    axes.grid(color=GRID)
    axes.legend(frameon=False, loc="lower right")
    return png(figure)


def histograms(similarities: np.ndarray, same: np.ndarray, threshold: float) -> bytes:
    """How similar pairs of the same and of different people are, with the threshold."""
    figure, axes = _axes()
    known = ~np.isnan(similarities)
    edges = np.linspace(float(similarities[known].min()), float(similarities[known].max()), 50)
    axes.hist(similarities[known & ~same], edges, color=SECOND, alpha=0.7, label="different people")
    axes.hist(similarities[known & same], edges, color=ACCENT, alpha=0.7, label="same person")
    axes.axvline(threshold, color=INK, linestyle="--", label=f"threshold {threshold:.3f}, from validation")
    axes.set(xlabel="similarity", ylabel="test pairs")
    axes.legend(frameon=False, fontsize=8)
    return png(figure)


def _axes() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.2, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
