"""Look at the data before training does: what is in it, what is wrong with it, and how rare each class is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.check import (
    Example,
    all_warnings,
    contents_by_name,
    copy_warnings,
    inspect_files,
    samples_by_class,
    start_check,
)
from shared.data.copies import SAME_IMAGE, near_copy_warnings
from shared.data.examples import Data
from shared.data.folders import list_files
from shared.data.images import read_image, size_of
from shared.data.labels import label_names
from shared.data.problems import Problems
from shared.data.skipped import skipped_warnings
from shared.errors import UserError
from shared.report.check import write_check_report
from shared.report.html import Section
from shared.report.overlays import overlay
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.masks.files import mask_folders
from src.sources import refusal

RARE_SHARE = 0.02  # of the training pixels; classes with less are often not learned without help
MANY_IGNORED = 0.2  # of the pixels; masks with more may not mean what the program takes them for


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    check, data = start_check(config, "images", load_what_fits, survey)
    root, shares, sections = config.data.root, {}, []
    check.warnings = [*check.problems.sentences(), *copy_warnings(check)]
    if data:
        check.examples, shares = list_masks(data), pixel_shares(data)
        if data.problems and config.data.broken == "refuse":
            check.refusal = refusal(root, data.problems)
        check.warnings = all_warnings(check) + mask_warnings(data, shares["train"])
        rows = [[name, *(f"{by_class[name]:.2%}" for by_class in shares.values())] for name in data.classes]
        rows.append(["ignored, of all pixels", *(f"{share:.2%}" for share in data.facts["ignored_pixels"].values())])
        sections = [Section("Share of the pixels", header=["class", *shares], rows=rows)]
    check.warnings += skipped_warnings(data and data.record, config.data)
    check.warnings += near_copy_warnings(data, "thumbnails", SAME_IMAGE)

    contents = [contents_by_name(data, column) for column in ("images", "masks")] if data else []

    def shown(example: Example) -> np.ndarray:
        if data is None:
            return np.asarray(read_image(root / example.name))
        return overlay(*(content(example.name) for content in contents), len(data.classes))

    samples = samples_by_class(check.examples, config.seed)
    images = {name: [*map(shown, chosen)] for name, chosen in samples.items()}
    return write_check_report(check, config, PROJECT, samples=images, side=120, sections=sections, pixel_shares=shares)


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
    folders = [found.images for found in mask_folders(root).values()] or [root]
    files = (path for folder in dict.fromkeys(folders) for path in list_files(folder))
    examples = {path: Example(path.relative_to(root).as_posix(), "whole", ("images",)) for path in files}
    return inspect_files(examples, problems)


def list_masks(data: Data) -> list[Example]:
    """Every image with the classes that occur in its mask."""
    examples = []
    for split, held in vars(data.splits).items():
        classes = label_names(np.asarray(held["pixels"])[:, :-1], data.classes)
        rows = zip(held.names, classes, held["images"].digests, held["sizes"].tolist(), strict=True)
        examples += [Example(name, split, own, digest.hex(), size_of(size[::-1])) for name, own, digest, size in rows]
    return examples


def pixel_shares(data: Data) -> dict[str, dict[str, float]]:
    """By split, the share of each class in the pixels that are not ignored."""
    counts = {split: held["pixels"].sum(0)[:-1] for split, held in vars(data.splits).items()}
    return {
        split: dict(zip(data.classes, (pixels / max(1, int(pixels.sum()))).tolist(), strict=True))
        for split, pixels in counts.items()
    }


def mask_warnings(data: Data, shares: dict[str, float]) -> list[str]:
    """Sentences about what was decided when masks were read, many ignored pixels, and rare classes."""
    warnings = [f"{note}; correct the files if this is wrong." for note in data.facts.get("notes", [])]
    many = {split: share for split, share in data.facts["ignored_pixels"].items() if share > MANY_IGNORED}
    if many:
        ignored = ", ".join(f"{share:.0%} of {split}" for split, share in many.items())
        warnings.append(f"many pixels are ignored: {ignored}; see data.ignore, if they should count.")
    rare = [f"{name} {share:.2%}" for name, share in shares.items() if share < RARE_SHARE]
    if rare:
        warnings.append(
            f"classes with less than {RARE_SHARE:.0%} of the training pixels: {len(rare)} ({', '.join(rare)}); "
            "try --training.class_weights sqrt and --data.rare_crops 0.5."
        )
    return warnings
