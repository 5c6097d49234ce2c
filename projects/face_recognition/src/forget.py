"""Delete a person from the gallery."""

from typing import Any

from shared.console import log
from src.config import Config
from src.gallery import Gallery


def forget(config: Config, name: str) -> dict[str, Any]:
    """Delete a person and all embeddings from the gallery; the bytes are overwritten, not only unlinked.

    Args:
        name: as `list` shows it
    """
    with Gallery(config.gallery.file) as gallery:
        photos = gallery.forget(name)
    log.info(f"forget: {name} is deleted, with {photos} embeddings")
    return {"name": name, "photos": photos}
