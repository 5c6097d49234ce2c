"""The report's part on what the exported network computes in, and what was measured to choose that."""

from typing import Any

from shared.export.precision import NAMES
from shared.report.html import Section


def precision_section(exported: dict[str, Any], unit: str, score: str) -> Section:
    """The table of all that was measured.

    Args:
        exported: what the verb `export` has written.
        unit: what is counted a second, with how: "texts a second, one at a time".
        score: the name of the score in `exported`.
    """
    metrics = exported["metrics"]
    rows = [_row(label, metrics[name], score) for name, label in NAMES.items() if name in metrics]
    return Section(
        "The exported network",
        f"Written in {exported['precision']}: {exported['reason']}. Largest difference of fp32 from PyTorch: "
        f"{metrics['largest_difference']:.0e}. What is slower than fp32 has no score.",
        header=["computed by", unit, "MB", score.replace("_", " ").replace("iou", "IoU")],
        rows=rows,
    )


def _row(label: str, measured: dict[str, Any], score: str) -> list[str]:
    size = f"{measured['bytes'] / 1e6:.2f}" if measured["bytes"] else ""
    found = "" if measured[score] is None else f"{measured[score]:.4f}"
    return [label, f"{measured['per_second']:.1f}", size, found]
