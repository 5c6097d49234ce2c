"""Photos with several labels, from a table: every verb from check-data to the server's answer."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.errors import UserError
from shared.inference.model import OnnxModel
from shared.inference.predictions import as_json
from shared.testing.contract import Check
from shared.testing.node import WHY_NOT, run_node
from shared.verbs import run
from src.config import PROJECT, Config, export_path
from src.dataloader import load_data
from src.evaluate import evaluate
from src.predict import make_predictor, predict

COLORS = ["blue", "green", "red"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gray noise with up to three colored squares, and a table that says which."""
    root, random = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    (root / "images").mkdir()
    rows = []
    for index in range(90):
        pixels = random.integers(100, 140, (48, 48, 3), dtype=np.uint8)
        present = [place for place, share in enumerate((0.3, 0.4, 0.5)) if random.random() < share]
        for place in present:
            top, left = random.integers(0, 30, 2)
            pixels[top : top + 18, left : left + 18] = 0
            pixels[top : top + 18, left : left + 18, 2 - place] = 255
        Image.fromarray(pixels).save(root / "images" / f"{index}.png")
        rows.append(f"{index}.png,{'|'.join(COLORS[place] for place in present)}\n")
    (root / "labels.csv").write_text("file,labels\n" + "".join(rows))
    return root


@pytest.fixture(scope="module")
def config(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Config:
    from src.config import load_config

    outputs = tmp_path_factory.mktemp("outputs")
    flags = [
        "--data.source",
        "auto",
        "--data.root",
        str(photos),
        "--export.precision",
        "fp32",
        "--training.workers",
        "0",
    ]
    flags += ["--output_dir", str(outputs), "--log_dir", str(outputs / "logs")]
    return load_config(PROJECT / "configs" / "smoke.yaml", *flags)


@pytest.fixture(scope="module")
def results(config: Config) -> dict[str, Any]:
    return run(config)


def test_the_job_learns_each_label_and_says_so(results: dict[str, Any], config: Config) -> None:
    test, validation = (results["evaluate"]["metrics"][split] for split in ("test", "validation"))
    assert results["train"]["monitor"] == "mean_average_precision"
    assert test["mean_average_precision"] > 0.8
    assert test["macro_f1"] > 0.7
    assert validation["macro_f1"] >= validation["macro_f1_at_half"]
    assert list(test["per_class"]) == COLORS
    assert "test macro-F1" in results["evaluate"]["summary"]
    for baseline in results["baseline"]["metrics"].values():
        assert 0 < baseline["test"]["macro_f1"] <= 1
    report = (config.output_dir / "report.html").read_text()
    assert "Macro-F1 beside the classical baselines" in report
    assert "average precision" in report
    assert "macro-f1" in (config.output_dir / "export" / "README.md").read_text()


def test_the_exported_network_carries_the_thresholds_of_validation(results: dict[str, Any], config: Config) -> None:
    network = OnnxModel(export_path(config))
    rows = results["evaluate"]["metrics"]["validation"]["per_class"].values()
    assert network.metadata["thresholds"] == pytest.approx([row["threshold"] for row in rows])
    data = load_data(config)
    probabilities = network.probabilities(data.splits.test["images"].numpy())
    named = (probabilities >= np.array(network.metadata["thresholds"])) == data.splits.test["labels"].numpy()
    assert named.all(1).mean() == results["evaluate"]["metrics"]["test"]["exact_match"]
    examples = json.loads((export_path(config).parent / "examples.json").read_text())
    assert {label for one in examples for label in one["label"].split(" | ")} == set(COLORS)


@pytest.mark.usefixtures("results")
def test_predict_names_the_labels_and_evaluate_reads_another_table(
    config: Config, photos: Path, tmp_path: Path
) -> None:
    found = predict(config, [photos / "images"])
    with (config.output_dir / "predictions" / "predictions.csv").open() as file:
        named = {Path(row["file"]).name: row["prediction"] for row in csv.DictReader(file)}
    assert found["metrics"]["none"] == sum(name == "none" for name in named.values()) > 0
    truth = dict(row.split(",") for row in (photos / "labels.csv").read_text().splitlines()[1:])
    assert sum(named[name].replace("none", "") == labels for name, labels in truth.items()) > 60
    (tmp_path / "0.png").write_bytes((photos / "images" / "0.png").read_bytes())
    (tmp_path / "rows.csv").write_text("id,red,blue,green\n0,1,0,1\n")
    measured = evaluate(config, on=tmp_path)["metrics"]["test"]
    assert [row["support"] for row in measured["per_class"].values()] == [0, 1, 1]


@pytest.mark.usefixtures("results")
@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_the_page_on_the_device_names_what_python_names(config: Config, photos: Path) -> None:
    predictor = make_predictor(config)
    for name in ("0.png", "1.png", "2.png"):
        (one,) = predictor.predict([predictor.prepare(photos / "images" / name)])
        assert named_by_the_page(predictor.network, one.probabilities) == as_json(one, COLORS)["prediction"]


def named_by_the_page(network: OnnxModel, probabilities: Any) -> str:
    """What the page's own function makes of these probabilities."""
    script = """
    import { readFileSync } from "node:fs";
    import { answerOf } from "./common.mjs";

    const { shares, metadata } = JSON.parse(readFileSync(0));
    console.log(JSON.stringify(answerOf(shares, metadata).prediction));
    """
    facts = {"shares": probabilities.tolist(), "metadata": network.metadata | {"labels": network.labels}}
    return str(run_node(PROJECT / "src" / "page", script, facts))


def test_the_data_is_counted_by_label(check: Check, photos: Path) -> None:
    found = check(photos, "--data.image_size", "32")
    with (photos / "labels.csv").open() as file:
        truth = [row["labels"].split("|") for row in csv.DictReader(file)]
    counts = [split["classes"] for split in found["metrics"].values()]
    assert sum(split["blue"] for split in counts) == sum("blue" in labels for labels in truth)


def test_settings_say_how_labels_are_read(config: Config, photos: Path, tmp_path: Path) -> None:
    one = load_data(replace(config, data=replace(config.data, labels="one")))
    assert not one.several_labels
    assert one.problems.counts["rows without a label, or with several"] > 20
    for index, color in enumerate(["red", "green"] * 12):
        (tmp_path / color).mkdir(exist_ok=True)
        (tmp_path / color / f"{index}.png").write_bytes((photos / "images" / f"{index}.png").read_bytes())
    for root, why in (
        (photos / "labels.csv", f"is a file; name the folder.*{photos}"),
        (photos / "images", "none of the known data layouts"),
    ):
        with pytest.raises(UserError, match=why):
            load_data(replace(config, data=replace(config.data, root=root)))
    several = load_data(replace(config, data=replace(config.data, root=tmp_path, labels="several")))
    assert several.splits.train["labels"].sum(1).tolist() == [1] * several.counts["train"]
    assert several.settled["labels"] == "several"
