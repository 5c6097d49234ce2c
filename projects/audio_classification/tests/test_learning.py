"""It learns: on made-up vowels of speakers it never heard, better than chance by far, and the same way each time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from models.model import restore_model
from shared.evaluation import logits_in_batches
from shared.export.settings import ExportConfig
from shared.inference.model import OnnxModel
from shared.results import read_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.baseline import baseline
from src.config import Config, ModelConfig, export_path
from src.dataloader import load_data
from src.evaluate import evaluate
from src.export import export
from src.train import train


@pytest.mark.parametrize("name", ["gru", "transformer"])
def test_the_other_networks_learn_too(name: str, smoke: Config, tmp_path: Path) -> None:
    config = replace(smoke, model=ModelConfig(name, dropout=0.1, hide=False, color=0.0), output_dir=tmp_path)
    assert train(config)["metrics"]["validation"]["accuracy"] > 0.6


def test_the_same_seed_gives_the_same_bytes(smoke: Config, tmp_path: Path) -> None:
    short = replace(
        smoke, model=replace(smoke.model, hide=True, color=0.15), training=replace(smoke.training, epochs=1)
    )
    folders = [tmp_path / name for name in ("first", "again")]
    for folder in folders:
        train(replace(short, output_dir=folder))
    first, again = (load_checkpoint(best_checkpoint(folder)) for folder in folders)
    assert again.tensors.keys() == first.tensors.keys()
    assert all(torch.equal(again.tensors[name], first.tensors[name]) for name in first.tensors)
    assert len({(folder / "metrics.jsonl").read_text() for folder in folders}) == 1


def test_the_baselines_learn_on_the_same_split(trained: Config) -> None:
    result = baseline(trained)
    assert result["data"]["digest"] == read_result(trained.output_dir, "train")["data"]["digest"]
    for metrics in result["metrics"].values():
        assert metrics["test"]["accuracy"] > 0.8


def test_probabilities_are_those_at_the_temperature_that_fits_validation(trained: Config) -> None:
    temperature = evaluate(trained)["temperature"]
    exported = export(replace(trained, export=ExportConfig("fp32")))
    assert exported["temperature"] == pytest.approx(temperature, rel=1e-4)
    network = restore_model(trained, load_checkpoint(best_checkpoint(trained.output_dir)))
    split = load_data(trained).splits.validation
    logits = logits_in_batches(network, split["samples"])
    assert cross_entropy(logits / temperature, split["labels"]) < cross_entropy(logits, split["labels"])
    answered = OnnxModel(export_path(trained)).probabilities(split["samples"][:16].numpy())
    np.testing.assert_allclose(answered, (logits[:16] / temperature).softmax(1), atol=1e-4)
