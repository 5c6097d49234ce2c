"""A project's page in a real browser, served and static: what test_page.py needs (the fixtures: conftest.py)."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.serving.npm import CACHE, has_packages
from shared.serving.web import Part, build_site
from shared.testing.chromium import WHY_NOT, Page, chromium
from shared.testing.servers import file_server, serving

in_browser = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
on_device = pytest.mark.skipif(not has_packages(), reason=f"{CACHE} has no onnxruntime-web; `make web` fetches it")


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    """A browser with one tab."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def served(trained: Any) -> Iterator[str]:
    """The address of the project's server."""
    with serving(import_module("src.service").make_service(trained)) as address:
        yield address


@pytest.fixture(scope="session")
def static(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the project's static page; `file_server` is for the folder above it."""
    folder, project = tmp_path_factory.mktemp("static") / "site", import_module("src.config")
    part = Part(project.PROJECT.name, project.PROJECT / "src" / "page", project.export_path(trained))
    build_site(folder, [part], CACHE)
    return folder / part.name


def open_page(page: Page, address: str) -> None:
    """Open the page, and wait until it knows what the network was trained on."""
    page.open(f"{address}/")
    page.wait_for("document.getElementById('facts').textContent.includes('sample')")


def from_module(page: Page, code: str) -> Any:
    """What JavaScript gives that may use the page's own module: `module.ask('predict', ['a text'])`."""
    return page.run(f"import(new URL('ask.mjs', location.href)).then((module) => {code})")


def require_same_answers(
    page: Page, served: str, static: Path, use: Callable[[Page, str], Mapping[str, float]]
) -> None:
    """The static page gives the same answers as the served one, and it does without a network once it was visited.

    Args:
        use: opens the page at that address, and gives the probabilities that it gets.
    """
    expected = pytest.approx(use(page, served), abs=1e-4)
    with file_server(static.parent) as address:
        assert use(page, f"{address}/{static.name}") == expected
        assert page.run("navigator.serviceWorker.ready.then(({ active }) => Boolean(active))")
    assert use(page, f"{address}/{static.name}") == expected


def try_example(page: Page, address: str, answered: str, ready: str = "true") -> str:
    """Open the page, click the first example, and wait for its answer; gives the class that stands on the example.

    Args:
        answered: JavaScript that is true once the page shows an answer.
        ready: JavaScript that has to be true before the click.
    """
    open_page(page, address)
    page.wait_for(ready)
    page.wait_for("document.querySelector('.examples button')")
    assert not page.run(f"Boolean({answered})")
    label: str = page.run("document.querySelector('.examples span').textContent")
    page.run("document.querySelector('.examples button').click()")
    page.wait_for(answered)
    return label
