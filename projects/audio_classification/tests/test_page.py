"""The page for people in a real browser: served and static, by file and by microphone, with and without a network."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recordings import save

from shared.testing.chromium import Page
from shared.testing.pages import in_browser, on_device, open_page, require_same_answers
from src.config import Config
from src.predict import make_predictor
from src.sample import Speaker, spoken

pytestmark = in_browser


@pytest.fixture(scope="module")
def vowel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = spoken("had", Speaker("someone", "woman", 1.0, 1.0), 8000, np.random.default_rng(5))
    return save(tmp_path_factory.mktemp("recordings") / "had.wav", samples)


def choose(page: Page, address: str, recording: Path) -> dict[str, float]:
    """Choose a file; gives the probabilities that the page shows, in percent."""
    open_page(page, address)
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
    shown = choose(page, served, vowel)
    predictor = make_predictor(trained)
    (expected,) = predictor.predict([predictor.prepare(vowel)])
    assert expected.probabilities is not None
    assert list(shown.values()) == pytest.approx(list(expected.probabilities), abs=1e-4)
    assert page.run("document.getElementById('answer').textContent") in [expected.label, "Not sure."]
    assert page.run("document.documentElement.scrollWidth") <= width
    colors = "new Set(document.getElementById('spectrogram').getContext('2d').getImageData(0, 0, 400, 160).data).size"
    assert page.run(colors) > 50


def test_what_is_unusual_about_a_recording_is_said_beside_its_answer(
    page: Page, served: str, vowel: Path, tmp_path: Path
) -> None:
    samples = soundfile.read(vowel, dtype="int16")[0]
    choose(page, served, save(tmp_path / "canceled.wav", np.stack([samples, -samples], 1)))
    assert "opposite sign" in page.run("document.getElementById('heard').textContent")


def test_the_microphone_is_answered(page: Page, served: str) -> None:
    open_page(page, served)
    page.run("document.getElementById('record').click()")
    page.wait_for("document.getElementById('record').textContent === 'Stop'")
    page.run("new Promise((resolve) => setTimeout(resolve, 1000))")
    page.run("document.getElementById('record').click()")
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    assert page.run("document.getElementById('record').textContent") == "Record"
    assert page.messages == []


def test_what_is_no_recording_is_said(page: Page, served: str, tmp_path: Path) -> None:
    open_page(page, served)
    (tmp_path / "broken.wav").write_bytes(b"no recording")
    page.choose_file("#file", tmp_path / "broken.wav")
    page.wait_for("document.getElementById('answer').textContent.includes('cannot read the file')")
    page.choose_file("#file", save(tmp_path / "silent.wav", np.zeros(8000, np.int16)))
    page.wait_for("document.getElementById('answer').textContent.includes('nothing to hear')")


@on_device
def test_the_static_page_gives_the_same_answers_also_without_a_network(
    page: Page, served: str, static: Path, vowel: Path
) -> None:
    require_same_answers(page, served, static, partial(choose, recording=vowel))
