"""What the verbs of this project give: predictions, a server, two exported files, and the ladder."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from models.build import restore_model
from shared.inference.model import OnnxModel
from shared.testing.contract import ask
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config, export_path
from src.evaluate import logits_of
from src.ladder import ladder
from src.predict import Predictor, predict

ARTICLES = {
    "sports": "The striker scored twice as the club won the cup final after extra time.",
    "business": "Shares in the bank fell after it reported lower profits and sales growth slowed.",
    "politics": "The prime minister told MPs that Labour would not raise taxes before the election.",
}


def test_predict_classifies_every_text_wherever_it_comes_from(
    trained: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "mine.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *enumerate(ARTICLES.values())])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("from a pipe\n\n😀😀😀\n".encode())))
    files = [tmp_path / "files" / f"{name}.txt" for name in ("article", "latin")]
    files[0].parent.mkdir()
    files[0].write_text("\n".join(ARTICLES.values()))
    files[1].write_bytes("Größe".encode("cp1252"))
    config = replace(trained, predict=replace(trained.predict, explain=True))
    found = predict(config, ["One more text.", str(tmp_path / "mine.csv"), "-", "word " * 100, str(tmp_path / "files")])
    assert (found["metrics"]["empty"], found["metrics"]["unreadable"]) == (1, 1)
    assert "word " * 50 not in capsys.readouterr().out
    with (trained.output_dir / "predictions" / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [
        "One more text.",
        *ARTICLES.values(),
        "from a pipe",
        "",
        "😀😀😀",
        ("word " * 100).strip(),
        *map(str, files),
    ]
    assert [row["text"] for row in rows] == texts
    assert [row["prediction"] == "empty" for row in rows] == [not row["text"] for row in rows]
    assert (rows[-1]["prediction"], rows[-1]["detail"]) == ("unreadable", "not UTF-8")
    whole = Predictor(trained).probabilities(["\n".join(ARTICLES.values())])[0].max()
    assert float(rows[-2]["probability"]) == pytest.approx(whole, abs=0.02)
    assert all(row["detail"] for row in rows if row["text"])
    assert sum(float(value) for name, value in rows[0].items() if name.startswith("p_")) == pytest.approx(1, abs=1e-4)


def test_the_words_that_mattered_are_those_without_which_the_prediction_is_less_sure(trained: Config) -> None:
    predictor = Predictor(trained)
    text = ARTICLES["politics"]
    word, moved = predictor.words_that_mattered(text)[0]
    whole, without = predictor.probabilities([text, " ".join(split for split in text.split() if split != word)])
    best = whole.argmax()
    # In eight bits a prediction depends a little on the texts it is computed together with.
    assert moved == pytest.approx(whole[best] - without[best], abs=0.02)


def test_the_server_predicts_as_predict_does(trained: Config, served: str) -> None:
    text = ARTICLES["sports"]
    expected = Predictor(trained).probabilities([text])[0].tolist()
    assert list(ask(served, "predict", text.encode())["probabilities"].values()) == pytest.approx(expected, abs=1e-5)
    first, *others = ask(served, "predict", {"texts": [text, "\0\0", "   "]})["results"]
    assert list(first["probabilities"].values()) == pytest.approx(expected, abs=0.02)
    assert others == [{"prediction": "empty"}] * 2
    assert ask(served, "explain", text.encode())["words"][0]["word"] in text


def test_the_two_exported_files_are_all_that_is_needed(trained: Config) -> None:
    """With other libraries than this project's own: onnxruntime and Hugging Face's tokenizers."""
    folder = trained.output_dir / "export"
    session = onnxruntime.InferenceSession(export_path(trained))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    texts = [*ARTICLES.values(), "short", ""]
    ids = np.array([item.ids for item in tokenizer.encode_batch(texts)], np.int64)
    found = session.run(["probabilities"], {"ids": ids})[0]
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    logits = logits_of(*restore_model(trained, checkpoint), texts)
    expected = (logits / json.loads(session.get_modelmeta().custom_metadata_map["temperature"])).softmax(1)
    precision = OnnxModel(export_path(trained)).metadata["precision"]
    np.testing.assert_allclose(found, expected, atol=1e-4 if precision == "fp32" else 0.1)


def test_the_exported_file_knows_its_tokenizer(trained: Config) -> None:
    metadata = OnnxModel(export_path(trained)).metadata
    assert metadata["tokenizer"]["pad"] == 0
    assert metadata["temperature"] > 0
    assert "tokenizer.json" in (trained.output_dir / "export" / "SHA256SUMS").read_text()


@pytest.mark.long
def test_the_ladder_compares_on_one_split(smoke: Config, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = ladder(replace(smoke, training=replace(smoke.training, epochs=4), output_dir=tmp_path), "ngrams")
    assert list(found["metrics"]) == ["naive Bayes", "logistic regression", "ngrams"]
    for row in found["metrics"].values():
        assert set(row["test"]) == {"accuracy", "macro-F1", "ECE"}
        assert row["test"]["accuracy"] > 0.65
        assert all(value > 0 for value in row["cost"].values())
    assert "training seconds" in capsys.readouterr().out.replace("\n", " ")
    assert (tmp_path / "ladder" / "ngrams" / "checkpoints" / "best.safetensors").is_file()
