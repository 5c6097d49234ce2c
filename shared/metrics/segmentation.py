"""Scores of a segmentation: overlap by class, pooled over a data set and averaged over images, and of the outlines.

Both means exist in the literature under one name. *Pooled* counts all pixels of a split together before dividing, so
large images and large objects weigh more; *per image* divides in each image and averages, so each image counts
alike. A class that is neither in the truth nor in the prediction has no score there and is left out of means.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, one_hot

from shared.metrics.classification import calibration_gaps, jackknife_interval
from shared.metrics.running import ConfusionMetrics, confusion

BOUNDARY_TOLERANCE = 0.0075
"""How far an outline may be off, as a share of the image's diagonal (Csurka et al. 2013)."""


def training_metrics(num_classes: int, ignore: int) -> ConfusionMetrics:
    """The metric of training: `mean_iou`, pooled, over the classes that occur."""
    return ConfusionMetrics(num_classes, lambda counts: {"mean_iou": float(overlap(counts)[0].nanmean())}, ignore)


def overlap(counts: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and Dice of each class from confusion counts [..., C, C]; NaN where a class does not occur."""
    counts = counts.double()
    both = counts.diagonal(dim1=-2, dim2=-1)
    sizes = counts.sum(-1) + counts.sum(-2)
    return both / (sizes - both), 2 * both / sizes


def boundary_f(prediction: Tensor, truth: Tensor, num_classes: int, ignore: int) -> Tensor:
    """The F-score of each class's outlines (Csurka et al. 2013), float64 [C]; NaN where a class has none.

    An outline's pixel is right if the other outline passes within `BOUNDARY_TOLERANCE` of the diagonal, counted as a
    king moves on a chessboard. Outlines along ignored pixels are left out.

    Args:
        prediction: class ids, int64 [H, W].
        truth: class ids or `ignore`, int64 [H, W].
    """
    height, width = truth.shape
    reach = max(1, round(BOUNDARY_TOLERANCE * (height**2 + width**2) ** 0.5))
    ignored = truth == ignore
    counted = ~(_grown(ignored[None], 1)[0])
    masks = [one_hot(ids.masked_fill(ignored, 0), num_classes).permute(2, 0, 1) == 1 for ids in (prediction, truth)]
    outlines = [mask & _grown(~mask, 1) & counted for mask in masks]  # bool [C, H, W]
    near = [_grown(outline, reach) for outline in outlines]
    found, expected = (outline.sum((1, 2)).double() for outline in outlines)
    precision = (outlines[0] & near[1]).sum((1, 2)) / found
    recall = (outlines[1] & near[0]).sum((1, 2)) / expected
    score = 2 * precision * recall / (precision + recall).clamp_min(1e-12)
    one_is_missing = (found == 0) != (expected == 0)
    return torch.where(one_is_missing, 0.0, score)


def _grown(masks: Tensor, reach: int) -> Tensor:
    """Bool masks [C, H, W], grown by `reach` pixels in all eight directions."""
    rows = max_pool2d(masks.float()[:, None], (2 * reach + 1, 1), 1, (reach, 0))
    return max_pool2d(rows, (1, 2 * reach + 1), 1, (0, reach))[:, 0].bool()


@dataclass
class SegmentationScores:
    """Collects predictions image by image and gives every score at the end."""

    classes: list[str]
    ignore: int
    outlines: bool = True
    """Whether outlines are scored too; it makes no sense on images with pixels left out."""
    names: list[str] = field(default_factory=list)
    _counts: list[Tensor] = field(default_factory=list)
    _boundaries: list[Tensor] = field(default_factory=list)
    _gaps: list[Tensor] = field(default_factory=list)

    def add(self, name: str, prediction: Tensor, truth: Tensor, confidence: Tensor | None = None) -> None:
        """Take one image in: the predicted class ids, [H, W], and the true ones or `ignore`, [H, W].

        Args:
            confidence: the probability of each predicted class, float [H, W]; without it, calibration is not scored.
        """
        pair = prediction.long(), truth.long()
        if confidence is not None:
            counted = truth != self.ignore
            self._gaps.append(calibration_gaps(confidence[counted], (prediction == truth)[counted]))
        self.names.append(name)
        self._counts.append(confusion(*pair, len(self.classes), self.ignore))
        if self.outlines:
            self._boundaries.append(boundary_f(*pair, len(self.classes), self.ignore))

    def compute(self) -> dict[str, Any]:
        """All scores as plain types; None stands for a class that does not occur.

        Returns:
            `pooled` and `per_image`, each with `mean_iou`, `mean_dice` and by class `iou`, `dice`; `pooled` also with
            `mean_iou_interval` (95 %, see `jackknife_interval`); `boundary` with `mean_f` and by class `f`, averaged
            over images; `pixel_accuracy`; `confusion`; `images`, their number; `by_image`, each image's IoU, averaged
            over its classes; and `calibration_error` of all pixels, where their confidence was given.
        """
        counts = torch.stack(self._counts)
        iou, dice = overlap(counts)
        pooled = counts.sum(0)
        pooled_iou, pooled_dice = overlap(pooled)
        without = torch.stack([overlap(pooled - one)[0].nanmean() for one in counts])  # [N]
        gaps = torch.stack(self._gaps).sum(0).abs().sum() if self._gaps else None
        boundary = {"f": torch.stack(self._boundaries).nanmean(0)} if self._boundaries else {}
        return {
            "pooled": self._by_class(iou=pooled_iou, dice=pooled_dice)
            | {"mean_iou_interval": jackknife_interval(float(pooled_iou.nanmean()), without)},
            "per_image": self._by_class(iou=iou.nanmean(0), dice=dice.nanmean(0)),
            "boundary": self._by_class(**boundary),
            "pixel_accuracy": _number(pooled.diagonal().sum() / pooled.sum()),
            **({} if gaps is None else {"calibration_error": _number(gaps / pooled.sum())}),
            "confusion": pooled.tolist(),
            "images": len(self.names),
            "by_image": {name: _number(value) for name, value in zip(self.names, iou.nanmean(1), strict=True)},
        }

    def _by_class(self, **scores: Tensor) -> dict[str, Any]:
        """Each score's mean over the classes, then its values by class."""
        means = {f"mean_{name}": _number(values.nanmean()) for name, values in scores.items()}
        return means | {
            name: {label: _number(value) for label, value in zip(self.classes, values, strict=True)}
            for name, values in scores.items()
        }


def _number(value: Tensor) -> float | None:
    return None if value.isnan() else float(value)
