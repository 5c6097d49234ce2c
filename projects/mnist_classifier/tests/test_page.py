"""The page for people in a real browser: served and static, with a mouse and with keys, with and without a network."""

import base64
import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.serving.classifier import STROKE
from shared.testing.chromium import Page
from shared.testing.contract import Contract
from shared.testing.pages import from_module, in_browser, on_device, open_page, require_same_answers, try_example

STROKES = [(60, 60), (200, 60), (170, 150), (130, 250)]

pytestmark = in_browser


def draw(page: Page, address: str) -> dict[str, float]:
    """Draw a seven; gives the probabilities that the page got."""
    open_page(page, address)
    left, top, width = page.run(
        "(({left, top, width}) => [left, top, width])(document.getElementById('drawing').getBoundingClientRect())"
    )
    page.drag(*((left + x * width / 280, top + y * width / 280) for x, y in STROKES))
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    assert page.messages == []
    found: dict[str, float] = from_module(page, "module.ask('predict', [document.getElementById('drawing')])")[
        "probabilities"
    ]
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_a_drawing_is_answered_and_nothing_is_cut_off(page: Page, served: str, width: int) -> None:
    page.size(width, 800)
    probabilities = draw(page, served)
    assert page.run("document.getElementById('answer').textContent") in [*probabilities, "Not sure."]
    assert page.run("document.documentElement.scrollWidth") <= width


def test_keys_draw_and_clear(page: Page, served: str) -> None:
    open_page(page, served)
    page.run("document.getElementById('drawing').focus()")
    for _ in range(8):
        page.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowDown", modifiers=8)
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Delete")
    page.wait_for("document.querySelectorAll('#bars li').length === 0")


GIVEN = """
(() => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(%s), (one) => one.charCodeAt(0))], "digit.png"));
  const options = { dataTransfer: data, clipboardData: data, bubbles: true, cancelable: true };
  const [area, Kind] = [document.getElementById("drawing"), "%s" === "paste" ? ClipboardEvent : DragEvent];
  area.dispatchEvent(new Kind("%s", options));
})()
"""


def is_answered(page: Page) -> None:
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    assert page.messages == []


def test_an_example_is_answered_by_one_click_and_by_the_command_that_is_shown(
    page: Page, served: str, tmp_path: Path, contract: Contract
) -> None:
    label = try_example(page, served, contract.answered)
    is_answered(page)
    assert page.run("document.getElementById('answer').textContent") in (label, "Not sure.")
    if shutil.which("curl"):
        (tmp_path / "image.png").write_bytes(base64.b64decode(STROKE))
        command = page.run("document.querySelector('#commands code').textContent")
        done = subprocess.run([*shlex.split(command), "--silent"], cwd=tmp_path, capture_output=True, check=True)
        assert len(json.loads(done.stdout)["probabilities"]) == 10


def test_why_a_prediction_is_unsure_is_said(page: Page, served: str) -> None:
    open_page(page, served)
    found = {"prediction": "unsure", "probabilities": {"1": 0.44, "7": 0.41}}
    code = f"common.showPrediction({json.dumps(found)}, {{ predict: {{ min_probability: 0.5 }} }})"
    page.run(f"import(new URL('common.mjs', location.href)).then((common) => {code})")
    assert page.run("document.getElementById('answer').textContent") == "Not sure."
    why = page.run("document.getElementById('why').textContent")
    assert "44.0 %" in why
    assert "50.0 %" in why


def test_an_image_can_be_dropped_where_a_target_shows_and_pasted(page: Page, served: str) -> None:
    shown = "document.querySelectorAll('.target.over').length"
    for kinds in (("dragover", "drop"), ("paste",)):
        open_page(page, served)
        for kind in kinds:
            page.run(GIVEN % (json.dumps(STROKE), kind, kind))
            assert page.run(shown) == (kind == "dragover")
        is_answered(page)


def test_a_photo_of_the_camera_is_answered(page: Page, served: str) -> None:
    open_page(page, served)
    page.run("[...document.querySelectorAll('button')].find((one) => one.textContent === 'Camera').click()")
    page.wait_for("document.querySelector('dialog video').videoWidth")
    page.run("document.querySelector('dialog button').click()")
    page.wait_for("!document.querySelector('dialog')")
    page.wait_for("document.getElementById('answer').textContent !== 'Draw something.'")
    assert page.messages == []


@on_device
def test_the_static_page_gives_the_same_answers_also_without_a_network(page: Page, served: str, static: Path) -> None:
    require_same_answers(page, served, static, draw)
