"""Near-copies are found across and within splits, whatever they hold; groups keep them in one split."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from shared.config import require_pattern
from shared.data.copies import (
    SAME_DIGIT,
    SAME_IMAGE,
    SAME_RECORDING,
    SAME_TEXT,
    Likeness,
    find_copies_within,
    near_copy_warnings,
    thumbnail,
    warn_near_copies,
)
from shared.data.examples import Data, Examples, NearCopies
from shared.data.groups import find_groups, grouping_advice, in_groups
from shared.data.sources import DataRecord
from shared.data.splits import Splits
from shared.errors import UserError

RANDOM = np.random.default_rng(0)


def blobs(count: int, noise: float = 0) -> Tensor:
    """Smooth random images of one kind of content, uint8 [N, 3, 32, 32], with noise on top."""
    smooth = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (count, 3, 8, 8))).float()
    large = torch.nn.functional.interpolate(smooth, (32, 32), mode="bilinear")
    return (large + noise * torch.from_numpy(RANDOM.normal(0, 1, large.shape))).clamp(0, 255).byte()


def voices(count: int) -> Tensor:
    """Noise with an envelope, int16 [N, 8000]."""
    return torch.from_numpy(np.random.default_rng(2).normal(0, 3000, (count, 8000)) * np.hanning(8000)).short()


TEXTS = [
    "the horse of our barn ate all the carrots",
    "the squirrel in the attic hid its walnuts",
    "a parrot has thrown seeds out of its cage",
    "the whale left our bay without any plankton",
]


def splits(train: list[object], held: list[object]) -> Splits[Examples]:
    """The contents as training and test splits; a validation split without examples."""

    def examples(name: str, contents: list[object]) -> Examples:
        whole = torch.stack(contents) if contents and isinstance(contents[0], Tensor) else contents
        return Examples({"x": whole}, [f"{name}{number}" for number in range(len(contents))])

    test = examples("test", held)
    return Splits(examples("train", train), test.at([]), test)


@pytest.mark.parametrize("likeness", [SAME_IMAGE, SAME_DIGIT])
@pytest.mark.parametrize(
    "change",
    [
        lambda images: (images.float() * 0.6 + 20).byte(),  # darker, with less contrast
        lambda images: (
            torch.nn.functional.avg_pool2d(images.float(), 2).byte().repeat_interleave(2, 2).repeat_interleave(2, 3)
        ),
        lambda images: blobs(len(images), noise=6),
    ],
)
def test_images_are_known_again_in_other_light_size_and_noise(change: object, likeness: Likeness) -> None:
    images = blobs(6)
    changed = change(images)  # type: ignore[operator]
    found = warn_near_copies(splits(list(images[:5]), [changed[3], changed[5]]), "x", likeness)
    assert (found.compared, found.across) == (2, [("test0", "train3")])


def test_images_of_several_sizes_are_compared_by_their_thumbnails() -> None:
    pixels = [image.permute(1, 2, 0).numpy() for image in blobs(4)]  # [H, W, 3]
    larger = pixels[2].repeat(9, 0).repeat(9, 1)
    train, held = ([torch.from_numpy(thumbnail(one)) for one in some] for some in (pixels[:3], (larger, pixels[3])))
    assert warn_near_copies(splits(train, held), "x", SAME_IMAGE).across == [("test0", "train2")]


@pytest.mark.parametrize(
    "change",
    [
        lambda clips: clips // 3,
        lambda clips: torch.roll(clips, 300, 1),
        lambda clips: -clips,
        lambda clips: (clips.float() + torch.from_numpy(RANDOM.normal(0, 100, clips.shape))).short(),
    ],
)
def test_recordings_are_known_again_at_another_time_loudness_and_in_noise(change: object) -> None:
    clips = voices(6)
    changed = change(clips)  # type: ignore[operator]
    found = warn_near_copies(splits(list(clips[:5]), [changed[3], changed[5]]), "x", SAME_RECORDING)
    assert found.across == [("test0", "train3")]


@pytest.mark.parametrize("change", [str.upper, lambda text: f"{text}!", lambda text: text.replace(" ", "   ")])
def test_texts_are_known_again_in_another_form(change: object) -> None:
    held = [change(TEXTS[1]), TEXTS[3]]  # type: ignore[operator]
    assert warn_near_copies(splits([*TEXTS[:3]], held), "x", SAME_TEXT).across == [("test0", "train1")]


def test_within_the_training_split_copies_are_pairs_and_exact_ones_are_left_to_their_digests() -> None:
    images, noisy = blobs(6), blobs(6, noise=6)
    train = [*images[:4], noisy[1], images[2]]
    assert find_copies_within(splits(train, []).train, "x", SAME_IMAGE) == [("train1", "train4")]
    data = Data(splits(train, [images[5]]), [], DataRecord("folder", "", ""))
    assert near_copy_warnings(data, "x", SAME_IMAGE) == []  # `load_data` has not compared them
    across, within = near_copy_warnings(replace(data, near_copies=NearCopies(1, 1, [], "across.")), "x", SAME_IMAGE)
    assert across == "across."
    assert "1 pairs (train1 = train4)" in within


def test_copies_across_splits_are_said_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    images = list(blobs(6))
    some = splits(images[:5], [images[2], images[5]])
    data = Data(some, [], DataRecord("folder", "", ""), near_copies=warn_near_copies(some, "x", SAME_IMAGE))
    assert data.as_dict()["near_copies"] == {"compared": 2, "searched": 5, "found": 1}
    assert "1 of 2 validation and test examples are copies, or nearly, of training" in capsys.readouterr().err
    assert warn_near_copies(splits(images[:4], images[4:]), "x", SAME_IMAGE).across == []
    assert capsys.readouterr().err == ""


NAMES = [f"cat/img{number}.rf.{copy}.jpg" for number in range(12) for copy in (1, 2)]


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        [name.replace("img", "img_").replace(".rf.", "-") for name in NAMES],
        [name.replace(".rf.", "copy") for name in NAMES],
    ],
)
def test_the_advised_pattern_keeps_copies_together(names: list[str]) -> None:
    pairs = list(zip(names[::2], names[1::2], strict=True))
    advice = re.fullmatch(r"--data.group_pattern '(.*)' keeps them together", grouping_advice(names, pairs))
    assert advice
    require_pattern("data.group_pattern", advice[1])
    groups = find_groups(Path("data"), names, advice[1])
    assert all(first == second != "" for first, second in zip(groups[::2], groups[1::2], strict=True))
    assert len(set(groups)) == 12


def test_where_no_pattern_helps_the_table_does(tmp_path: Path) -> None:
    names = [f"cat/{number}.png" for number in range(4)]
    assert "index.csv with the columns id (a file below data.root)" in grouping_advice(names, [(names[0], names[3])])
    (tmp_path / "index.csv").write_text("id,group\ncat/0.png,same\ncat/3.png,same\n")
    examples = Examples({"labels": np.array([0, 0, 1, 1])}, names)
    found = in_groups(examples, ["cat", "dog"], tmp_path, "")
    assert found.groups == ["same", "cat/1.png", "cat/2.png", "same"]
    assert found.strata == ["cat", "cat", "dog", "dog"]
    assert in_groups(examples, ["cat", "dog"], tmp_path / "none", "") == examples


def test_copies_in_splits_of_the_user_are_to_be_moved_and_a_pattern_needs_a_group() -> None:
    names = ["train/cat/a_1.png", "test/cat/a_2.png"]
    assert grouping_advice(names, [(names[1], names[0])]) == "move the copies into one split, or delete them"
    for pattern in ("[0-9]+", "("):
        with pytest.raises(UserError, match=r"data\.group_pattern"):
            require_pattern("data.group_pattern", pattern)
