"""Dlib's weight file is read right: the embedding of a shipped image is pinned, and other files are refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut, camera

from models import dlib_landmarks, pretrained
from models.alignment import cut_crop
from models.dlib_format import find_file
from models.dlib_landmarks import CONVERTED
from models.dlib_weights import FILE_NAME, load_dlib, read_weights
from models.model import DlibResNet, Inception
from models.pretrained import load_pretrained
from shared.errors import UserError
from src.config import Config

# Dlib's landmarks: outer and inner corner of the right eye as seen, of the left eye, base of the nose.
ASTRONAUT = np.array([[255.4, 103.9], [237.4, 104.6], [194.8, 100.7], [211.9, 103.0], [224.0, 134.4]])
CAMERAMAN = np.array([[260.4, 147.3], [252.3, 147.7], [227.9, 145.4], [238.9, 147.2], [247.4, 168.8]])
# The first numbers of what the published weights give for the astronaut.
PINNED = (-0.0676, 0.0246, 0.0188, -0.0628, -0.1763, -0.0292, -0.045, -0.127)


@pytest.fixture(scope="module")
def network() -> DlibResNet:
    network = DlibResNet().eval()
    load_dlib(network, find_file(FILE_NAME))
    return network


def described(network: DlibResNet, image: np.ndarray, landmarks: np.ndarray) -> torch.Tensor:
    crop = cut_crop(Image.fromarray(image).convert("RGB"), landmarks, 150)
    with torch.no_grad():
        return network(torch.from_numpy(crop)[None])[0]


def test_the_file_has_the_layers_of_the_network() -> None:
    layers = read_weights(find_file(FILE_NAME))
    assert len(layers) == 29 + 29 + 1
    assert sum(len(layer) for layer in layers) == sum(parameter.numel() for parameter in DlibResNet().parameters())
    assert len(layers[0]) == 32 * 3 * 7 * 7 + 32
    assert len(layers[-1]) == 256 * 128


def test_the_descriptor_of_a_shipped_image_is_pinned(network: DlibResNet) -> None:
    np.testing.assert_allclose(described(network, astronaut(), ASTRONAUT)[:8], PINNED, atol=2e-3)


def test_distances_mean_what_dlib_says_they_mean(network: DlibResNet) -> None:
    """Within 0.6 it is the same person; the mirror image is another photo of her."""
    first = described(network, astronaut(), ASTRONAUT)
    mirrored = ASTRONAUT[[2, 3, 0, 1, 4]] * (-1, 1) + (511, 0)
    assert torch.dist(first, described(network, astronaut()[:, ::-1].copy(), mirrored)) < 0.3
    assert torch.dist(first, described(network, camera(), CAMERAMAN)) > 0.6


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(find_file(FILE_NAME).read_bytes())
    content[1_000_000] ^= 1
    (tmp_path / "weights.dat").write_bytes(content)
    with pytest.raises(UserError, match="is damaged or of another version"):
        read_weights(tmp_path / "weights.dat")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.dlib_format.PACKAGES", ("no-such-package",))
    with pytest.raises(UserError, match="pip install no-such-package"):
        find_file(FILE_NAME)


def test_the_trees_are_converted_once_and_a_damaged_conversion_is_made_anew(
    ready: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees, reads = dlib_landmarks.load_trees(ready.data.processed), []
    monkeypatch.setattr(dlib_landmarks, "read_trees", lambda path: reads.append(path) or trees)
    for content in (None, b"no trees", (ready.data.processed / CONVERTED).read_bytes()[:-1] + b"x"):
        if content:
            (tmp_path / CONVERTED).write_bytes(content)
        for _ in range(2):
            found = dlib_landmarks.load_trees(tmp_path)
        assert all(np.array_equal(array, vars(trees)[name]) for name, array in vars(found).items())
    assert len(reads) == 3


def test_without_a_network_inception_says_why_its_weights_are_random(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "VGGFACE2_URL", "http://127.0.0.1:9/weights.pt")
    origin = load_pretrained(Inception(), tmp_path)
    assert not origin.found
    assert "no mirror of weights.pt answered" in origin.tried[0]
