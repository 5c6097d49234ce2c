"""Every verb as a user runs it: a process of its own, from another folder, with outputs somewhere else."""

import csv
import json
import signal
import subprocess
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from models.build import restore_model, restore_tokens
from shared.inference.classifier import OnnxClassifier
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import PROJECT, Config
from src.evaluate import logits_of
from src.ladder import ladder
from src.predict import Predictor

ARTICLES = {
    "sports": "The striker scored twice as the club won the cup final after extra time.",
    "business": "Shares in the bank fell after it reported lower profits and sales growth slowed.",
    "politics": "The prime minister told MPs that Labour would not raise taxes before the election.",
}


def command(verb: str, *arguments: object) -> list[str]:
    return [sys.executable, str(PROJECT / "main.py"), verb, *map(str, arguments)]


def finished(verb: str, *arguments: object, folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(verb, *arguments), cwd=folder, capture_output=True, text=True, timeout=300, input=text
    )


def test_run_does_the_whole_job_and_says_what_came_of_it(tmp_path: Path) -> None:
    arguments = ("--config", PROJECT / "configs/smoke.yaml", "--output_dir", "out", "--log_dir", "logs")
    done = finished("run", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for verb in ("train", "evaluate", "baseline", "export"):
        assert read_result(tmp_path / "out", verb)["verb"] == verb
    for words in ("sample (600 train", "seed", "test accuracy", "macro-F1", "baseline", "parity", "temperature"):
        assert words in done.stdout
    page = (tmp_path / "out" / "report.html").read_text()
    for title in ("The most confident mistakes", "When the unsure predictions are left out", "The exported network"):
        assert title in page
    assert (tmp_path / "out" / "export" / f"{PROJECT.name}.onnx").is_file()
    assert (tmp_path / "out" / "export" / "tokenizer.json").is_file()
    assert list((tmp_path / "logs").rglob("events.*"))


def test_asking_the_exported_network_needs_no_pytorch() -> None:
    code = "import sys, src.service; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "False", done.stderr


def test_predict_classifies_every_text_wherever_it_comes_from(trained: Config, tmp_path: Path) -> None:
    with (tmp_path / "mine.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *enumerate(ARTICLES.values())])
    done = finished(
        "predict",
        "One more text.",
        "mine.csv",
        "-",
        "--predict.explain",
        "--output_dir",
        trained.output_dir,
        folder=tmp_path,
        text="from a pipe\n\n😀😀😀\n",
    )
    assert done.returncode == 0, done.stderr
    with (trained.output_dir / "predictions" / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["One more text.", *ARTICLES.values(), "from a pipe", "", "😀😀😀"]
    assert [row["prediction"] == "empty" for row in rows] == [not row["text"] for row in rows]
    assert all(row["detail"] for row in rows if row["text"])
    assert sum(float(rows[0][f"p_{name}"]) for name in (*ARTICLES, "tech", "entertainment")) == pytest.approx(
        1, abs=1e-4
    )


def test_the_words_that_mattered_are_those_without_which_the_prediction_is_less_sure(trained: Config) -> None:
    predictor = Predictor(trained)
    text = ARTICLES["politics"]
    word, moved = predictor.words_that_mattered(text)[0]
    whole, without = predictor.probabilities([text, " ".join(split for split in text.split() if split != word)])
    best = whole.argmax()
    # In eight bits a prediction depends a little on the texts it is computed together with.
    assert moved == pytest.approx(whole[best] - without[best], abs=0.02)


def test_serve_answers_as_predict_does(trained: Config, tmp_path: Path) -> None:
    server = subprocess.Popen(
        command("serve", "--output_dir", trained.output_dir, "--serve.port", 0),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout
        url = server.stdout.readline().split()[1]
        expected = Predictor(trained).probabilities([ARTICLES["sports"]])[0]
        request = urllib.request.Request(f"{url}/predict", ARTICLES["sports"].encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        assert list(answer["probabilities"].values()) == pytest.approx(expected.tolist(), abs=1e-5)
        body = json.dumps({"texts": [ARTICLES["sports"], "\0\0", "   "]}).encode()
        request = urllib.request.Request(f"{url}/predict", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            answers = json.load(response)["results"]
        assert answers[0]["probabilities"] == pytest.approx(answer["probabilities"], abs=0.02)
        assert answers[1:] == [{"prediction": "empty"}] * 2
        with urllib.request.urlopen(f"{url}/explain", ARTICLES["sports"].encode(), timeout=30) as response:
            assert json.load(response)["words"][0]["word"] in ARTICLES["sports"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def test_the_two_exported_files_are_all_that_is_needed(trained: Config) -> None:
    """With other libraries than this project's own: onnxruntime and Hugging Face's tokenizers."""
    folder = trained.output_dir / "export"
    session = onnxruntime.InferenceSession(folder / f"{PROJECT.name}.onnx")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    texts = [*ARTICLES.values(), "short", ""]
    ids = np.array([item.ids for item in tokenizer.encode_batch(texts)], np.int64)
    found = session.run(["probabilities"], {"ids": ids})[0]
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    logits = logits_of(restore_model(trained, checkpoint), restore_tokens(checkpoint), texts)
    expected = (logits / json.loads(session.get_modelmeta().custom_metadata_map["temperature"])).softmax(1)
    precision = OnnxClassifier(folder / f"{PROJECT.name}.onnx").metadata["precision"]
    np.testing.assert_allclose(found, expected, atol=1e-4 if precision == "fp32" else 0.1)


def test_the_exported_file_says_where_it_comes_from(trained: Config) -> None:
    metadata = OnnxClassifier(trained.output_dir / "export" / f"{PROJECT.name}.onnx").metadata
    assert metadata["data"]["source"] == "sample"
    assert metadata["tokenizer"]["pad"] == 0
    assert metadata["temperature"] > 0
    assert metadata["labels"] == ["business", "entertainment", "politics", "sports", "tech"]
    assert str(PROJECT) not in json.dumps(metadata)


def test_the_ladder_compares_on_one_split(smoke: Config, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    config = replace(smoke, data=replace(smoke.data, max_train=200), output_dir=tmp_path)
    found = ladder(config, "ngrams")
    assert list(found["metrics"]) == ["naive Bayes", "logistic regression", "ngrams"]
    for row in found["metrics"].values():
        assert set(row["test"]) == {"accuracy", "macro-F1", "ECE"}
        assert all(value > 0 for value in row["cost"].values())
    assert "training seconds" in capsys.readouterr().out.replace("\n", " ")
    assert (tmp_path / "ladder" / "ngrams" / "checkpoints" / "best.safetensors").is_file()


def test_help_lists_the_verbs(tmp_path: Path) -> None:
    done = finished("--help", folder=tmp_path)
    assert done.returncode == 0
    for verb in ("run", "train", "evaluate", "baseline", "ladder", "predict", "export", "report", "serve"):
        assert f"\n  {verb} " in done.stdout
