"""Show who is in the gallery."""

import builtins
from typing import Any

from shared.console import columns, log
from src.config import Config
from src.gallery import Gallery


def list(config: Config) -> builtins.list[dict[str, Any]]:  # noqa: A001 - the verb's name
    """Show who is enrolled, with how many photos, by which embedder, and since when."""
    with Gallery(config.gallery.file) as gallery:
        people = gallery.people()
    rows = [
        {"name": one.name, "photos": one.photos, "embedder": ", ".join(one.embedders), "last added": one.last_added}
        for one in people
    ]
    if rows:
        columns(f"{len(rows)} people in {config.gallery.file}", rows)
    else:
        log.info(
            f"list: the gallery {config.gallery.file} is empty; `python main.py enroll NAME photo.jpg` adds someone"
        )
    return rows
