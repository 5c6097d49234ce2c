"""Show who is in the gallery."""

import builtins
from typing import Any

from shared.console import columns, log
from src.config import Config
from src.gallery import Gallery


def list(config: Config) -> builtins.list[dict[str, Any]]:  # noqa: A001 - the verb's name
    """Show who is enrolled, with how many photos, by which embedder, and since when."""
    file = config.gallery.file
    with Gallery(file) as gallery:
        rows = gallery.people()
    if rows:
        columns(f"{len(rows)} people in {file}", rows)
    else:
        log.info(f"list: the gallery {file} is empty; `python main.py enroll NAME photo.jpg` adds someone")
    return rows
