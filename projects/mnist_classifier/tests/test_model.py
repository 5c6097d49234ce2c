"""The networks: their size, their input, and that they can learn by heart."""

import pytest
import torch

from models.model import ImageClassifier
from shared.testing.contract import loss_by_heart

NETWORKS = ("cnn", "mlp")
IMAGES = torch.randint(0, 256, (16, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [28, 64])
def test_raw_images_become_logits(name: str, size: int) -> None:
    model = ImageClassifier(name, size, classes=7).eval()
    images = torch.zeros(2, 1, size, size, dtype=torch.uint8)
    assert model(images).shape == (2, 7)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_learns_one_batch_by_heart(name: str) -> None:
    torch.manual_seed(0)
    model = ImageClassifier(name, 28, classes=10)
    model.normalize.fit(IMAGES)
    assert loss_by_heart(model, IMAGES, torch.arange(16) % 10) < 0.05


def test_normalization_gives_mean_zero_and_deviation_one() -> None:
    normalize = ImageClassifier("mlp", 28, 10).normalize
    normalize.fit(IMAGES)
    values = normalize(IMAGES)
    assert values.mean().item() == pytest.approx(0, abs=1e-4)
    assert values.std().item() == pytest.approx(1, abs=1e-4)


def test_normalization_of_blank_images_is_finite() -> None:
    normalize = ImageClassifier("mlp", 28, 10).normalize
    normalize.fit(torch.zeros(4, 1, 28, 28, dtype=torch.uint8))
    assert torch.isfinite(normalize(IMAGES)).all()
