"""The verb `runs`: which runs stay, what the list says of each, and whether two differ by more than noise."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import binom

from shared.errors import UserError
from shared.files import file_digest, write_json, write_text
from shared.metrics.paired import paired_test
from shared.report.runs import show_comparison, show_runs
from shared.training.checkpoint import save_checkpoint
from shared.training.files import best_checkpoint
from shared.training.folder import earlier_runs
from shared.training.runs import (
    compare_runs,
    differing_settings,
    find_run,
    keep_earlier_run,
    mark,
    read_runs,
    remove,
    run_before,
    use,
)

RIGHT = "1111111100"


def train(folder: Path, number: int, score: float, *, right: str = RIGHT, root: str = "data/raw") -> str:
    """Write what a training, an evaluation and nothing else leave; the digest of the weights."""
    config = {
        "seed": 0,
        "output_dir": "outputs",
        "data": {"root": root},
        "training": {"epochs": number, "workers": number},
    }
    data = {"source": "folder", "counts": {"train": 90, "test": 10}, "digest": "d"}
    metadata = {"config": config, "not_trained": ["output_dir", "training.workers"], "data": data}
    metrics = {"loss": 1.0, "accuracy": score}
    path = best_checkpoint(folder)
    save_checkpoint(path, {"weight": torch.full((1,), float(number))}, {**metadata, "metrics": metrics})
    os.utime(path, (1e9 + 100 * number, 1e9 + 100 * number))
    digest = file_digest(path)
    result = {"checkpoint": digest, "seconds": 60.0, "monitor": "accuracy", "metrics": {"validation": metrics}}
    write_json(folder / "train.json", result)
    row = {"epoch": 1, "validation/loss": 1.0, "validation/accuracy": score}
    write_text(folder / "metrics.jsonl", json.dumps(row) + "\n")
    measured = {"accuracy": right.count("1") / len(right), "accuracy_interval": [0.5, 0.9], "right": right}
    write_json(folder / "evaluate.json", {"checkpoint": digest, "test_examples": "t", "metrics": {"test": measured}})
    return digest


def three_runs(folder: Path, keep_runs: int = 10) -> list[str]:
    """Three runs, the second of which is the best; their ids."""
    digests = []
    for number, score in enumerate((0.8, 0.9, 0.7), 1):
        keep_earlier_run(folder, keep_runs)
        digests.append(train(folder, number, score)[:8])
    return digests


def test_the_list_says_what_each_run_was(tmp_path: Path) -> None:
    first, second, third = three_runs(tmp_path)
    mark(tmp_path, first, "before the new labels")
    runs = read_runs(tmp_path)
    assert [run["id"] for run in runs] == [first, second, third]
    assert [run["name"] == "current" for run in runs] == [False, False, True]
    assert [run["best"] for run in runs] == [False, True, False]
    assert runs[0]["mark"] == "before the new labels"
    assert runs[1]["validation"] == 0.9
    assert runs[1]["test"] == {"name": "accuracy", "score": 0.8, "low": 0.5, "high": 0.9}
    assert differing_settings(runs) == {"training.epochs": [1, 2, 3]}, "workers do not change what is trained"
    mark(tmp_path, first, None)
    assert read_runs(tmp_path)[0]["mark"] is None


def test_what_is_of_other_weights_or_damaged_is_not_told_of_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    three_runs(tmp_path)
    before = read_runs(tmp_path)
    save_checkpoint(best_checkpoint(tmp_path), {"weight": torch.zeros(2)}, {"metrics": {"loss": 1.0, "accuracy": 0.5}})
    write_text(Path(before[0]["folder"]) / "evaluate.json", "{")
    best_checkpoint(Path(before[1]["folder"])).write_bytes(b"damaged")
    runs = read_runs(tmp_path)
    assert [run["id"] for run in runs[:2]] == [run["id"] for run in before[:2]]
    assert runs[0]["test"] is None
    assert (runs[2]["finished"], runs[2]["validation"], runs[2]["test"]) == (False, 0.5, None)
    said = capsys.readouterr().err
    assert "evaluate.json is damaged" in said
    assert str(best_checkpoint(Path(before[1]["folder"]))) in said


@pytest.mark.parametrize("kept", ["marked", "exported", "best", None])
def test_the_oldest_run_is_dropped_unless_it_is_needed(kept: str | None, tmp_path: Path) -> None:
    digest = train(tmp_path, 1, 0.99 if kept == "best" else 0.1)
    if kept == "marked":
        mark(tmp_path, "current", "")
    if kept == "exported":
        write_json(tmp_path / "export.json", {"checkpoint": digest})
    for number in range(2, 6):
        keep_earlier_run(tmp_path, keep_runs=2)
        train(tmp_path, number, 0.2 + number / 100)
    left = [run["id"] for run in read_runs(tmp_path)]
    assert (digest[:8] in left) == (kept is not None)
    assert len(left) == 3


def test_the_best_on_other_data_stays_and_so_does_the_run_before(tmp_path: Path) -> None:
    train(tmp_path, 1, 0.5, root="first")
    for number in range(2, 5):
        keep_earlier_run(tmp_path, keep_runs=1)
        train(tmp_path, number, 0.9 - number / 10, root="second")
    names = [run["settings"]["training.epochs"] for run in read_runs(tmp_path)]
    assert names == [1, 2, 3, 4], "the best of the first data, the best of the second, the run before, the current one"


def test_one_command_brings_the_first_run_back(tmp_path: Path) -> None:
    first, second, third = three_runs(tmp_path)
    use(tmp_path, first)
    assert [run["id"] for run in read_runs(tmp_path)] == [second, third, first]
    assert file_digest(best_checkpoint(tmp_path)).startswith(first)
    with pytest.raises(UserError, match="current run already"):
        use(tmp_path, first)


def test_what_is_needed_is_not_removed(tmp_path: Path) -> None:
    first, second, third = three_runs(tmp_path)
    write_json(tmp_path / "export.json", {"checkpoint": file_digest(best_checkpoint(earlier_runs(tmp_path)[0]))})
    mark(tmp_path, second, "")
    for run, reason in (
        (first, "exported"),
        (second, "marked"),
        (third, "current"),
        ("x", first),
        ("", "no run"),
        ("2001", second),  # the year of the earlier ones
    ):
        with pytest.raises(UserError, match=reason):
            remove(tmp_path, run)
    mark(tmp_path, second, None)
    remove(tmp_path, second[:5])
    assert [run["id"] for run in read_runs(tmp_path)] == [first, third]


def paired_interval(both: int, second: int, first: int, neither: int) -> list[float]:
    """Where the difference lies in 95 % of draws of the examples."""
    total = both + second + first + neither
    cells = np.random.default_rng(0).multinomial(total, np.array([both, second, first, neither]) / total, 20_000)
    return [float(end) for end in np.quantile((cells[:, 1] - cells[:, 2]) / total, (0.025, 0.975))]


def test_two_runs_with_equal_weights_have_two_names(tmp_path: Path) -> None:
    for _ in range(2):
        digest = train(tmp_path, 1, 0.8)
        keep_earlier_run(tmp_path, 10)
    runs = read_runs(tmp_path)
    assert [run["id"] for run in runs] == [digest[:8], f"{digest[:8]}-again"]
    assert [find_run(runs, run["id"]) for run in runs] == runs
    assert [find_run(runs, run["name"]) for run in runs] == runs
    assert all(run["finished"] and run["test"] for run in runs)


def test_mcnemars_test_counts_the_examples_that_one_run_alone_gets_right() -> None:
    first, second = [1] * 80 + [0] * 15 + [1] * 5, [1] * 80 + [1] * 15 + [0] * 5
    found = paired_test(first, second)
    assert found["p_value"] == pytest.approx(2 * binom.cdf(4, 20, 0.5) + binom.pmf(5, 20, 0.5))
    assert found["difference"] == pytest.approx(0.1)
    assert 0 < found["interval"][0] < 0.1 < found["interval"][1]
    assert found["interval"] == pytest.approx(paired_interval(80, 15, 5, 0), abs=0.01)
    assert paired_test([1, 0], [1, 0])["p_value"] == 1


def test_scores_that_differ_by_noise_seldom_count_as_different() -> None:
    random = np.random.default_rng(0)
    pairs = [(random.normal(0.7, 0.2, 40), random.normal(0, 0.05, 40)) for _ in range(20)]
    equal = [paired_test(scores, scores + noise)["p_value"] < 0.05 for scores, noise in pairs]
    better = [paired_test(scores, scores + noise + 0.04)["p_value"] < 0.05 for scores, noise in pairs]
    assert sum(equal) <= 4
    assert sum(better) >= 18


def test_two_runs_are_compared_on_the_same_test_examples_alone(tmp_path: Path) -> None:
    train(tmp_path, 1, 0.8, right="0" * 20 + "1" * 20)
    keep_earlier_run(tmp_path, 10)
    train(tmp_path, 2, 0.9, right="1" * 20 + "0" * 2 + "1" * 18)
    first, second = read_runs(tmp_path)
    found = compare_runs(first, second)
    assert found["test"]["difference"] == pytest.approx(18 / 40)
    assert "more than noise (McNemar" in found["sentence"]
    assert "no more" not in found["sentence"]
    assert found["sentence"] in run_before(tmp_path)[f"beside {first['id']}, the run before"]
    measured = json.loads((tmp_path / "evaluate.json").read_text())
    write_json(tmp_path / "evaluate.json", measured | {"test_examples": "others"})
    assert "different test examples" in compare_runs(first, second)["sentence"]
    (tmp_path / "evaluate.json").unlink()
    assert second["id"] in compare_runs(first, second)["sentence"]


def test_masks_are_compared_by_image(tmp_path: Path) -> None:
    scores: dict[str, Any] = {f"{number}.png": 0.5 + number / 100 for number in range(20)} | {"empty.png": None}
    for better in (0.0, 0.1):
        digest = train(tmp_path, 1 + round(better), 0.8)
        by_image = {name: None if value is None else value + better for name, value in scores.items()}
        pooled = {"mean_iou": 0.6, "mean_iou_interval": [0.5, 0.7]}
        metrics = {"test": {"pooled": pooled, "by_image": by_image}}
        write_json(tmp_path / "evaluate.json", {"checkpoint": digest, "test_examples": "t", "metrics": metrics})
        if not better:
            keep_earlier_run(tmp_path, 10)
    test = compare_runs(*read_runs(tmp_path))["test"]
    assert test["examples"] == 20
    assert test["difference"] == pytest.approx(0.1)


def test_tables_pages_and_json_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_runs(tmp_path, "digits", as_json=False)
    assert "there is none" in capsys.readouterr().out
    first, second, third = three_runs(tmp_path)
    capsys.readouterr()
    show_runs(tmp_path, "digits", as_json=True)
    assert json.loads(capsys.readouterr().out) == read_runs(tmp_path)
    show_runs(tmp_path, "digits", as_json=False)
    page = (tmp_path / "runs.html").read_text()
    for text in (capsys.readouterr().out, page):
        assert all(run in text for run in (first, second, third))
    show_comparison(tmp_path, "digits", [first, "current"], as_json=False)
    page = (tmp_path / "compare.html").read_text()
    assert "training.epochs" in page
    assert "no example differs" in page
    assert page.count("data:image/png") == 1
    with pytest.raises(UserError, match="two runs"):
        show_comparison(tmp_path, "digits", [first], as_json=False)
