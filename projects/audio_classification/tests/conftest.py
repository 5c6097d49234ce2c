"""Makes the project importable from anywhere, also in a copy of its folder, and trains one small network."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from src.config import Config, load_config  # noqa: E402 - needs the path above
from src.export import export  # noqa: E402
from src.train import train  # noqa: E402


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The smoke configuration, with outputs outside the project."""
    folder = tmp_path_factory.mktemp("outputs")
    config = load_config(PROJECT / "configs" / "smoke.yaml")
    return replace(config, output_dir=folder, log_dir=folder / "tensorboard")


@pytest.fixture(scope="session")
def trained(smoke: Config) -> Config:
    """The configuration of a finished training run; its checkpoint and its ONNX file lie in `output_dir`."""
    train(smoke)
    export(smoke)
    return smoke
