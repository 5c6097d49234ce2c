"""Look at the data before training does: whose photos there are, what is wrong with them, and what can be measured."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from shared.data.check import (
    class_counts,
    contents_by_name,
    copy_warnings,
    list_examples,
    samples_by_class,
    size_on_disk,
    start_check,
)
from shared.data.images import read_image
from shared.data.problems import named
from shared.data.skipped import skipped_warnings
from shared.errors import UserError
from shared.report.check import write_check_report
from shared.report.html import Section
from src.config import PROJECT, Config
from src.dataloader import FaceData, load_data, require_faces
from src.detections import NO_FACE
from src.sources import find_lfw


def check_data(config: Config) -> dict[str, Any]:
    """Read the photos as training would: find the face in each, and say whose they are and what is wrong.

    Writes outputs/check_data.json, outputs/data.png (faces by person) and outputs/data.html.
    """
    check, data = start_check(config, "photos", partial(load_data, require=False))
    check.class_nouns, sections = ("person", "people"), []
    if data:
        folder = find_lfw(config.data.root) or config.data.root
        examples = list_examples(replace(data, classes=data.people), "crops", lambda name: size_on_disk(folder / name))
        faceless = set(data.unusual.by_kind.pop(NO_FACE, ()))
        # Their crops are all black, which does not make them copies.
        check.examples = [replace(one, digest=one.name) if one.name in faceless else one for one in examples]
        for name in sorted(faceless):
            check.problems.add(NO_FACE, name, "use larger photos of faces, or lower --detector.min_face")
        try:
            require_faces(data)
            sections.append(pairs_section(data))
        except UserError as error:
            check.refusal = str(error)
    counts = class_counts(check.examples)
    single = [name for name, by_split in counts.items() if by_split.total() == 1]
    check.warnings = [*check.problems.sentences(), *copy_warnings(check)]
    check.warnings += data.unusual.sentences() if data else []
    if single:
        check.warnings.append(
            f"people with one photo only: {len(single):,} of {len(counts):,} ({named(single)}); they give no pair of "
            "the same person to learn from or to measure with, so add photos of them."
        )
    check.warnings += skipped_warnings(data and data.record, config.data)
    crop = contents_by_name(data, "crops") if data else None
    samples = {
        person: [
            crop(one.name).transpose(1, 2, 0) if crop else np.asarray(read_image(config.data.root / one.name))
            for one in chosen
        ]
        for person, chosen in samples_by_class(check.examples, config.seed).items()
    }
    return write_check_report(check, config, PROJECT, samples=samples, sections=sections)


def pairs_section(data: FaceData) -> Section:
    """What can be measured in each split."""
    rows = []
    for split, people in data.as_dict()["people"].items():
        same = data.pairs[split].same if split in data.pairs else np.zeros(0, bool)
        rows.append([split, *(f"{count:,}" for count in (people, data.counts[split], same.sum(), (~same).sum()))])
    header = ["split", "people", "photos", "pairs of the same person", "of different ones"]
    return Section("People and pairs", "No person is in two splits.", header, rows)
