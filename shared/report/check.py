"""What a check of the data found, said in all its forms: a table, a JSON file, an image, a page."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.console import log, shown, table
from shared.data.check import (
    DataCheck,
    class_counts,
    class_warnings,
    copy_warnings,
    find_copies,
    measured,
    problem_warnings,
    spread,
)
from shared.errors import UserError
from shared.files import atomic_write
from shared.report.html import ReportImage, Section, substitution_notice, write_report
from shared.results import data_rows, write_result

_ROWS_AT_MOST = 100
_COPIES_RECORDED = 50


def write_check_report(
    found: DataCheck,
    output_dir: Path,
    *,
    project: str,
    seed: int,
    grid: bytes | None = None,
    sections: Sequence[Section] = (),
    **details: Any,
) -> dict[str, Any]:
    """Print what was found, and write it to check_data.json, data.html and, if there is one, data.png.

    Args:
        grid: samples by class, as PNG bytes.
        sections: of the page, beside the general ones.
        details: for the JSON file, as plain types.

    Raises:
        UserError: training refuses the data; all has been printed and written by then.
    """
    warnings = [sentence for sentence in found.warnings if sentence != found.refusal]
    if not found.examples:
        _say_all(warnings)
        raise UserError(found.refusal)
    result = write_result(
        output_dir,
        "check_data",
        seed=seed,
        data={**found.record, "counts": found.counts},
        metrics=_by_split(found),
        seconds=time.perf_counter() - found.started,
        usable=not found.refusal,
        refusal=found.refusal,
        warnings=warnings,
        sizes=measured(found.examples),
        copies=_copies(found),
        problems=dict(found.problems.by_kind),
        **details,
    )
    if grid:
        with atomic_write(output_dir / "data.png") as file:
            file.write(grid)
    page = output_dir / "data.html"
    _write_page(page, project, found, result, grid, sections)
    table(project, data_rows(result) | _rows(found) | {"report": shown(page)})
    _say_all(warnings)
    if found.refusal:
        raise UserError(found.refusal)
    log.info("The data can be used: `run` in place of `check-data`, with the same settings, trains on it.")
    return result


def all_warnings(found: DataCheck) -> list[str]:
    """What follows from the list of examples alone: files that cannot be used, copies, small and uneven classes."""
    return [*problem_warnings(found.problems), *copy_warnings(found), *class_warnings(found)]


def _say_all(warnings: Sequence[str]) -> None:
    for number, warning in enumerate(warnings, 1):
        log.info(f"{number}. {warning}")


def _by_split(found: DataCheck) -> dict[str, Any]:
    counts = class_counts(found.examples)
    return {
        split: {"examples": count, "classes": {name: by_split[split] for name, by_split in counts.items()}}
        for split, count in found.counts.items()
    }


def _copies(found: DataCheck) -> dict[str, Any]:
    return {
        kind: {
            "groups": len(groups),
            "named": [[f"{one.split}: {one.name}" for one in group] for group in groups[:_COPIES_RECORDED]],
        }
        for kind, groups in find_copies(found.examples).items()
    }


def _rows(found: DataCheck) -> dict[str, str]:
    totals = [by_split.total() for by_split in class_counts(found.examples).values()]
    one, several = found.class_nouns
    rows = {several: f"{len(totals):,}", f"{found.noun} a {one}": _spread(spread(totals))}
    rows |= {name: _spread(values) for name, values in measured(found.examples).items()}
    unusable = sum(map(len, found.problems.by_kind.values()))
    return rows | {"cannot be used": str(unusable), "training takes it": "no" if found.refusal else "yes"}


def _spread(values: Mapping[str, int]) -> str:
    if values["smallest"] == values["largest"]:
        return f"{values['median']:,}"
    return f"{values['smallest']:,} to {values['largest']:,}, median {values['median']:,}"


def _write_page(
    path: Path,
    project: str,
    found: DataCheck,
    result: Mapping[str, Any],
    grid: bytes | None,
    sections: Sequence[Section],
) -> None:
    images = [ReportImage(grid, f"{found.noun} by class, drawn at random")] if grid else []
    warnings = [[str(number), sentence] for number, sentence in enumerate(result["warnings"], 1)]
    refused = f"Training refuses this data: {found.refusal}" if found.refusal else ""
    write_report(
        path,
        title=f"{project}: the data ({result['data']['source']})",
        summary=list(_rows(found).items()),
        notice=refused or substitution_notice(result["data"]),
        sections=[
            Section("What to look after", "" if warnings else "Nothing was found.", ["", ""], warnings),
            *([Section("Samples", images=images)] if images else []),
            *sections,
            _classes(found),
        ],
    )


def _classes(found: DataCheck) -> Section:
    one, several = found.class_nouns
    splits = list(found.counts)
    counts = class_counts(found.examples)
    rows = [[name, *(f"{by_split[split]:,}" for split in splits)] for name, by_split in counts.items()]
    rest = len(rows) - _ROWS_AT_MOST
    text = f"{rest:,} more {several} are in check_data.json." if rest > 0 else ""
    totals = ["all", *(f"{count:,}" for count in found.counts.values())]
    return Section(several.capitalize(), text, [one, *splits], [totals, *rows[:_ROWS_AT_MOST]])
