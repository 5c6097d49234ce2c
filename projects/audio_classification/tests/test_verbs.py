"""What the verbs of this project give: predictions and a server."""

import csv
import json
from pathlib import Path
from urllib.error import HTTPError

import numpy as np
import pytest
from recordings import save

from shared.inference.model import OnnxModel
from shared.testing.contract import ask
from src.config import Config, export_path
from src.predict import make_predictor, predict
from src.sample import VOWELS, Speaker, spoken


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vowel of each class by someone who is not in the sample, and recordings that are odd in every way."""
    folder = tmp_path_factory.mktemp("recordings")
    random, someone = np.random.default_rng(99), Speaker("someone", "man", 1.0, 1.0)
    for vowel in VOWELS:
        save(folder / f"vowel_{vowel}.wav", spoken(vowel, someone, 8000, random))
    heed = spoken("heed", someone, 48_000, random)
    save(folder / "stereo.wav", np.stack([heed, heed], 1), 48_000)
    save(folder / "canceled.wav", np.stack([heed, -heed], 1), 48_000)
    save(folder / "clipped.wav", (heed.astype(int) * 20).clip(-32_768, 32_767).astype(np.int16), 48_000)
    save(
        folder / "minutes.wav", np.concatenate([np.zeros(600 * 8000, np.int16), spoken("heed", someone, 8000, random)])
    )
    save(folder / "one.wav", np.array([1000], np.int16))
    save(folder / "silent.wav", np.zeros(8000, np.int16))
    (folder / "broken.wav").write_bytes(b"no recording")
    return folder


def test_every_recording_is_predicted(trained: Config, recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = predict(trained, [recordings])
    said = capsys.readouterr().err
    assert "1 of 17 recordings cannot be read" in said
    assert "canceled.wav" in said
    assert list(result["unusual"].values()) == [1]
    with (trained.output_dir / "predictions" / "predictions.csv").open() as file:
        rows = {Path(row["file"]).stem: row for row in csv.DictReader(file)}
    assert rows["silent"]["prediction"] == rows["one"]["prediction"] == "silent"
    assert rows["broken"]["prediction"] == "unreadable"
    assert rows["stereo"]["most_likely"] == rows["minutes"]["most_likely"] == "heed"
    assert rows["canceled"]["most_likely"] == "heed"
    assert "opposite sign" in rows["canceled"]["detail"]
    assert rows["clipped"]["most_likely"] in VOWELS
    assert sum(rows[f"vowel_{vowel}"]["most_likely"] == vowel for vowel in VOWELS) >= 7
    assert (trained.output_dir / "predictions" / "predictions.png").read_bytes().startswith(b"\x89PNG")


def test_the_server_predicts_as_predict_does(trained: Config, served: str, recordings: Path) -> None:
    predictor = make_predictor(trained)
    expected = predictor.predict([predictor.prepare(recordings / "vowel_heed.wav")])[0]
    assert expected.probabilities is not None
    found = ask(served, "predict", (recordings / "vowel_heed.wav").read_bytes())
    assert found["prediction"] == expected.label
    assert list(found["probabilities"].values()) == pytest.approx(list(expected.probabilities), abs=1e-5)
    assert "detail" not in found
    canceled = ask(served, "predict", (recordings / "canceled.wav").read_bytes())
    assert "opposite sign" in canceled["detail"]
    assert "probabilities" in canceled
    assert ask(served, "predict", (recordings / "silent.wav").read_bytes())["prediction"] == "silent"
    for name, detail in (("broken", "not a recording"), ("minutes", "longer than the 60 seconds")):
        with pytest.raises(HTTPError, match="422") as refused:
            ask(served, "predict", (recordings / f"{name}.wav").read_bytes())
        assert detail in json.load(refused.value)["detail"]
    assert "Say it" in ask(served, "")
    assert ask(served, "model")["labels"] == list(VOWELS)


def test_the_exported_file_knows_the_preparation(trained: Config) -> None:
    preparation = OnnxModel(export_path(trained)).metadata["preparation"]
    assert preparation == {"sample_rate": 8000, "samples": 4000, "silent_below": 8}
