"""Images of any size: padded, tiled and blended, with the answer of the whole image."""

import numpy as np
import pytest
import torch
from torch import nn

from shared.inference.tiles import Dense, Tiling, padded, segment
from shared.seeding import generator


def dense(network: nn.Module) -> Dense:
    def run(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            found: np.ndarray = network(torch.from_numpy(images).float()).numpy()
        return found

    return run


@pytest.fixture(scope="module")
def network() -> Dense:
    """Strided like a real one: two halvings, so that it sees 16 pixels around each, and takes multiples of 4."""
    torch.manual_seed(0)
    return dense(
        nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.Tanh(),
            nn.Conv2d(8, 8, 4, stride=4),
            nn.Tanh(),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.Upsample(scale_factor=4),
            nn.Conv2d(8, 5, 3, padding=1),
        ).eval()
    )


def make_image(height: int, width: int) -> np.ndarray:
    return torch.randint(0, 256, (height, width, 3), dtype=torch.uint8, generator=generator(height, width)).numpy()


@pytest.mark.parametrize("size", [(64, 64), (61, 50), (1, 1), (129, 300), (300, 65)])
def test_every_pixel_of_any_image_has_scores(network: Dense, size: tuple[int, int]) -> None:
    scores = segment(network, make_image(*size), Tiling(size=96, overlap=48, stride=4))
    assert scores.shape == (5, *size)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(("size", "overlap"), [(96, 48), (100, 60), (128, 48), (176, 96)])
def test_the_result_does_not_depend_on_the_tiling(network: Dense, size: int, overlap: int) -> None:
    image = make_image(210, 333)
    whole = segment(network, image, Tiling(size=400, overlap=0, stride=4))
    tiled = segment(network, image, Tiling(size, overlap, stride=4))
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def test_seams_are_blended_where_tiles_disagree() -> None:
    """A network that answers each tile with another constant shows how tiles are mixed: without a jump."""
    calls = iter(range(100))

    def constant(images: np.ndarray) -> np.ndarray:
        return np.full((1, 1, *images.shape[2:]), float(next(calls)), np.float32)

    row = segment(constant, make_image(64, 160), Tiling(size=96, overlap=32, stride=32))[0, 0]
    assert row[0] == 0
    assert row[-1] == 1
    assert (np.diff(row) >= 0).all()
    assert np.abs(np.diff(row)).max() < 0.15


def test_padding_mirrors_up_to_the_next_multiple() -> None:
    image = make_image(5, 7).transpose(2, 0, 1)
    grown = padded(image, 4)
    assert grown.shape == (3, 8, 8)
    np.testing.assert_array_equal(grown[:, :5, :7], image)
    np.testing.assert_array_equal(grown[:, 5:, :7], image[:, :1:-1])
    assert padded(make_image(1, 1).transpose(2, 0, 1), 32).shape == (3, 32, 32)
