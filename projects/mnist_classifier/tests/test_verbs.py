"""What the verbs of this project give: predictions, a server, settings found by a sweep."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import numpy as np
import pytest
from images import save_images
from PIL import Image
from sklearn.datasets import load_digits

from shared.inference.model import OnnxModel
from shared.testing.contract import Contract, ask, server
from shared.verbs import crossval, sweep
from src.config import Config, export_path, load_config
from src.export import export
from src.predict import make_predictor, predict
from src.train import train


def test_a_sweep_leaves_a_configuration_that_trains(smoke: Config) -> None:
    plan = smoke.output_dir / "plan.yaml"
    plan.write_text("trials: 2\nranges:\n  training.learning_rate: {low: 0.005, high: 0.02}\n")
    found = sweep(replace(smoke, training=replace(smoke.training, epochs=1)), plan)
    config = load_config(smoke.output_dir / "sweep" / "best.yaml")
    assert config.training.learning_rate == found["best"]["training"]["learning_rate"]


def test_cross_validation_finds_the_images_in_wrong_folders(smoke: Config, tmp_path: Path) -> None:
    digits, misfiled = load_digits(), set(range(0, 600, 25))
    for index, (scan, label) in enumerate(zip(digits.images[:700], digits.target, strict=False)):
        name = (label + 1) % 10 if index in misfiled else label
        folder = tmp_path / ("test" if index >= 600 else "train") / str(name)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((scan * 255 / 16).astype("uint8")).resize((56, 56)).save(folder / f"{index}.png")
    source = {"source": "folder", "root": tmp_path, "cache": "disk", "processed": tmp_path / "processed"}
    config = replace(smoke, data=replace(smoke.data, **source), output_dir=tmp_path / "out", log_dir=tmp_path / "logs")
    found = crossval(config, folds=3, include_test=True)
    assert sum(row["examples"] for row in found["folds"]) == 700
    with (tmp_path / "out" / "crossval" / "suspected_labels.csv").open() as file:
        first = [int(Path(row["name"]).stem) for row in csv.DictReader(file)][: len(misfiled)]
    assert len(misfiled.intersection(first)) > 0.6 * len(misfiled)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten scanned digits drawn large in black on white, an empty sheet, and a broken file."""
    folder = tmp_path_factory.mktemp("images")
    digits = load_digits()
    for label in range(10):
        scan = digits.images[digits.target == label][3]
        ink = Image.fromarray((255 - scan * 255 / 16).astype("uint8")).resize((160, 160), Image.Resampling.BICUBIC)
        sheet = Image.new("L", (400, 300), 255)
        sheet.paste(ink, (20, 90))
        sheet.save(folder / f"digit_{label}.png")
    Image.new("L", (100, 100), 255).save(folder / "empty.png")
    (folder / "broken.png").write_bytes(b"no image")
    return folder


def test_every_image_is_predicted(trained: Config, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predict(trained, [images])
    assert "1 of 12 images cannot be read" in capsys.readouterr().err
    with (trained.output_dir / "predictions" / "predictions.csv").open() as file:
        rows = {Path(row["file"]).stem: row for row in csv.DictReader(file)}
    assert rows["empty"]["prediction"] == "empty"
    assert rows["broken"]["prediction"] == "unreadable"
    assert sum(rows[f"digit_{label}"]["most_likely"] == str(label) for label in range(10)) >= 8
    assert (trained.output_dir / "predictions" / "predictions.png").read_bytes().startswith(b"\x89PNG")


def test_a_network_of_deep_images_reads_later_ones_by_the_range_of_its_training(smoke: Config, tmp_path: Path) -> None:
    save_images(tmp_path / "data", {"one": 20, "seven": 20})
    for path in (tmp_path / "data").rglob("*.png"):
        Image.fromarray(np.asarray(Image.open(path).convert("L")).astype(np.uint16) * 16).save(path)
    settings = replace(smoke.data, source="folder", root=tmp_path / "data")
    config = replace(smoke, data=settings, output_dir=tmp_path / "out", training=replace(smoke.training, epochs=1))
    assert train(config)["config"]["data"]["value_range"] == [0, 4095]
    export(config)
    prepared = make_predictor(config).prepare(tmp_path / "data" / "one" / "0.png")
    assert isinstance(prepared, np.ndarray)  # by the range of all 16-bit images it would be a blank sheet


def test_predict_says_and_records_what_it_passes_over(
    trained: Config, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(images / "digit_0.png", tmp_path)
    for name in ("IMG_1.HEIC", "noending"):
        (tmp_path / name).write_bytes(b"")
    result = predict(trained, [tmp_path])
    assert result["skipped_files"] == {"files of other kinds": 2}
    assert "2 (IMG_1.HEIC, noending)" in capsys.readouterr().err


def test_the_server_predicts_as_predict_does(trained: Config, images: Path, contract: Contract) -> None:
    with server(contract, trained.output_dir) as url:
        found = ask(url, "predict", (images / "digit_0.png").read_bytes())
        assert found["prediction"] == "0"
        assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert ask(url, "predict", (images / "empty.png").read_bytes())["prediction"] == "empty"
        with pytest.raises(HTTPError, match="422") as refused:
            ask(url, "predict", b"no image")
        assert json.load(refused.value) == {"detail": "not an image, or a damaged one"}
        assert "Draw it" in ask(url, "")
        assert ask(url, "model")["labels"] == [str(number) for number in range(10)]


def test_the_exported_file_knows_the_preparation(trained: Config) -> None:
    assert OnnxModel(export_path(trained)).metadata["preparation"] == {"size": 28, "value_range": []}
