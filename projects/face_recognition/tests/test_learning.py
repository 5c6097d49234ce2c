"""It learns: in seconds, better than its own fresh weights and than chance, and the same way each time."""

from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import pytest
import torch

from models.model import LARGE, NETWORKS, Embedder, restore_model
from shared.crossval import run_crossval
from shared.errors import UserError
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.baseline import baseline
from src.config import PROJECT, Config, LossConfig, load_config
from src.dataloader import FaceData, load_data
from src.evaluate import evaluate
from src.train import train


@pytest.mark.parametrize("name", NETWORKS)
def test_crops_become_embeddings(name: str) -> None:
    torch.manual_seed(0)
    model = Embedder(name).eval()
    side = NETWORKS[name].crop_size
    with torch.no_grad():
        embeddings = model(torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8))
    assert embeddings.shape == (2, model.dimensions)
    if name != "dlib_resnet":
        torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))
    assert (embeddings[0] - embeddings[1]).abs().max() > 1e-4


@pytest.mark.parametrize(
    ("name", "views", "equal"),
    [("dlib_resnet", 1, False), ("dlib_resnet", 2, True), ("dlib_resnet", 4, True), ("small", 1, True)],
)
def test_a_mirror_image_has_the_same_embedding_where_both_are_views_or_features_are_symmetric(
    name: str, views: int, equal: bool
) -> None:
    crops = torch.randint(0, 256, (2, 3, NETWORKS[name].crop_size, NETWORKS[name].crop_size), dtype=torch.uint8)
    model = Embedder(name, views=views).eval()
    with torch.no_grad():
        assert torch.allclose(model(crops), model(crops.flip(3)), atol=1e-5) == equal


def test_light_hardly_changes_what_the_small_network_sees() -> None:
    crops = torch.randint(60, 120, (2, 3, 128, 128), dtype=torch.uint8)
    model = Embedder("small").eval()
    with torch.no_grad():
        features, brighter = (model.network.features(given.float()) for given in (crops, crops * 2))
    assert (features - brighter).abs().max() < 0.05 * features.max()


def test_the_first_weights_of_the_small_network_spread_the_crops_they_come_from() -> None:
    crops = torch.randint(0, 256, (40, 3, 128, 128), dtype=torch.uint8)
    network = Embedder("small").network
    network.init_from(crops)
    with torch.no_grad():
        found = network(crops) / LARGE
    assert found.mean(0).abs().max() < 1e-3
    covariance = found.T @ found / len(crops)
    assert (covariance - covariance.diag().diag()).abs().max() < 0.01 * covariance.max()
    assert (covariance.diag() > 1e-6).sum() == len(crops) - 1


def test_a_fresh_head_changes_nothing() -> None:
    crops = torch.randint(0, 256, (2, 3, 128, 128), dtype=torch.uint8)
    model = Embedder("small", head="linear").eval()
    with torch.no_grad():
        headed = model(crops)
        model.head = torch.nn.Identity()
        torch.testing.assert_close(model(crops), headed)


def test_triplets_teach_too(smoke: Config, tmp_path: Path) -> None:
    config = replace(smoke, loss=LossConfig(name="triplet", margin=0.3), output_dir=tmp_path)
    result = train(config)
    assert result["metrics"]["validation"]["auc"] > 0.7


def test_the_recorded_scores_are_those_of_the_weights(trained: Config) -> None:
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    data = load_data(trained)
    model = restore_model(trained, checkpoint)
    split = data.splits.validation
    with torch.no_grad():
        embeddings = model(split["crops"]).numpy()
    labels = split["labels"]
    first, second = np.triu_indices(len(split), 1)
    similarities = (embeddings @ embeddings.T)[first, second]
    same = labels[first] == labels[second]
    auc = (similarities[same][:, None] > similarities[~same][None]).mean()
    assert checkpoint.metadata["metrics"]["auc"] == pytest.approx(auc, abs=1e-3)


def test_trained_weights_are_kept_and_beat_the_small_network(ready: Config, trained: Config) -> None:
    result = read_result(ready.output_dir, "train")
    assert not result["trained_on_data"]
    assert result["history"] == []
    assert "dlib" in result["first_weights"]["source"]
    scores = evaluate(ready)["metrics"]["test"]
    assert scores["auc"] > 0.95
    assert scores["auc"] > evaluate(trained)["metrics"]["test"]["auc"]


def test_pairs_of_all_photos_elsewhere_are_measured_at_the_threshold_of_the_validation_people(
    ready: Config, photos: dict[str, Path], tmp_path: Path
) -> None:
    for person, names in {"astronaut": ("astronaut", "again"), "cameraman": ("cameraman", "both")}.items():
        (tmp_path / "people" / person).mkdir(parents=True)
        for name in names:
            copy(photos[name], tmp_path / "people" / person)
    threshold = evaluate(ready)["metrics"]["test"]["threshold"]
    found = evaluate(ready, on=tmp_path / "people")
    test = found["metrics"]["test"]
    assert (test["threshold"], test["pairs"], test["same"]) == (threshold, 4, 2)
    assert np.sum(test["confusion"]) == 4
    assert found["data"]["trained_on"] == 0
    with pytest.raises(UserError, match="without --on"):
        evaluate(replace(ready, output_dir=tmp_path), best_checkpoint(ready.output_dir), tmp_path / "people")


def test_a_head_on_frozen_weights_leaves_them_as_they_are(ready: Config, tmp_path: Path) -> None:
    training = replace(ready.training, epochs=1, freeze_epochs=1, batch_size=8, learning_rate=1e-4)
    advised = read_result(ready.output_dir, "train")["try_first"]  # where a baseline is not beaten
    model = load_config(None, *advised.split(), "--model.views", "1").model
    config = replace(ready, model=model, training=training, output_dir=tmp_path)
    result = train(config)
    assert result["trained_on_data"]
    before = load_checkpoint(best_checkpoint(ready.output_dir)).tensors
    after = load_checkpoint(best_checkpoint(tmp_path)).tensors
    assert all(torch.equal(after[name], before[name]) for name in before)
    head = after["embedder.head.weight"]
    assert not torch.equal(head, torch.eye(128))
    assert (head - torch.eye(128)).abs().max() < 0.1


def test_folds_divide_the_people_and_are_measured_on_pairs_of_their_own(smoke: Config, tmp_path: Path) -> None:
    data, seen = load_data(smoke), []

    def noted(config: Config, *, data: FaceData) -> dict[str, Any]:
        seen.append(data)
        return evaluate(config, data=data)

    with_file = replace(data, official=data.pairs["test"])  # as if a pairs.txt named them
    config = replace(smoke, output_dir=tmp_path, training=replace(smoke.training, epochs=1))
    found = run_crossval(config, PROJECT, with_file, train, noted, folds=3)
    assert found["metrics"]["folds"]["accuracy"] == pytest.approx(np.mean([row["accuracy"] for row in found["folds"]]))
    assert found["metrics"]["folds"]["accuracy"] > 0.7
    parts = [[set(split["labels"].tolist()) for split in vars(fold.splits).values()] for fold in seen]
    learned = {int(label) for name in ("train", "validation") for label in getattr(data.splits, name)["labels"]}
    assert all(set.union(*fold) == learned and sum(map(len, fold)) == len(learned) for fold in parts)
    assert set.union(*(test for *_, test in parts)) == learned
    assert sum(len(test) for *_, test in parts) == len(learned)
    for fold, (*_, test) in zip(seen, parts, strict=True):
        assert set(fold.labels[fold.pairs["test"].members].ravel().tolist()) <= test


def test_eigenfaces_are_measured_on_the_same_split(trained: Config) -> None:
    result = baseline(trained)
    assert result["data"]["digest"] == read_result(trained.output_dir, "train")["data"]["digest"]
    assert all(metrics["test"]["auc"] > 0.6 for metrics in result["metrics"].values())
