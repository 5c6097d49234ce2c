"""It learns: on made-up vowels of speakers it never heard, better than chance by far."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.data.examples import Data
from shared.results import read_result
from src.config import Config, ModelConfig
from src.train import train


@pytest.mark.parametrize("name", ["gru", "transformer"])
def test_the_other_networks_learn_too(name: str, smoke: Config, data: Data, tmp_path: Path) -> None:
    config = replace(smoke, model=ModelConfig(name, dropout=0.1, hide=False, color=0.0), output_dir=tmp_path)
    assert train(config, data=data)["metrics"]["validation"]["accuracy"] > 0.6


def test_the_baselines_learn(trained: Config) -> None:
    for metrics in read_result(trained.output_dir, "baseline")["metrics"].values():
        assert metrics["test"]["accuracy"] > 0.8
