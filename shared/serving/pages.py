"""The page for people: the files of the project's page beside those that all pages share, from memory."""

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response

COMMON = Path(__file__).with_name("page")
SERVED, ON_DEVICE = "served.mjs", "on_device.mjs"
"""Where answers come from: the server, by this module's file; or the device itself, by the project's."""
ASK = "ask.mjs"
"""What a page imports: one of these two."""
TYPES = {".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}


def page_files(project: Path) -> dict[str, Path]:
    """The files of a served page by their names; the project's own win over the common ones."""
    files = {path.name: path for folder in (COMMON, project) for path in sorted(folder.iterdir()) if path.is_file()}
    return files | {ASK: files[SERVED]}


def add_page(app: FastAPI, files: dict[str, Path]) -> list[str]:
    """Show `index.html` at `/` and each file at `/<name>`; gives these paths."""
    paths = {f"/{name}": path for name, path in files.items()} | {"/": files["index.html"]}
    for url, path in paths.items():
        app.get(url, include_in_schema=False)(_showing(path))
    return list(paths)


def _showing(path: Path) -> Callable[[], Awaitable[Response]]:
    content = path.read_bytes()
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]

    async def show() -> Response:
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    return show
