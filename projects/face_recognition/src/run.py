"""The whole job, from data to report and a look at real photos, and a short table at the end."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.config import from_plain
from shared.console import log, shown, table
from shared.results import write_result
from shared.training.folder import training_lock
from shared.verbs import next_steps, summary_rows, warn_if_not_beaten
from src import dataloader
from src.baseline import baseline
from src.config import PROJECT, Config
from src.decision import load_decision
from src.evaluate import evaluate
from src.export import export
from src.photographs import images_of_people
from src.recognizer import Recognizer
from src.report import report
from src.train import train


def run(config: Config) -> dict[str, Any]:
    """Train, evaluate, compare with the baselines, export and report; then print a summary.

    An embedder that comes trained learns nothing; `small` is then trained from scratch beside it, in outputs/small, to
    compare with.
    """
    started = time.perf_counter()
    data = dataloader.load_data(config)
    with training_lock(config.output_dir):  # what follows is about these weights and no others
        results = {"train": train(config, data=data)}
        # The next verbs use the configuration that training recorded, with the data that `auto` found.
        config = from_plain(Config, results["train"]["config"], base=PROJECT)
        results["evaluate"] = evaluate(config, data=data)
        rows = {} if results["train"]["trained_on_data"] else _train_small(config)
        results["baseline"] = baseline(config, data=data)
        results["export"] = export(config, data=data)
        results["photos"] = demonstrate(config)
        page = report(config, data=data)
    rows |= {"photos looked at": results["photos"]["summary"]}
    steps = next_steps(config, PROJECT, page, started)
    steps["next"] = f"{shown(Path(sys.executable))} {shown(PROJECT / 'main.py')} verify one_photo.jpg another.jpg"
    table(PROJECT.name, summary_rows(config, results) | rows | steps)
    warn_if_not_beaten(results)
    return results


def _train_small(config: Config) -> dict[str, str]:
    """Train and measure `small` on the same split, with results in a folder below; gives a row for the table."""
    log.info("run: a small network is trained from scratch beside it, to compare with")
    dirs = {"output_dir": config.output_dir / "small", "log_dir": config.log_dir / "small"}
    beside = replace(config, model=replace(config.model, name="small"), **dirs)
    data = dataloader.load_data(beside)  # its crops have another size
    train(beside, data=data)
    test = evaluate(beside, data=data)["metrics"]["test"]
    return {"small, trained here": f"{test['accuracy']:.4f} on the test pairs"}


def demonstrate(config: Config) -> dict[str, Any]:
    """Find and compare faces in photographs that scikit-image ships; write outputs/photos.json."""
    started = time.perf_counter()
    recognizer = Recognizer(config)
    decision = load_decision(config.output_dir, recognizer.embedder)
    images = images_of_people()
    photos = dict(zip(images, recognizer.photos_of_images(list(images.values())), strict=True))
    counts = {name: len(photo.faces) for name, photo in photos.items()}
    compared = [
        {"first": "astronaut", "second": second, **decision.compare(photos["astronaut"], photos[second])}
        for second in ("astronaut, changed", "cameraman")
    ]
    summary = ", ".join(f"{name}: {count}" for name, count in counts.items()) + " faces"
    summary += "".join(f"; {row['first']} and {row['second']}: {row['prediction']}" for row in compared)
    log.info(f"photos: {summary}")
    return write_result(
        config.output_dir,
        "photos",
        seed=recognizer.network.metadata["seed"],
        data=recognizer.network.metadata["data"],
        metrics={"faces": counts, "pairs": compared},
        seconds=time.perf_counter() - started,
        thresholds=decision.origin,
        summary=summary,
    )
