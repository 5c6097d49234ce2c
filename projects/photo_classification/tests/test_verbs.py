"""What the verbs of this project give: predictions, explanations, a server, settings found by a sweep, fine-tuning."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data as photographs

from models.model import WithMaps, restore_model
from shared.data.examples import Data
from shared.inference.model import OnnxModel
from shared.testing.contract import Contract, ask, server
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from shared.verbs import sweep
from src.config import Config, export_path, load_config
from src.dataloader import load_data
from src.export import export
from src.predict import make_predictor, predict
from src.train import train


def test_a_sweep_leaves_a_configuration_that_trains(smoke: Config) -> None:
    plan = smoke.output_dir / "plan.yaml"
    plan.write_text("trials: 2\nranges:\n  training.learning_rate: {low: 0.005, high: 0.02}\n")
    found = sweep(replace(smoke, training=replace(smoke.training, epochs=1)), plan)
    config = load_config(smoke.output_dir / "sweep" / "best.yaml")
    assert config.training.learning_rate == found["best"]["training"]["learning_rate"]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three photographs of the sample, a broken file."""
    folder = tmp_path_factory.mktemp("images")
    for name in ("brick", "grass", "coins"):
        Image.fromarray(getattr(photographs, name)()[:90, :90]).save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"no image")
    return folder


def test_every_photo_is_predicted_and_explained(
    trained: Config, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheets = []
    for explain in (False, True):
        predict(replace(trained, predict=replace(trained.predict, explain=explain)), [images])
        sheets.append((trained.output_dir / "predictions" / "predictions.png").read_bytes())
    assert "1 of 4 images cannot be read" in capsys.readouterr().err
    with (trained.output_dir / "predictions" / "predictions.csv").open() as file:
        rows = {Path(row["file"]).stem: row for row in csv.DictReader(file)}
    assert rows["broken"]["prediction"] == "unreadable"
    truth = {"brick": "bricks", "grass": "grass", "coins": "coins"}
    assert sum(rows[name]["most_likely"] == label for name, label in truth.items()) >= 2
    assert sheets[0] != sheets[1]


def test_the_map_is_hot_where_the_object_is(trained: Config) -> None:
    network = restore_model(trained, load_checkpoint(best_checkpoint(trained.output_dir)))
    photo = torch.full((3, 192, 192), 128, dtype=torch.uint8)
    photo[:, 96:, :96] = torch.from_numpy(photographs.brick()[:96, :96].copy())
    with torch.no_grad():
        maps = WithMaps(network)(photo[None])[1][0]  # [classes, 6, 6]
    bricks = maps[load_data(trained).classes.index("bricks")]
    corners = [bricks[rows, columns].mean() for rows in (slice(3), slice(3, 6)) for columns in (slice(3), slice(3, 6))]
    assert int(torch.stack(corners).argmax()) == 2  # the lower left one


def test_a_prediction_has_the_map_of_its_class(trained: Config, images: Path) -> None:
    predictor = make_predictor(trained)
    (one,) = predictor.predict([predictor.prepare(images / "brick.png")])
    assert one.heat is not None
    assert one.heat.shape == (2, 2)
    assert one.heat.max() == pytest.approx(1)


def test_the_server_predicts_as_predict_does(trained: Config, images: Path, contract: Contract) -> None:
    with server(contract, trained.output_dir) as url:
        found = ask(url, "predict", (images / "coins.png").read_bytes())
        assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        predictor = make_predictor(trained)
        (expected,) = predictor.predict([predictor.prepare(images / "coins.png")])
        assert found["prediction"] == expected.label
        assert np.allclose(found["heat"], expected.heat, atol=1e-3)
        with pytest.raises(HTTPError, match="422") as refused:
            ask(url, "predict", b"no image")
        assert json.load(refused.value) == {"detail": "not an image, or a damaged one"}


def test_a_network_of_deep_photos_reads_later_ones_by_the_range_of_its_training(smoke: Config, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(500, 1000, (40, 32, 32), dtype=np.uint16)
    for number, image in enumerate(values):  # the classes differ in how bright they are, and in nothing else
        folder = tmp_path / "data" / ("bright" if number % 2 else "dim")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image * (4 if number % 2 else 1)).save(folder / f"{number}.png")
    data, model = (
        replace(smoke.data, source="folder", root=tmp_path / "data"),
        replace(smoke.model, name="test_efficientnet", weights="none"),
    )
    training = replace(smoke.training, epochs=1)
    config = replace(smoke, data=data, model=model, output_dir=tmp_path / "out", training=training)
    assert train(config)["config"]["data"]["value_range"] == [0, 4095]
    export(config)
    predictor = make_predictor(config)
    prepared = [np.asarray(predictor.prepare(tmp_path / "data" / name)) for name in ("dim/0.png", "bright/1.png")]
    assert prepared[1].mean() == pytest.approx(4 * prepared[0].mean(), rel=0.05)


def test_the_exported_file_knows_the_preparation(trained: Config) -> None:
    network = OnnxModel(export_path(trained))
    assert network.metadata["preparation"] == {"fit": "crop", "size": 64, "value_range": []}
    assert network.outputs == ["probabilities", "logits", "maps"]


def test_training_the_head_leaves_the_backbone_and_fine_tuning_moves_it(smoke: Config, data: Data) -> None:
    few = replace(data, splits=replace(data.splits, train=data.splits.train.at(range(0, 240, 6))))
    moved = {}
    for tuning in ("head", "full"):
        model = replace(smoke.model, name="test_efficientnet", weights="none", tuning=tuning)
        config = replace(
            smoke,
            model=model,
            output_dir=smoke.output_dir / tuning,
            training=replace(smoke.training, epochs=1, backbone_lr_scale=0.1 if tuning == "full" else 1.0),
        )
        train(config, data=few)
        torch.manual_seed(config.seed)
        moved[tuning] = load_checkpoint(best_checkpoint(config.output_dir)).tensors["backbone.conv_stem.weight"]
    assert not torch.equal(moved["head"], moved["full"])
