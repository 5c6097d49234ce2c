"""Exercise 29, level 3: the overlap of two masks, pooled and per image, in NumPy.

After projects/image_segmentation/notebooks/exploration.ipynb.
"""

import numpy as np


def pooled_iou(predictions: list[np.ndarray], truths: list[np.ndarray], classes: int, ignore: int = 255) -> np.ndarray:
    """Intersection over union of each class, its pixels counted over all images together.

    Pixels whose truth is `ignore` do not count. A class that neither predictions nor truths contain gets NaN.

    Args:
        predictions: class ids, uint8 [H, W] each.
        truths: likewise, of the same sizes.
        classes: number of classes; their ids are 0 to classes - 1.
        ignore: the id in truths of pixels that do not count.

    Returns:
        float64 [classes], between 0 and 1.
    """
    raise NotImplementedError("your turn")


def mean_iou_per_image(
    predictions: list[np.ndarray], truths: list[np.ndarray], classes: int, ignore: int = 255
) -> float:
    """The mean over images of each image's mean over the classes that it has (in truth or prediction).

    An image whose pixels are all ignored does not count. The arguments are those of `pooled_iou`.
    """
    raise NotImplementedError("your turn")
