"""Measure several labels an image: pairs of photos, pasted side by side, with the labels of both.

The photos are those of a folder of train/ and test/ with class folders, such as the tutorial's ants and bees, and the
patches of the photo project's sample; a test photo is only ever beside another of the test split. Five seeds, each of
which draws pairs and patches and cuts its own validation split; without class weights, and with the root of them.
Thresholds are chosen on the validation split, and nothing on the test split.
"""

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "photo_classification"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import numpy as np
import torch
from PIL import Image, ImageOps
from result_files import read_results, run, save_result

from shared.data.folders import find_labeled
from shared.results import versions
from src.baseline import baseline
from src.config import PROJECT, load_config
from src.dataloader import load_data
from src.evaluate import evaluate
from src.sample import draw_sample
from src.train import train

RESULT = REPOSITORY / "tools" / "results" / "labels.json"
SEEDS = range(5)
WEIGHTS = ("none", "sqrt")
SIDE = 224  # of each half, in pixels


def write_pairs(photos: Path, root: Path, seed: int) -> None:
    """Pairs of each split, in which every photo and patch is twice, and labels.csv."""
    random, rows = np.random.default_rng(seed), []
    for split, strips in {"train": ("train", "validation"), "test": ("test",)}.items():
        found = find_labeled(photos / split)
        pool = [(found.classes[label], Image.open(path)) for path, label in zip(found.files, found.labels, strict=True)]
        pool += [(name, patch) for strip in strips for name, _, patch in draw_sample(strip, seed)]
        for left, right in random.permuted([*range(len(pool)), *range(len(pool))]).reshape(-1, 2):
            pair = Image.new("RGB", (2 * SIDE, SIDE))
            for side, (_, image) in enumerate((pool[left], pool[right])):
                pair.paste(ImageOps.fit(image.convert("RGB"), (SIDE, SIDE)), (side * SIDE, 0))
            pair.save(root / f"{len(rows)}.png")
            rows.append((len(rows), "|".join(sorted({pool[left][0], pool[right][0]})), split))
    with (root / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "labels", "split"), *rows])


def one_run(photos: Path, seed: int, weights: str) -> dict[str, Any]:
    """The scores of the default recipe with these class weights; beside the first kind, those of classical models."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "pairs")
        root.mkdir()
        write_pairs(photos, root, seed)
        flags = ["--data.source", "folder", "--data.root", str(root), "--data.fit", "pad", "--seed", str(seed)]
        flags += ["--output_dir", folder, "--log_dir", f"{folder}/logs", "--data.processed", f"{folder}/processed"]
        flags += ["--training.class_weights", weights]
        config = load_config(PROJECT / "configs" / "config.yaml", *flags)
        started = time.process_time()
        data = load_data(config)
        train(config, data=data)
        seconds = time.process_time() - started
        found = {"network": scores_of(evaluate(config, data=data)["metrics"]), "counts": data.counts}
        found |= {"processor_seconds": round(seconds, 1)}
        if weights == WEIGHTS[0]:
            classical = baseline(config, data=data)["metrics"]
            found |= {"classical": {name: scores_of(metrics) for name, metrics in classical.items()}}
    return found


def scores_of(metrics: dict[str, Any]) -> dict[str, Any]:
    """What is kept of the scores of both splits."""
    names = ("macro_f1", "macro_f1_at_half", "mean_average_precision", "exact_match")
    scores = {split: {name: metrics[split][name] for name in names} for split in ("validation", "test")}
    thresholds = {name: row["threshold"] for name, row in metrics["validation"]["per_class"].items()}
    return scores | {"thresholds": thresholds}


def main() -> None:
    """Measure the runs that the result file lacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of train/ and test/ with class folders")
    arguments = parser.parse_args()
    for weights in WEIGHTS:
        for seed in SEEDS:
            if str(seed) not in (runs := read_results(RESULT).get(weights, {})):
                save_result(RESULT, weights, runs | {str(seed): one_run(arguments.data, seed, weights)})
                save_result(RESULT, "measured", {"threads": torch.get_num_threads(), "versions": versions()})


if __name__ == "__main__":
    run(main)
