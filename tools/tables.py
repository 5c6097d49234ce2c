"""Write the tables of the READMEs from the result files, so that no figure is typed by hand: python tools/tables.py."""

import argparse
import json
import re
import sys
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from shared.files import write_text  # noqa: E402 - needs the path above

RESULTS = REPOSITORY / "tools" / "results"
RUNGS = ("ngrams", "lstm", "transformer", "frozen", "lora", "full")  # of the text project, the dearest last
SPEEDS = {"pytorch": "PyTorch", "fp32": "fp32", "int8_static": "static int8", "int8_dynamic": "dynamic int8"}


def mnist_speed(result: dict[str, Any]) -> str:
    """Our training speed and that of the tutorial loop."""
    summary, seeds = result["summary"], len(result["ours"])
    network = f"ours ({number_of_runs(result['ours'])})"
    ours = f"{summary['ours_seconds_to_goal']:.1f}" if summary["ours_seconds_to_goal"] else "not reached"
    rows = [
        ["", "seconds an epoch", f"training seconds to {result['goal']:.1%} validation accuracy", "speedup of ours"],
        ["---"] * 4,
        [network, f"{epoch_seconds(result):.1f}", ours, ""],
    ]
    for name in ("shuffled", "unshuffled"):
        reached = summary.get(f"tutorial_{name}_seconds_to_goal")
        times = summary.get(f"times_faster_than_tutorial_{name}")
        rows.append(
            [
                f"tutorial loop, {name} ({number_of_runs(result['tutorial'][name])})",
                f"{summary[f'tutorial_{name}_seconds_an_epoch']:.1f}",
                f"{reached:.0f}" if reached else "not reached",
                f"{times:.0f} times" if times else "",
            ]
        )
    share = summary["whole_run_in_epochs_of_tutorial_shuffled"]
    after = (
        f"A whole run of ours: {summary['ours_seconds_of_a_whole_run']:.0f} s of training "
        f"({share:.2f} epochs of the tutorial loop), test accuracy {summary['ours_test_accuracy_mean']:.2%} "
        f"± {summary['ours_test_accuracy_deviation']:.2%} over {seeds} seeds; {threads_of(result)}, "
        f"torch {result['versions']['torch']}."
    )
    return table(rows) + "\n\n" + after


def number_of_runs(rows: list[dict[str, Any]]) -> str:
    """How many runs a median is taken over, and how many of them never reached the goal."""
    missed = sum(row["seconds_to_goal"] is None for row in rows)
    runs = f"median of {len(rows)} seeds" if len(rows) > 1 else "one run"
    return f"{runs}, {missed} of which never reached it" if missed else runs


def samples(result: dict[str, Any]) -> str:
    """Each project on its built-in sample."""
    rows = [["project", "score", "validation", "test", "best baseline, test", "a whole run"], ["---"] * 6]
    for name, found in result.items():
        best = max(found["baselines"], key=found["baselines"].__getitem__)
        took = f"{found['seconds']:.0f} s" if found["seconds"] < 100 else f"{found['seconds'] / 60:.0f} min"
        baseline = f"{found['baselines'][best]:.3f} ({best})"
        rows.append([name, found["score"], f"{found['validation']:.3f}", f"{found['test']:.3f}", baseline, took])
    first = next(iter(result.values()))
    after = (
        f"One run each, seed {first['seed']}, {threads_of(*result.values())} on a machine that also ran other work, "
        f"so that times are upper bounds; torch {first['versions']['torch']}. The best baseline here is the one with "
        "the highest test score; a run compares with the best by validation. `make bench-samples` repeats this."
    )
    return table(rows) + "\n\n" + after


def threads_of(*measured: dict[str, Any]) -> str:
    """The number of threads of these measurements."""
    numbers = sorted({found["threads"] for found in measured})
    return f"{' or '.join(map(str, numbers))} CPU thread{'s'[: numbers != [1]]}"


def setup(result: dict[str, Any]) -> str:
    """From a fresh clone to digits learned, by way to install."""
    rows = [["from a fresh clone to digits learned", "empty cache", "of pip", "warm cache", "of pip", "on disk"]]
    rows.append(["---"] * 6)
    pip = next(iter(result["ways"].values()))
    for way, found in result["ways"].items():
        cells = [way]
        for cache in ("empty", "warm"):
            cells += [f"{found[cache]['seconds']:.0f} s", f"{found[cache]['seconds'] / pip[cache]['seconds']:.2f}"]
        rows.append([*cells, f"{found['empty']['bytes'] / 1e9:.1f} GB"])
    builds = ", ".join(dict.fromkeys(found["empty"]["torch"] for found in result["ways"].values()))
    return table(rows) + (
        f"\n\nOne run each, {result['threads']} cores, packages from a folder on the same disk, so that nothing is "
        f"downloaded and pip keeps no cache. On disk: the folder `.venv`. torch {builds}. All that a server of digits "
        f"needs, Python included, takes {result['server_bytes'] / 1e6:.0f} MB."
    )


def sample_run(result: dict[str, Any]) -> str:
    """What the MNIST project prints at the end of a run on its sample."""
    return "\n".join(["```", *result["mnist_classifier"]["prints"], "```"])


def ratio(rounds: list[dict[str, Any]], first: str, second: str) -> str:
    """How many times as many images a second of processor time the first does, in the middle round."""
    name = "images_per_processor_second"
    return f"{median(one[first][name] / one[second][name] for one in rounds):.2f}"


def data(result: dict[str, Any]) -> str:
    """What data of any size costs: starts, memory, and images a second beside torchvision."""
    small, large, digits = result["small"], result["large"], result["digits"]
    rows = [["files", "what", "seconds", "images a second", "peak memory"], ["---"] * 5]

    def row(files: str, what: str, found: dict[str, Any], each: list[dict[str, Any]] | None = None) -> None:
        rates = [one["images_per_processor_second"] for one in each or [found] if "images" in one]
        rate = f"{median(rates):,.0f}" if rates else ""
        seconds = f"{found['processor_seconds']:.2g}" if "processor_seconds" in found else ""
        peak = max(one["peak_bytes"] for one in each or [found]) / 1e9
        rows.append([files, what, seconds, rate, f"{peak:.2f} GB"])

    row("MNIST", "a start", digits["start"])
    files = f"{small['images']:,} JPEG, 64x64"
    row(files, "decoded in memory, at each start", small["in_memory"])
    row(files, "first start: prepared on the disk", small["first_start"])
    row(files, "each later start", small["second_start"])
    if texts := result.get("texts"):
        files = f"{texts['texts']:,} texts in a table"
        row(files, "first start: read and tokenized once", texts["first_start"])
        row(files, "each later start", texts["second_start"])
    title, rounds = "`predict`, from files to the table", result["predict"]["rounds"]
    for each in ([result["predict"]["tenth"]], [one["predict_files"] for one in rounds]):
        row(f"{each[0]['images']:,} JPEG, 256x256", title, {}, each)
    row("as many arrays", "the exported network alone", {}, [one["bare_network"] for one in rounds])
    files = f"{large['images']:,} JPEG, 256x256"
    row(files, "first start: prepared on the disk", large["prepare_on_disk"])
    row(files, "first start with `none`: each is looked at", large["look_at_each"])
    row(files, "the same from shards", large["look_at_each_in_shards"])
    titles = {
        "disk": "prepared on the disk",
        "none": "decoded on demand",
        "shards": "decoded on demand from shards",
        "image_folder": "torchvision's ImageFolder",
    }
    for name, title in titles.items():
        each = [one[name] for one in large["rounds"]]
        row(files, f"{each[0]['images']:,} images of an epoch, {title}", {}, each)
    about, limit = result["about"], large["rounds"][0]["none"]["limit_bytes"]
    bound = f"below a hard limit of {limit / 1e9:g} GB" if limit else "without a limit"
    after = (
        f"Seconds are processor time of all processes, without imports: the machine also ran other work. "
        f"{about['cores']} cores, {threads_of(about)}, as many workers; epochs of a small network on 64x64; medians of "
        f"{len(large['rounds'])} rounds in turns, {bound}. Peak memory is that of all processes (PSS), imports "
        f"and the pages of mapped files included, which the system drops where it needs memory. In each round, "
        f"decoding on demand does {ratio(large['rounds'], 'none', 'image_folder')} of ImageFolder's images, shards "
        f"{ratio(large['rounds'], 'shards', 'none')} of the folder's, and `predict` "
        f"{ratio(rounds, 'predict_files', 'bare_network')} of the network's alone. Steps a second of MNIST from the "
        f"disk are {digits['speed']['disk_to_memory']:.2f} of those from memory. torch {about['versions']['torch']}."
    )
    return table(rows) + "\n\n" + after


def time_on_the_road(name: str) -> str:
    """How long a notebook computes and, about, how long one reads it."""
    found = json.loads((RESULTS / "notebooks.json").read_text()).get(name)
    if not found:
        return "not measured"
    return f"{found['seconds']:.0f} s, {found['minutes_of_reading']} min"


def mnist_choices(result: dict[str, Any]) -> str:
    """What each choice of layout and precision costs."""
    times = result["step_milliseconds"]
    rows = [["one training step", "milliseconds (median of 40)"], ["---", "---"]]
    return table(rows + [[name, f"{value:.1f}"] for name, value in times.items()])


def loops(result: dict[str, Any]) -> str:
    """The speed of our loop and of other frameworks, relative to a bare loop."""
    names = list(result["cases"][0]["of_the_bare_loop"])
    rows = [["network", *names], ["---"] * (len(names) + 1)]
    for case in result["cases"]:
        shares = case["of_the_bare_loop"]
        label = f"{case['network']}, batches of {case['batch_size']}"
        rows.append([label, *(f"{shares[name]:.3f}" for name in names)])
    runs = len(result["cases"][0]["of_the_bare_loop_by_run"][names[0]])
    packages = ", ".join(f"{name} {result['versions'][name]}" for name in ("torch", "lightning", "transformers"))
    after = f"Medians over {runs} runs; {threads_of(result)}, {packages}, "
    return table(rows) + "\n\n" + after + f"ignite {result['versions']['pytorch-ignite']}."


def serving(result: dict[str, Any], asked: str) -> str:
    """The speed of our server and of others."""
    rows = [["server", "requests a second", "of plain FastAPI", "p50", "p95", "p99", "errors"], ["---"] * 7]
    for name, found in result["servers"].items():
        times = [f"{found[f'{percentile}_ms']:.1f} ms" for percentile in ("p50", "p95", "p99")]
        rate, ratio = f"{found['requests_a_second']:.0f}", f"{found['of_plain_fastapi']:.2f}"
        rows.append([name, rate, ratio, *times, str(found["errors"])])
    packages = ", ".join(f"{name} {result['versions'][name]}" for name in ("fastapi", "uvicorn", "litserve", "bentoml"))
    after = (
        f"{result['clients']} clients, one {asked} a request, {result['cores']} CPU cores; medians of "
        f"{result['rounds']} turns of {result['seconds_a_turn']:.0f} s each; {packages}."
    )
    return table(rows) + "\n\n" + after


def hostile(result: dict[str, Any]) -> str:
    """How the server responds to hostile requests, and its memory."""
    found, soak = result["hostile"], result["soak"]
    rows = [["hostile requests", "responses", "slowest", "memory before and after"], ["---"] * 4]
    statuses = ", ".join(f"{count:,} of {status}" for status, count in found["statuses"].items())
    memory = f"{found['megabytes_before']:.0f} and {found['megabytes_after']:.0f} MB"
    rows.append([f"{found['cases']:,}", statuses, f"{found['slowest_seconds']:.2f} s", memory])
    asked = sum(soak["statuses"].values())
    after = (
        f"Then {asked:,} valid requests of {soak['clients']} clients in {soak['seconds']:.0f} s: memory between "
        f"{min(soak['megabytes']):.0f} and {max(soak['megabytes']):.0f} MB, {soak['megabytes'][-1]:.0f} MB at the end."
    )
    return table(rows) + "\n\n" + after


def segmentation_scores(result: dict[str, Any]) -> str:
    """Overlap on the test split of each data set, with the baselines and the library's own recipe."""
    rows = [
        ["data", "images", "training", "mean IoU, pooled", "mean IoU, per image", "boundary F", "pixel classifier"],
        ["---"] * 7,
    ]
    for name, found in result.items():
        ours = found["ours"]
        counts = found["data"]["counts"]
        rows.append(
            [
                name,
                f"{counts['train']} / {counts['validation']} / {counts['test']}",
                f"{ours['epochs']} epochs, {ours['training_seconds']:.0f} s",
                f"**{ours['test']['pooled']['mean_iou']:.3f}**",
                f"{ours['test']['per_image']['mean_iou']:.3f}",
                f"{ours['test']['boundary']['mean_f']:.3f}",
                f"{ours['baseline']['pixel features']['pooled']['mean_iou']:.3f}",
            ]
        )
    return table(rows) + "\n\n" + segmentation_notes(result)


def segmentation_notes(result: dict[str, Any]) -> str:
    """IoU by class, and how the scores were measured."""
    notes = []
    for name, found in result.items():
        iou = found["ours"]["test"]["pooled"]["iou"]
        classes = ", ".join(f"{label} {value:.3f}" for label, value in iou.items() if value is not None)
        notes.append(f"- {name}, pooled IoU by class: {classes}.")
        if "peer" in found:
            peer = found["peer"]
            overlap = peer["test"]["pooled"]["mean_iou"]
            notes.append(
                f"- {name}, the library's own recipe, {peer['epochs']} epochs in {peer['training_seconds']:.0f} s "
                f"(ours would have taken as long at that time): mean IoU {overlap:.3f} pooled."
            )
    seeds = ", ".join(f"{found['ours']['seed']} for {name}" for name, found in result.items())
    first = next(iter(result.values()))
    notes.append(f"- One seed each ({seeds}), {threads_of(*result.values())}, torch {first['versions']['torch']}.")
    return "\n".join(notes)


def segmentation_speed(result: dict[str, Any]) -> str:
    """Images a second, one at a time, and what the precision costs."""
    rows = [["data", "input", *SPEEDS.values(), "static int8 costs", "written"], ["---"] * 8]
    for name, found in result.items():
        export = found["ours"]["export"]
        _, _, height, width = export["input"]
        speeds = [f"{export[kind]['per_second']:.1f}" if kind in export else "" for kind in SPEEDS]
        score = export["int8_static"]["mean_iou"]
        cost = "" if score is None else f"{100 * (export['fp32']['mean_iou'] - score):.2f} points"
        rows.append([name, f"{width}x{height}", *speeds, cost, export["precision"].replace("_", " ")])
    loaders = ", ".join(
        f"{1000 * loader['prepare_seconds']:.0f} and {1000 * loader['train_seconds']:.0f} ms on {name}"
        for name, loader in ((name, found["loader"]) for name, found in result.items())
    )
    return table(rows) + f"\n\nTime to prepare a batch and to train on it (without the update): {loaders}."


def face_scores(result: dict[str, Any]) -> str:
    """The protocol of LFW: dlib's network on all folds, what was trained from scratch on the last one."""
    rows = [
        ["embedder", "learned from", "measured on", "accuracy", "equal error rate", "accepted at 1 % false"],
        ["---"] * 6,
    ]
    if "lfw" in result:
        folds, scores = result["lfw"]["folds"], result["lfw"]["folds"]["all"]
        accuracy = f"**{folds['accuracy']:.2%}** ± {folds['deviation']:.2%}"
        rows.append(face_row("dlib_resnet", "none of these people", f"{len(folds['folds'])} folds", accuracy, scores))
    if "small" in result:
        small = result["small"]
        people = f"{small['data']['people']['train']:,} people of the other folds"
        named = {"small": small["metrics"]} | small["baseline"]
        for name, metrics in named.items():
            low, high = metrics["test"]["accuracy_interval"]
            accuracy = f"{metrics['test']['accuracy']:.2%} ({low:.2%} to {high:.2%})"
            rows.append(face_row(name, people, "last fold", accuracy, metrics["test"]))
    return table(rows) + "\n\n" + face_notes(result)


def face_row(name: str, learned: str, measured: str, accuracy: str, scores: dict[str, Any]) -> list[str]:
    """One embedder's scores."""
    return [name, learned, measured, accuracy, f"{scores['eer']:.2%}", f"{scores['tar_at_far']['0.01']:.2%}"]


def face_notes(result: dict[str, Any]) -> str:
    """How the scores were measured."""
    notes = []
    if "lfw" in result:
        lfw = result["lfw"]
        every = lfw["folds"]["all"]
        notes.append(
            f"- dlib_resnet: {lfw['data']['alignment']}; mean over {lfw['views']} views; every threshold from the "
            f"other folds; {every['failed']} of {every['pairs']:,} pairs without a face, counted as errors."
        )
    if "small" in result:
        small = result["small"]
        notes.append(
            f"- small: {small['parameters']:,} parameters, {small['epochs']} epochs in "
            f"{small['training_seconds']:.0f} s, no other data."
        )
    first = next(iter(result.values()))
    notes.append(
        "- ± is the standard deviation of the folds, intervals are Wilson's of 95 %. "
        f"Seed 0, {threads_of(first)}, torch {first['versions']['torch']}."
    )
    return "\n".join(notes)


def face_speed(result: dict[str, Any]) -> str:
    """From images to embeddings, compared with facenet-pytorch, and searches in a large gallery."""
    rows = [["pipeline", "images a second", "faces found in"], ["---"] * 3]
    parts = []
    if "speed" in result:
        speed = result["speed"]
        for name, rate in speed["images_a_second"].items():
            rows.append([name, f"{rate:.1f}", f"{speed['found_in'][name]} of {speed['images']}"])
        parts.append(
            table(rows) + f"\n\nFrom file to embedding (one view), the quickest of three rounds each: "
            f"{speed['times_as_fast']:.1f} times as fast."
        )
    return "\n\n".join(parts)


def face_promise(result: dict[str, Any]) -> str:
    """How often a calibration on a few people kept its promise."""
    found = result["promise"]
    kept = ", ".join(f"{share:.1%} with {count} people" for count, share in found["kept"].items())
    promised = found["promised"]
    return (
        f"A test on the {found['people']:,} people above: {found['draws']} calibrations on people drawn from them, "
        f"each promising at most {promised['share']:.0%} false accepts with {promised['confidence']:.0%} confidence. "
        f"The promise held on all pairs for this share of the calibrations: {kept}."
    )


def text_ladder(result: dict[str, Any]) -> str:
    """Every model's scores on the test split of each data set, and its cost."""
    head = ["data", "model", "accuracy", "macro-F1", "ECE", "ms a text", "MB", "training seconds", "threads"]
    rows = [head, ["---"] * len(head)]
    for name, found in result.items():
        for model, row in by_rung(found["models"]):
            test, cost = row["test"], row["cost"]
            rows.append(
                [
                    name,
                    model,
                    f"{test['accuracy']:.4f}",
                    f"{test['macro-F1']:.4f}",
                    f"{test['ECE']:.3f}",
                    f"{cost['ms a text']:.1f}",
                    f"{cost['MB']:.1f}",
                    f"{cost['training seconds']:.0f}",
                    str(row["threads"]),
                ]
            )
    first = next(iter(result.values()))
    counts = "; ".join(
        f"{name} {' / '.join(map(str, found['data']['counts'].values()))}" for name, found in result.items()
    )
    after = (
        f"Texts in train / validation / test: {counts}. One seed ({first['seed']}), torch "
        f"{first['versions']['torch']}. The machine also ran other work, so that times are upper bounds."
    )
    return table(rows) + "\n\n" + after + by_seed(result)


def by_seed(result: dict[str, Any]) -> str:
    """The scores of models that were trained with several seeds."""
    notes = ""
    for name, found in result.items():
        for model, row in found["models"].items():
            if "accuracy_by_seed" in row:
                each = row["accuracy_by_seed"]
                scores = ", ".join(f"{score:.4f}" for score in each.values())
                notes += f" {model} on {name} with seeds {', '.join(each)}: {scores}, mean {mean(each.values()):.4f}."
    return notes


def by_rung(models: dict[str, Any]) -> list[tuple[str, Any]]:
    """The classical models, then the networks from the cheapest to the dearest."""
    return sorted(models.items(), key=lambda item: RUNGS.index(item[0]) if item[0] in RUNGS else -1)


def audio(result: dict[str, Any]) -> str:
    """Accuracy on speakers outside the training split, and speed."""
    folds, commands, speed = result["fsdd"]["folds"], result["commands"], result["speed"]
    rows = [["data", "test", "clips in train / validation / test", "accuracy", "MFCC statistics"], ["---"] * 5]
    for speaker, fold in folds.items():
        rows.append(["FSDD", speaker, splits_of(fold), f"{fold['accuracy']:.3f}", f"{best_baseline(fold):.3f}"])
    rows.append(["FSDD", "mean of the four", "", f"**{result['fsdd']['mean']:.3f}**", ""])
    low, high = commands["interval"]
    score = f"{commands['accuracy']:.3f} ({low:.3f} to {high:.3f})"
    rows.append(
        [
            "Speech Commands, part of its test set",
            "other speakers",
            splits_of(commands),
            score,
            f"{best_baseline(commands):.3f}",
        ]
    )
    seconds = ", ".join(f"{fold['training_seconds']:.0f}" for fold in folds.values())
    rates = speed["times_real_time"]
    paces = [fold["training_times_real_time"] for fold in folds.values()]
    first = next(iter(folds.values()))
    after = (
        f"Seed {first['seed']}, {threads_of(result['fsdd'])} on a machine that also ran other work, "
        f"torch {result['fsdd']['versions']['torch']}. Training took {seconds} seconds, "
        f"{min(paces):.0f} to {max(paces):.0f} times faster than real time. One clip at a time, PyTorch is "
        f"{rates['pytorch']:.0f} and the exported network in fp32 {rates['fp32']:.0f} times faster than real time. In "
        "brackets: 95 % interval (Wilson). The baseline is the better one of those in the report."
    )
    return table(rows) + "\n\n" + after


def splits_of(found: dict[str, Any]) -> str:
    """How many examples each split has."""
    return " / ".join(f"{found['counts'][split]}" for split in ("train", "validation", "test"))


def best_baseline(found: dict[str, Any]) -> float:
    """The score of the better classical model."""
    return max(found["baselines"].values())


LADDER = {
    "color histograms": "color histograms, SVM",
    "gradients (HOG)": "gradients (HOG), SVM",
    "frozen": "frozen features and logistic regression",
    "default": "**default settings: a new last layer**",
    "whole network": "the whole network, the pretrained part at a tenth of the rate and after an epoch",
    "from scratch": "the whole network from random weights",
}
PEERS = {
    "tutorial": "PyTorch's tutorial, stopped after as many seconds as the default settings",
    "fastai": "fastai's `fine_tune(4)`, stopped likewise",
    "fastai, whole": "fastai's `fine_tune(4)`, to its end",
}


def photo(result: dict[str, Any]) -> str:
    """The ladder of the photo project and its peers: scores, time before the evaluation, and cost of a prediction."""
    head = ["way", "accuracy", "macro-F1", "ECE", "seconds before evaluation", "ms a photo", "MB", "seeds"]
    rows = [head, ["---"] * len(head)]
    for titles, found in ((LADDER, result["ladder"]), (PEERS, result.get("peers", {}))):
        for name, title in titles.items():
            if name in found:
                row = found[name]
                score, error, seconds = row["accuracy"], row.get("calibration_error"), row["seconds"]["mean"]
                rows.append(
                    [
                        title,
                        f"{score['mean']:.4f} ± {score['deviation']:.4f}",
                        f"{row['macro_f1']['mean']:.4f}",
                        f"{error['mean']:.3f}" if error else "",
                        f"{seconds:.0f}",
                        f"{row['milliseconds']:.1f}" if "milliseconds" in row else "",
                        f"{row['megabytes']:.1f}" if "megabytes" in row else "",
                        str(len(score["each"])),
                    ]
                )
    return table(rows) + "\n\n" + photo_notes(result)


def photo_notes(result: dict[str, Any]) -> str:
    """How the scores were measured, and what few photos and folds of the training photos say."""
    ours, speeds = result["ladder"]["default"], result["ladder"]["default"]["speeds"]
    notes = [
        f"- Photos in train / validation / test: {splits_of(ours)}; each seed cuts its own validation split off the "
        "training photos, and nothing is chosen on the test photos. ± is the standard deviation of the seeds.",
        "- Seconds and milliseconds are the processor's, those of all threads together, as the machine also ran other "
        "work: seconds from the files to the saved weights, milliseconds of one photo in the quickest of 30 runs, for "
        "networks that are trained with the exported file. The "
        f"exported network ({ours['precision'].replace('_', ' ')}) takes {speeds['exported']:.0f} ms, and "
        f"{speeds['pytorch']:.0f} ms in PyTorch. torch {result['versions']['torch']}.",
    ]
    if "peers" in result:
        epochs = {name: found["epochs"]["mean"] for name, found in result["peers"].items()}
        reached = ", ".join(
            f"{PEERS[name].split(',')[0]} {value:.1f}" for name, value in epochs.items() if name in PEERS
        )
        notes.append(f"- Peers start from the same first weights. Epochs that they reached: {reached}.")
    if "few" in result:
        scores = ", ".join(f"{name} {spread(row)}" for name, row in result["few"].items())
        draws = len(next(iter(result["few"].values()))["each"])
        notes.append(f"- 20 training photos of each class, {draws} draws: {scores}.")
    if "crossval" in result:
        notes.append(
            "- What the defaults rest on are folds of the training photos alone (± is the standard deviation of the "
            "folds): a logistic regression, five times five folds, then runs of the project, five folds."
        )
        found = result["crossval"].items()
        rows = [["network, size and fit, or setting", "accuracy"], ["---"] * 2]
        notes += ["", table([*rows, *([name, spread(row)] for name, row in found)])]
    return "\n".join(notes)


def spread(row: dict[str, Any]) -> str:
    """A mean with its deviation."""
    return f"{row['mean']:.4f} ± {row['deviation']:.4f}"


def labels(result: dict[str, Any]) -> str:
    """Scores of several labels a photo over seeds, with chosen thresholds and with one half for every label."""
    runs = {"default settings": [run["network"] for run in result["none"].values()]}
    runs["`--training.class_weights sqrt`"] = [run["network"] for run in result.get("sqrt", {}).values()]
    for name in next(iter(result["none"].values()))["classical"]:
        runs[f"{name}, SVM for each label"] = [run["classical"][name] for run in result["none"].values()]
    names = ("macro_f1", "macro_f1_at_half")
    columns = [(split, name) for split in ("validation", "test") for name in names] + [
        ("test", "mean_average_precision")
    ]
    head = ["model", *(f"{split} macro-F1{end}" for split in ("validation", "test") for end in ("", ", at one half"))]
    rows = [[*head, "test mean average precision", "seeds"], ["---"] * 7]
    for title, each in runs.items():
        if each:
            cells = [[run[split][name] for run in each] for split, name in columns]
            shown = [f"{mean(values):.4f}" for values in cells]
            deviation = f" ± {stdev(cells[2]):.4f}" if len(each) > 1 else ""
            rows.append([title, *shown[:2], shown[2] + deviation, *shown[3:], str(len(each))])
    first = next(iter(result["none"].values()))
    note = (
        f"- Pairs in train / validation / test: {splits_of(first)}, with {len(first['network']['thresholds'])} labels; "
        "each seed draws its own. ± is the standard deviation of the seeds. torch "
        f"{result['measured']['versions']['torch']}."
    )
    return table(rows) + "\n\n" + note


def text_export(result: dict[str, Any]) -> str:
    """Texts a second, one at a time, by PyTorch and by onnxruntime."""
    rows = [["data", "model", *SPEEDS.values(), "written"], ["---"] * 7]
    for name, found in result.items():
        for model, row in by_rung(found["models"]):
            if "texts_per_second" in row:
                found = row["texts_per_second"]
                speeds = [f"{found[kind]:.0f}" if kind in found else "" for kind in SPEEDS]
                rows.append([name, model, *speeds, row["precision"].replace("_", " ")])
    return table(rows)


def text_training(result: dict[str, Any]) -> str:
    """The speed of our fine-tuning and of the Hugging Face Trainer."""
    rows = [["training loop", "texts a second", "times the Trainer", "in single rounds"], ["---"] * 4]
    for name, ratio in result["times_the_trainer"].items():
        rounds = result["by_round"][name]
        spread = "" if name == "Trainer" else f"{min(rounds):.2f} to {max(rounds):.2f}"
        rows.append([name, f"{result['texts_per_second'][name]:.1f}", f"{ratio:.2f}", spread])
    after = (
        f"{result['data']['counts']['train']} texts ({result['data']['description']}), batches of "
        f"{result['batch_size']}, in turns, {len(result['by_round']['Trainer'])} rounds with a seed each, "
        f"{threads_of(result)}, torch {result['versions']['torch']}."
    )
    return table(rows) + "\n\n" + after


def epoch_seconds(result: dict[str, Any]) -> float:
    """Our median seconds an epoch."""
    each = sorted(row["seconds"] / row["epochs"] for row in result["ours"])
    return float(each[len(each) // 2])


def table(rows: list[list[str]]) -> str:
    """Rows as a Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


TABLES = {
    "data": ("data.json", data),
    "face_scores": ("face.json", face_scores),
    "face_promise": ("face.json", face_promise),
    "face_speed": ("face.json", face_speed),
    "loops": ("loops.json", loops),
    "mnist_speed": ("mnist_speed.json", mnist_speed),
    "mnist_choices": ("mnist_speed.json", mnist_choices),
    "samples": ("samples.json", samples),
    "sample_run": ("samples.json", sample_run),
    "setup": ("setup.json", setup),
    "serving_digits": ("serving.json", lambda result: serving(result["digits"], "image")),
    "serving_texts": ("serving.json", lambda result: serving(result["texts"], "text of up to 40 words")),
    "hostile": ("hostile.json", hostile),
    "segmentation_scores": ("segmentation.json", segmentation_scores),
    "text_ladder": ("text.json", text_ladder),
    "text_training": ("text_training.json", text_training),
    "text_export": ("text.json", text_export),
    "audio": ("audio.json", audio),
    "photo": ("photo.json", photo),
    "labels": ("labels.json", labels),
    "segmentation_speed": ("segmentation.json", segmentation_speed),
}


def filled(text: str) -> str:
    """The text with each `<!-- table: name -->` and `<!-- time: name -->` written anew from its result file."""

    def block(found: re.Match[str]) -> str:
        file, render = TABLES[found[1]]
        content = render(json.loads((RESULTS / file).read_text()))
        return f"<!-- table: {found[1]} -->\n{content}\n<!-- end -->"

    text = re.sub(
        r"(<!-- time: (\w+) -->).*?<!-- end -->", lambda time: f"{time[1]}{time_on_the_road(time[2])}<!-- end -->", text
    )
    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", block, text, flags=re.DOTALL)


def pages() -> list[Path]:
    """Every page."""
    top = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [*top, *sorted(REPOSITORY.glob("docs/**/*.md")), *sorted(REPOSITORY.glob("projects/*/README.md"))]


def main() -> None:
    """Fill in every page, or none where a table cannot be made."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for page, text in [(page, filled(page.read_text())) for page in pages()]:
        write_text(page, text)


if __name__ == "__main__":
    main()
