"""The data: three disjoint splits, fixed by the seed, and random changes that can be repeated."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from images import save_images
from PIL import Image

from models.model import make_model
from shared.data.batches import BatchIndices
from shared.data.examples import Data
from src.augmentation import AugmentedPhotos
from src.config import AugmentationConfig, Config, DataConfig
from src.dataloader import features_of, load_data, make_feature_loaders, make_loaders


def config(**settings: object) -> Config:
    return Config(data=DataConfig(**{"image_size": 32, **settings}))  # type: ignore[arg-type]


def test_the_sample_has_every_class_in_every_split(data: Data) -> None:
    assert len(data.classes) == 8
    for split in vars(data.splits).values():
        assert (split["images"].shape[1:], split["images"].dtype) == ((3, 64, 64), torch.uint8)
        assert set(split["labels"].tolist()) == set(range(8))


def test_one_folder_a_class_is_cut_into_three_splits(tmp_path: Path) -> None:
    data = load_data(config(root=save_images(tmp_path, {"cat": 30, "dog": 20})))
    assert data.record.source == "folder"
    assert data.classes == ["cat", "dog"]
    assert data.counts == {"train": 34, "validation": 6, "test": 10}


def test_sixteen_bit_photos_keep_how_bright_they_are_beside_each_other(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name, level in {"bright": 40000, "dim": 4000}.items():
        (tmp_path / name).mkdir()
        for index in range(20):
            values = random.integers(level // 2, level, (32, 32), dtype=np.uint16)
            Image.fromarray(values).save(tmp_path / name / f"{index}.tif")
    data = load_data(config(root=tmp_path))
    means = [data.splits.train["images"][data.splits.train["labels"] == label].float().mean() for label in (0, 1)]
    assert means[0] > 8 * means[1]
    assert data.settled["value_range"] == [0, 65535]


def test_copies_across_splits_are_named_and_the_advised_setting_keeps_them_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    for name in ("bad", "good"):
        (tmp_path / name).mkdir()
        for number in range(12):
            noise = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((48, 48))
            for copy in range(5):
                noise.save(tmp_path / name / f"{name}{number:02d}.rf.{copy}.jpg", quality=95 - copy)
    found = load_data(config(root=tmp_path)).as_dict()["near_copies"]
    assert found["found"] == found["compared"] > 20
    advice = re.search(r"--data.group_pattern '(.*)' keeps them together", capsys.readouterr().err)
    assert advice
    grouped = load_data(config(root=tmp_path, group_pattern=advice[1]))
    assert grouped.as_dict()["near_copies"]["found"] == 0


EVERYTHING = AugmentationConfig(policy="randaugment", erase=1.0)


def photos(settings: AugmentationConfig, count: int = 12) -> AugmentedPhotos:
    images = torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return AugmentedPhotos({"images": images, "labels": torch.arange(count) % 3}, settings, 3, seed=0)


@pytest.mark.parametrize("settings", [AugmentationConfig(), EVERYTHING, AugmentationConfig(policy="trivial")])
def test_a_photo_is_changed_in_the_same_way_in_any_batch_and_otherwise_in_another_epoch(
    settings: AugmentationConfig,
) -> None:
    dataset = photos(settings)
    torch.manual_seed(1)
    whole, state = dataset.__getitems__(BatchIndices([4, 5, 6]))["images"], torch.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(dataset.__getitems__(BatchIndices([9, 5]))["images"][1], whole[1])
    assert not torch.equal(whole[0], dataset.photos["images"][4])
    assert not torch.equal(dataset.__getitems__(BatchIndices([4], epoch=1))["images"][0], whole[0])
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)  # nothing was drawn from the random state of training


def test_without_augmentation_photos_stay_as_they_are() -> None:
    dataset = photos(AugmentationConfig(crop=1.0, flip=False, color=0.0))
    assert torch.equal(dataset.__getitems__(BatchIndices([3, 1]))["images"], dataset.photos["images"][[3, 1]])


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
def test_mixed_photos_have_mixed_labels(mix: str) -> None:
    plain = photos(AugmentationConfig(mix=mix, mix_alpha=1.0))  # type: ignore[arg-type]
    batch = plain.__getitems__(BatchIndices(range(8)))
    assert batch["labels"].shape == (8, 3)
    assert batch["labels"].sum(1).tolist() == pytest.approx([1] * 8)
    assert batch["labels"].max() < 1 - 1e-6 or not torch.equal(batch["images"], next(plain.in_batches(8, 0)))
    assert torch.equal(plain.__getitems__(BatchIndices(range(8)))["images"], batch["images"])
    assert plain.__getitems__(BatchIndices([5]))["labels"].tolist() == [[0, 0, 1]]


def test_only_training_photos_are_changed(data: Data, smoke: Config) -> None:
    loaders = make_loaders(data, smoke)
    for name in ("validation", "test"):
        loaded = torch.cat([batch["images"] for batch in getattr(loaders, name)])
        assert torch.equal(loaded, getattr(data.splits, name)["images"])
    as_they_are = {image.numpy().tobytes() for image in data.splits.train["images"]}
    changed = next(iter(loaders.train))["images"]
    assert not any(image.numpy().tobytes() in as_they_are for image in changed)


def test_features_come_in_views_of_which_the_first_is_of_the_photos_themselves(smoke: Config, tmp_path: Path) -> None:
    data = load_data(config(root=save_images(tmp_path, {"cat": 12, "dog": 12})))
    asked = replace(smoke, model=replace(smoke.model, name="test_efficientnet", views=3))
    model = make_model(asked, data.classes)
    loaders = make_feature_loaders(model, data, asked)
    held = loaders.train.dataset.tensors  # type: ignore[attr-defined]
    plain = features_of(model, [data.splits.train["images"]], data.counts["train"], "")
    count = len(plain)
    assert len(held["images"]) == len(held["labels"]) == 3 * count
    assert torch.equal(held["images"][:count], plain)
    assert not torch.allclose(held["images"][count : 2 * count], held["images"][2 * count :])
    assert torch.equal(held["labels"], data.splits.train["labels"].repeat(3))
