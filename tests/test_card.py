"""The model card beside an exported network is one that Hugging Face's library reads, and says only what is known."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import yaml
from huggingface_hub import ModelCard
from torch import nn

from shared.export.card import write_card
from shared.export.to_onnx import trace_classifier, write_model
from shared.files import write_json
from shared.seeding import generator

EXAMPLES = torch.rand(4, 5, generator=generator(0))
EXPORTED = {"precision": "fp32", "reason": "it is the fastest"}
STATED = {
    "pipeline_tag": "tabular-classification",
    "license": "mit",
    "intended_use": "Sort rows.",
    "limits": ["Rows only."],
}


def card(folder: Path, *, stated: dict[str, Any] | None = None, evaluated: bool = False) -> ModelCard:
    metadata = {
        "data": {"source": "folder", "description": 'my rows: "new"', "counts": {"train": 9}, "substituted": ""}
    }
    metadata["data"]["license"] = "CC0"
    metadata |= {"first_weights": {"source": "random", "license": ""}, "parameters": 18, "seed": 0}
    if stated:
        (folder / "configs").mkdir()
        (folder / "configs" / "card.yaml").write_text(yaml.safe_dump(stated))
    if evaluated:
        test = {"accuracy": 0.75, "accuracy_interval": [0.5, 0.9]}
        test |= {"calibration_error": 0.1, "calibration_error_before": 0.2}
        result = {
            "checkpoint": "c",
            "metrics": {"test": test},
            "summary": {"test accuracy": "0.75"},
            "temperature": 2.0,
        }
        write_json(folder / "evaluate.json", result)
    path = folder / "export" / "rows.onnx"
    write_model(trace_classifier(nn.Linear(5, 3), EXAMPLES)[0], path, {"labels": ["a"], "input": "float rows"})
    trained: Any = SimpleNamespace(digest="c", metadata=metadata)
    write_card(SimpleNamespace(output_dir=folder), folder, trained, path, EXPORTED)
    return ModelCard.load(path.with_name("README.md"))


def test_hugging_face_reads_the_scores_with_their_interval(tmp_path: Path) -> None:
    found = card(tmp_path, stated=STATED, evaluated=True)
    assert (found.data.license, found.data.pipeline_tag, found.data.library_name) == (
        "mit",
        "tabular-classification",
        "onnx",
    )
    (result,) = found.data.eval_results
    assert (result.task_type, result.metric_type, result.metric_value) == ("tabular-classification", "accuracy", 0.75)
    assert result.metric_name == "test accuracy, 95 % interval 0.5000 to 0.9000"
    assert result.dataset_name == 'my rows: "new"'
    for part in (
        "Sort rows.",
        "- Rows only.",
        "License: CC0",
        "| test accuracy | 0.75 |",
        "temperature 2.00",
        "float rows",
    ):
        assert part in found.text


def test_what_is_not_known_is_not_claimed(tmp_path: Path) -> None:
    found = card(tmp_path)
    assert found.data.license == "unknown"
    assert found.data.eval_results is None
    assert found.text.count("Not stated") == 2
    assert "have not been evaluated" in found.text
