"""The page for people in a real browser: two faces are compared, one is enrolled and found again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.testing.chromium import WHY_NOT, Page, chromium
from shared.testing.servers import serving
from src.config import Config
from src.gallery import Gallery
from src.serve import make_service

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture(scope="module")
def served(ready: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("gallery") / "gallery.sqlite"
    with Gallery(file) as gallery, serving(make_service(ready, gallery)) as address:
        yield address


@pytest.fixture
def page(served: str) -> Iterator[Page]:
    with chromium() as opened:
        opened.open(f"{served}/")
        opened.wait_for("document.getElementById('facts').textContent.includes('Trained on')")
        yield opened


def text(page: Page, name: str) -> str:
    found: str = page.run(f"document.getElementById('{name}').textContent")
    return found


@pytest.mark.parametrize(
    ("second", "expected"), [("again", "The same person."), ("cameraman", "Different people."), ("cat", "No face.")]
)
def test_two_faces_are_compared(page: Page, photos: dict[str, Path], second: str, expected: str) -> None:
    page.size(390, 800)
    page.choose_file("#first-file", photos["astronaut"])
    page.choose_file("#second-file", photos[second])
    page.wait_for("/person|people|No face/.test(document.getElementById('same').textContent)")
    assert text(page, "same") == expected
    assert page.messages == []
    assert page.run("document.documentElement.scrollWidth") <= 390


def test_a_face_is_enrolled_and_found_again(page: Page, photos: dict[str, Path]) -> None:
    page.choose_file("#photo-file", photos["astronaut"])
    page.wait_for("document.getElementById('who').textContent === 'unknown'")
    page.run("document.getElementById('name').value = 'Eileen <b>'")
    page.run("document.getElementById('enroll').click()")
    page.wait_for("document.getElementById('who').textContent === 'Eileen <b>'")
    page.choose_file("#photo-file", photos["both"])
    page.wait_for("document.getElementById('who').textContent.includes(', ')")
    assert sorted(text(page, "who").split(", ")) == ["Eileen <b>", "unknown"]
