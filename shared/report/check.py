"""What a check of the data found: printed, and written as JSON, as an image and as a page."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log, shown, table
from shared.data.check import (
    DataCheck,
    Inspect,
    all_warnings,
    class_counts,
    contents_by_name,
    find_copies,
    inspect_image,
    list_examples,
    measured,
    samples_by_class,
    size_on_disk,
    spread,
    start_check,
    survey_folders,
)
from shared.data.copies import Likeness, near_copy_warnings
from shared.data.examples import Data
from shared.data.folders import IMAGES, FileKind
from shared.data.images import displayed, read_image
from shared.data.skipped import skipped_warnings
from shared.errors import UserError
from shared.files import atomic_write
from shared.report.html import ReportImage, Section, substitution_notice, write_report
from shared.report.plots import sample_grid
from shared.results import data_rows, write_result

_ROWS_AT_MOST = 100
_COPIES_RECORDED = 50


@dataclass(frozen=True)
class FileCheck:
    """How the files of a data set are looked at."""

    kind: FileKind
    column: str
    """Of what the network takes."""
    measure: Callable[[Path], Mapping[str, int]]
    """From a file to its measures; none where it cannot be read."""
    look: Inspect
    draw: Callable[[np.ndarray], np.ndarray]
    """From what the network takes to an image, uint8 [H, W] or [H, W, 3]."""
    show: Callable[[Path], np.ndarray]
    """From a file, where training refuses the data, to an image."""
    side: int = 72
    """Of an image among the samples, in pixels."""


IMAGE_FILES = FileCheck(
    IMAGES, "images", size_on_disk, inspect_image, displayed, lambda path: np.asarray(read_image(path))
)


def write_check_report(
    check: DataCheck,
    config: Any,
    project: Path,
    *,
    samples: Mapping[str, Sequence[np.ndarray]] | None = None,
    side: int = 72,
    sections: Sequence[Section] = (),
    **details: Any,
) -> dict[str, Any]:
    """Print what was found, and write it to check_data.json, data.html and, where there are samples, data.png.

    Args:
        samples: images by class (see `sample_grid`), each in a square of `side` pixels.
        sections: of the page, beside the general ones.
        details: for the JSON file, as plain types.

    Raises:
        UserError: training refuses the data; all has been printed and written by then.
    """
    warnings = [sentence for sentence in check.warnings if sentence != check.refusal]
    if not check.examples:
        _print_warnings(warnings)
        raise UserError(check.refusal)
    counts = class_counts(check.examples)
    result = write_result(
        config.output_dir,
        "check_data",
        seed=config.seed,
        data={**check.record, "counts": check.counts},
        metrics={
            split: {"examples": count, "classes": {name: by_split[split] for name, by_split in counts.items()}}
            for split, count in check.counts.items()
        },
        seconds=time.perf_counter() - check.started,
        usable=not check.refusal,
        refusal=check.refusal,
        warnings=warnings,
        sizes=measured(check.examples),
        copies=_copies(check),
        problems=dict(check.problems.by_kind),
        **details,
    )
    if samples:
        grid = sample_grid(samples, side)
        with atomic_write(config.output_dir / "data.png") as file:
            file.write(grid)
        image = ReportImage(grid, f"{check.noun} by class, drawn at random")
        sections = [Section("Samples", images=[image]), *sections]
    numbered = [[str(number), sentence] for number, sentence in enumerate(warnings, 1)]
    page = config.output_dir / "data.html"
    write_report(
        page,
        title=f"{project.name}: the data ({result['data']['source']})",
        summary=list(_rows(check).items()),
        notice=f"Training refuses this data: {check.refusal}" if check.refusal else substitution_notice(result["data"]),
        sections=[
            Section("What needs attention", "" if numbered else "Nothing was found.", ["", ""], numbered),
            *sections,
            _classes(check),
        ],
    )
    table(project.name, data_rows(result) | _rows(check) | {"report": shown(page)})
    _print_warnings(warnings)
    if check.refusal:
        raise UserError(check.refusal)
    log.info("The data can be used: `run` in place of `check-data`, with the same settings, trains on it.")
    return result


def check_files(
    config: Any,
    project: Path,
    load_data: Callable[[Any], Data],
    likeness: Likeness,
    setting_warnings: Callable[[DataCheck, Data | None], list[str]] = lambda _check, _data: [],
    files: FileCheck = IMAGE_FILES,
) -> dict[str, Any]:
    """Check files in class folders, shown as the network takes them (see `write_check_report`).

    Args:
        likeness: when two files are copies.
        setting_warnings: which settings would suit the files better.
        files: how they are looked at.
    """
    root, kind, column = config.data.root, files.kind, files.column
    survey = partial(survey_folders, kind=kind, look=files.look)
    check, data = start_check(config, kind.nouns, load_data, survey)
    if data:
        check.examples = list_examples(
            data, column, lambda name: files.measure(root / name) if (root / name).is_file() else {}
        )
    check.warnings = all_warnings(check) + setting_warnings(check, data)
    check.warnings += skipped_warnings(data.record if data else None, config.data, kind)
    check.warnings += near_copy_warnings(data, column, likeness)
    prepared = contents_by_name(data, column) if data else None
    samples = {
        label: [files.draw(prepared(one.name)) if prepared else files.show(root / one.name) for one in chosen]
        for label, chosen in samples_by_class(check.examples, config.seed).items()
    }
    return write_check_report(check, config, project, samples=samples, side=files.side)


def _print_warnings(warnings: Sequence[str]) -> None:
    for number, warning in enumerate(warnings, 1):
        log.info(f"{number}. {warning}")


def _copies(check: DataCheck) -> dict[str, Any]:
    copies = {}
    for kind, groups in find_copies(check.examples).items():
        members = [[f"{one.split}: {one.name}" for one in group] for group in groups[:_COPIES_RECORDED]]
        copies[kind] = {"groups": len(groups), "named": members}
    return copies


def _rows(check: DataCheck) -> dict[str, str]:
    totals = [by_split.total() for by_split in class_counts(check.examples).values()]
    one, several = check.class_nouns
    spreads = ({f"{check.noun} a {one}": spread(totals)} if totals else {}) | measured(check.examples)
    rows = {several: f"{len(totals):,}"}
    for name, values in spreads.items():
        rows[name] = f"{values['median']:,}"
        if values["smallest"] < values["largest"]:
            rows[name] = f"{values['smallest']:,} to {values['largest']:,}, median {values['median']:,}"
    unusable = sum(map(len, check.problems.by_kind.values()))
    return rows | {"cannot be used": str(unusable), "training takes it": "no" if check.refusal else "yes"}


def _classes(check: DataCheck) -> Section:
    one, several = check.class_nouns
    counts = class_counts(check.examples)
    rows = [[name, *(f"{by_split[split]:,}" for split in check.counts)] for name, by_split in counts.items()]
    rest = len(rows) - _ROWS_AT_MOST
    text = f"{rest:,} more {several} are in check_data.json." if rest > 0 else ""
    totals = ["all", *(f"{count:,}" for count in check.counts.values())]
    return Section(several.capitalize(), text, [one, *check.counts], [totals, *rows[:_ROWS_AT_MOST]])
