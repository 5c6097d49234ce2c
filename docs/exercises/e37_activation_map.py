"""Exercise 37, level 2: where a network looked, in PyTorch.

After projects/photo_classification/notebooks/exploration.ipynb. The last layer reads the means of the feature maps over
the photo; it can as well read each place on its own (class activation maps, Zhou et al. 2016).
"""

from torch import Tensor


def class_maps(features: Tensor, weight: Tensor) -> Tensor:
    """How much each place of each photo speaks for each class.

    The mean of a class's map over the places, plus the bias of the class, is the class's logit.

    Args:
        features: the feature maps, float32 [N, D, h, w].
        weight: of the last layer, float32 [classes, D].

    Returns:
        float32 [N, classes, h, w].
    """
    raise NotImplementedError("your turn")


def heat(maps: Tensor, bias: Tensor) -> Tensor:
    """For each photo the map of the class with the highest logit, as it is drawn: from 0 to 1.

    What speaks against the class becomes 0; then the largest value of each photo becomes 1. Where nothing speaks for
    the class, all is 0.

    Args:
        maps: what `class_maps` returns, float32 [N, classes, h, w].
        bias: of the last layer, float32 [classes].

    Returns:
        float32 [N, h, w].
    """
    raise NotImplementedError("your turn")
