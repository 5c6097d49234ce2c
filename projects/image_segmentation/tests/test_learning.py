"""What the networks learn on the built-in sample, and what their predictions depend on."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from models.model import restore_model
from shared.data.examples import Data
from shared.inference.tiles import Tiling, segment
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config, ModelConfig
from src.train import train


def test_a_trained_network_predicts_the_same_in_tiles(trained: Config, data: Data) -> None:
    network = restore_model(trained, load_checkpoint(best_checkpoint(trained.output_dir))).probabilities
    images = data.splits.test["images"]
    rows = [np.concatenate([images[start + step] for step in range(4)], axis=1) for start in (0, 4, 8, 2)]
    image = np.concatenate(rows)
    whole = segment(network, image, Tiling(512, 0, 32)).argmax(0)
    tiled = segment(network, image, Tiling(256, 128, 32)).argmax(0)
    assert (whole == tiled).mean() > 0.93


def test_the_written_out_network_learns_from_scratch(smoke: Config, data: Data, tmp_path: Path) -> None:
    training = replace(smoke.training, epochs=5, batch_size=4, learning_rate=0.01)
    config = replace(smoke, model=ModelConfig("small_unet"), training=training, output_dir=tmp_path)
    result = train(config, data=data)
    assert result["history"][-1]["train/loss"] < 0.9 * result["history"][0]["train/loss"]
    assert result["first_weights"] == {"source": "random", "license": "", "tried": []}


def test_the_baselines_learn(trained: Config) -> None:
    result = read_result(trained.output_dir, "baseline")
    scores = {name: metrics["test"]["pooled"]["mean_iou"] for name, metrics in result["metrics"].items()}
    assert 0.1 < scores["gray level"] < 0.3
    assert scores["gray level"] < scores["pixel features"] < 0.6
