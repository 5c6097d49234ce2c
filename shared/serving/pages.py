"""The web page for people: the project's files beside those that all pages share, from memory."""

import mimetypes
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Route

COMMON = Path(__file__).with_name("page")
SERVED, ON_DEVICE = "served.mjs", "on_device.mjs"
"""Where results come from: the server, by this module's file; or the device itself, by the project's."""
ASK = "ask.mjs"  # what a page imports: one of these two
TYPES = {".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}


def page_files(project: Path) -> dict[str, Path]:
    """The files of a served page by name; a project's own file replaces the shared one of the same name."""
    files = {path.name: path for folder in (COMMON, project) for path in sorted(folder.iterdir()) if path.is_file()}
    return files | {ASK: files[SERVED]}


def add_page(app: FastAPI, files: dict[str, Path]) -> list[str]:
    """Show `index.html` at `/` and each file at `/<name>`; gives these paths."""
    paths = {f"/{name}": path for name, path in files.items()} | {"/": files["index.html"]}
    for url, path in paths.items():
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        file = Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": "no-cache"})
        app.router.routes.append(Route(url, file, methods=["GET"]))
    return list(paths)
