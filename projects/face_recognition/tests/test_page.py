"""The page for people in a real browser, served and static: two faces are compared, one is enrolled and found again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared.serving.npm import CACHE
from shared.serving.web import Part, build_site
from shared.testing.chromium import Page
from shared.testing.pages import in_browser, on_device, open_page
from shared.testing.servers import file_server, serving
from src.config import PROJECT, Config, export_path
from src.pairs import similarity
from src.recognizer import Recognizer
from src.service import PAGE, make_service
from src.verbs import verify

pytestmark = in_browser


@pytest.fixture(scope="module")
def served(ready: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("gallery") / "gallery.sqlite"
    with serving(make_service(replace(ready, gallery=replace(ready.gallery, file=file)))) as address:
        yield address


@pytest.fixture(scope="module")
def site(ready: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static") / "site"
    build_site(folder, [Part(PROJECT.name, PAGE, export_path(ready))], CACHE)
    return folder


@pytest.fixture
def static(page: Page, site: Path) -> Iterator[Page]:
    with file_server(site) as address:
        open_page(page, f"{address}/{PROJECT.name}")
        yield page


def text(page: Page, name: str) -> str:
    found: str = page.run(f"document.getElementById('{name}').textContent")
    return found


COMPARED = {  # with the astronaut
    "again": "The same person.",
    "cameraman": "Different people.",
    "cat": "No face.",
    "both": "Several faces.",
}


@pytest.mark.parametrize(("second", "expected"), COMPARED.items())
def test_two_faces_are_compared(page: Page, served: str, photos: dict[str, Path], second: str, expected: str) -> None:
    open_page(page, served)
    page.size(390, 800)
    page.choose_file("#first-file", photos["astronaut"])
    page.choose_file("#second-file", photos[second])
    page.wait_for("/person|people|No face|Several faces/.test(document.getElementById('same').textContent)")
    assert text(page, "same") == expected
    assert page.messages == []
    assert page.run("document.documentElement.scrollWidth") <= 390


def test_a_face_is_enrolled_and_found_again(page: Page, served: str, photos: dict[str, Path]) -> None:
    open_page(page, served)
    identify(page, photos["astronaut"], "unknown")
    enroll(page, "Eileen <b>")
    page.wait_for("document.getElementById('who').textContent === 'Eileen <b>'")
    page.choose_file("#photo-file", photos["both"])
    page.wait_for("document.getElementById('who').textContent.includes(', ')")
    assert sorted(text(page, "who").split(", ")) == ["Eileen <b>", "unknown"]


FACES = """
import(new URL("ask.mjs", location.href))
  .then(({ facesOf }) => facesOf(document.getElementById("first")))
  .then((faces) => faces.map((face) => ({ ...face, crop: [...face.crop], embedding: [...face.embedding] })))
"""


@on_device
def test_the_device_finds_the_faces_that_python_finds(static: Page, ready: Config, photos: dict[str, Path]) -> None:
    for path, expected in zip(photos.values(), Recognizer(ready).photos(list(photos.values())), strict=True):
        static.run("document.getElementById('first').width = 1")
        static.choose_file("#first-file", path)
        static.wait_for("document.getElementById('first').width > 1")
        found = static.run(FACES)
        assert len(found) == len(expected.faces), path.stem
        pythons = zip(expected.faces, expected.crops, expected.embeddings, strict=True)
        for face, (python, crop, embedding) in zip(found, pythons, strict=True):
            np.testing.assert_allclose(face["box"], python.box, atol=0.1)
            np.testing.assert_allclose(face["landmarks"], python.landmarks, atol=0.1)
            assert np.abs(np.array(face["crop"]) - crop.ravel()).mean() < 2  # of 255
            assert similarity(np.array(face["embedding"]), embedding) > 0.999
    assert static.messages == []


@on_device
def test_the_device_compares_as_python_does(static: Page, ready: Config, photos: dict[str, Path]) -> None:
    static.size(390, 800)
    static.choose_file("#first-file", photos["astronaut"])
    for second, words in COMPARED.items():
        static.run("document.getElementById('same-detail').textContent = ''")
        static.choose_file("#second-file", photos[second])
        static.wait_for("document.getElementById('same-detail').textContent")
        assert text(static, "same") == words
        if second in ("cat", "both"):
            shows = {"cat": "no face", "both": "2 faces; crop it to one"}[second]
            assert text(static, "same-detail") == f"the second image shows {shows}"
        else:
            expected = verify(ready, photos["astronaut"], photos[second])
            similarity = float(text(static, "same-detail").split()[1].rstrip("."))
            assert similarity == pytest.approx(expected["similarity"], abs=0.01)
            assert expected["thresholds"] in text(static, "same-detail")
    assert static.run("document.documentElement.scrollWidth") <= 390


STORED = """
indexedDB.databases().then(([{ name }]) => new Promise((resolve) => {
  indexedDB.open(name).onsuccess = ({ target: { result: database } }) => {
    database.transaction("photos").objectStore("photos").getAll().onsuccess = ({ target }) => {
      database.close();
      resolve(target.result.map((photo) => photo.name));
    };
  };
}))
"""


@on_device
def test_the_device_keeps_a_person_until_told_to_forget_also_without_a_network(
    page: Page, site: Path, photos: dict[str, Path]
) -> None:
    with file_server(site) as address:
        open_page(page, f"{address}/{PROJECT.name}")
        page.run("navigator.serviceWorker.ready.then(() => true)")
        identify(page, photos["astronaut"], "unknown")
        enroll(page, "Eileen <b>")
        page.wait_for("document.getElementById('who').textContent === 'Eileen <b>'")
    open_page(page, f"{address}/{PROJECT.name}")
    page.wait_for("document.getElementById('people').textContent === 'Eileen <b>: 1 photoForget'")
    assert "storage on this device" in text(page, "keeping")
    identify(page, photos["astronaut"], "Eileen <b>")
    enroll(page, "Someone")
    page.wait_for("document.getElementById('who').textContent.includes('enrolled as Eileen <b> already')")
    assert page.run(STORED) == ["Eileen <b>"]
    page.run("document.querySelector('#people button').click()")
    page.wait_for("document.getElementById('who').textContent === 'unknown'")
    page.wait_for("document.getElementById('people').textContent === ''")
    assert page.run(STORED) == []


def identify(page: Page, photo: Path, expected: str) -> None:
    page.choose_file("#photo-file", photo)
    page.wait_for(f"document.getElementById('who').textContent === '{expected}'")


def enroll(page: Page, name: str) -> None:
    page.run(f"document.getElementById('name').value = '{name}'")
    page.run("document.getElementById('enroll').click()")
