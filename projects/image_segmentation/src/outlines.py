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
            around = np.pad(region.image_filled, 1).astype(float)  # a border of 0 closes outlines at the image's edge
            outline = max(find_contours(around, 0.5), key=len)  # rows and columns, [P, 2]
            # Without the last point, which repeats the first; half a pixel, as a pixel's center has whole coordinates.
            points = approximate_polygon(outline, TOLERANCE)[:-1] + (top - 0.5, left - 0.5)
            yield {
                "category_id": int(index),
                "segmentation": [[round(float(value), 2) for value in points[:, ::-1].ravel()]],  # x, y, x, y, ...
                "bbox": [left, top, right - left, bottom - top],
                "area": int(region.area),
                "iscrowd": 0,
            }
