"""Measure the photo project on a folder of train/ and test/ with class folders, such as the tutorial's ants and bees.

Parts, each kept in the result file as soon as it is done:

- `crossval` compares networks, sizes and settings by folds of the training photos alone; the defaults come from there.
- `ladder` is the way from a color histogram to a network that is trained as a whole, rung by rung.
- `peers` are the recipes of PyTorch's tutorial on transfer learning and of fastai, from the same first weights: stopped
  after as many processor seconds as the default settings take, and fastai's to its end.
- `few` trains on 20 photos of each class, in ten draws.

Each seed cuts its own validation split off the training photos. The test photos are measured once for each seed and
recipe; nothing is chosen on them. Time is that of the processor on one thread, so that other work does not count.
"""

import argparse
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "photo_classification"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import numpy as np
import onnx
import torch
from result_files import read_results, run, save_result
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from torchvision.transforms import v2

from models.model import PhotoClassifier, load_first_weights, make_model, restore_model
from shared.data.examples import Data, Examples, joined
from shared.data.memory import in_batches, shuffled_loader
from shared.data.splits import Splits
from shared.inference.model import onnx_function
from shared.metrics.classification import classification_scores
from shared.process import keep_freed_memory
from shared.results import versions
from shared.seeding import seed_everything
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.augmentation import AugmentedPhotos
from src.baseline import make_baselines
from src.config import PROJECT, AugmentationConfig, Config, export_path, load_config
from src.dataloader import FORWARD_BATCH, features_of, load_data
from src.evaluate import evaluate
from src.export import export
from src.train import train

RESULT = REPOSITORY / "tools" / "results" / "photo.json"
SEEDS, FEW_SEEDS, DRAWS = range(5), range(2), range(10)  # the second is for what takes minutes
NETWORKS = {
    "Lite0, 224 crop": ("tf_efficientnet_lite0", 224, "crop"),
    "Lite0, 224 pad": ("tf_efficientnet_lite0", 224, "pad"),
    "Lite0, 224 stretch": ("tf_efficientnet_lite0", 224, "stretch"),
    "Lite0, 288 crop": ("tf_efficientnet_lite0", 288, "crop"),
    "Lite2, 260 crop": ("tf_efficientnet_lite2", 260, "crop"),
    "Lite2, 320 crop": ("tf_efficientnet_lite2", 320, "crop"),
}
FULL = ["--model.tuning", "full", "--training.epochs", "4", "--training.min_steps", "0", "--training.batch_size", "32"]
FULL += ["--training.label_smoothing", "0.1"]
TUNED = [*FULL, "--training.backbone_lr_scale", "0.1", "--training.freeze_epochs", "1"]
SETTINGS = {
    "default": [],
    "4 views": ["--model.views", "4"],
    "label smoothing 0.1": ["--training.label_smoothing", "0.1"],
    "whole network": TUNED,
    "whole network, layer by layer": [*TUNED, "--training.unfreeze_epochs", "2"],
    "whole network, EMA 0.9": [*TUNED, "--training.ema_decay", "0.9"],
    "whole network, 288 pixels": [*TUNED, "--data.image_size", "288"],
    "rate 0.0003": ["--training.learning_rate", "0.0003"],
    "rate 0.003": ["--training.learning_rate", "0.003"],
}
FOLDS = {"n_splits": 5, "random_state": 0}
RUNS = 30  # single photos whose quickest says how long one takes


def settings(root: Path, folder: str, *more: str) -> Config:
    """The default configuration on this data, writing into a folder."""
    overrides = ["--data.source", "folder", "--data.root", str(root.absolute()), "--data.cache", "memory"]
    overrides += ["--output_dir", folder, "--log_dir", f"{folder}/logs", *more]
    return load_config(PROJECT / "configs" / "config.yaml", *overrides)


def processor_seconds() -> float:
    """What this process and the ended ones of its children have used of the processor by now."""
    return sum(os.times()[:4])


def summary(scores: list[float]) -> dict[str, Any]:
    """The mean and the standard deviation of scores, and each of them."""
    deviation = float(np.std(scores, ddof=1)) if len(scores) > 1 else 0.0
    return {"mean": float(np.mean(scores)), "deviation": deviation, "each": scores}


def rung(rows: list[dict[str, Any]], milliseconds: float, megabytes: float) -> dict[str, Any]:
    """One row of the ladder, from what each seed gave."""
    scores = {name: summary([row[name] for row in rows]) for name in rows[0]}
    return scores | {"milliseconds": milliseconds, "megabytes": megabytes}


def scores_of(probabilities: Tensor, data: Data) -> dict[str, float]:
    """Of the test photos; the probabilities are float [N, classes]."""
    found = classification_scores(probabilities, data.splits.test["labels"], data.classes)
    return {name: found[name] for name in ("accuracy", "macro_f1", "calibration_error")}


def quickest(predict: Callable[[], object]) -> float:
    """Milliseconds of the processor for one photo, all threads together, in the quickest of several runs."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        predict()
        times.append(time.process_time() - began)
    return round(1000 * min(times), 2)


# The ladder -----------------------------------------------------------------------------------------------------------


def ladder(root: Path) -> dict[str, Any]:
    """Every rung, each kept as soon as it is done."""
    rungs: dict[str, Any] = read_results(RESULT).get("ladder", {})
    for name, climb in climbs(root):
        if name not in rungs:
            rungs |= climb()
            save_result(RESULT, "ladder", rungs)
            print(f"{name}: {rungs[name]}", flush=True)
    return rungs


def climbs(root: Path) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """The name of each rung, and what measures it."""
    yield "color histograms", lambda: classical(root)
    yield "frozen", lambda: frozen(root)
    yield "default", lambda: trained(root, "default", SEEDS, [])
    yield "whole network", lambda: trained(root, "whole network", FEW_SEEDS, TUNED)
    yield "from scratch", lambda: trained(root, "from scratch", FEW_SEEDS, [*FULL, "--model.weights", "none"])


def classical(root: Path) -> dict[str, Any]:
    """The baselines of the project."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in make_baselines()}
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            began = processor_seconds()
            data = load_data(settings(root, folder, "--seed", str(seed)))
            read, test = processor_seconds() - began, data.splits.test["images"]
            for name, model in make_baselines().items():
                began = processor_seconds()
                model.fit(data.splits.train["images"][:], data.splits.train["labels"].numpy())
                seconds = read + processor_seconds() - began
                predicted = one_hot(torch.from_numpy(model.predict(test)), len(data.classes)).float()
                scores = scores_of(predicted, data)
                found[name].append({"accuracy": scores["accuracy"], "macro_f1": scores["macro_f1"], "seconds": seconds})
                costs[name] = quickest(partial(model.predict, test[:1])), len(pickle.dumps(model)) / 1e6
    return {name: rung(rows, *costs[name]) for name, rows in found.items()}


def frozen(root: Path) -> dict[str, Any]:
    """A logistic regression on the features of the photos as they are."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            began = processor_seconds()
            config = settings(root, folder, "--seed", str(seed))
            model = first_network(config, data := load_data(config))
            classifier = regression().fit(seen(model, data.splits.train), data.splits.train["labels"])
            seconds = processor_seconds() - began
            probabilities = torch.from_numpy(classifier.predict_proba(seen(model, data.splits.test)))
            rows.append(scores_of(probabilities, data) | {"seconds": seconds})
        photo = data.splits.test["images"][:1]
        with torch.no_grad():
            milliseconds = quickest(lambda: classifier.predict(model.features(photo)[1]))
    size = sum(tensor.nbytes for tensor in model.backbone.state_dict().values()) + len(pickle.dumps(classifier))
    return {"frozen": rung(rows, milliseconds, size / 1e6)}


def trained(root: Path, name: str, seeds: range, more: list[str]) -> dict[str, Any]:
    """Whole runs with some settings; what the exported network costs comes from the default's first seed."""
    rows, cost = [], read_results(RESULT).get("ladder", {}).get("default")
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            config = settings(root, folder, "--seed", str(seed), *more)
            began = processor_seconds()
            data = load_data(config)
            train(config, data=data)
            seconds = processor_seconds() - began
            test = evaluate(config, data=data)["metrics"]["test"]
            scores = {key: test[key] for key in ("accuracy", "macro_f1", "calibration_error")}
            rows.append(scores | {"seconds": seconds})
            if cost is None:  # all networks of the ladder have the same layers
                cost = exported(config, data)
            print(f"{name}, seed {seed}: {rows[-1]}", flush=True)
    kept = {key: cost[key] for key in ("speeds", "precision") if key in cost and name == "default"}
    counts = {"counts": data.counts} if name == "default" else {}
    return {name: rung(rows, cost["milliseconds"], cost["megabytes"]) | kept | counts}


def exported(config: Config, data: Data) -> dict[str, Any]:
    """What the exported network costs, beside the same network in PyTorch."""
    result, photo = export(config, data=data), data.splits.test["images"][:1]
    network, file = restore_model(config, load_checkpoint(best_checkpoint(config.output_dir))), export_path(config)
    session = onnx_function(onnx.load(file))
    with torch.no_grad():
        speeds = {"pytorch": quickest(lambda: network(photo)), "exported": quickest(lambda: session(photo.numpy()))}
    return {
        "milliseconds": speeds["exported"],
        "megabytes": file.stat().st_size / 1e6,
        "speeds": speeds,
        "precision": result["precision"],
    }


# Peers ----------------------------------------------------------------------------------------------------------------


def peers(root: Path) -> dict[str, Any]:
    """Both recipes for as long as ours takes, and fastai's to its end."""
    limits = read_results(RESULT)["ladder"]["default"]["seconds"]["each"]
    found: dict[str, Any] = read_results(RESULT).get("peers", {})
    wanted = {
        "tutorial": (tutorial, limits),
        "fastai": (fastai, limits),
        "fastai, whole": (fastai, [1e9] * len(FEW_SEEDS)),
    }
    for name, (recipe, seconds) in wanted.items():
        if name in found:
            continue
        rows = []
        for seed, most in zip(SEEDS, seconds, strict=False):
            with tempfile.TemporaryDirectory() as folder:
                config, began = settings(root, folder, "--seed", str(seed)), processor_seconds()
                data = load_data(config)
                keep_freed_memory()
                seed_everything(seed)
                model = first_network(config, data).to(memory_format=torch.channels_last)
                epochs = recipe(model, data, config, lambda end=began + most: processor_seconds() < end)
                rows.append({"epochs": epochs, "seconds": processor_seconds() - began})
                rows[-1] |= scores_of(logits(model, data.splits.test["images"]).softmax(1), data)
                print(f"{name}, seed {seed}: {rows[-1]}", flush=True)
        found[name] = {key: summary([row[key] for row in rows]) for key in rows[0]}
        save_result(RESULT, "peers", found)
    return found


def one_epoch(
    model: PhotoClassifier,
    batches: Iterator[Any],
    optimizer: torch.optim.Optimizer,
    in_time: Callable[[], bool],
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
) -> int:
    """The steps of an epoch, as far as the time goes; returns their number."""
    steps = 0
    for batch in batches:
        if not in_time():
            break
        cross_entropy(model(batch["images"]), batch["labels"]).backward()
        optimizer.step()
        optimizer.zero_grad()
        if schedule:
            schedule.step()
        steps += 1
    return steps


def tutorial(model: PhotoClassifier, data: Data, config: Config, in_time: Callable[[], bool]) -> float:
    """PyTorch's tutorial: SGD at 0.001, a tenth every 7 of 25 epochs, batches of 4; the best epoch by validation."""
    changes = AugmentationConfig(crop=0.08, flip=True, color=0.0)  # RandomResizedCrop's default, and a flip
    photos = AugmentedPhotos(data.splits.train.columns, changes, len(data.classes), config.seed)
    loader, validation = shuffled_loader(photos, 4), data.splits.validation
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    best, weights, steps = -1.0, dict[str, Tensor](), 0
    for _ in range(25):
        steps += one_epoch(model.train(), iter(loader), optimizer, in_time)
        schedule.step()
        right = logits(model, validation["images"]).argmax(1) == validation["labels"]
        if (score := float(right.double().mean())) > best:
            best, weights = score, {name: tensor.clone() for name, tensor in model.state_dict().items()}
        if not in_time():
            break
    model.load_state_dict(weights)
    return steps / len(loader)


def fastai(model: PhotoClassifier, data: Data, config: Config, in_time: Callable[[], bool]) -> float:
    """The `vision_learner(...).fine_tune(4)` of fastai, by its documentation: an epoch of the head, then four of all.

    With its head, Adam with decoupled decay and its constants, one cycle for each of the two stages, the first layers
    at a hundredth of the rate, batch norm that learns in the first stage too, batches of 64; its augmentation but for
    the warp. The head reads one pooling, as ours does, and not two.
    """
    width, photos = model.head.in_features, AugmentedPhotos(data.splits.train.columns, AugmentationConfig(), 2, 0)
    photos.transform = v2.Compose(
        [
            v2.RandomResizedCrop(config.data.image_size, scale=(0.75, 1.0), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.RandomApply([v2.RandomRotation(10)], 0.75),
            v2.RandomApply([v2.ColorJitter(0.2, 0.2)], 0.75),
        ]
    )
    loader = shuffled_loader(photos, 64)
    head: list[nn.Module] = [nn.BatchNorm1d(width), nn.Dropout(0.25), nn.Linear(width, 512, bias=False), nn.ReLU()]
    head += [nn.BatchNorm1d(512), nn.Dropout(0.5), nn.Linear(512, len(data.classes), bias=False)]
    model.head = nn.Sequential(*head)  # type: ignore[assignment]
    norms = {
        id(weight) for module in model.modules() if isinstance(module, nn.BatchNorm2d) for weight in module.parameters()
    }
    body = list(model.backbone.parameters())
    first = {id(weight) for weight in model.backbone.blocks[:3].parameters()}
    groups = [[weight for weight in body if (id(weight) in first) == early] for early in (True, False)]
    steps = 0
    for rates, epochs, warmup, start in (((2e-3,) * 3, 1, 0.99, 25.0), ((1e-5, 1e-4, 1e-3), 4, 0.3, 5.0)):
        for weight in body:
            weight.requires_grad_(epochs > 1 or id(weight) in norms)
        parts = zip([*groups, list(model.head.parameters())], rates, strict=True)
        optimizer = torch.optim.AdamW(
            [{"params": weights, "lr": rate} for weights, rate in parts],
            betas=(0.95, 0.99),
            eps=1e-5,
            weight_decay=0.01,
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            list(rates),
            epochs * len(loader),
            pct_start=warmup,
            div_factor=start,
            final_div_factor=1e5 / start,
        )
        for _ in range(epochs):
            steps += one_epoch(model.train(), iter(loader), optimizer, in_time, schedule)
    return steps / len(loader)


# Few photos, and folds ------------------------------------------------------------------------------------------------


def few(root: Path) -> dict[str, Any]:
    """The default settings and the baselines on 20 photos of each class; the validation split is as in the ladder."""
    rows: dict[str, list[float]] = {}
    for draw in DRAWS:
        with tempfile.TemporaryDirectory() as folder:
            config = settings(root, folder, "--seed", str(draw))
            data = load_data(config)
            labels, random = data.splits.train["labels"].numpy(), np.random.default_rng(draw)
            chosen = [random.permutation(np.flatnonzero(labels == label))[:20] for label in range(len(data.classes))]
            own = replace(
                data, splits=replace(data.splits, train=data.splits.train.at(np.concatenate(chosen).tolist()))
            )
            fitted, test = own.splits.train, own.splits.test
            for name, model in make_baselines().items():
                model.fit(fitted["images"][:], fitted["labels"].numpy())
                rows.setdefault(name, []).append(float(model.score(test["images"], test["labels"].numpy())))
            train(config, data=own)
            found = evaluate(config, data=own)["metrics"]["test"]["accuracy"]
            rows.setdefault("default", []).append(found)
            print(f"draw {draw}: {found}", flush=True)
    return {name: summary(each) for name, each in rows.items()}


def crossval(root: Path) -> dict[str, Any]:
    """Scores over folds of the training photos: a regression by network, size and fit, and ways to train."""
    found: dict[str, Any] = read_results(RESULT).get("crossval", {})
    with tempfile.TemporaryDirectory() as folder:
        for name, (network, size, fit) in NETWORKS.items():
            if name not in found:
                asked = "--model.name", network, "--data.image_size", str(size), "--data.fit", fit
                found |= regressions(settings(root, folder, *asked), name)
                save_result(RESULT, "crossval", found)
    for name, more in SETTINGS.items():
        if name not in found:
            found[name] = trained_on_folds(root, more)
            save_result(RESULT, "crossval", found)
    return found


def regressions(config: Config, name: str) -> dict[str, Any]:
    """Frozen features and logistic regression, of the photos alone and, for the default, with their mirror images."""
    photos, data = learned_from(config)
    model, labels = first_network(config, data), photos["labels"].numpy()
    keep_freed_memory()
    features = seen(model, photos).numpy()
    mirrored = features_of(model, in_batches(photos["images"].flip(3), FORWARD_BATCH), len(photos), "mirrored").numpy()
    alone, both = [], []
    for fitted, held in RepeatedStratifiedKFold(n_repeats=5, **FOLDS).split(features, labels):
        classifier = regression().fit(features[fitted], labels[fitted])
        scores = classifier.decision_function(features[held])
        alone.append(float(((scores > 0) == labels[held]).mean()))
        scores += classifier.decision_function(mirrored[held])
        both.append(float(((scores > 0) == labels[held]).mean()))
    rows = {name: without_each(alone), f"{name}, mirrored too": without_each(both)}
    print(rows, flush=True)
    return rows


def trained_on_folds(root: Path, more: list[str]) -> dict[str, Any]:
    """Runs of the project on five folds; the accuracy on the held-out photos is that of the last epoch."""
    scores, began = [], processor_seconds()
    with tempfile.TemporaryDirectory() as folder:
        config = settings(root, folder, *more)
        photos, data = learned_from(config)
        for fitted, held in RepeatedStratifiedKFold(n_repeats=1, **FOLDS).split(photos["labels"], photos["labels"]):
            other = photos.at(held.tolist())
            cut = replace(data, splits=Splits(photos.at(fitted.tolist()), other, other))
            scores.append(float(train(config, data=cut)["history"][-1]["validation/accuracy"]))
            print(more, scores, flush=True)
    return without_each(scores) | {"seconds": (processor_seconds() - began) / len(scores)}


def without_each(scores: list[float]) -> dict[str, Any]:
    """The mean and the standard deviation alone."""
    return {name: value for name, value in summary(scores).items() if name != "each"}


def learned_from(config: Config) -> tuple[Examples, Data]:
    """All training photos, the validation split among them."""
    data = load_data(config)
    return joined([data.splits.train, data.splits.validation]).as_tensors(), data


def first_network(config: Config, data: Data) -> PhotoClassifier:
    """The network of the configuration with its ImageNet weights and a random head."""
    model = make_model(config, data.classes)
    load_first_weights(model, config)
    return model


def seen(model: PhotoClassifier, photos: Examples) -> Tensor:
    """The features of photos as they are, float [N, D]."""
    keep_freed_memory()
    return features_of(model, in_batches(photos["images"], FORWARD_BATCH), len(photos), "features")


def regression() -> Any:
    """A logistic regression with scikit-learn's defaults."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


@torch.no_grad()
def logits(model: PhotoClassifier, images: Any) -> Tensor:
    """What the network says of photos, float [N, classes]."""
    model.eval()
    return torch.cat([model(batch) for batch in in_batches(images, FORWARD_BATCH)])


PARTS = {"crossval": crossval, "ladder": ladder, "peers": peers, "few": few}


def main() -> None:
    """Measure the named parts; what the result file has of them already is not measured again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of train/ and test/ with class folders")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all if none is given")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.parts or PARTS:
        found = PARTS[name](arguments.data)
        save_result(RESULT, name, found)
        save_result(RESULT, "versions", versions())


if __name__ == "__main__":
    run(main)
