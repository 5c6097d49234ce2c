"""Every verb as a user runs it: a process of its own, from another folder, with outputs somewhere else."""

import csv
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_digits

from shared.config import to_plain
from shared.results import read_result
from shared.verbs import sweep
from src.config import PROJECT, Config, load_config


def command(verb: str, *arguments: object) -> list[str]:
    return [sys.executable, str(PROJECT / "main.py"), verb, *map(str, arguments)]


def finished(verb: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(verb, *arguments), cwd=folder, capture_output=True, text=True, timeout=300)


def test_a_trial_in_place_of_a_run_leaves_no_checkpoint(tmp_path: Path) -> None:
    arguments = ("--config", PROJECT / "configs/smoke.yaml", "--output_dir", "out", "--log_dir", "logs")
    done = finished("train", *arguments, "--trial", "overfit", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "one batch can be learned" in done.stdout
    assert read_result(tmp_path / "out", "trial-overfit")["metrics"]["learned"]
    assert not list((tmp_path / "out").rglob("*.safetensors"))


def test_a_sweep_leaves_a_configuration_that_trains(smoke: Config) -> None:
    plan = smoke.output_dir / "plan.yaml"
    plan.write_text("trials: 2\nranges:\n  training.learning_rate: {low: 0.005, high: 0.02}\n")
    short = replace(smoke, training=replace(smoke.training, epochs=2))
    found = sweep(short, plan)
    config = load_config(smoke.output_dir / "sweep" / "best.yaml")
    assert config.training.learning_rate == found["best"]["training"]["learning_rate"]


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


def test_run_does_the_whole_job_and_says_what_came_of_it(tmp_path: Path) -> None:
    arguments = ("--config", PROJECT / "configs/smoke.yaml", "--output_dir", "out", "--log_dir", "logs")
    done = finished("run", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for verb in ("train", "evaluate", "baseline", "export"):
        assert read_result(tmp_path / "out", verb)["verb"] == verb
    for words in (
        "sample (1,293 train",
        "seed",
        "validation accuracy",
        "test accuracy",
        "baseline",
        "98,938",
        "parity",
    ):
        assert words in done.stdout
    assert (tmp_path / "out" / "report.html").stat().st_size > 50_000
    assert (tmp_path / "out" / "export" / f"{PROJECT.name}.onnx").is_file()
    assert list((tmp_path / "logs").rglob("events.*"))


def test_asking_the_exported_network_needs_no_pytorch() -> None:
    code = "import sys, src.service; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "False", done.stderr


def test_predict_answers_every_image(trained: Config, images: Path, tmp_path: Path) -> None:
    done = finished("predict", images, "--output_dir", trained.output_dir, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 12 images cannot be read" in done.stderr
    with (trained.output_dir / "predictions" / "predictions.csv").open() as file:
        answers = {Path(row["file"]).stem: row for row in csv.DictReader(file)}
    assert answers["empty"]["prediction"] == "empty"
    assert answers["broken"]["prediction"] == "unreadable"
    right = sum(answers[f"digit_{label}"]["most_likely"] == str(label) for label in range(10))
    assert right >= 8
    assert (trained.output_dir / "predictions" / "predictions.png").read_bytes().startswith(b"\x89PNG")


def test_serve_answers_as_predict_does(trained: Config, images: Path, tmp_path: Path) -> None:
    server = subprocess.Popen(
        command("serve", "--output_dir", trained.output_dir, "--serve.port", 0),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout
        url = server.stdout.readline().split()[1]
        body = (images / "digit_0.png").read_bytes()
        with urllib.request.urlopen(urllib.request.Request(f"{url}/predict", body), timeout=30) as response:
            answer = json.load(response)
        assert answer["prediction"] == "0"
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        empty = (images / "empty.png").read_bytes()
        with urllib.request.urlopen(urllib.request.Request(f"{url}/predict", empty), timeout=30) as response:
            assert json.load(response)["prediction"] == "empty"
        with pytest.raises(urllib.error.HTTPError, match="422") as refused:
            urllib.request.urlopen(urllib.request.Request(f"{url}/predict", b"no image"), timeout=30)
        assert json.load(refused.value) == {"detail": "not an image, or a damaged one"}
        with urllib.request.urlopen(f"{url}/", timeout=30) as response:
            assert "Draw it" in response.read().decode()
        with urllib.request.urlopen(f"{url}/model", timeout=30) as response:
            assert json.load(response)["labels"] == [str(number) for number in range(10)]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


@pytest.mark.long
def test_each_verb_goes_on_from_what_the_others_left(trained: Config, tmp_path: Path) -> None:
    for verb in ("evaluate", "baseline", "export", "report"):
        again = finished(verb, "--output_dir", trained.output_dir, folder=tmp_path)
        assert again.returncode == 0, again.stderr


def test_what_follows_training_uses_its_configuration(trained: Config, tmp_path: Path) -> None:
    done = finished("evaluate", "--output_dir", trained.output_dir, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_result(trained.output_dir, "evaluate")["data"]["source"] == "sample"
    assert "WARNING" not in done.stderr


def test_the_exported_file_says_where_it_comes_from(trained: Config) -> None:
    from shared.inference.classifier import OnnxClassifier

    metadata = OnnxClassifier(trained.output_dir / "export" / f"{PROJECT.name}.onnx").metadata
    assert metadata["data"]["source"] == "sample"
    assert metadata["preparation"] == {"kind": "digit", "size": 28, "channels": 1}
    assert metadata["metrics"]["validation"]["accuracy"] > 0.9
    assert "torch" in metadata["versions"]
    assert str(PROJECT) not in json.dumps(metadata)


def test_the_stored_configuration_names_no_place_on_this_machine() -> None:
    assert str(PROJECT) not in json.dumps(to_plain(Config(), PROJECT))


def test_help_lists_the_verbs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "main.py"), "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    for verb in ("run", "train", "evaluate", "baseline", "predict", "export", "report", "serve"):
        assert f"\n  {verb} " in done.stdout
