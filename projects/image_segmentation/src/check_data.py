"""Look at the data before training does: what is in it, what is wrong with it, and how rare each class is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.check import (
    Example,
    all_warnings,
    content_digest,
    copy_warnings,
    inspect_files,
    samples_by_class,
    start_check,
)
from shared.data.copies import SAME_IMAGE, near_copy_warnings
from shared.data.examples import Data
from shared.data.folders import list_files
from shared.data.images import read_image, size_of
from shared.data.problems import Problems
from shared.data.skipped import skipped_warnings
from shared.errors import UserError
from shared.report.check import write_check_report
from shared.report.html import Section
from shared.report.overlays import overlay
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.masks.decode import IGNORE
from src.masks.files import Folders, mask_folders, name_of
from src.sources import refusal

RARE_SHARE = 0.02
"""Classes with a smaller share of the training pixels are often not learned without help."""
MANY_IGNORED = 0.2
"""Where a larger share of the pixels is ignored, the masks may not mean what the program takes them for."""


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    check, data = start_check(config, "images", load_what_fits, survey)
    root = config.data.root
    shares = pixel_shares(data) if data else {}
    if data:
        check.examples = list_masks(data)
        if data.problems and config.data.broken == "refuse":
            check.refusal = refusal(root, data.problems)
        check.warnings = all_warnings(check) + rare_warnings(shares["train"]) + mask_warnings(data)
        # Names are unique within a split only.
        pairs = {
            (split, name): (image, mask)
            for split, held in vars(data.splits).items()
            for name, image, mask in zip(held.names, held["images"], held["masks"], strict=True)
        }
    else:
        check.warnings = [*check.problems.sentences(), *copy_warnings(check)]
    check.warnings += skipped_warnings(data and data.record, config.data)
    check.warnings += near_copy_warnings(data, "images", SAME_IMAGE)
    images = {
        name: [
            overlay(*pairs[one.split, one.name], len(data.classes)) if data else np.asarray(read_image(root / one.name))
            for one in chosen
        ]
        for name, chosen in samples_by_class(check.examples, config.seed).items()
    }
    rows = [[name, *(f"{shares[split][name]:.2%}" for split in shares)] for name in shares.get("train", {})]
    if data:
        ignored = data.facts["ignored_pixels"]
        rows.append(["ignored, of all pixels", *(f"{ignored[split]:.2%}" for split in shares)])
    return write_check_report(
        check,
        config,
        PROJECT,
        samples=images,
        side=120,
        sections=[Section("Share of the pixels", header=["class", *shares], rows=rows)] if rows else [],
        pixel_shares=shares,
    )


def load_what_fits(config: Config) -> Data:
    """The data without the files that do not fit, so that everything else can be checked as well.

    Raises:
        UserError: too little is left; it is the sentence of training, which names files that do not fit first.
    """
    try:
        return load_data(replace(config, data=replace(config.data, broken="leave_out")))
    except UserError:
        return load_data(config)


def survey(root: Path, problems: Problems) -> list[Example]:
    """The images alone, where the masks cannot be used or the images cannot be cut into splits."""
    folders = mask_folders(root) or {"train": Folders(root, root)}
    files = {
        path: Example(path.relative_to(root).as_posix(), split if len(folders) > 1 else "whole", ("images",), "", {})
        for split, (images, _, listed) in folders.items()
        for path in list_files(images)
        if listed is None or name_of(path, images) in listed
    }
    return inspect_files(files, problems)


def list_masks(data: Data) -> list[Example]:
    """Every image with the classes that occur in its mask."""
    return [
        Example(
            name,
            split,
            tuple(data.classes[index] for index in np.unique(mask) if index != IGNORE),
            content_digest(image),
            size_of((image.shape[1], image.shape[0])),
        )
        for split, held in vars(data.splits).items()
        for name, image, mask in zip(held.names, held["images"], held["masks"], strict=True)
    ]


def pixel_shares(data: Data) -> dict[str, dict[str, float]]:
    """By split, the share of each class in the pixels that are not ignored."""
    shares = {}
    for split, held in vars(data.splits).items():
        pixels = sum(np.bincount(mask.ravel(), minlength=256) for mask in held["masks"])[: len(data.classes)]
        shares[split] = dict(zip(data.classes, (pixels / max(pixels.sum(), 1)).tolist(), strict=True))
    return shares


def mask_warnings(data: Data) -> list[str]:
    """Sentences about what was decided when masks were read, and about many ignored pixels."""
    many = {split: share for split, share in data.facts["ignored_pixels"].items() if share > MANY_IGNORED}
    shown = ", ".join(f"{share:.0%} of {split}" for split, share in many.items())
    notes = [f"{note}; correct the files if this is wrong." for note in data.facts.get("notes", [])]
    return notes + [f"many pixels are ignored: {shown}; see data.ignore, if they should count."] * bool(many)


def rare_warnings(shares: dict[str, float]) -> list[str]:
    """A sentence about classes with few training pixels, if any."""
    rare = [f"{name} {share:.2%}" for name, share in shares.items() if share < RARE_SHARE]
    if not rare:
        return []
    return [
        f"classes with less than {RARE_SHARE:.0%} of the training pixels: {len(rare)} ({', '.join(rare)}); "
        "try --training.class_weights sqrt and --data.rare_crops 0.5."
    ]
