"""The page for people in a real browser: served and static, by file and by microphone, with and without a network."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from recordings import save

from shared.serving.npm import CACHE, has_packages
from shared.serving.web import Part, build_site
from shared.testing.chromium import WHY_NOT, Page, chromium
from shared.testing.servers import file_server, serving
from src.config import PROJECT, Config, export_path
from src.predict import Predictor
from src.sample import Speaker, spoken
from src.service import PAGE, make_service

WHY_NOT_STATIC = "" if has_packages() else f"{CACHE} does not hold onnxruntime-web; `make web` fetches it"

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(trained: Config) -> Iterator[str]:
    with serving(make_service(trained)) as address:
        yield address


@pytest.fixture(scope="module")
def vowel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = spoken("had", Speaker("someone", "woman", 1.0, 1.0), 8000, np.random.default_rng(5))
    return save(tmp_path_factory.mktemp("recordings") / "had.wav", samples)


def load_source(page: Page, address: str, recording: Path) -> dict[str, float]:
    """Choose a file; gives the probabilities that the page shows, in percent."""
    page.open(f"{address}/")
    page.wait_for("document.getElementById('facts').textContent.includes('sample')")
    page.choose_file("#file", recording)
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    assert page.messages == []
    shown: dict[str, float] = page.run(
        "Object.fromEntries([...document.querySelectorAll('#bars li')].map((row) => "
        "[row.children[0].textContent, row.children[1].value]))"
    )
    return shown


@pytest.mark.parametrize("width", [1280, 390])
def test_a_file_is_answered_as_predict_does_and_nothing_is_cut_off(
    page: Page, served: str, trained: Config, vowel: Path, width: int
) -> None:
    page.size(width, 800)
    shown = load_source(page, served, vowel)
    expected = Predictor(trained).answer([vowel])[0]
    assert list(shown.values()) == pytest.approx(list(expected.probabilities), abs=1e-4)
    assert page.run("document.getElementById('answer').textContent") in [expected.answer, "Not sure."]
    assert page.run("document.documentElement.scrollWidth") <= width
    colors = "new Set(document.getElementById('spectrogram').getContext('2d').getImageData(0, 0, 400, 160).data).size"
    assert page.run(colors) > 50


def test_the_microphone_is_answered(page: Page, served: str) -> None:
    page.open(f"{served}/")
    page.wait_for("document.getElementById('facts').textContent.includes('sample')")
    page.run("document.getElementById('record').click()")
    page.wait_for("document.getElementById('record').textContent === 'Stop'")
    page.run("new Promise((resolve) => setTimeout(resolve, 1500))")
    page.run("document.getElementById('record').click()")
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    assert page.run("document.getElementById('record').textContent") == "Record"
    assert page.messages == []


def test_what_is_no_recording_is_said(page: Page, served: str, tmp_path: Path) -> None:
    page.open(f"{served}/")
    page.wait_for("document.getElementById('facts').textContent.includes('sample')")
    (tmp_path / "broken.wav").write_bytes(b"no recording")
    page.choose_file("#file", tmp_path / "broken.wav")
    page.wait_for("document.getElementById('answer').textContent.includes('cannot read the file')")
    page.choose_file("#file", save(tmp_path / "silent.wav", np.zeros(8000, np.int16)))
    page.wait_for("document.getElementById('answer').textContent.includes('nothing to hear')")


@pytest.mark.skipif(bool(WHY_NOT_STATIC), reason=WHY_NOT_STATIC)
def test_the_static_page_gives_the_same_answers_also_without_a_network(
    page: Page, served: str, trained: Config, vowel: Path, tmp_path: Path
) -> None:
    expected = load_source(page, served, vowel)
    build_site(tmp_path / "site", [Part(PROJECT.name, PAGE, export_path(trained))], CACHE)
    with file_server(tmp_path / "site") as address:
        folder = f"{address}/{PROJECT.name}"
        assert load_source(page, folder, vowel) == pytest.approx(expected, abs=1e-4)
        assert page.run("navigator.serviceWorker.ready.then(({ active }) => Boolean(active))")
    assert load_source(page, folder, vowel) == pytest.approx(expected, abs=1e-4)
