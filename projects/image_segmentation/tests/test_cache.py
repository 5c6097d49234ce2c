"""Images and masks that do not fit into memory are decoded when they are needed, which changes nothing."""

import json
import re
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from images import save_folder

from shared import workers as shared_workers
from shared.cli import _one_sentence as sentence
from shared.data.examples import Data
from shared.data.memory import ordered_loader
from shared.data.pack import pack
from shared.errors import StoppedError, UserError
from shared.training import loop
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.baseline import baseline, training_pixels
from src.check_data import check_data
from src.config import Config, DataConfig, ModelConfig
from src.dataloader import Tiles, load_data
from src.evaluate import evaluate, scores_of
from src.export import training_crops
from src.masks import decode
from src.masks.files import Pair
from src.train import train


def config_for(smoke: Config, root: Path, folder: Path, cache: Any, workers: int) -> Config:
    data = replace(smoke.data, source="folder", root=root, cache=cache)
    training = replace(smoke.training, epochs=2, batch_size=8, learning_rate=0.01, workers=workers)
    config = replace(smoke, data=data, training=training, model=ModelConfig("small_unet"))
    return replace(config, output_dir=folder, log_dir=folder / "logs")


def outcome(config: Config) -> tuple[dict[str, bytes], list[dict[str, Any]], str]:
    """The weights, the log without its times, and the digest of the data."""
    tensors = load_checkpoint(best_checkpoint(config.output_dir)).tensors
    lines = map(json.loads, (config.output_dir / "metrics.jsonl").read_text().splitlines())
    log = [{key: value for key, value in line.items() if not re.search("second|time", key)} for line in lines]
    weights = {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}
    return weights, log, json.loads((config.output_dir / "train.json").read_text())["data"]["digest"]


def test_cache_and_workers_change_neither_weights_nor_metrics_nor_a_resumed_run(
    smoke: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_workers, "PARALLEL_FILES", 20)  # so that `none` looks at files in worker processes
    root, found = save_folder(tmp_path / "data", 40), []
    for cache, workers in (("memory", 0), ("none", 2)):
        config = config_for(smoke, root, tmp_path / cache, cache, workers)
        if cache == "none":
            with monkeypatch.context() as patch:
                patch.setattr(loop, "should_stop", lambda _stop, _accelerator, step, **_: step == 5)
                with pytest.raises(StoppedError, match="stopped in epoch 2"):
                    train(config)
        assert train(config, resume=cache == "none")["data"]["cache"] == cache
        scores = [evaluate(config)["metrics"], *(row["test"] for row in baseline(config)["metrics"].values())]
        checked = {key: check_data(config)[key] for key in ("warnings", "sizes", "copies", "pixel_shares")}
        found.append((outcome(config), scores, checked, training_crops(load_data(config), config).tobytes()))
    assert found[0] == found[1]


def test_what_takes_too_much_memory_is_read_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config(data=DataConfig(root=save_folder(tmp_path, 20)))

    def read(most: int) -> Data:
        monkeypatch.setattr(decode, "MEMORY_BYTES", most)
        return load_data(config)

    assert read(4 * 20 * 50 * 42).facts["cache"] == "memory"
    data = read(4 * 20 * 50 * 40)
    assert data.facts["cache"] == "none"
    assert "decoded whenever they are needed" in capsys.readouterr().out
    assert data.splits.train["images"].on_demand
    name = data.splits.test.names[0]
    (tmp_path / "masks" / f"{name}.png").unlink()
    assert data.splits.test["images"][0].shape[1:] == (50, 3)
    with pytest.raises(UserError) as refused:
        list(ordered_loader(Tiles(data.splits.test, 64), 8, workers=1))
    assert re.fullmatch(
        rf"\S+{name}.png or \S+{name}.png was readable when the command began.*", sentence(refused.value)
    )


def test_verbs_hold_few_images_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(data=DataConfig(root=save_folder(tmp_path, 40), cache="none"))
    read, images, held = decode.image_of, list[weakref.ref[np.ndarray]](), list[int]()

    def counted(settings: DataConfig, pair: Pair) -> np.ndarray:
        image = read(settings, pair)
        images.append(weakref.ref(image))
        held.append(sum(one() is not None for one in images))
        return image

    monkeypatch.setattr(decode, "image_of", counted)
    train_split = load_data(config).splits.train
    scores_of(lambda pixels: np.ones((1, 2, *pixels.shape[2:]), np.float32), train_split, ["a", "b"], config)
    training_pixels(train_split, lambda image: image, config)
    assert len(held) >= 2 * len(train_split)
    assert max(held) <= 3


def test_shards_hold_images_and_masks_too(tmp_path: Path) -> None:
    pack(save_folder(tmp_path / "folder", 20), tmp_path / "shards")
    found = [load_data(Config(data=DataConfig(root=tmp_path / name, cache="none"))) for name in ("folder", "shards")]
    assert found[0].digest == found[1].digest
    for one, other in zip(*(data.splits.test["masks"] for data in found), strict=True):
        assert one.tobytes() == other.tobytes()


def test_the_baseline_says_on_how_many_images_it_was_fitted(
    smoke: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("src.baseline.MOST_IMAGES", 5)
    config = replace(smoke, data=DataConfig(root=save_folder(tmp_path / "data", 20)), output_dir=tmp_path)
    assert baseline(config)["fitted_on"] == 5
    assert "5 of 14 training images" in capsys.readouterr().out
