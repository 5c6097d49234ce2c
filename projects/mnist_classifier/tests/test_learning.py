"""It learns: on real scanned digits, in seconds; the same weights give the same file and the same probabilities."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch.nn.functional import cross_entropy

from models.model import restore_model
from shared.data.examples import Data
from shared.errors import UserError
from shared.evaluation import logits_in_batches
from shared.export.settings import ExportConfig
from shared.inference.model import OnnxModel
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config, ModelConfig, export_path
from src.evaluate import evaluate
from src.export import export
from src.train import train


def test_the_perceptron_learns_too(smoke: Config, data: Data, tmp_path: Path) -> None:
    config = replace(smoke, model=ModelConfig("mlp"), output_dir=tmp_path)
    assert train(config, data=data)["metrics"]["validation"]["accuracy"] > 0.85


def test_the_baselines_learn(trained: Config) -> None:
    metrics = read_result(trained.output_dir, "baseline")["metrics"]
    assert metrics["logistic regression"]["test"]["accuracy"] > 0.93
    assert metrics["support vector machine"]["test"]["accuracy"] > 0.97


def test_data_of_other_classes_than_trained_on_is_refused(trained: Config, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(20):
            noise = np.random.default_rng(number).integers(0, 256, (28, 28), np.uint8)
            Image.fromarray(noise).save(tmp_path / name / f"{number}.png")
    other = replace(trained, data=replace(trained.data, source="folder", root=tmp_path))
    for verb in (evaluate, export):
        with pytest.raises(UserError, match="other classes"):
            verb(other)


def test_probabilities_are_those_at_the_temperature_that_fits_validation(trained: Config, data: Data) -> None:
    temperature = read_result(trained.output_dir, "evaluate")["temperature"]
    exported = export(replace(trained, export=ExportConfig("fp32")), data=data)
    assert exported["temperature"] == pytest.approx(temperature, rel=1e-4)
    network = restore_model(trained, load_checkpoint(best_checkpoint(trained.output_dir)))
    split = data.splits.validation
    logits = logits_in_batches(network, split["images"])
    assert cross_entropy(logits / temperature, split["labels"]) < cross_entropy(logits, split["labels"])
    answered = OnnxModel(export_path(trained)).probabilities(split["images"][:16].numpy())
    np.testing.assert_allclose(answered, (logits[:16] / temperature).softmax(1), atol=1e-4)
