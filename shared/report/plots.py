"""Plots for the report, as PNG bytes; drawn without a screen."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from shared.console import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LARGEST_MATRIX = 40.0  # inches; of a thousand classes a matrix with numbers in its cells would take gigabytes
DPI = 110
GAP = 6  # pixels around each of several images
ACCENT, SECOND, INK, GRID = "#2563eb", "#d97706", "#1f2937", "#e5e7eb"


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of that size in inches; loads matplotlib, which a server that only imports this does not have."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def png(figure: "Figure") -> bytes:
    """The figure as PNG bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", facecolor="white")
    return buffer.getvalue()


def plain_axes(width: float, height: float, columns: int = 1) -> "tuple[Figure, list[Axes]]":
    """A figure of that size in inches with plots side by side, each with grid lines and without a frame."""
    figure = new_figure(width, height)
    plots = list(figure.subplots(1, columns, squeeze=False)[0])
    for axes in plots:
        axes.grid(color=GRID)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, plots


def training_curves(history: Sequence[Mapping[str, float]], monitor: str, best_epoch: int) -> bytes:
    """Loss of both splits and the monitored validation metric over the epochs; the best epoch is marked."""
    epochs = [row["epoch"] for row in history]
    figure, (losses, scores) = plain_axes(9, 3.2, columns=2)
    for split, color in (("train", ACCENT), ("validation", SECOND)):
        losses.plot(epochs, [row[f"{split}/loss"] for row in history], color=color, marker="o", ms=3, label=split)
    losses.set(title="loss", xlabel="epoch", yscale="log")
    losses.legend(frameon=False)
    values = [row[f"validation/{monitor}"] for row in history]
    scores.plot(epochs, values, color=SECOND, marker="o", ms=3)
    best = values[epochs.index(best_epoch)]
    scores.annotate(
        f"best: {best:.4f} in epoch {best_epoch}",
        (best_epoch, best),
        (0.95, 0.1),
        textcoords="axes fraction",
        ha="right",
        arrowprops={"arrowstyle": "->", "color": INK},
    )
    scores.set(title=f"validation {monitor}", xlabel="epoch")
    for axes in (losses, scores):
        axes.locator_params(axis="x", integer=True)
    return png(figure)


def curves_of_runs(histories: Mapping[str, Sequence[Mapping[str, float]]], monitor: str) -> bytes:
    """Validation loss and monitored metric of several runs over the epochs; `histories` by the run's name."""
    figure, plots = plain_axes(9, 3.6, columns=2)
    for axes, name in zip(plots, ("loss", monitor), strict=True):
        for run, rows in histories.items():
            values = [row[f"validation/{name}"] for row in rows]
            axes.plot([row["epoch"] for row in rows], values, marker="o", ms=3, label=run)
        axes.set(title=f"validation {name}", xlabel="epoch", yscale="log" if name == "loss" else "linear")
        axes.locator_params(axis="x", integer=True)
    plots[1].legend(frameon=False)
    return png(figure)


def rate_test(rates: Sequence[float], losses: Sequence[float], suggested: float) -> bytes:
    """The loss over a growing learning rate, with the rate that is suggested."""
    figure, (axes,) = plain_axes(7, 3.6)
    axes.plot(rates, losses, color=ACCENT)
    axes.axvline(suggested, linestyle="--", color=SECOND, label=f"suggested: {suggested:g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="training loss, smoothed", title="learning-rate range test")
    axes.set_ylim(top=1.5 * losses[0])
    axes.legend(frameon=False)
    return png(figure)


def confusion_matrix(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> bytes:
    """Rows are the truth, columns the predictions; a cell is colored by its share of wrong predictions in the row."""
    matrix = np.asarray(counts)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    size = min(max(3.5, 0.5 * len(classes) + 1), LARGEST_MATRIX)
    figure = new_figure(size, size)
    axes = figure.subplots()
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, shares)
    axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(float(wrong.max()), 1e-9) * 2)
    for row, column in np.argwhere(matrix > 0) if size < LARGEST_MATRIX else ():
        style: dict[str, Any] = {"color": ACCENT, "fontweight": "bold"} if row == column else {"color": INK}
        axes.text(column, row, str(matrix[row, column]), ha="center", va="center", fontsize=8, **style)
    # A class may be called $5, which is not a formula.
    turned = 0 if max(map(len, classes)) < 4 else 60
    axes.set_xticks(range(len(classes)), classes, rotation=turned, parse_math=False)
    axes.set_yticks(range(len(classes)), classes, parse_math=False)
    axes.set(xlabel="prediction", ylabel="truth")
    return png(figure)


def printable(caption: str) -> str:
    """A caption that can be drawn: a file's name may not be valid Unicode."""
    return caption.encode(errors="backslashreplace").decode()


def pasted(rows: Sequence[Sequence[np.ndarray]], side: int, above: int = 0) -> Image.Image:
    """Images in rows, each scaled to fit a square of `side` pixels with `GAP` around it, and `above` more above it.

    A plot of its own for each image would take seconds.
    """
    step = side + GAP
    canvas = Image.new("RGB", (max(map(len, rows)) * step, len(rows) * (step + above)), "white")
    for row, arrays in enumerate(rows):
        for column, array in enumerate(arrays):
            method = Image.Resampling.LANCZOS if max(array.shape[:2]) > side else Image.Resampling.NEAREST
            image = ImageOps.contain(Image.fromarray(array), (side, side), method)
            left, top = (step - image.width) // 2, (step - image.height) // 2
            canvas.paste(image, (column * step + left, row * (step + above) + above + top))
    return canvas


def contact_sheet(images: Sequence[np.ndarray], captions: Sequence[str], columns: int = 8, side: int = 130) -> bytes:
    """Small images in rows, uint8 [H, W] or [H, W, 3], each with a caption above it (see `pasted`)."""
    above = 6 + 15 * max(caption.count("\n") + 1 for caption in captions)
    canvas = pasted([images[start : start + columns] for start in range(0, len(images), columns)], side, above)
    figure = new_figure(canvas.width / DPI, canvas.height / DPI)
    axes = figure.subplots()
    axes.imshow(canvas, interpolation="none")
    axes.axis("off")
    for place, caption in enumerate(captions):
        row, column = divmod(place, columns)
        at = (column + 0.5) * (side + GAP), row * (side + GAP + above) + above
        axes.text(*at, printable(caption), ha="center", va="bottom", fontsize=8, color=INK, parse_math=False)
    return png(figure)


def sample_grid(rows: Mapping[str, Sequence[np.ndarray]], side: int = 72) -> bytes:
    """A row of images, uint8 [H, W] or [H, W, 3], for each name (see `pasted`)."""
    canvas, step = pasted([*rows.values()], side), side + GAP
    figure = new_figure(canvas.width / 90 + 2, canvas.height / 90)
    axes = figure.subplots()
    axes.imshow(canvas, interpolation="none")
    axes.set_yticks(
        [(row + 0.5) * step for row in range(len(rows))], [shortened(name, 24) for name in rows], parse_math=False
    )
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return png(figure)


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> bytes:
    """How often predictions of a given confidence are right; a calibrated classifier lies on the diagonal."""
    counts, edges = np.histogram(confidence, bins, (0, 1))
    shares = np.histogram(confidence, bins, (0, 1), weights=right.astype(float))[0] / np.maximum(counts, 1)
    figure, (axes,) = plain_axes(3.6, 3.4)
    axes.grid(visible=False)
    axes.plot([0, 1], [0, 1], color=GRID, lw=2)
    bars = axes.bar((edges[:-1] + edges[1:]) / 2, shares, width=0.9 / bins, color=ACCENT)
    axes.bar_label(bars, [str(count) if count else "" for count in counts], padding=2, fontsize=7, color=INK)
    axes.set(xlabel="confidence", ylabel="share of right predictions", xlim=(0, 1), ylim=(0, 1.12))
    return png(figure)
