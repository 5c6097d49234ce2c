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

import numpy as np
import pytest
from recordings import save

from shared.config import to_plain
from shared.results import read_result
from shared.verbs import sweep
from src.config import PROJECT, Config, load_config
from src.predict import Predictor
from src.sample import VOWELS, Speaker, spoken


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
    plan.write_text("trials: 2\nranges:\n  training.learning_rate: {low: 0.002, high: 0.01}\n")
    short = replace(smoke, training=replace(smoke.training, epochs=1))
    found = sweep(short, plan)
    config = load_config(smoke.output_dir / "sweep" / "best.yaml")
    assert config.training.learning_rate == found["best"]["training"]["learning_rate"]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vowel of each class by someone who is not in the sample, and recordings that are odd in every way."""
    folder = tmp_path_factory.mktemp("recordings")
    random, someone = np.random.default_rng(99), Speaker("someone", "man", 1.0, 1.0)
    for vowel in VOWELS:
        save(folder / f"vowel_{vowel}.wav", spoken(vowel, someone, 8000, random))
    heed = spoken("heed", someone, 48_000, random)
    save(folder / "stereo.wav", np.stack([heed, heed], 1), 48_000)
    save(folder / "clipped.wav", (heed.astype(int) * 20).clip(-32_768, 32_767).astype(np.int16), 48_000)
    save(
        folder / "minutes.wav", np.concatenate([np.zeros(600 * 8000, np.int16), spoken("heed", someone, 8000, random)])
    )
    save(folder / "one.wav", np.array([1000], np.int16))
    save(folder / "silent.wav", np.zeros(8000, np.int16))
    (folder / "broken.wav").write_bytes(b"no recording")
    return folder


def test_run_does_the_whole_job_and_says_what_came_of_it(tmp_path: Path) -> None:
    arguments = ("--config", PROJECT / "configs/smoke.yaml", "--output_dir", "out", "--log_dir", "logs")
    done = finished("run", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for verb in ("train", "evaluate", "baseline", "export"):
        assert read_result(tmp_path / "out", verb)["verb"] == verb
    for words in (
        "sample (600 train",
        "seed",
        "validation accuracy",
        "test accuracy",
        "baseline",
        "187,122",
        "parity",
    ):
        assert words in done.stdout
    assert (tmp_path / "out" / "report.html").stat().st_size > 50_000
    assert (tmp_path / "out" / "export" / f"{PROJECT.name}.onnx").is_file()
    assert list((tmp_path / "logs").rglob("events.*"))


def test_predict_answers_every_recording(trained: Config, recordings: Path, tmp_path: Path) -> None:
    done = finished("predict", recordings, "--output_dir", trained.output_dir, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 16 recordings cannot be read" in done.stderr
    with (trained.output_dir / "predictions" / "predictions.csv").open() as file:
        answers = {Path(row["file"]).stem: row for row in csv.DictReader(file)}
    assert answers["silent"]["prediction"] == "silent"
    assert answers["broken"]["prediction"] == "unreadable"
    assert answers["stereo"]["label"] == answers["minutes"]["label"] == "heed"
    assert answers["one"]["label"] in VOWELS
    assert answers["clipped"]["label"] in VOWELS
    right = sum(answers[f"vowel_{vowel}"]["label"] == vowel for vowel in VOWELS)
    assert right >= 7
    assert (trained.output_dir / "predictions" / "predictions.png").read_bytes().startswith(b"\x89PNG")


def test_serve_answers_as_predict_does(trained: Config, recordings: Path, tmp_path: Path) -> None:
    server = subprocess.Popen(
        command("serve", "--output_dir", trained.output_dir, "--serve.port", 0),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(body: bytes) -> dict:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/predict", body), timeout=30) as response:
            answer: dict = json.load(response)
            return answer

    try:
        assert server.stdout
        url = server.stdout.readline().split()[1]
        answer = ask((recordings / "vowel_heed.wav").read_bytes())
        expected = Predictor(trained).answer([recordings / "vowel_heed.wav"])[0]
        assert answer["prediction"] == expected.answer
        assert list(answer["probabilities"].values()) == pytest.approx(list(expected.probabilities), abs=1e-5)
        assert ask((recordings / "silent.wav").read_bytes())["prediction"] == "silent"
        for name, detail in (
            ("broken", "not a recording, or a damaged one"),
            ("minutes", "longer than the 60 seconds"),
        ):
            with pytest.raises(urllib.error.HTTPError, match="422") as refused:
                ask((recordings / f"{name}.wav").read_bytes())
            assert detail in json.load(refused.value)["detail"]
        with urllib.request.urlopen(f"{url}/", timeout=30) as response:
            assert "Say it" in response.read().decode()
        with urllib.request.urlopen(f"{url}/model", timeout=30) as response:
            assert json.load(response)["labels"] == list(VOWELS)
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
    assert metadata["preparation"] == {"sample_rate": 8000, "samples": 4000, "silent_below": 8}
    assert metadata["metrics"]["validation"]["accuracy"] > 0.8
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
