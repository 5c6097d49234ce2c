"""Tables and a page of the runs in a folder of outputs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.console import columns, duration, log, shown
from shared.errors import UserError
from shared.training.runs import CURRENT, RunRecord, compare_runs, differing_settings, find_run, read_history, read_runs

WITH_INTERVAL = "{score:.4f} {name} ({low:.4f} to {high:.4f})"
ON_TERMINAL = 3
"""The number of settings that the table on a terminal has room for; the page shows all that differ."""


def show_runs(output_dir: Path, title: str, as_json: bool) -> list[RunRecord]:
    """Print all runs as a table, and write runs.html; or print them as JSON."""
    runs = read_runs(output_dir)
    if as_json:
        print(json.dumps(runs, indent=2, ensure_ascii=False))
        return runs
    if not runs:
        log.info(f"runs: there is none in {shown(output_dir)} yet; `python main.py run` makes one")
        return runs
    rows, settings = [_row(run) for run in runs], differing_settings(runs)
    first_settings = dict(list(settings.items())[:ON_TERMINAL])
    head, printed = f"{len(runs)} runs in {shown(output_dir)}", rows
    if len({row["data"] for row in rows}) == 1:  # the width of a terminal is little
        head, printed = f"{head} on {rows[0]['data']}", [{k: v for k, v in row.items() if k != "data"} for row in rows]
    columns(head, _with_settings(printed, first_settings))
    if len(settings) > ON_TERMINAL:
        log.info(f"runs: further settings that differ are on the page: {', '.join(list(settings)[ON_TERMINAL:])}")
    rows = [_row(run, WITH_INTERVAL) for run in runs]
    _write_page(output_dir / "runs.html", f"{title}: runs", "", runs, _with_settings(rows, settings))
    return runs


def show_comparison(output_dir: Path, title: str, names: Sequence[str], as_json: bool) -> dict[str, Any]:
    """Print how two runs differ, and write compare.html; or print it as JSON.

    Raises:
        UserError: there are no such runs.
    """
    if len(names) != 2:
        raise UserError("name two runs to compare, such as `runs compare 1a2b3c4d current`.")
    known = read_runs(output_dir)
    runs = [find_run(known, name) for name in names]
    found = compare_runs(*runs)
    if as_json:
        print(json.dumps({"runs": runs} | found, indent=2, ensure_ascii=False))
        return found
    first, second = (f"{run['id']} ({run['name']})" if run["name"] == CURRENT else run["id"] for run in runs)
    rows = [dict(zip(("", first, second), (name, *values), strict=True)) for name, values in found["settings"].items()]
    scores = [_row(run, WITH_INTERVAL) for run in runs]
    cells = [(name, *(row[name] for row in scores)) for name in list(scores[0])[1:]]  # without the id
    rows += [dict(zip(("", first, second), row, strict=True)) for row in cells]
    columns(f"{first} and {second}", rows)
    sentence = f"{second} beside {first}: {found['sentence']}."
    log.info(sentence)
    _write_page(output_dir / "compare.html", f"{title}: {first} and {second}", sentence, runs, rows)
    return found


def _row(run: RunRecord, test: str = "{score:.4f} {name}") -> dict[str, str]:
    """A run as cells of a table, its test score in the form `test`."""
    notes = [run["name"] * (run["name"] == CURRENT), "exported" * run["exported"], "best" * run["best"]]
    notes += ["" if run["mark"] is None else f"marked {run['mark']}".strip()]
    counts = run["data"].get("counts", {})
    return {
        "run": run["id"],
        "time": run["time"],
        "took": duration(run["seconds"]) if run["finished"] else "not finished",
        "data": f"{run['data'].get('source', '')} ({counts.get('train', 0):,})",
        "validation": "" if run["validation"] is None else f"{run['validation']:.4f} {run['monitor']}",
        "test": test.format_map(run["test"]) if run["test"] else "",
        "MB": f"{run['bytes'] / 1e6:.1f}",
        "notes": ", ".join(filter(None, notes)),
    }


def _with_settings(rows: list[dict[str, str]], settings: Mapping[str, Sequence[Any]]) -> list[dict[str, str]]:
    """The rows with a column for each setting, under the last word of its name where no other has the same."""
    words = [name.rpartition(".")[2] for name in settings]
    titles = [word if words.count(word) == 1 else name for word, name in zip(words, settings, strict=True)]
    cells = zip(*settings.values(), strict=True) if settings else [()] * len(rows)
    return [row | dict(zip(titles, map(str, values), strict=True)) for row, values in zip(rows, cells, strict=True)]


def _write_page(
    path: Path, title: str, text: str, runs: Sequence[RunRecord], rows: Sequence[Mapping[str, Any]]
) -> None:
    from shared.report.html import ReportImage, Section, write_report  # here: matplotlib takes a second to import
    from shared.report.plots import curves_of_runs

    sections = [Section("Runs", text, list(rows[0]), [[str(cell) for cell in row.values()] for row in rows])]
    histories = {run["id"]: read_history(Path(run["folder"])) for run in runs}
    monitor = runs[-1]["monitor"]
    drawn = {name: rows for name, rows in histories.items() if rows and f"validation/{monitor}" in rows[0]}
    if drawn:
        image = ReportImage(curves_of_runs(drawn, monitor), f"loss and validation {monitor} of {', '.join(drawn)}")
        sections.append(Section("Curves", images=[image]))
    write_report(path, title=title, summary=[], notice="", sections=sections)
    log.info(f"page: {shown(path)}")
