"""Measure the face project on a folder in the layout of Labeled Faces in the Wild; one part per call, or all of them.

`lfw`: dlib's network by the protocol, every fold at the threshold of the others. `small`: the small network, trained
from scratch on the people of all folds but the last, measured on the last; with eigenfaces beside it. `speed`: images
a second, from files to embeddings, beside facenet-pytorch's own pipeline as its pages show it. `gallery`: searches
among 100,000 random embeddings. `promise`: how often thresholds that were calibrated on a few of the people keep what
they promise of all of them.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "face_recognition"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import numpy as np
import torch
from facenet_pytorch import MTCNN, InceptionResnetV1
from PIL import Image
from result_files import read_results, run

from models.model import embed, restore_model
from shared.data.folders import list_files
from shared.files import write_json
from shared.results import versions
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.baseline import baseline
from src.calibrate import accept_threshold, unseen
from src.config import PROJECT, Config, load_config
from src.dataloader import load_data
from src.evaluate import evaluate
from src.export import export
from src.gallery import Gallery
from src.pairs import similarity
from src.recognizer import Recognizer
from src.search import Search
from src.train import train

RESULT = REPOSITORY / "tools" / "results" / "face.json"
SPEED_IMAGES, SPEED_ROUNDS = 32, 3
GALLERY_PHOTOS, GALLERY_QUERIES = 100_000, 200
PROMISE_PEOPLE, PROMISE_DRAWS = (25, 50, 100, 200), 200


def measure_lfw(config: Config) -> dict[str, Any]:
    """Dlib's network as it is, on all folds."""
    train(config)
    found = evaluate(config)
    return kept(found) | {"folds": found["folds"], "first_weights": found["first_weights"], "views": found["views"]}


def measure_small(config: Config) -> dict[str, Any]:
    """The small network from scratch, on the people of all folds but the last."""
    config = replace(config, model=replace(config.model, name="small"))
    trained, found, baselines = train(config), evaluate(config), baseline(config)
    return kept(found) | {
        "training_seconds": trained["seconds"],
        "epochs": len(trained["history"]),
        "best_epoch": trained["best_epoch"],
        "parameters": trained["parameters"],
        "config": {name: trained["config"][name] for name in ("loss", "training")},
        "baseline": baselines["metrics"],
    }


def kept(found: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an evaluation."""
    return {name: found[name] for name in ("seed", "data", "metrics", "seconds")}


def measure_speed(config: Config) -> dict[str, Any]:
    """Images a second of both pipelines on the same images, turn by turn, and in how many each finds a face."""
    config = replace(config, model=replace(config.model, views=1))
    export_dlib(config)
    files = list_files(config.data.root)
    random = np.random.default_rng(config.seed)
    chosen = [files[i] for i in np.sort(random.choice(len(files), SPEED_IMAGES, replace=False))]
    pipelines = {"ours": ours(config), "facenet-pytorch": peer()}
    seconds: dict[str, list[float]] = {name: [] for name in pipelines}
    faces: dict[str, int] = {}
    for pipeline in pipelines.values():
        pipeline(chosen[:8])
    for _ in range(SPEED_ROUNDS):
        for name, pipeline in pipelines.items():
            started = time.perf_counter()
            faces[name] = pipeline(chosen)
            seconds[name].append(time.perf_counter() - started)
    quickest = {name: min(values) for name, values in seconds.items()}  # other work only slows a round down
    return {
        "images": len(chosen),
        "found_in": faces,
        "images_a_second": {name: len(chosen) / value for name, value in quickest.items()},
        "times_as_fast": quickest["facenet-pytorch"] / quickest["ours"],
        "seconds": seconds,
    }


def export_dlib(config: Config) -> None:
    """Export dlib's network, on the sample: only its weights matter here."""
    on_sample = replace(config, data=replace(config.data, source="sample"))
    train(on_sample)
    export(on_sample)


def ours(config: Config) -> Callable[[list[Path]], int]:
    """Our pipeline; it says in how many images it finds a face."""
    recognizer = Recognizer(config)
    return lambda files: sum(bool(photo.faces) for photo in recognizer.photos(files))


def peer() -> Callable[[list[Path]], int]:
    """What facenet-pytorch's pages show: MTCNN and InceptionResnetV1, an image at a time (weights do not matter)."""
    detector, embedder = MTCNN(image_size=160), InceptionResnetV1(pretrained=None).eval()

    @torch.no_grad()
    def run(files: list[Path]) -> int:
        found = 0
        for file in files:
            crop = detector(Image.open(file).convert("RGB"))
            if crop is not None:
                embedder(crop[None])
                found += 1
        return found

    return run


def measure_gallery(config: Config) -> dict[str, Any]:
    """A gallery of random embeddings: what enrolling, opening and searching cost, exactly and approximately."""
    random = np.random.default_rng(config.seed)
    people = unit(random.normal(size=(GALLERY_PHOTOS // 4, 128)))
    rows = unit(people.repeat(4, 0) + 0.05 * random.normal(size=(GALLERY_PHOTOS, 128)))
    asked = unit(people[:GALLERY_QUERIES] + 0.05 * random.normal(size=(GALLERY_QUERIES, 128)))
    names = [f"person {number // 4}" for number in range(GALLERY_PHOTOS)]
    with Gallery(config.gallery.file) as gallery:
        one, enroll_seconds = timed(lambda: gallery.enroll("one", "bench", rows[:1], ["first"]))
        gallery.forget("one")
        gallery.enroll("all", "bench", rows, [str(number) for number in range(GALLERY_PHOTOS)])
        read, read_seconds = timed(lambda: gallery.embeddings("bench"))
    assert one == 1
    assert len(read[0]) == GALLERY_PHOTOS
    searches = {
        "exact": measure_search(names, rows, asked, GALLERY_PHOTOS),
        "approximate": measure_search(names, rows, asked, 1),
    }
    return {
        "photos": GALLERY_PHOTOS,
        "enroll_one_milliseconds": 1000 * enroll_seconds,
        "open_seconds": read_seconds,
        "search": searches,
    }


def measure_search(names: list[str], rows: np.ndarray, asked: np.ndarray, approximate_above: int) -> dict[str, float]:
    """One way to search: its preparation, a search, and how often the right person is the nearest."""
    search, seconds = timed(lambda: Search(names, rows, approximate_above))
    found = [timed(lambda face=face: search.nearest(face, 1)) for face in asked]
    right = sum(matches[0]["name"] == f"person {number}" for number, (matches, _) in enumerate(found))
    return {
        "build_seconds": seconds,
        "median_milliseconds": 1000 * statistics.median(taken for _, taken in found),
        "right": right / len(asked),
    }


def measure_promise(config: Config) -> dict[str, Any]:
    """How often a share of false accepts that was promised after seeing some people is kept among all of them."""
    train(config)
    data = load_data(config)
    model = restore_model(config, load_checkpoint(best_checkpoint(config.output_dir)))
    indices = unseen(data, trained_on_data=False)
    ones = indices[np.unique(data.labels[indices], return_index=True)[1]]
    embeddings = embed(model, data.faces, ones)[ones]
    alike = np.stack([similarity(embedding, embeddings) for embedding in embeddings])
    everybody = alike[np.triu_indices(len(alike), 1)]
    random = np.random.default_rng(config.seed)
    kept = {}
    for count in PROMISE_PEOPLE:
        pairs = np.stack(np.triu_indices(count, 1), 1)
        shares = []
        for _ in range(PROMISE_DRAWS):
            people = random.choice(len(alike), count, replace=False)[pairs]
            threshold = accept_threshold(alike[people[:, 0], people[:, 1]], people, config.decision)
            shares.append(float((everybody > threshold).mean()))
        kept[str(count)] = float(np.mean(np.array(shares) <= config.decision.false_accept))
    promised = {"share": config.decision.false_accept, "confidence": config.decision.confidence}
    return {"people": len(alike), "draws": PROMISE_DRAWS, "promised": promised, "kept": kept}


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length one, float32."""
    scaled: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled.astype(np.float32)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and the seconds it took."""
    started = time.perf_counter()
    return work(), time.perf_counter() - started


PARTS = {
    "lfw": measure_lfw,
    "small": measure_small,
    "speed": measure_speed,
    "gallery": measure_gallery,
    "promise": measure_promise,
}


def main() -> None:
    """Measure, and put what was found into the result file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="people's folders with pairs.txt")
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument(
        "--cache", type=Path, help="a folder for the detector's finds, so that a second call is quicker"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=30, help="of the small network")
    arguments = parser.parse_args()
    result = read_results(RESULT)
    for name in PARTS if arguments.part == "all" else [arguments.part]:
        with tempfile.TemporaryDirectory() as folder:
            result[name] = PARTS[name](placed(arguments, Path(folder)))
        result[name] |= {"threads": torch.get_num_threads(), "versions": versions()}
        write_json(RESULT, result)


def placed(arguments: argparse.Namespace, folder: Path) -> Config:
    """The default configuration on that data, with all that it writes in a folder that goes afterwards."""
    config = load_config(PROJECT / "configs" / "config.yaml", "--seed", str(arguments.seed))
    data = replace(config.data, root=arguments.data, processed=arguments.cache or folder / "processed")
    gallery = replace(config.gallery, file=folder / "gallery.sqlite")
    training = replace(config.training, epochs=arguments.epochs)
    return replace(
        config, data=data, gallery=gallery, training=training, output_dir=folder / "outputs", log_dir=folder / "logs"
    )


if __name__ == "__main__":
    run(main)
