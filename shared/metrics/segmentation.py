"""Scores of a segmentation: overlap by class, pooled over a data set and averaged over images, and of the outlines.

Both means exist in the literature under one name. *Pooled* counts all pixels of a split together before dividing, so
large images and large objects weigh more; *per image* divides in each image and averages, so each image counts
alike. A class that is neither in the truth nor in the answer has no score there and is left out of means.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, one_hot

from shared.metrics.running import ConfusionMetrics, confusion

BOUNDARY_TOLERANCE = 0.0075
"""How far an outline may be off, as a share of the image's diagonal (Csurka et al. 2013)."""


def training_metrics(num_classes: int, ignore: int) -> ConfusionMetrics:
    """What is watched while training: `mean_iou`, pooled, over the classes that occur."""
    return ConfusionMetrics(num_classes, lambda counts: {"mean_iou": float(overlap(counts)[0].nanmean())}, ignore)


def overlap(counts: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and Dice of each class from confusion counts [..., C, C]; NaN where a class does not occur."""
    counts = counts.double()
    both = counts.diagonal(dim1=-2, dim2=-1)
    sizes = counts.sum(-1) + counts.sum(-2)
    return both / (sizes - both), 2 * both / sizes


def boundary_f(answer: Tensor, truth: Tensor, num_classes: int, ignore: int) -> Tensor:
    """The F-score of each class's outlines (Csurka et al. 2013), float64 [C]; NaN where a class has none.

    An outline's pixel is right if the other outline passes within `BOUNDARY_TOLERANCE` of the diagonal, counted as a
    king moves on a chessboard. Outlines along ignored pixels are left out.

    Args:
        answer: class ids, int64 [H, W].
        truth: class ids or `ignore`, int64 [H, W].
    """
    height, width = truth.shape
    reach = max(1, round(BOUNDARY_TOLERANCE * (height**2 + width**2) ** 0.5))
    ignored = truth == ignore
    counted = ~(_grown(ignored[None], 1)[0])
    outlines = [_outlines(ids.masked_fill(ignored, 0), num_classes) & counted for ids in (answer, truth)]
    near = [_grown(outline, reach) for outline in outlines]
    found, expected = (outline.sum((1, 2)).double() for outline in outlines)
    precision = (outlines[0] & near[1]).sum((1, 2)) / found
    recall = (outlines[1] & near[0]).sum((1, 2)) / expected
    score = 2 * precision * recall / (precision + recall).clamp_min(1e-12)
    one_is_missing = (found == 0) != (expected == 0)
    return torch.where(one_is_missing, 0.0, score)


def _outlines(ids: Tensor, num_classes: int) -> Tensor:
    """The pixels of each class that touch another, bool [C, H, W]."""
    masks = one_hot(ids, num_classes).permute(2, 0, 1).bool()
    return masks & _grown(~masks, 1)


def _grown(masks: Tensor, reach: int) -> Tensor:
    """Bool masks [C, H, W], grown by `reach` pixels in all eight directions."""
    rows = max_pool2d(masks.float()[:, None], (2 * reach + 1, 1), 1, (reach, 0))
    return max_pool2d(rows, (1, 2 * reach + 1), 1, (0, reach))[:, 0].bool()


@dataclass
class SegmentationScores:
    """Collects answers image by image and gives every score at the end."""

    classes: list[str]
    ignore: int
    outlines: bool = True
    """Whether outlines are scored too; it makes no sense on images with pixels left out."""
    names: list[str] = field(default_factory=list)
    _counts: list[Tensor] = field(default_factory=list)
    _boundaries: list[Tensor] = field(default_factory=list)

    def add(self, name: str, answer: Tensor, truth: Tensor) -> None:
        """Take one image in.

        Args:
            answer: class ids, [H, W].
            truth: class ids or `ignore`, [H, W].
        """
        answer, truth = answer.long(), truth.long()
        self.names.append(name)
        self._counts.append(confusion(answer, truth, len(self.classes), self.ignore))
        if self.outlines:
            self._boundaries.append(boundary_f(answer, truth, len(self.classes), self.ignore))

    def compute(self) -> dict[str, Any]:
        """All scores as plain types; None stands for a class that does not occur.

        Returns:
            `pooled` and `per_image`, each with `mean_iou`, `mean_dice` and by class `iou`, `dice`; `boundary` with
            `mean_f` and by class `f`, averaged over images; `pixel_accuracy`; `confusion`; `images`, their number;
            and `by_image`, each image's IoU, averaged over its classes.
        """
        counts = torch.stack(self._counts)
        iou, dice = overlap(counts)
        pooled = counts.sum(0)
        return {
            "pooled": self._by_class(*overlap(pooled)),
            "per_image": self._by_class(iou.nanmean(0), dice.nanmean(0)),
            "boundary": self._boundary(),
            "pixel_accuracy": _number(pooled.diagonal().sum() / pooled.sum()),
            "confusion": pooled.tolist(),
            "images": len(self.names),
            "by_image": {name: _number(value) for name, value in zip(self.names, iou.nanmean(1), strict=True)},
        }

    def _boundary(self) -> dict[str, Any]:
        if not self._boundaries:
            return {}
        f = torch.stack(self._boundaries).nanmean(0)
        return {"mean_f": _number(f.nanmean()), "f": self._named(f)}

    def _by_class(self, iou: Tensor, dice: Tensor) -> dict[str, Any]:
        return {
            "mean_iou": _number(iou.nanmean()),
            "mean_dice": _number(dice.nanmean()),
            "iou": self._named(iou),
            "dice": self._named(dice),
        }

    def _named(self, values: Tensor) -> dict[str, float | None]:
        return {name: _number(value) for name, value in zip(self.classes, values, strict=True)}


def _number(value: Tensor) -> float | None:
    return None if value.isnan() else float(value)


def class_counts(masks: Sequence[Tensor], num_classes: int) -> Tensor:
    """How many pixels each class has in masks of any sizes, int64 [C]; other values are not counted."""
    return torch.stack([torch.bincount(mask.flatten(), minlength=256)[:num_classes] for mask in masks]).sum(0)
