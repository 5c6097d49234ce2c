"""Tables and a page of the runs in a folder of outputs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.console import columns, duration, log, shown
from shared.errors import UserError
from shared.training.runs import CURRENT, RunRecord, compare_runs, differing_settings, find_run, read_history, read_runs


def show_runs(output_dir: Path, title: str, as_json: bool) -> list[RunRecord]:
    """Print all runs as a table, and write runs.html; or print them as JSON."""
    runs = read_runs(output_dir)
    if as_json:
        print(json.dumps(runs, indent=2, ensure_ascii=False))
        return runs
    if not runs:
        log.info(f"runs: there is none in {shown(output_dir)} yet; `python main.py run` makes one")
        return runs
    settings = differing_settings(runs)
    rows = [_row(run, {name: values[place] for name, values in settings.items()}) for place, run in enumerate(runs)]
    columns(f"{len(runs)} runs in {shown(output_dir)}", rows)
    _write_page(output_dir / "runs.html", f"{title}: runs", "", runs, {"Runs": rows})
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
    scores = [_row(run, {}) for run in runs]
    settings = [{"": name, first: values[0], second: values[1]} for name, values in found["settings"].items()]
    settings += [{"": name, first: scores[0][name], second: scores[1][name]} for name in list(scores[0])[1:-2]]
    columns(f"{first} and {second}", settings)
    log.info(f"{second} beside {first}: {found['sentence']}")
    text = f"{second} beside {first}: {found['sentence']}."
    _write_page(output_dir / "compare.html", f"{title}: {first} and {second}", text, runs, {"Side by side": settings})
    return found


def _row(run: RunRecord, settings: dict[str, Any]) -> dict[str, str]:
    """A run as cells of a table."""
    test = "{} {:.4f} ({:.4f} to {:.4f})".format(*run["test"]) if run["test"] else ""
    flags = [run["name"] * (run["name"] == CURRENT), "exported" * run["exported"], "best" * run["best"]]
    flags += ["" if run["mark"] is None else f"marked {run['mark']}".strip()]
    counts = run["data"].get("counts", {})
    return {
        "run": run["id"],
        "time": run["time"],
        "trained": duration(run["seconds"]) if run["finished"] else "not finished",
        "data": f"{run['data'].get('source', '')} ({counts.get('train', 0):,})",
        "validation": "" if run["validation"] is None else f"{run['monitor']} {run['validation']:.4f}",
        "test": test,
        "MB": f"{run['bytes'] / 1e6:.1f}",
        "settings": ", ".join(f"{name} {value}" for name, value in settings.items()),
        "": ", ".join(filter(None, flags)),
    }


def _write_page(
    path: Path, title: str, text: str, runs: Sequence[RunRecord], tables: dict[str, list[dict[str, Any]]]
) -> None:
    from shared.report.html import ReportImage, Section, write_report  # here: matplotlib takes a second to import
    from shared.report.plots import curves_of_runs

    sections = [
        Section(name, text, list(rows[0]), [[str(cell) for cell in row.values()] for row in rows])
        for name, rows in tables.items()
    ]
    histories = {run["id"]: read_history(Path(run["folder"])) for run in runs}
    monitor = runs[-1]["monitor"]
    drawn = {name: rows for name, rows in histories.items() if rows and f"validation/{monitor}" in rows[0]}
    if drawn:
        image = ReportImage(curves_of_runs(drawn, monitor), f"loss and validation {monitor} of {', '.join(drawn)}")
        sections.append(Section("Curves", images=[image]))
    write_report(path, title=title, summary=[], notice="", sections=sections)
    log.info(f"page: {shown(path)}")
