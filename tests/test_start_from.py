"""A training that starts with the weights of another run takes what fits, and says what begins anew."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from shared.errors import UserError
from shared.training.checkpoint import Checkpoint, save_checkpoint, save_state
from shared.training.files import best_checkpoint, last_checkpoint
from shared.training.settings import TrainingConfig
from shared.training.start_from import checkpoint_to_start_from, take_weights


class Network(nn.Module):
    """Its features are as many as it has classes, and its head is the last layer with as many rows."""

    def __init__(self, classes: int = 3, width: int = 3) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, width))
        self.head = nn.Linear(width, classes)


def trained(folder: Path, network: nn.Module, classes: list[str]) -> Checkpoint:
    metadata = {"classes": classes, "first_weights": {"license": "MIT"}, "data": {"source": "sample"}}
    save_checkpoint(best_checkpoint(folder), network.state_dict(), metadata)
    save_state(last_checkpoint(folder), {"network": network.state_dict()}, metadata)
    found = checkpoint_to_start_from(config(folder))
    assert found is not None
    return found


def config(path: Path | None) -> SimpleNamespace:
    return SimpleNamespace(training=TrainingConfig(init_from=path))


def same(network: nn.Module, other: nn.Module) -> set[str]:
    pairs = zip(network.state_dict().items(), other.state_dict().values(), strict=True)
    return {name for (name, ours), theirs in pairs if torch.equal(ours, theirs)}


FEATURES = {name for name in Network().state_dict() if name.startswith("features")}


@pytest.mark.parametrize(
    ("classes", "taken"),
    [
        (["a", "b", "c"], {"head.weight", "head.bias"}),
        (["c", "b", "a"], set()),  # it would fit, but stands for other classes
        (["a", "b", "c", "d"], set()),
    ],
)
def test_the_head_is_taken_for_the_same_classes_only(classes: list[str], taken: set[str], tmp_path: Path) -> None:
    before = Network()
    nn.init.normal_(before.features[1].running_mean)
    network = Network(len(classes))
    head = {name: tensor.clone() for name, tensor in network.head.state_dict().items()}
    origin = take_weights(network, trained(tmp_path, before, ["a", "b", "c"]), classes)
    assert same(network.features, before.features) == {name.removeprefix("features.") for name in FEATURES}
    assert set(origin["new"]) == {"head.weight", "head.bias"} - taken
    if not taken:
        assert all(torch.equal(tensor, head[name]) for name, tensor in network.head.state_dict().items())
    assert origin["license"] == "MIT"
    assert sum(count for count, _ in origin["taken"].values()) == len(FEATURES | taken)


def test_tensors_of_another_shape_begin_anew(tmp_path: Path) -> None:
    network = Network(width=5)
    origin = take_weights(network, trained(tmp_path, Network(), ["a", "b", "c"]), ["a", "b", "c"])
    assert origin["new"] == ["features.2.weight", "features.2.bias", "head.weight"]
    assert origin["taken"]["features.2"] == [0, 2]
    with pytest.raises(UserError, match="none of its weights fits"):
        take_weights(nn.Sequential(nn.Linear(2, 2)), trained(tmp_path, Network(), ["a", "b", "c"]), ["a", "b"])


def test_a_file_or_a_folder_may_be_named_but_no_state_and_nothing_else(tmp_path: Path) -> None:
    digest = trained(tmp_path, Network(), ["a"]).digest
    found = checkpoint_to_start_from(config(best_checkpoint(tmp_path)))
    assert found is not None
    assert found.digest == digest
    assert checkpoint_to_start_from(config(None)) is None
    with pytest.raises(UserError, match=r"a state to resume from; name best\.safetensors"):
        checkpoint_to_start_from(config(last_checkpoint(tmp_path)))
    with pytest.raises(UserError, match="neither a checkpoint nor the folder of a run"):
        checkpoint_to_start_from(config(tmp_path / "nothing"))
