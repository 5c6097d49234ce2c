"""Measure the segmentation project on one data set, and beside it the library's own documented recipe.

Ours is a whole run as a user starts it: train, evaluate, baseline, export. The peer is what the pages of
segmentation-models-pytorch show: U-Net at its full width on the same encoder and the same first weights, Adam at rate
1e-4, Dice loss, full-size images in batches of 8, mirrored at random. It trains for as many seconds as ours and keeps
its best epoch by the same validation split. The test split is measured once on each side. `--only-peer` takes ours from
the result file, where a measurement was stopped between the two; the peer then gets more seconds where the machine has
become slower since. A run and its weights stay in build/bench/segmentation/NAME, where `--only-export` measures the
export again.
"""

import argparse
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "image_segmentation"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import segmentation_models_pytorch as smp
import torch
from result_files import read_results, run, save_result
from torch import Tensor

from models.model import Segmenter, fix_padding, make_model
from models.pretrained import load_first_weights
from shared.data.examples import Data, Examples
from shared.data.memory import Batch
from shared.results import versions
from shared.seeding import seed_everything
from src.baseline import baseline
from src.config import PROJECT, Config, load_config
from src.dataloader import Tiles, load_data, make_loaders
from src.evaluate import evaluate, scores_of
from src.export import export
from src.losses import make_loss
from src.masks import IGNORE
from src.train import make_step, train

RESULT = REPOSITORY / "tools" / "results" / "segmentation.json"
RUNS = REPOSITORY / "build" / "bench" / "segmentation"
PEER_BATCH, PEER_RATE = 8, 1e-4
TIMED_BATCHES = 6


def measure_ours(config: Config, data: Data) -> dict[str, Any]:
    """What a whole run gives, and what it ran on."""
    return {
        "data": data.as_dict(),
        "threads": torch.get_num_threads(),
        "versions": versions(),
        "ours": run_ours(config),
    }


def run_ours(config: Config) -> dict[str, Any]:
    """A whole run; what is kept of it."""
    started = time.perf_counter()
    trained, evaluated = train(config), evaluate(config)
    seconds = time.perf_counter() - started
    baselines = baseline(config)
    return {
        "seed": config.seed,
        "training_seconds": trained["seconds"],
        "wall_seconds": round(seconds, 1),
        "epochs": len(trained["history"]),
        "best_epoch": trained["best_epoch"],
        "parameters": trained["parameters"],
        "first_weights": trained["first_weights"],
        "validation": compact(evaluated["metrics"]["validation"]),
        "test": compact(evaluated["metrics"]["test"]),
        "baseline": {name: compact(row["test"]) for name, row in baselines["metrics"].items()},
        "export": export_again(config),
    }


def export_again(config: Config) -> dict[str, Any]:
    """What is kept of an export of the run in the config's folder."""
    exported = export(config)
    return exported["metrics"] | {"precision": exported["precision"], "input": exported["timed_input"]}


def kept(name: str, config: Config, data: Data) -> dict[str, Any]:
    """What the result file has of that data set, if it was measured on the same images with the same seed.

    Raises:
        SystemExit: there is none, or it is of others.
    """
    found = read_results(RESULT).get(name)
    if not found or (found["data"]["digest"], found["ours"]["seed"]) != (data.as_dict()["digest"], config.seed):
        raise SystemExit(f"{RESULT} has no run on these images with seed {config.seed}. Run without --only-....")
    return found


def compact(scores: dict[str, Any]) -> dict[str, Any]:
    """The scores without those of single images."""
    return {name: value for name, value in scores.items() if name not in ("by_image", "confusion")}


def seconds_of_ours(found: dict[str, Any], config: Config, data: Data) -> float:
    """As long as ours trained, or would train now by the pace of single steps if that is longer."""
    steps = found["ours"]["epochs"] * len(make_loaders(data, config).train)
    return max(found["ours"]["training_seconds"], steps * sum(found["loader"].values()))


def run_peer(config: Config, data: Data, seconds: float) -> dict[str, Any]:
    """The library's recipe, for as many training seconds."""
    seed_everything(config.seed)
    model = peer_network(config, data)
    optimizer = torch.optim.Adam(model.parameters(), lr=PEER_RATE)
    loss = smp.losses.DiceLoss("multiclass", ignore_index=IGNORE)
    spent, epochs, best, weights = 0.0, 0, 0.0, model.state_dict()
    while spent < seconds:
        spent += peer_epoch(model, optimizer, loss, data.splits.train, seconds - spent)
        epochs += 1
        scores = scores_of(model.eval().probabilities, data.splits.validation, data.classes, config)
        found = scores["pooled"]["mean_iou"]
        if found > best:
            best, weights = found, {name: tensor.clone() for name, tensor in model.state_dict().items()}
        print(f"peer: epoch {epochs}, {spent:.0f} s, validation mean IoU {found:.4f}", flush=True)
    model.load_state_dict(weights)
    test = scores_of(model.eval().probabilities, data.splits.test, data.classes, config)
    return {"training_seconds": spent, "epochs": epochs, "validation_mean_iou": best, "test": compact(test)}


def peer_network(config: Config, data: Data) -> Segmenter:
    """U-Net at the library's width, with the first weights that ours has too."""
    model = Segmenter("unet", config.model.encoder, len(data.classes))
    model.network = smp.Unet(f"tu-{config.model.encoder}", encoder_weights=None, classes=len(data.classes))
    load_first_weights(model, config)
    fix_padding(model)
    return model.to(memory_format=torch.channels_last)


def peer_epoch(
    model: Segmenter, optimizer: torch.optim.Optimizer, loss: Any, train_split: Examples, seconds: float
) -> float:
    """One pass over full-size images, or as far as the time goes; gives the seconds it took."""
    tiles = Tiles(train_split, 4096)
    model.train()
    started = time.perf_counter()
    order = torch.randperm(len(tiles))
    for chosen in order[: len(order) // PEER_BATCH * PEER_BATCH].split(PEER_BATCH):
        images, masks = mirrored(tiles.__getitems__(chosen.tolist()))
        value = loss(model(images), masks.long())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if time.perf_counter() - started > seconds:
            break
    return time.perf_counter() - started


def mirrored(batch: Batch) -> tuple[Tensor, Tensor]:
    """Half of the batches are mirrored sideways."""
    images, masks = batch["images"], batch["masks"]
    return (images.flip(-1), masks.flip(-1)) if torch.rand(()) < 0.5 else (images, masks)


def loader_share(config: Config, data: Data) -> dict[str, float]:
    """Median seconds to prepare a batch, and to train on it."""
    model = make_model(config, data.classes)
    load_first_weights(model, config)
    model = model.to(memory_format=torch.channels_last)
    step = make_step(make_loss(config.loss))
    batches = iter(make_loaders(data, config).train)
    preparing, training = [], []
    for _ in range(TIMED_BATCHES):
        started = time.perf_counter()
        batch = next(batches)
        prepared = time.perf_counter()
        step(model, batch)[0].backward()
        training.append(time.perf_counter() - prepared)
        preparing.append(prepared - started)
    return {"prepare_seconds": statistics.median(preparing), "train_seconds": statistics.median(training)}


def main() -> None:
    """Run what was asked for, and put it into the result file under the data set's name."""
    arguments = parse_arguments()
    config = config_of(arguments)
    data = load_data(config)
    if arguments.only_export:
        found = kept(arguments.name, config, data)
        found["ours"]["export"] = export_again(config)
    elif arguments.only_peer:
        found = kept(arguments.name, config, data) | {"loader": loader_share(config, data)}
    else:
        found = {"loader": loader_share(config, data)} | measure_ours(config, data)
    save_result(RESULT, arguments.name, found)
    if arguments.peer or arguments.only_peer:
        found["peer"] = run_peer(config, data, seconds_of_ours(found, config, data))
        save_result(RESULT, arguments.name, found)


def parse_arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="what the data set is called in the result file: sample, dsb2018, camvid")
    parser.add_argument("--data", type=Path, help="its folder; the built-in sample where not given")
    parser.add_argument("--config", type=Path, help="a YAML file over configs/config.yaml")
    parser.add_argument("--seed", type=int, default=0, help="of the run, and of the built-in sample's images")
    splits = parser.add_mutually_exclusive_group()
    splits.add_argument("--peer", action="store_true", help="also run the library's recipe for as many seconds")
    splits.add_argument("--only-peer", action="store_true", help="run the recipe alone, beside ours in the result file")
    splits.add_argument("--only-export", action="store_true", help="measure the export alone, of the run that is kept")
    return parser.parse_args()


def config_of(arguments: argparse.Namespace) -> Config:
    """The settings of that run, which stays in a folder of its own."""
    overrides = ["--data.source", "folder", "--data.root", str(arguments.data.absolute())] if arguments.data else []
    overrides = overrides or ["--data.source", "sample"]
    overrides += ["--seed", str(arguments.seed)]
    overrides += ["--config", str(arguments.config)] if arguments.config else []
    config = load_config(PROJECT / "configs" / "config.yaml", *overrides)
    return replace(config, output_dir=RUNS / arguments.name, log_dir=RUNS / arguments.name)


if __name__ == "__main__":
    run(main)
