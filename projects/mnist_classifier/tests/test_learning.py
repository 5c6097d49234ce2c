"""It learns: on real scanned digits, in seconds, better than chance by far, and the same way each time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import cross_entropy

from models.model import restore_model
from shared.errors import UserError
from shared.evaluation import logits_in_batches
from shared.export.settings import ExportConfig
from shared.inference.classifier import OnnxClassifier
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from shared.verbs import run
from src.baseline import baseline
from src.config import Config, ModelConfig, export_path
from src.dataloader import load_data
from src.evaluate import evaluate
from src.export import export
from src.train import train


def test_the_network_learns_the_sample(trained: Config) -> None:
    result = read_result(trained.output_dir, "train")
    losses = [record["train/loss"] for record in result["history"]]
    assert losses[-1] < 0.25 * losses[0]
    assert evaluate(trained)["metrics"]["test"]["accuracy"] > 0.95


def test_the_answer_depends_on_the_image(trained: Config) -> None:
    model = restore_model(trained, load_checkpoint(best_checkpoint(trained.output_dir)))
    probabilities = logits_in_batches(model, load_data(trained).splits.test["images"]).softmax(1)
    assert len(set(probabilities.argmax(1).tolist())) == 10
    assert probabilities.std(0).min() > 0.1


def test_without_its_training_it_only_guesses(trained: Config) -> None:
    """The band of the first test means something: fresh weights stay at chance."""
    torch.manual_seed(0)
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    model = restore_model(trained, checkpoint)
    for layer in model.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    test = load_data(trained).splits.test
    accuracy = (logits_in_batches(model, test["images"]).argmax(1) == test["labels"]).float().mean()
    assert accuracy < 0.3


def test_the_perceptron_learns_too(smoke: Config, tmp_path: Path) -> None:
    config = replace(smoke, model=ModelConfig("mlp"), output_dir=tmp_path)
    assert train(config)["metrics"]["validation"]["accuracy"] > 0.85


def test_the_same_seed_gives_the_same_bytes(trained: Config, tmp_path: Path) -> None:
    train(replace(trained, output_dir=tmp_path))
    again, before = (load_checkpoint(best_checkpoint(folder)) for folder in (tmp_path, trained.output_dir))
    assert again.tensors.keys() == before.tensors.keys()
    assert all(torch.equal(again.tensors[name], before.tensors[name]) for name in before.tensors)
    records = [(folder / "metrics.jsonl").read_text().splitlines() for folder in (tmp_path, trained.output_dir)]
    assert records[0] == records[1]


def test_the_baselines_learn_on_the_same_split(trained: Config) -> None:
    result = baseline(trained)
    assert result["data"]["digest"] == read_result(trained.output_dir, "train")["data"]["digest"]
    accuracies = {name: metrics["test"]["accuracy"] for name, metrics in result["metrics"].items()}
    assert accuracies["logistic regression"] > 0.93
    assert accuracies["support vector machine"] > 0.97


def test_evaluating_on_other_data_than_trained_on_is_said(trained: Config, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(replace(trained, seed=trained.seed + 1))
    assert "the test split may hold examples it has seen" in capsys.readouterr().err
    evaluate(trained)
    assert "WARNING" not in capsys.readouterr().err


def test_data_of_other_classes_than_trained_on_is_refused(trained: Config, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(20):
            noise = np.random.default_rng(number).integers(0, 256, (28, 28), np.uint8)
            Image.fromarray(noise).save(tmp_path / name / f"{number}.png")
    other = replace(trained, data=replace(trained.data, source="folder", root=tmp_path))
    for verb in (evaluate, export):
        with pytest.raises(UserError, match=r"the data has other classes than the network was trained on \(without 0"):
            verb(other)


def test_the_recorded_scores_are_those_of_the_weights(trained: Config) -> None:
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    validation = load_data(trained).splits.validation
    logits = logits_in_batches(restore_model(trained, checkpoint), validation["images"])
    accuracy = (logits.argmax(1) == validation["labels"]).float().mean().item()
    assert checkpoint.metadata["metrics"]["accuracy"] == pytest.approx(accuracy)


def test_probabilities_are_those_at_the_temperature_that_fits_validation(trained: Config) -> None:
    temperature = evaluate(trained)["temperature"]
    exported = export(replace(trained, export=ExportConfig("fp32")))
    assert exported["temperature"] == pytest.approx(temperature, rel=1e-4)
    network = restore_model(trained, load_checkpoint(best_checkpoint(trained.output_dir)))
    split = load_data(trained).splits.validation
    logits = logits_in_batches(network, split["images"])
    assert cross_entropy(logits / temperature, split["labels"]) < cross_entropy(logits, split["labels"])
    answered = OnnxClassifier(export_path(trained)).probabilities(split["images"][:16].numpy())
    np.testing.assert_allclose(answered, (logits[:16] / temperature).softmax(1), atol=1e-4)


def test_exporting_the_same_weights_again_writes_the_same_bytes(trained: Config) -> None:
    first = export(trained)
    assert export(trained)["sha256"] == first["sha256"]


def test_a_run_reads_the_data_once(smoke: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    monkeypatch.setattr("src.dataloader.load_data", lambda config: reads.append(config) or load_data(config))
    for verb in ("train", "evaluate", "baseline", "export", "report"):
        monkeypatch.setattr(f"src.{verb}.load_data", lambda _: pytest.fail("the data is read again"))
    run(replace(smoke, training=replace(smoke.training, epochs=1), output_dir=tmp_path, log_dir=tmp_path / "logs"))
    assert len(reads) == 1
