"""Whatever is sent, the answer is a 2xx or 4xx within bounds of time and memory, and the server stays up."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hostile import CONTENT_TYPES, bomb, hostile_cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance
from serving import ask, ask_json, endpoint

from shared.data.images import UnreadableImageError, read_image
from shared.serving.service import RefusedError, Service
from shared.testing.servers import serving

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # about damaged TIFF files

SLOWEST_SECONDS = 5.0
MOST_GROWTH = 200_000_000  # bytes


def decode(image: bytes) -> Any:
    try:
        return read_image(image, max_pixels=1_000_000)
    except UnreadableImageError as error:
        raise RefusedError(str(error)) from error


def sizes(images: list[Any]) -> list[dict[str, Any]]:
    return [{"size": list(image.size), "sum": sum(image.convert("L").histogram())} for image in images]


READ = endpoint("read", "texts", example="a text")
PREDICT = endpoint("predict", decode=decode, predict=sizes, example_result={"size": [1, 1], "sum": 1})
RULES = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
VARIED = settings(max_examples=60, **RULES)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["images", "texts", "x"]), inner),
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(Service("sizes", {"labels": []}, [PREDICT, READ])) as address:
        yield address


def resident_bytes() -> int:
    """Of this process, in which the server runs too; where the system does not say it, 0."""
    file = Path("/proc/self/statm")
    return int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if file.exists() else 0


@pytest.mark.parametrize(("count", "seed"), [(400, 0), pytest.param(10_000, 2, marks=pytest.mark.long)])
def test_damaged_images_json_and_forms(url: str, count: int, seed: int) -> None:
    """Every case gets a 2xx or 4xx in time; memory does not grow with their number."""
    for case in hostile_cases(seed, count // 10):
        ask(f"{url}/predict", case.body, case.content_type)
    before = resident_bytes()
    for case in hostile_cases(seed + 1, count):
        start = time.perf_counter()
        found = ask(f"{url}/predict", case.body, case.content_type)
        assert 200 <= found.status < 300 or 400 <= found.status < 500, (case.kind, found.status, case.body[:200])
        assert time.perf_counter() - start < SLOWEST_SECONDS, case.kind
    assert ask(f"{url}/readyz").status == 200
    assert resident_bytes() - before < MOST_GROWTH


@VARIED
@given(content=JSON)
def test_any_json(url: str, content: Any) -> None:
    for name in ("predict", "read"):
        assert ask_json(f"{url}/{name}", content).status in (200, 400, 422)


@VARIED
@given(
    body=st.binary(max_size=500).filter(lambda body: len(body) != 13),  # at which the stand-in of a network fails
    content_type=st.sampled_from(CONTENT_TYPES),
)
def test_any_bytes_of_any_type(url: str, body: bytes, content_type: str) -> None:
    for name in ("predict", "read"):
        assert ask(f"{url}/{name}", body, content_type).status in (200, 400, 422)


@VARIED
@given(text=st.text())
def test_any_text_is_answered(url: str, text: str) -> None:
    assert ask_json(f"{url}/read", {"texts": [text, "abc"]}).json["results"][1] == {"length": 3}


def test_a_small_file_of_many_pixels_is_refused_before_it_is_decoded(url: str) -> None:
    file = bomb(20_000, 20_000)
    assert len(file) < 20_000
    before, start = resident_bytes(), time.perf_counter()
    found = ask(f"{url}/predict", file)
    assert (found.status, found.json) == (422, {"detail": "more than the 1,000,000 pixels allowed"})
    assert time.perf_counter() - start < SLOWEST_SECONDS
    assert resident_bytes() - before < 50_000_000


@pytest.mark.parametrize("path", ["/predict", "/read"])
def test_the_description_of_the_interface_is_true(url: str, path: str) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")

    @settings(max_examples=30, **RULES)
    @given(case=schema[path]["POST"].as_strategy())
    def call_and_check(case: Any) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance])  # not all bytes are an image
        called.append(case)

    called: list[Any] = []
    call_and_check()
    assert len(called) >= 10
