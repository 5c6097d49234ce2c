"""Checkpoints describe themselves, are checked when read, and hold no pickle."""

from pathlib import Path

import pytest
import torch
from torch import nn

from shared.errors import UserError
from shared.training import files as module
from shared.training.checkpoint import (
    flatten_state,
    load_checkpoint,
    load_state,
    save_checkpoint,
    save_state,
    unflatten_state,
)
from shared.training.files import read_metadata


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "best.safetensors"
    save_checkpoint(path, nn.Linear(3, 2).state_dict(), {"epoch": 4, "config": {"seed": 1}})
    return path


def test_weights_and_facts_come_back(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).to(memory_format=torch.channels_last)
    save_checkpoint(tmp_path / "a", model.state_dict(), {"classes": ["ä", "b"]})
    loaded = load_checkpoint(tmp_path / "a")
    assert loaded.metadata == read_metadata(tmp_path / "a") == {"classes": ["ä", "b"]}
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    loaded.load_into(other)
    for name, tensor in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    tensors = {"b": torch.ones(2), "a": torch.zeros(3)}
    for name in ("one", "two"):
        save_checkpoint(tmp_path / name, tensors, {"epoch": 1, "seed": 2})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_flipped_byte_anywhere_is_found(saved: Path) -> None:
    content = saved.read_bytes()
    for position in range(0, len(content), 7):
        saved.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        with pytest.raises(UserError, match="best.safetensors"):
            load_checkpoint(saved)


def test_a_cut_or_missing_file_and_a_newer_version_say_what_to_do(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved.read_bytes()
    for length in (0, 5, len(content) // 2, len(content) - 1):
        saved.write_bytes(content[:length])
        with pytest.raises(UserError, match="is damaged or no checkpoint .*; delete it and train again"):
            load_checkpoint(saved)
    with pytest.raises(UserError, match="there is no checkpoint .*; run `python main.py train` first"):
        load_checkpoint(saved.with_name("none"))
    saved.write_bytes(content)
    monkeypatch.setattr(module, "FORMAT_VERSION", 0)
    with pytest.raises(UserError, match="has the format version 1, but this program reads 0"):
        load_checkpoint(saved)


def test_another_network_is_refused_by_name(saved: Path) -> None:
    with pytest.raises(UserError, match=r"belongs to another network: weight is \(2, 3\) there and \(2, 4\) here"):
        load_checkpoint(saved).load_into(nn.Linear(4, 2))
    with pytest.raises(UserError, match=r"bias is \(2,\) there and missing here"):
        load_checkpoint(saved).load_into(nn.Linear(3, 2, bias=False))


def test_nested_state_comes_back_with_its_integer_keys() -> None:
    state = {"state": {0: {"step": torch.tensor(3.0), "betas": [0.9, 0.99]}}, "groups": [{"lr": 0.1, "name": None}]}
    tensors: dict[str, torch.Tensor] = {}
    plain = flatten_state(state, tensors)
    assert list(tensors) == ["state.0.step"]
    assert unflatten_state(plain, tensors) == state


def test_only_settings_that_touch_nothing_learned_may_change_before_a_run_is_resumed(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"

    def facts(free: object = 1, seed: int = 0, root: str = "here", name: str = "cnn") -> dict[str, object]:
        data, model = {"root": root, "root_of_all": 1}, {"name": name}
        return {"config": {"seed": seed, "serve": {"port": free}, "data": data, "model": model}, "classes": ["a"]}

    names = {"not_trained": ("serve", "data.root")}
    save_state(path, {"step": 3}, {**facts(), **names})
    assert load_state(path, {**facts(free=2, root="there"), **names}) == {"step": 3}
    assert load_state(path, {**facts(), "not_trained": ("serve",)}) == {"step": 3}
    for changed, key in ((facts(seed=1), "config.seed"), (facts(name="mlp"), "config.model.name")):
        with pytest.raises(UserError, match=f"{key} is .* there and .* here"):
            load_state(path, {**changed, **names})
    with pytest.raises(UserError, match="config.data.root is 'here' there and 'there' here"):
        load_state(path, {**facts(root="there"), "not_trained": ("serve",)})
