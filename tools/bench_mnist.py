"""Measure the MNIST project against the loop that every tutorial shows.

The tutorials' loop: two 3x3 convolutions and two linear layers (1.2 M parameters), one image at a time through
PIL, ToTensor and Normalize in a DataLoader, batch 64, Adadelta at rate 1.0 with 0.7 decay an epoch. It runs twice:
shuffled, and in the order of the files, as it does in many copies of it on a CPU. Of one seed both sides train on the
same images, and the clock runs during training steps only. All runs take turns in one process on one machine; only
their ratios mean anything elsewhere.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "mnist_classifier"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import torch
from PIL import Image
from result_files import run
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from models.model import make_model
from shared.data.memory import Batch
from shared.files import write_json
from shared.metrics.classification import training_metrics
from shared.results import versions
from shared.seeding import seed_everything
from shared.training.loop import Task, remaining_batches, train_step
from shared.training.loop import evaluate as evaluate_loader
from shared.training.losses import classification_loss
from shared.training.setup import start
from src.config import Config, load_config
from src.dataloader import Data, load_data, make_loaders
from src.evaluate import evaluate
from src.train import make_step, train

GOAL = 0.99
CHECKS_AN_EPOCH = 10
MOST_EPOCHS = 8


class OneByOne(Dataset[tuple[Tensor, int]]):
    """Images as the tutorials read them: through PIL, one at a time."""

    def __init__(self, split: Batch) -> None:
        self.images, self.labels = split["images"][:, 0].numpy(), split["labels"].tolist()
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def tutorial_network() -> nn.Module:
    """The network of the tutorials, 1.2 M parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )


def run_tutorial(data: Data, seed: int, shuffle: bool) -> dict[str, float | None]:
    """Train until the goal is reached on the validation split; it is looked at ten times an epoch, off the clock."""
    torch.manual_seed(seed)
    model = tutorial_network()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.7)
    loader = DataLoader(OneByOne(data.splits.train), batch_size=64, shuffle=shuffle)
    check_every = len(loader) // CHECKS_AN_EPOCH
    seconds, steps, accuracy = 0.0, 0, 0.0
    for _ in range(MOST_EPOCHS):
        started = time.perf_counter()
        for images, labels in loader:
            loss = cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
            if steps % check_every == 0:
                seconds += time.perf_counter() - started
                accuracy = tutorial_accuracy(model, data.splits.validation)
                if accuracy >= GOAL:
                    return tutorial_result(seconds, steps, len(loader), accuracy)
                started = time.perf_counter()
        seconds += time.perf_counter() - started
        schedule.step()
    return tutorial_result(seconds, steps, len(loader), accuracy) | {"seconds_to_goal": None}


def tutorial_result(seconds: float, steps: int, steps_an_epoch: int, accuracy: float) -> dict[str, float | None]:
    """What is kept of a run."""
    return {
        "seconds_to_goal": seconds,
        "epochs": steps / steps_an_epoch,
        "seconds_an_epoch": seconds / steps * steps_an_epoch,
        "validation_accuracy": accuracy,
    }


@torch.no_grad()
def tutorial_accuracy(model: nn.Module, split: Batch) -> float:
    """The accuracy on a split; where its first third is far from the goal, that of the third, to save time."""
    model.eval()
    right, seen = 0, 0
    for images, labels in zip(split["images"].split(500), split["labels"].split(500), strict=True):
        normalized = (images.float() / 255 - 0.1307) / 0.3081
        right += int((model(normalized).argmax(1) == labels).sum())
        seen += len(labels)
        if seen >= len(split["labels"]) / 3 and right / seen < GOAL - 0.005:
            break
    model.train()
    return right / seen


def run_ours(config: Config, seed: int) -> dict[str, float | None]:
    """Train at the default settings, once until the goal and once to the end; the test split is measured at the end."""
    config = replace(config, seed=seed)
    to_goal = ours_to_goal(config)
    with tempfile.TemporaryDirectory() as folder:
        config = replace(config, output_dir=Path(folder), log_dir=Path(folder))
        result = train(config)
        test = evaluate(config)["metrics"]["test"]["accuracy"]
    return {
        "seconds_to_goal": to_goal,
        "seconds": result["seconds"],
        "epochs": len(result["history"]),
        "validation_accuracy": result["metrics"]["validation"]["accuracy"],
        "test_accuracy": test,
    }


def ours_to_goal(config: Config) -> float | None:
    """The training seconds until the goal, looked at ten times an epoch off the clock, as for the tutorials' loop."""
    seed_everything(config.seed)
    data = load_data(config)
    loaders = make_loaders(data, config)
    model = make_model(config, data.classes)
    model.normalize.fit(data.splits.train["images"])
    loss = classification_loss(data.splits.train["labels"], len(data.classes), config.training)
    task = Task(make_step(loss), training_metrics(len(data.classes)), "accuracy")
    state = start(model, len(loaders.train), config.training)
    check_every = len(loaders.train) // CHECKS_AN_EPOCH
    seconds = 0.0
    for epoch in range(config.training.epochs):
        state.progress.epoch = epoch
        started = time.perf_counter()
        for index, batch in enumerate(remaining_batches(loaders.train, state.progress)):
            state.model.train()
            train_step(task.step, state, batch, config.training)
            if (index + 1) % check_every == 0:
                seconds += time.perf_counter() - started
                scores = evaluate_loader(task, state.average.model, loaders.validation, state.accelerator.device)
                accuracy = scores["accuracy"]
                if accuracy >= GOAL:
                    return seconds
                started = time.perf_counter()
        seconds += time.perf_counter() - started
    return None


def step_choices(config: Config, data: Data) -> dict[str, float]:
    """Milliseconds of one training step (median of 40) for each choice of memory layout and precision."""
    images = data.splits.train["images"][: config.training.batch_size]
    labels = data.splits.train["labels"][: config.training.batch_size]
    choices = {
        "channels-last, fp32 (the default)": (torch.channels_last, False),
        "contiguous, fp32": (torch.contiguous_format, False),
        "channels-last, bf16": (torch.channels_last, True),
    }
    found = {}
    for name, (layout, reduced) in choices.items():
        model = make_model(config, data.classes).to(memory_format=layout)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)

        def step(model: nn.Module = model, optimizer: torch.optim.Optimizer = optimizer, low: bool = reduced) -> None:
            with torch.autocast("cpu", torch.bfloat16, enabled=low):
                loss = cross_entropy(model(images).float(), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        found[name] = median_milliseconds(step)
    return found


def median_milliseconds(step: Callable[[], None], repeats: int = 40) -> float:
    """The median time of a call."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def summarize(ours: list[dict[str, Any]], tutorial: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians and ratios of all runs."""
    to_goal = [row["seconds_to_goal"] for row in ours if row["seconds_to_goal"] is not None]
    accuracies = [row["test_accuracy"] for row in ours]
    summary: dict[str, Any] = {
        "ours_seconds_to_goal": statistics.median(to_goal) if to_goal else None,
        "ours_runs_that_reached_the_goal": f"{len(to_goal)} of {len(ours)}",
        "ours_seconds_of_a_whole_run": statistics.median(row["seconds"] for row in ours),
        "ours_test_accuracy_mean": statistics.mean(accuracies),
        "ours_test_accuracy_deviation": statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0,
    }
    for name, rows in tutorial.items():
        reached = [row["seconds_to_goal"] for row in rows if row["seconds_to_goal"] is not None]
        epoch = statistics.median(row["seconds_an_epoch"] for row in rows)
        summary[f"tutorial_{name}_seconds_an_epoch"] = epoch
        summary[f"whole_run_in_epochs_of_tutorial_{name}"] = summary["ours_seconds_of_a_whole_run"] / epoch
        if reached:
            summary[f"tutorial_{name}_seconds_to_goal"] = statistics.median(reached)
        if reached and to_goal:
            summary[f"times_faster_than_tutorial_{name}"] = statistics.median(reached) / summary["ours_seconds_to_goal"]
    return summary


def positive(text: str) -> int:
    """A number of runs."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def main() -> None:
    """Run everything in turns and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of MNIST's four files (data/raw where not given)")
    parser.add_argument("--seeds", type=positive, default=5, help="runs of ours")
    parser.add_argument("--tutorial-seeds", type=positive, default=1, help="runs of each tutorial loop")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "tools" / "results" / "mnist_speed.json")
    arguments = parser.parse_args()
    config = load_config()
    root = arguments.data.absolute() if arguments.data else config.data.root
    config = replace(config, data=replace(config.data, source="mnist", root=root))
    data = load_data(config)
    ours: list[dict[str, Any]] = []
    tutorial: dict[str, list[dict[str, Any]]] = {"shuffled": [], "unshuffled": []}
    for seed in range(max(arguments.seeds, arguments.tutorial_seeds)):
        if seed < arguments.seeds:
            ours.append(run_ours(config, seed) | {"seed": seed})
            print("ours", json.dumps(ours[-1]), flush=True)
        if seed < arguments.tutorial_seeds:
            same = load_data(replace(config, seed=seed))
            for name, rows in tutorial.items():
                rows.append(run_tutorial(same, seed, shuffle=name == "shuffled") | {"seed": seed})
                print(name, json.dumps(rows[-1]), flush=True)
    result = {
        "data": data.as_dict(),
        "goal": GOAL,
        "threads": torch.get_num_threads(),
        "versions": versions(),
        "summary": summarize(ours, tutorial),
        "ours": ours,
        "tutorial": tutorial,
        "step_milliseconds": step_choices(config, data),
    }
    write_json(arguments.out, result)
    print(json.dumps(result["summary"], indent=2))


if __name__ == "__main__":
    run(main)
