"""Scores of a verifier, which says of pairs whether they are the same (person, speaker), from how similar they are.

A pair whose similarity is NaN could not be compared, for example because the detector found no face in one image. For
the accuracy it is an error whatever the threshold; for rates over thresholds it is a pair that is never accepted.

In the arguments below, `similarities` is float [P] and `same` is bool [P], for P pairs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.metrics.classification import wilson_interval

FALSE_ACCEPT_RATES = (1e-2, 1e-3)
BLOCK = 256
"""Examples whose distances to all others are in memory at once."""


def pair_auc(embeddings: Tensor, labels: Tensor) -> dict[str, float]:
    """`auc`, the chance that a pair of the same class is closer together than one of different classes, over all pairs.

    Between 0 and 1; 0.5 without any pair to compare; NaN where an embedding has one. It is computed in blocks, because
    all pairs may need too much memory.

    Args:
        embeddings: float [N, D].
        labels: class ids, int64 [N].
    """
    if embeddings.isnan().any():
        return {"auc": float("nan")}
    order = labels.argsort()
    embeddings, labels = embeddings[order], labels[order]
    rows = torch.arange(len(labels), device=labels.device)
    blocks = torch.split(rows, BLOCK)

    def distances(block: Tensor, same: bool) -> Tensor:
        """Of the pairs of one kind whose first member is in the block."""
        chosen = ((labels[block, None] == labels) == same) & (block[:, None] < rows)  # [B, N]
        return torch.cdist(embeddings[block], embeddings)[chosen]

    near = torch.cat([distances(block, same=True) for block in blocks])
    right = different = 0.0
    for block in blocks if len(near) else ():
        far = distances(block, same=False).sort().values
        nearer = [torch.searchsorted(far, near, right=ties).sum() for ties in (False, True)]
        different += len(far)
        right += len(far) * len(near) - float(sum(nearer)) / 2  # a tie counts half
    return {"auc": right / (len(near) * different) if different else 0.5}


def best_threshold(similarities: np.ndarray, same: np.ndarray) -> float:
    """The threshold with the most correct decisions (`same` at and above it), half way between two pairs."""
    order = np.argsort(-similarities, kind="stable")[: np.count_nonzero(~np.isnan(similarities))]  # NaN comes last
    values, truth = similarities[order], same[order]
    right = np.concatenate([[0], np.cumsum(np.where(truth, 1, -1))])
    # Pairs of equal similarity are accepted together.
    cuts = np.flatnonzero(np.concatenate([[True], values[1:] < values[:-1], [True]]))
    best = int(cuts[np.argmax(right[cuts])])
    above = values[best - 1] if best > 0 else values[0] + 1e-6
    below = values[best] if best < len(values) else values[-1] - 1e-6
    return float((above + below) / 2)


def decided_right(similarities: np.ndarray, same: np.ndarray, threshold: float) -> np.ndarray:
    """Whether each pair is decided correctly, bool [P]; those that could not be compared are not."""
    right: np.ndarray = ((similarities >= threshold) == same) & ~np.isnan(similarities)
    return right


def verification_scores(similarities: np.ndarray, same: np.ndarray, threshold: float) -> dict[str, Any]:
    """All scores of a verifier on one set of pairs, as plain types.

    Args:
        threshold: chosen on other pairs than these.

    Returns:
        `accuracy` at the threshold with its 95 % interval `accuracy_interval`, `confusion` (rows: different, same;
        columns: decided so), `threshold`, `auc`, `eer` (where both kinds of error are equally frequent), `tar_at_far`
        (the share of the same that is accepted where at most that share of the different is; None where there are too
        few pairs to tell), `pairs`, `same` and `failed` (numbers of pairs), and `right`: of each pair in turn, 1 where
        it is decided correctly and 0 where not, as text.
    """
    from sklearn.metrics import roc_auc_score, roc_curve  # here: its import would delay the start of a training

    decided, accepted = decided_right(similarities, same, threshold), similarities >= threshold  # NaN is below
    right = int(decided.sum())
    filled = as_rejected(similarities)
    false_accepts, true_accepts, _ = roc_curve(same, filled, drop_intermediate=False)
    false_rejects, different = 1 - true_accepts, int((~same).sum())
    nearest = int(np.argmin(np.abs(false_accepts - false_rejects)))
    return {
        "accuracy": right / len(same),
        "accuracy_interval": list(wilson_interval(right, len(same))),
        "confusion": [
            [int((same == truth)[accepted == said].sum()) for said in (False, True)] for truth in (False, True)
        ],
        "threshold": threshold,
        "auc": float(roc_auc_score(same, filled)),
        "eer": float((false_accepts[nearest] + false_rejects[nearest]) / 2),
        "tar_at_far": {
            f"{rate:g}": float(true_accepts[false_accepts <= rate].max()) if different * rate >= 1 else None
            for rate in FALSE_ACCEPT_RATES
        },
        "pairs": len(same),
        "same": int(same.sum()),
        "failed": int(np.isnan(similarities).sum()),
        "right": "".join(map(str, decided.astype(int).tolist())),
    }


def as_rejected(similarities: np.ndarray) -> np.ndarray:
    """The similarities, where pairs that could not be compared are less alike than all others."""
    return np.where(np.isnan(similarities), np.nanmin(similarities) - 1, similarities)


def cross_validated(similarities: np.ndarray, same: np.ndarray, folds: np.ndarray) -> dict[str, Any]:
    """The protocol of Labeled Faces in the Wild: each fold is measured at the threshold that is best on the others.

    Args:
        folds: int [P], the fold of each pair.

    Returns:
        `accuracy` (mean over the folds), `deviation` (standard, of the folds), `folds`, each with its `accuracy` and
        `threshold`, and `all`: the scores over all pairs at the mean threshold (see `verification_scores`).
    """
    rows = []
    for fold in np.unique(folds):
        inside = folds == fold
        threshold = best_threshold(similarities[~inside], same[~inside])
        accuracy = float(decided_right(similarities[inside], same[inside], threshold).mean())
        rows.append({"fold": int(fold), "accuracy": accuracy, "threshold": threshold})
    accuracies, thresholds = ([row[name] for row in rows] for name in ("accuracy", "threshold"))
    deviation = float(np.std(accuracies, ddof=1)) if len(rows) > 1 else 0.0
    whole = verification_scores(similarities, same, float(np.mean(thresholds)))
    return {"accuracy": float(np.mean(accuracies)), "deviation": deviation, "folds": rows, "all": whole}


def pairs_of(labels: Sequence[int] | np.ndarray, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of examples for a test: all of the same class and as many of different ones, at most `most` of each.

    Returns:
        The indices of the pairs' members, int64 [P, 2], and whether they are the same, bool [P].
    """
    random, ids = np.random.default_rng(seed), np.asarray(labels)
    same = draw_pairs(ids, most, random, same=True)
    different = draw_pairs(ids, len(same), random, same=False)
    return np.concatenate([same, different]), np.arange(len(same) + len(different)) < len(same)


def draw_pairs(labels: np.ndarray, most: int, random: np.random.Generator, same: bool) -> np.ndarray:
    """Up to `most` pairs of one kind, drawn at random: their indices, int64 [P, 2].

    They are drawn by their numbers: a list of all pairs of 100,000 examples would take 80 GB.
    """
    order = np.argsort(labels, kind="stable")  # examples of one class are neighbors
    places, ends = np.arange(len(order)), np.searchsorted(labels[order], labels[order], side="right")
    # In this order, a member's partners of its class begin behind it, and those of other classes behind its class.
    begins, counts = (places + 1, ends - places - 1) if same else (ends, len(order) - ends)
    last = np.cumsum(counts)
    total = int(last[-1]) if len(last) else 0
    drawn = np.sort(random.choice(total, min(most, total), replace=False)) if total else places[:0]
    first = np.searchsorted(last, drawn, side="right")
    second = begins[first] + drawn - (last[first] - counts[first])
    return np.stack([order[first], order[second]], axis=1)
