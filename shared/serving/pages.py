"""The web page for people: the project's files beside those that all pages share, from memory."""

import mimetypes
import re
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Route

COMMON = Path(__file__).with_name("page")
SERVED, ON_DEVICE = "served.mjs", "on_device.mjs"
"""Where results come from: the server, by this module's file; or the device itself, by the project's."""
SHELL, INDEX = "shell.html", "index.html"
ASK = "ask.mjs"  # what a page imports: one of these two
TYPES = {".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}


def page_files(project: Path) -> dict[str, bytes]:
    """The files of a served page by name; a project's own file replaces the shared one of the same name."""
    paths = [path for folder in (COMMON, project) for path in sorted(folder.iterdir()) if path.is_file()]
    files = {path.name: path.read_bytes() for path in paths if path.name != SHELL}
    if INDEX in files:
        files[INDEX] = in_shell(files[INDEX].decode(), "page.mjs")
    return files | {ASK: files[SERVED]}


def in_shell(content: str, script: str) -> bytes:
    """A whole page of a `<title>` and what its main part holds; it runs this module."""
    shell, title = (COMMON / SHELL).read_text(encoding="utf-8"), title_of(content)
    content = re.sub(r"\s*<title>.*?</title>\s*", "", content, count=1).rstrip()
    return shell.replace("{title}", title).replace("{script}", script).replace("{content}", content).encode()


def title_of(content: str) -> str:
    """The title of a page, as HTML."""
    return content.partition("<title>")[2].partition("</title>")[0]


def add_page(app: FastAPI, files: dict[str, bytes]) -> list[str]:
    """Show `index.html` at `/` and each file at `/<name>`; gives these paths."""
    paths = {f"/{name}": name for name in files} | {"/": INDEX}
    for url, name in paths.items():
        kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
        file = Response(files[name], media_type=kind, headers={"Cache-Control": "no-cache"})
        app.router.routes.append(Route(url, file, methods=["GET"]))
    return list(paths)
