"""Labels that may be wrong, by confident learning."""

import numpy as np


def suspected_labels(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rank the labels that are probably wrong (confident learning: Northcutt, Jiang and Chuang 2021).

    An example counts to a class where the class is at least as probable as it is, on average, for the examples with
    that label; among several such classes, to the most probable. Where that class is more probable than the label, the
    label is suspected. The averages make the rule fair to classes of which a network is rarely sure. It is the set of
    cleanlab 2.9 with filter_by="confident_learning", which would bring pandas and others for these lines.

    Args:
        probabilities: float [N, C], by networks that were not trained on these examples.
        labels: int64 [N].

    Returns:
        Of the suspected labels, the likeliest to be wrong first: the index of the example, the class that it probably
        is, and by how much that is more probable than the label, above 0, at most 1.
    """
    own = probabilities[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    average = np.bincount(labels, own, len(counts)) / np.maximum(counts, 1)  # [C]
    # A class without labels is never suspected: nothing says how sure a network would be of it.
    sure = np.where((counts > 0) & (probabilities >= average), probabilities, 0)  # [N, C]
    predicted, score = sure.argmax(1), sure.max(1) - own
    found = np.flatnonzero((predicted != labels) & (score > 0))
    order = found[np.argsort(-score[found], kind="stable")]
    return order, predicted[order], score[order]
