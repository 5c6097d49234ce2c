"""Look at the data before training does: what is in it, what is wrong with it, and how rare each class is."""

import time
from dataclasses import replace
from typing import Any

import numpy as np

from shared.data.check import (
    DataCheck,
    Example,
    content_digest,
    copy_warnings,
    inspect_files,
    problem_warnings,
    refused_record,
    samples_by_class,
    size_of,
)
from shared.data.images import list_images, read_image
from shared.data.masks import IGNORE, Images, mask_folders
from shared.errors import UserError
from shared.files import require_writable
from shared.report.check import all_warnings, write_check_report
from shared.report.html import Section
from shared.report.overlays import overlay
from shared.report.plots import sample_grid
from src.config import PROJECT, Config
from src.dataloader import Data, load_data, refusal

RARE_SHARE = 0.02
"""Classes with a smaller share of the training pixels are often not learned without help."""


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would, and say what is in it and what is wrong.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    started = time.perf_counter()
    require_writable(config.output_dir)
    found = DataCheck("images")
    try:
        data = load_data(replace(config, data=replace(config.data, broken="leave_out")))
    except UserError as error:
        return _conclude_refused(config, found, _sentence_of_training(config, error), started)
    found.problems = data.problems
    if data.problems and config.data.broken == "refuse":
        found.refusal = refusal(config.data.root, data.problems)
    found.examples = _examples(data)
    shares = _pixel_shares(data)
    found.warnings = all_warnings(found) + _rare_warnings(shares)
    return write_check_report(
        found,
        config.output_dir,
        project=PROJECT.name,
        seed=config.seed,
        record=data.as_dict(),
        grid=_grid(data, found.examples, config.seed),
        sections=[_share_section(shares)],
        seconds=time.perf_counter() - started,
        pixel_shares=shares,
    )


def _sentence_of_training(config: Config, without_broken: UserError) -> str:
    """Why training refuses: where it takes no broken files, that comes before what is left without them."""
    if config.data.broken == "refuse":
        try:
            load_data(config)
        except UserError as error:
            return str(error)
    return str(without_broken)


def _conclude_refused(config: Config, found: DataCheck, sentence: str, started: float) -> dict[str, Any]:
    """Go on with the images alone, whose masks cannot be understood or that cannot be cut into splits."""
    found.refusal = sentence
    root = config.data.root
    folders = {split or "whole": images for split, (images, _) in mask_folders(root).items()}
    files = {
        path: Example(path.relative_to(root).as_posix(), split, ("images",), "", {})
        for split, images in folders.items()
        for path in list_images(images)
    }
    found.examples = inspect_files(files, found.problems)
    found.warnings = [*problem_warnings(found.problems), *copy_warnings(found)]
    samples = samples_by_class(found.examples, config.seed)
    grid = {name: [np.asarray(read_image(root / one.name)) for one in chosen] for name, chosen in samples.items()}
    return write_check_report(
        found,
        config.output_dir,
        project=PROJECT.name,
        seed=config.seed,
        record=refused_record(config.data.source),
        grid=sample_grid(grid) if grid else None,
        seconds=time.perf_counter() - started,
    )


def _examples(data: Data) -> list[Example]:
    examples = []
    for split, images in vars(data.splits).items():
        for name, image, mask in zip(images.names, images.images, images.masks, strict=True):
            classes = tuple(data.classes[index] for index in np.unique(mask) if index != IGNORE)
            size = size_of((image.shape[1], image.shape[0]))
            examples.append(Example(name, split, classes, content_digest(image), size))
    return examples


def _pixel_shares(data: Data) -> dict[str, dict[str, float]]:
    """By split, the share of each class in the pixels that are not ignored."""
    return {split: _shares(images, data.classes) for split, images in vars(data.splits).items()}


def _shares(images: Images, classes: list[str]) -> dict[str, float]:
    pixels = sum(np.bincount(mask.ravel(), minlength=IGNORE + 1) for mask in images.masks)[: len(classes)]
    return {name: float(share) for name, share in zip(classes, pixels / max(pixels.sum(), 1), strict=True)}


def _rare_warnings(shares: dict[str, dict[str, float]]) -> list[str]:
    rare = [f"{name} {share:.2%}" for name, share in shares["train"].items() if share < RARE_SHARE]
    if not rare:
        return []
    return [
        f"classes with less than {RARE_SHARE:.0%} of the training pixels: {len(rare)} ({', '.join(rare)}); "
        "try --training.class_weights sqrt and --data.rare_crops 0.5."
    ]


def _share_section(shares: dict[str, dict[str, float]]) -> Section:
    rows = [[name, *(f"{shares[split][name]:.2%}" for split in shares)] for name in shares["train"]]
    return Section("Share of the pixels", header=["class", *shares], rows=rows)


def _grid(data: Data, examples: list[Example], seed: int) -> bytes:
    """Images in which each class occurs, under the colors of their masks."""
    images = {
        (split, name): (image, mask)
        for split, held in vars(data.splits).items()
        for name, image, mask in zip(held.names, held.images, held.masks, strict=True)
    }
    samples = samples_by_class(examples, seed)
    return sample_grid(
        {
            name: [overlay(*images[one.split, one.name], len(data.classes)) for one in chosen]
            for name, chosen in samples.items()
        },
        side=120,
    )
