"""Where prepared images are kept changes nothing that is learned or measured."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.data import prepared
from shared.errors import StoppedError
from shared.training import loop
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.baseline import baseline
from src.check_data import check_data
from src.config import Config
from src.evaluate import evaluate
from src.export import export
from src.train import train


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 strokes in two classes, and a file that is no image."""
    random, folder = np.random.default_rng(0), tmp_path_factory.mktemp("raw")
    for label, name in enumerate(("lying", "standing")):
        (folder / name).mkdir()
        for index in range(60):
            pixels = random.integers(0, 20, (40, 40), dtype=np.uint8)
            pixels[(slice(5, 9), slice(None))[:: 1 - 2 * label]] += 200
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    (folder / "lying" / "broken.png").write_bytes(b"")
    return folder


def config_for(smoke: Config, root: Path, folder: Path, cache: Any, workers: int = 0) -> Config:
    data = replace(smoke.data, source="folder", root=root, cache=cache, processed=folder / "processed")
    training = replace(smoke.training, epochs=3, batch_size=16, workers=workers)
    return replace(smoke, data=data, training=training, output_dir=folder, log_dir=folder / "logs")


def outcome(config: Config) -> tuple[dict[str, bytes], list[dict[str, Any]], str]:
    """The weights, the log without its times, and the digest of the data."""
    tensors = load_checkpoint(best_checkpoint(config.output_dir)).tensors
    weights = {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}
    lines = map(json.loads, (config.output_dir / "metrics.jsonl").read_text().splitlines())
    log = [{key: value for key, value in line.items() if not re.search("second|time", key)} for line in lines]
    return weights, log, json.loads((config.output_dir / "train.json").read_text())["data"]["digest"]


@pytest.mark.long
def test_cache_and_workers_change_neither_weights_nor_metrics(
    smoke: Config, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "CHUNK_FILES", 50)
    found, measured, checked = {}, {}, {}
    for cache, workers in (("memory", 0), ("disk", 0), ("none", 1)):
        config = config_for(smoke, root, tmp_path / cache, cache, workers)
        assert train(config)["data"]["cache"] == cache
        found[cache], measured[cache] = outcome(config), [evaluate(config)["metrics"]]
        if cache != "disk":  # which is read as `none` is, except for the decoding
            measured[cache] += [row["test"] for row in baseline(config)["metrics"].values()]
            checked[cache] = check_data(config)
    assert found["disk"] == found["none"] == found["memory"]
    assert measured["disk"] == measured["memory"][:1]
    assert measured["none"] == measured["memory"]
    assert measured["memory"][0]["test"]["accuracy"] > 0.7
    for entry in ("warnings", "counts", "classes", "measures"):
        assert checked["none"].get(entry) == checked["memory"].get(entry), entry
    assert export(config)["temperature"] == evaluate(config)["temperature"]


def test_a_run_stopped_in_mid_epoch_ends_the_same_with_another_cache(
    smoke: Config, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = config_for(smoke, root, tmp_path / "whole", "memory")
    train(whole)
    stopped = config_for(smoke, root, tmp_path / "stopped", "none", workers=2)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "should_stop", lambda _stop, _accelerator, step, **_: step == 7)
        with pytest.raises(StoppedError, match="stopped in epoch 2 after step 7"):
            train(stopped)
    train(replace(stopped, data=replace(stopped.data, cache="disk")), resume=True)
    assert outcome(stopped) == outcome(whole)
