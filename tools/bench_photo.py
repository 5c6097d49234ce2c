"""Measure the photo project on a folder of train/ and test/ with class folders, such as the tutorial's ants and bees.

Parts, each kept in the result file when it is done: `crossval` compares size, fit and learning rate by folds of the
training photos alone; `ours` is the default recipe; `frozen` is a logistic regression on features of the photos as they
are; `tutorial` is the recipe of the tutorial on transfer learning of PyTorch, from the same first weights, for as many
seconds as ours. Each of the last three has five seeds, which also cut the validation split off the training photos. The
test photos are measured once for each seed; nothing is chosen on them.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "photo_classification"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import numpy as np
import torch
from result_files import read_results, run, save_result
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn.functional import cross_entropy

from models.model import PhotoClassifier, load_first_weights, make_model
from shared.data.examples import Data, Examples, joined
from shared.data.memory import TensorBatches, in_batches, ordered_loader, shuffled_loader
from shared.data.splits import Splits
from shared.files import write_json
from shared.metrics.classification import training_metrics
from shared.results import versions
from shared.seeding import seed_everything
from shared.training.loop import Task
from shared.training.losses import classification_loss
from shared.training.run import train_network
from src.augmentation import AugmentedPhotos
from src.config import PROJECT, AugmentationConfig, Config, load_config
from src.dataloader import FORWARD_BATCH, features_of, load_data
from src.evaluate import evaluate
from src.train import make_step, train

RESULT = REPOSITORY / "tools" / "results" / "photo.json"
SEEDS = range(5)
PREPARATIONS = ((224, "crop"), (224, "pad"), (224, "stretch"), (288, "crop"))
RATES = (0.0003, 0.001, 0.003)
FOLDS = {"n_splits": 5, "n_repeats": 5, "random_state": 0}


def settings(root: Path, folder: str, *more: str) -> Config:
    """The default configuration on this data, writing into a folder."""
    overrides = ["--data.source", "folder", "--data.root", str(root.absolute())]
    overrides += ["--output_dir", folder, "--log_dir", f"{folder}/logs", *more]
    return load_config(PROJECT / "configs" / "config.yaml", *overrides)


def summary(scores: list[float]) -> dict[str, Any]:
    """The mean and the standard deviation of scores, and each of them."""
    deviation = float(np.std(scores, ddof=1)) if len(scores) > 1 else 0.0
    return {"mean": float(np.mean(scores)), "deviation": deviation, "each": scores}


def without_each(scores: list[float]) -> dict[str, Any]:
    """The mean and the standard deviation alone."""
    return {name: value for name, value in summary(scores).items() if name != "each"}


def ours(root: Path) -> dict[str, Any]:
    """The default recipe; its seconds are those of everything before the evaluation. It goes on after a stop."""
    seeds: dict[str, Any] = read_results(RESULT).get("seeds", {})
    for seed in SEEDS:
        if str(seed) not in seeds:
            seeds[str(seed)] = one_seed(root, seed)
            save_result(RESULT, "seeds", seeds)
    write_json(RESULT, {name: found for name, found in read_results(RESULT).items() if name != "seeds"})
    each = list(seeds.values())
    accuracies, seconds = [one["accuracy"] for one in each], [one["seconds"] for one in each]
    return {"accuracy": summary(accuracies), "seconds": summary(seconds), "data": each[0]["data"]}


def one_seed(root: Path, seed: int) -> dict[str, Any]:
    """A run of the default recipe."""
    with tempfile.TemporaryDirectory() as folder:
        config = settings(root, folder, "--seed", str(seed))
        started = time.perf_counter()
        data = load_data(config)
        trained = train(config, data=data)
        seconds = time.perf_counter() - started
        test = evaluate(config, data=data)["metrics"]["test"]
    counts = {"counts": trained["data"]["counts"], "digest": trained["data"]["digest"]}
    return {"accuracy": test["accuracy"], "seconds": round(seconds, 1), "data": counts}


def frozen(root: Path) -> dict[str, Any]:
    """A logistic regression on the features of the training photos as they are, which all seeds share."""
    accuracies = []
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        photos, data, model = learned_from(settings(root, folder))
        features = seen(model, photos)
        seconds = time.perf_counter() - started
        place, test = {name: row for row, name in enumerate(photos.names)}, seen(model, data.splits.test)
        for seed in SEEDS:
            split = load_data(settings(root, folder, "--seed", str(seed))).splits.train
            classifier = regression().fit(features[[place[name] for name in split.names]], split["labels"])
            accuracies.append(float(classifier.score(test, data.splits.test["labels"])))
    return {"accuracy": summary(accuracies), "seconds": summary([seconds])}


def tutorial(root: Path) -> dict[str, Any]:
    """PyTorch's tutorial: SGD at 0.001, a tenth of it every 7 epochs, batches of 4; the best epoch by validation."""
    accuracies, epochs = [], []
    limit = read_results(RESULT)["ours"]["seconds"]["each"]
    for seed, most in zip(SEEDS, limit, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            data = load_data(config := settings(root, folder, "--seed", str(seed)))
            seed_everything(seed)
            model = first_network(config, data).to(memory_format=torch.channels_last)
            done = fine_tune(model, data, config, lambda end=started + most: time.perf_counter() < end)
            epochs.append(done)
            accuracies.append(accuracy(model, data.splits.test))
    return {"accuracy": summary(accuracies), "epochs": summary(epochs), "seconds": summary(limit)}


def fine_tune(model: PhotoClassifier, data: Data, config: Config, in_time: Callable[[], bool]) -> float:
    """The tutorial's loop, as far as the time goes; returns how many of its 25 epochs that was."""
    train_split, validation = data.splits.train, data.splits.validation
    changes = AugmentationConfig(crop=0.08, flip=True, color=0.0)  # RandomResizedCrop's default, and a flip
    photos = AugmentedPhotos(train_split.columns, changes, len(data.classes), config.seed)
    loader = shuffled_loader(photos, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    best, weights, steps = -1.0, dict[str, Tensor](), 0
    for _ in range(25):
        model.train()
        for batch in loader:
            if not in_time():
                break
            cross_entropy(model(batch["images"]), batch["labels"]).backward()
            optimizer.step()
            optimizer.zero_grad()
            steps += 1
        schedule.step()
        if (score := accuracy(model, validation)) > best:
            best, weights = score, {name: tensor.clone() for name, tensor in model.state_dict().items()}
        if not in_time():
            break
    model.load_state_dict(weights)
    return steps / len(loader)


def crossval(root: Path) -> dict[str, Any]:
    """Scores over folds of the training photos: a regression by size and fit, the default's last layer by rate."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for size, fit in PREPARATIONS:
            config = settings(root, folder, "--data.image_size", str(size), "--data.fit", fit)
            photos, _, model = learned_from(config)
            features, labels = seen(model, photos).numpy(), photos["labels"].numpy()
            scores = [
                float(regression().fit(features[fitted], labels[fitted]).score(features[held], labels[held]))
                for fitted, held in RepeatedStratifiedKFold(**FOLDS).split(features, labels)
            ]
            rows[f"{size} {fit}"] = without_each(scores)
            print(f"{size} {fit}: {rows[f'{size} {fit}']}", flush=True)
        return {"preparation": rows, "rates": rates_over_folds(root, folder)}


def rates_over_folds(root: Path, folder: str) -> dict[str, Any]:
    """The default's head at several rates, over five folds of the training photos."""
    config = settings(root, folder)
    photos, data, model = learned_from(config)
    augmented = AugmentedPhotos(photos.columns, config.augmentation, len(data.classes), config.seed)
    views = [seen(model, photos)]
    views += [
        features_of(model, augmented.in_batches(FORWARD_BATCH, view), len(photos), f"view {view}")
        for view in range(2, config.model.views + 1)
    ]
    labels, rows = photos["labels"], {}
    for rate in RATES:
        scores = []
        once = FOLDS | {"n_repeats": 1}
        for fitted, held in RepeatedStratifiedKFold(**once).split(labels, labels):
            many = torch.cat([view[fitted] for view in views]), labels[fitted].repeat(len(views))
            with tempfile.TemporaryDirectory() as place:
                own = settings(root, place, "--training.learning_rate", str(rate))
                scores.append(head_score(own, data, *many, views[0][held], labels[held]))
        rows[str(rate)] = without_each(scores)
        print(f"rate {rate}: {rows[str(rate)]}", flush=True)
    return rows


def head_score(config: Config, data: Data, *parts: Tensor) -> float:
    """The accuracy on held-out features, at the end, of a head that is trained as the project trains it."""
    features, labels, held, truth = parts
    seed_everything(config.seed)
    model = first_network(config, data)
    model.backbone.requires_grad_(False)
    learned = TensorBatches({"images": features, "labels": labels}, seed=config.seed)
    ordered = ordered_loader(TensorBatches({"images": held, "labels": truth}))
    loaders = Splits(shuffled_loader(learned, config.training.batch_size), ordered, ordered)
    task = Task(
        make_step(classification_loss(labels, len(data.classes), config.training)),
        training_metrics(len(data.classes)),
        monitor="accuracy",
    )
    result = train_network(task, model, loaders, data, config, PROJECT)
    return float(result["history"][-1]["validation/accuracy"])


def learned_from(config: Config) -> tuple[Examples, Data, PhotoClassifier]:
    """All training photos, the validation split among them, and the network that describes them."""
    data = load_data(config)
    return joined([data.splits.train, data.splits.validation]).as_tensors(), data, first_network(config, data)


def first_network(config: Config, data: Data) -> PhotoClassifier:
    """The network of the configuration with its ImageNet weights and a random head."""
    model = make_model(config, data.classes)
    load_first_weights(model, config)
    return model


def seen(model: PhotoClassifier, photos: Examples) -> Tensor:
    """The features of photos as they are, float [N, D]."""
    return features_of(model, in_batches(photos["images"], FORWARD_BATCH), len(photos), "features")


def regression() -> Any:
    """A logistic regression with scikit-learn's defaults."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


@torch.no_grad()
def accuracy(model: PhotoClassifier, photos: Examples) -> float:
    """The share of photos that the network names rightly."""
    model.eval()
    named = torch.cat([model(batch).argmax(1) for batch in in_batches(photos["images"], FORWARD_BATCH)])
    return float((named == photos["labels"]).double().mean())


PARTS = {"crossval": crossval, "ours": ours, "frozen": frozen, "tutorial": tutorial}


def main() -> None:
    """Measure the named parts, or those that the result file lacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of train/ and test/ with class folders")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; those not measured yet if none is given")
    arguments = parser.parse_args()
    for name in arguments.parts or [name for name in PARTS if name not in read_results(RESULT)]:
        found = PARTS[name](arguments.data)
        save_result(RESULT, name, found | {"threads": torch.get_num_threads(), "versions": versions()})
        print(f"{name}: {found}", flush=True)


if __name__ == "__main__":
    run(main)
