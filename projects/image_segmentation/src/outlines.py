"""From a mask to the outlines of its regions, as COCO's annotation format has them (Lin et al. 2014)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from skimage.measure import approximate_polygon, find_contours, label, regionprops

TOLERANCE = 0.25  # pixels that a simplified outline may be off
SMALLEST = 4  # pixels; what is smaller has no outline worth the name


def annotations_of(mask: np.ndarray) -> Iterator[dict[str, Any]]:
    """One annotation for each connected region of each class but the first, which is the background.

    COCO's polygons have no holes: the outline is the outer one, while `area` counts the region's own pixels.

    Args:
        mask: class ids, uint8 [H, W].
    """
    for index in np.unique(mask[mask > 0]):
        for region in regionprops(label(mask == index)):
            if region.area < SMALLEST:
                continue
            top, left, bottom, right = region.bbox
            yield {
                "category_id": int(index),
                "segmentation": [_outline(region.image_filled, top, left)],
                "bbox": [left, top, right - left, bottom - top],
                "area": int(region.area),
                "iscrowd": 0,
            }


def _outline(region: np.ndarray, top: int, left: int) -> list[float]:
    """The outer polygon of a region as x, y, x, y, ..., in the image's pixels."""
    around = np.pad(region, 1).astype(float)
    longest = max(find_contours(around, 0.5), key=len)
    points = approximate_polygon(longest, TOLERANCE)[:-1] + (top - 0.5, left - 0.5)
    return [round(float(value), 2) for row, column in points for value in (column, row)]
