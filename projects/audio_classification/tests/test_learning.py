"""It learns: on made-up vowels of speakers it never heard, better than chance by far."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from shared.data.examples import Data
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config, ModelConfig
from src.train import train


@pytest.mark.parametrize("name", ["gru", "transformer"])
def test_the_other_networks_learn_too(name: str, smoke: Config, data: Data, tmp_path: Path) -> None:
    config = replace(smoke, model=ModelConfig(name, dropout=0.1, hide=False, color=0.0), output_dir=tmp_path)
    assert train(config, data=data)["metrics"]["validation"]["accuracy"] > 0.6


def test_the_baselines_learn(trained: Config) -> None:
    for metrics in read_result(trained.output_dir, "baseline")["metrics"].values():
        assert metrics["test"]["accuracy"] > 0.8


def test_the_same_seed_gives_the_same_bytes_with_masks_and_colors(smoke: Config, data: Data, tmp_path: Path) -> None:
    model, training = replace(smoke.model, hide=True, color=0.15), replace(smoke.training, epochs=1)
    for name in ("first", "again"):
        train(replace(smoke, model=model, training=training, output_dir=tmp_path / name), data=data)
    first, again = (load_checkpoint(best_checkpoint(tmp_path / name)).tensors for name in ("first", "again"))
    assert all(torch.equal(first[name], again[name]) for name in first)
