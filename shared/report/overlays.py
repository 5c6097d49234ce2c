"""Images with their masks in color, for reports and predictions."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.report.plots import INK, new_figure, png, printable

RIGHT, WRONG, IGNORED = (226, 232, 240), (220, 38, 38), (100, 116, 139)
_FIRST = ((30, 41, 59), (249, 115, 22), (34, 197, 94), (59, 130, 246), (234, 179, 8), (168, 85, 247), (236, 72, 153))
_GOLDEN = 0.618034  # fraction of the color circle between two classes; no color comes twice


def class_colors(count: int) -> np.ndarray:
    """A color for each class, uint8 [count, 3]; the first, the background, is dark."""
    further = (
        [round(255 * value) for value in colorsys.hsv_to_rgb(index * _GOLDEN % 1, 0.65, 0.55 + 0.4 * (index % 2))]
        for index in range(len(_FIRST), count)
    )
    return np.array([*_FIRST[:count], *further], np.uint8)


def overlay(image: np.ndarray, mask: np.ndarray, classes: int, opacity: float = 0.55) -> np.ndarray:
    """The image, uint8 [H, W, 3], under the colors of its mask, [H, W]; class 0 and ids beyond `classes` stay clear."""
    colored = (mask > 0) & (mask < classes)
    colors = class_colors(classes)[np.where(colored, mask, 0)]
    blended = image * (1 - opacity) + colors * opacity
    return np.where(colored[:, :, None], blended, image).astype(np.uint8)


def error_map(predicted: np.ndarray, truth: np.ndarray, ignore: int) -> np.ndarray:
    """Where a predicted mask is wrong, uint8 [H, W, 3]: right is light, wrong red, ignored gray."""
    image = np.where((predicted == truth)[:, :, None], np.array(RIGHT), np.array(WRONG))
    image[truth == ignore] = IGNORED
    return image.astype(np.uint8)


@dataclass(frozen=True)
class ComparedMasks:
    """An image with its true and its predicted mask."""

    caption: str
    image: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray


def comparison(rows: Sequence[ComparedMasks], classes: Sequence[str], ignore: int) -> bytes:
    """A row per image: input, truth, prediction, errors; with a legend of the classes, as PNG bytes."""
    from matplotlib.patches import Patch

    shapes = [row.image.shape[0] / row.image.shape[1] for row in rows]
    figure = new_figure(11, 2.75 * sum(shapes) + 0.35 * len(rows) + 0.5)
    grid = figure.subplots(len(rows), 4, squeeze=False, height_ratios=shapes)
    for axes, row in zip(grid, rows, strict=True):
        masks = [overlay(row.image, mask, len(classes), 0.75) for mask in (row.truth, row.predicted)]
        images = [row.image, *masks, error_map(row.predicted, row.truth, ignore)]
        titles = [row.caption, "truth", "prediction", "errors"]
        for axis, image, title in zip(axes, images, titles, strict=True):
            axis.imshow(image, interpolation="nearest")
            axis.set_title(printable(title), fontsize=8, color=INK, parse_math=False)
            axis.axis("off")
    colors = [*zip(classes[1:], class_colors(len(classes))[1:], strict=True), ("wrong", WRONG), ("ignored", IGNORED)]
    patches = [Patch(color=np.divide(color, 255), label=name) for name, color in colors]
    figure.legend(handles=patches, loc="outside lower center", ncols=min(8, len(patches)), frameon=False, fontsize=8)
    return png(figure)
