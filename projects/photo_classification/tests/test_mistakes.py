"""Mistakes of this project's users, each named in one sentence."""

import pytest

from shared.testing.contract import Refused


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("train --model.name resnet1", "model.name"),
        ("train --data.fit zoom", "data.fit"),
        ("train --augmentation.crop 0", "augmentation.crop"),
        ("train --augmentation.mix mixup --model.tuning head", "augmentation.mix"),
        ("train --training.freeze_epochs 1 --model.tuning head", "training.freeze_epochs"),
        ("train --training.unfreeze_epochs 1 --model.tuning head", "training.unfreeze_epochs"),
    ],
)
def test_a_mistake_is_named(words: str, named: str, refused: Refused) -> None:
    assert named in refused(*words.split(), "--data.source", "sample", "--data.image_size", "32")
