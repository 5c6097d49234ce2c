"""Near-copies: the same image, text or recording again, but not to the byte. Across splits they raise the scores."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.console import log
from shared.data.examples import Data, Examples, NearCopies, digests_of, joined
from shared.data.groups import grouping_advice
from shared.data.memory import in_batches
from shared.data.problems import named
from shared.data.splits import Splits, evenly_spaced
from shared.files import read_json, write_json

SIDE = 16  # of the thumbnails that images are compared by, in pixels
TEXT_VALUES = 2048  # of the vector that stands for the parts of a text
HASH = np.uint32(2654435761)  # near 2^32 divided by the golden ratio (Knuth 1973): spreads neighbors
SPECTRUM_VALUES = 4096
MOST_COMPARED = 2000  # examples of a split, evenly spaced, that are compared with all of another
MOST_SEARCHED = 50_000  # examples of the training split, evenly spaced, that they are compared with
CHUNK = 256  # examples that are described at a time, which bounds the memory


@dataclass(frozen=True)
class Likeness:
    """When two contents count as one."""

    describe: Callable[[Any], np.ndarray]
    """From N contents to vectors of length 1, float32 [N, D]."""
    least: float
    """The smallest product of two vectors that are of the same content."""
    confirm: Callable[[Any, Any], bool] = lambda _first, _second: True
    """A closer look at two whose vectors are alike."""


def image_vectors(images: Tensor) -> np.ndarray:
    """Thumbnails of images [N, C, H, W], without their brightness and contrast."""
    small = torch.nn.functional.adaptive_avg_pool2d(images.float(), SIDE)  # [N, C, SIDE, SIDE]
    return _unit(small.flatten(1).numpy())


def thumbnail(image: np.ndarray) -> np.ndarray:
    """What images of any sizes, [H, W, 3], are compared by: uint8 [3, SIDE, SIDE]."""
    step = max(1, min(image.shape[:2]) // (8 * SIDE))  # a large image need not be read whole
    thinned = torch.from_numpy(np.ascontiguousarray(image[::step, ::step].transpose(2, 0, 1)))
    small: np.ndarray = torch.nn.functional.adaptive_avg_pool2d(thinned.float(), SIDE).round().byte().numpy()
    return small


def text_vectors(texts: Sequence[str]) -> np.ndarray:
    """Counts of all runs of four characters, hashed (Weinberger et al. 2009): for languages without blanks too.

    A few operations on all of a text's runs: scikit-learn's HashingVectorizer takes more than twice as long.
    """
    vectors = np.zeros((len(texts), TEXT_VALUES), np.float32)
    for vector, text in zip(vectors, texts, strict=True):
        signs = np.frombuffer(" ".join(text.lower().split()).encode("utf-32-le"), np.uint32)  # [characters]
        runs = np.zeros(max(0, len(signs) - 3), np.uint32)
        for place in range(4):
            runs = runs * HASH + signs[place : place + len(runs)]  # modulo 2^32
        runs *= HASH
        # The highest bit says whether a run adds or subtracts, so that unlike runs in one value cancel.
        vector += np.bincount((runs >> 8) % TEXT_VALUES, np.where(runs >> 31, -1.0, 1.0), TEXT_VALUES)
    scaled: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return scaled


def recording_vectors(clips: Tensor) -> np.ndarray:
    """The magnitude of the whole clips' spectra, from [N, samples]: a shift in time or another loudness keeps it."""
    spectra = torch.fft.rfft(clips.float()).abs()[:, None, 1:]  # [N, 1, samples // 2]
    pooled = torch.nn.functional.adaptive_avg_pool1d(spectra, min(SPECTRUM_VALUES, spectra.shape[2]))
    return _unit(pooled.flatten(1).numpy())


def same_waveform(first: Tensor, second: Tensor, least: float = 0.95) -> bool:
    """Whether two clips, [samples], have one waveform, shifted or louder: by their normalized cross-correlation."""
    length = 2 * len(first)
    spectra = [torch.fft.rfft(clip.float() - clip.float().mean(), length) for clip in (first, second)]
    correlation = torch.fft.irfft(spectra[0] * spectra[1].conj(), length).abs().max()
    return bool(correlation >= least * first.float().std() * second.float().std() * len(first))


SAME_DIGIT = Likeness(image_vectors, 0.995)
"""Digits that are centered resemble each other: of 2,000 of MNIST's none reaches this, where photos' 0.99 finds 1 %."""
SAME_IMAGE = Likeness(image_vectors, 0.99)
"""Copies by compression, size, noise or contrast reach 0.995; of 836 photos of insects and faces no two reach 0.95."""
SAME_TEXT = Likeness(text_vectors, 0.9)
SAME_RECORDING = Likeness(recording_vectors, 0.95, same_waveform)


Advice = Callable[[Sequence[str], Sequence[tuple[str, str]]], str]
"""What to do about pairs of copies, from the names of all training examples and of the pairs."""


def warn_near_copies(
    splits: Splits[Examples], column: str, likeness: Likeness, advice: Advice = grouping_advice
) -> NearCopies:
    """Say which validation and test examples are in the training split as well, or nearly; exact copies are among them.

    Of each split `MOST_COMPARED` examples at most are compared, with `MOST_SEARCHED` at most of the training split.

    Args:
        column: of the contents.
    """
    train, warning = _searched(splits.train), ""
    held = (splits.validation, splits.test)  # together, so that the training split is described once
    some = joined([split.at(evenly_spaced(len(split), MOST_COMPARED)) for split in held]).as_tensors()
    across = [(some.names[i], train.names[j]) for i, j in _alike(some[column], train[column], likeness)]
    if across:
        share = "" if train is splits.train else f"{len(train):,} of {len(splits.train):,} "
        warning = (
            f"{len(across)} of {len(some)} validation and test examples are copies, or nearly, of {share}training "
            f"examples ({_shown(across)}), so the scores are too high; {advice(train.names, across)}."
        )
        log.warning(warning)
    return NearCopies(len(some), len(train), across, warning)


def find_copies_within(train: Examples, column: str, likeness: Likeness) -> list[tuple[str, str]]:
    """The names of training examples that are nearly the same; exact copies are told apart by their digests already.

    `MOST_COMPARED` of them at most are compared with `MOST_SEARCHED` at most.
    """
    train = _searched(train)
    contents, chosen = train[column], evenly_spaced(len(train), MOST_COMPARED)
    pairs = _alike(train.at(chosen)[column], contents, likeness, chosen)
    near = {(min(i, j), max(i, j)) for i, j in ((int(chosen[i]), j) for i, j in pairs)}
    differ = [(i, j) for i, j in sorted(near) if not np.array_equal(np.asarray(contents[i]), np.asarray(contents[j]))]
    return [(train.names[i], train.names[j]) for i, j in differ]


def near_copy_warnings(data: Data | None, column: str, likeness: Likeness) -> list[str]:
    """For check-data: what training says of near-copies, and a sentence about those within its split.

    Nothing for data that `load_data` has not compared.
    """
    if data is None or data.near_copies is None:
        return []
    within = find_copies_within(data.splits.train, column, likeness)
    sentence = (
        f"training examples that are nearly the same: {len(within)} pairs ({_shown(within)}); delete one of each, "
        "unless they are meant to count several times."
    )
    return [data.near_copies.warning] * bool(data.near_copies.warning) + [sentence] * bool(within)


def _searched(train: Examples) -> Examples:
    return train if len(train) <= MOST_SEARCHED else train.at(evenly_spaced(len(train), MOST_SEARCHED))


def _shown(pairs: Sequence[tuple[str, str]]) -> str:
    return named([f"{first} = {second}" for first, second in pairs])


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = vectors - vectors.mean(1, keepdims=True)
    unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return unit


def _alike(some: Any, whole: Any, likeness: Likeness, itself: Sequence[int] | np.ndarray = ()) -> list[tuple[int, int]]:
    """See `_compare`; what was found among prepared examples is kept beside them, because it takes seconds."""
    folder = getattr(whole, "folder", None)  # of prepared images or recordings, and of stored texts
    if folder is None:
        return list(_compare(some, whole, likeness, itself))
    key = b"".join([f"{likeness.least} {len(itself)}".encode(), *digests_of(some), *digests_of(whole)])
    kept = folder / f"copies-{hashlib.sha256(key).hexdigest()[:12]}.json"
    if not kept.is_file():
        write_json(kept, list(_compare(some, whole, likeness, itself)))
    return [(first, second) for first, second in read_json(kept, "delete it")]


def _compare(
    some: Any, whole: Any, likeness: Likeness, itself: Sequence[int] | np.ndarray = ()
) -> Iterator[tuple[int, int]]:
    """The index of each of `some` that has a copy, and that of its nearest copy in `whole`.

    Args:
        itself: the places of `some` in `whole`, where they are from there: an example is no copy of itself.
    """
    if not len(some):
        return
    vectors = np.concatenate([*in_batches(some, CHUNK, likeness.describe)])  # [some, D]
    best, nearest = np.full(len(some), -1.0, np.float32), np.zeros(len(some), int)
    for start, described in zip(count(0, CHUNK), in_batches(whole, CHUNK, likeness.describe), strict=False):
        products = vectors @ described.T  # [some, chunk]
        for row, place in enumerate(itself):
            if start <= place < start + CHUNK:
                products[row, place - start] = -1
        places = products.argmax(1)
        values = products[np.arange(len(some)), places]
        nearest[values > best] = places[values > best] + start
        best = np.maximum(best, values)
    for index in np.flatnonzero(best >= likeness.least).tolist():
        if likeness.confirm(some[index], whole[nearest[index]]):
            yield index, int(nearest[index])
