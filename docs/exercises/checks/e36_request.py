"""The checks of exercise 36."""

import json
from types import ModuleType
from typing import Any

import numpy as np
from expect import expect, expect_close, expect_shape

HINT = (
    "Compare len(body) first; then json.loads in a try for ValueError and RecursionError; then check the form from "
    "outside to inside: dict, its keys, list, its length, each row, each number (type(x) in (int, float), a range)."
)

IMAGE = [float(number % 17) for number in range(64)]
SECRET = "do-not-repeat-me"


def read(exercise: ModuleType, body: bytes, what: str, **limits: int) -> tuple[int, Any]:
    """What the function returns; whatever it raises becomes a sentence."""
    try:
        found = exercise.read_request(body, **limits)
    except NotImplementedError:
        raise
    except Exception as error:
        problem = f"for {what} the function raises {type(error).__name__}; expected a status and a sentence"
        raise AssertionError(problem) from error
    pair = isinstance(found, tuple) and len(found) == 2
    expect(pair, f"for {what} the function returns a {type(found).__name__}; expected a pair: (status, images or text)")
    return found


def refused(exercise: ModuleType, body: bytes, status: int, what: str, mistake: str = "", **limits: int) -> None:
    found, text = read(exercise, body, what, **limits)
    expect(found == status, f"for {what} the status is {found}; expected {status}", mistake)
    expect(isinstance(text, str) and len(text) > 9, f"for {what} there is no sentence that says what is wrong")
    expect(
        SECRET not in text, f"for {what} the sentence repeats what was sent", "the text of an exception is passed on"
    )


def with_number(text: str) -> bytes:
    """A body whose last number is this text."""
    return json.dumps({"images": [IMAGE]}).encode().replace(b"12.0]]}", text.encode() + b"]]}")


def check_good_requests_are_read(exercise: ModuleType) -> None:
    status, images = read(exercise, json.dumps({"images": [IMAGE, IMAGE[::-1]]}).encode(), "two images")
    expect(status == 200, f"for two images the status is {status}; expected 200")
    expect_shape(images, (2, 64), "the images of a good request")
    expect(images.dtype == np.float32, f"the images have the type {images.dtype}; expected float32")
    expect_close(images, [IMAGE, IMAGE[::-1]], "the images of a good request")
    status, _ = read(exercise, json.dumps({"images": [[16] * 64]}).encode(), "an image of the integer 16")
    expect(status == 200, f"for an image of the integer 16 the status is {status}; expected 200", "16 is allowed")


def check_a_long_body_is_refused_first(exercise: ModuleType) -> None:
    refused(
        exercise, b"{" * 101, 413, "101 bytes that are no JSON, with max_bytes=100", "the size first", max_bytes=100
    )
    good = json.dumps({"images": [IMAGE]}).encode()
    status, _ = read(exercise, good, "a body of max_bytes", max_bytes=len(good))
    expect(status == 200, f"for a body of exactly max_bytes the status is {status}; expected 200")


def check_what_is_not_json(exercise: ModuleType) -> None:
    refused(exercise, b"", 400, "an empty body")
    refused(exercise, SECRET.encode(), 400, "a body that is no JSON")
    refused(exercise, b"\xff\x80", 400, "a body that is not UTF-8", "UnicodeDecodeError is a ValueError")
    refused(exercise, b"[" * 50_000, 400, "brackets nested 50,000 deep", "json.loads raises RecursionError")


def check_other_forms_than_the_expected(exercise: ModuleType) -> None:
    for content in (None, 3, [], [IMAGE], {}, {"images": None}, {"images": "x" * 64}, {"images": {"0": IMAGE}}):
        refused(exercise, json.dumps(content).encode(), 422, f"the JSON {str(content)[:30]}")
    refused(exercise, json.dumps({"images": [IMAGE], SECRET: 1}).encode(), 422, "a further key")


def check_the_number_and_length_of_images(exercise: ModuleType) -> None:
    refused(exercise, json.dumps({"images": []}).encode(), 422, "no image")
    refused(exercise, json.dumps({"images": [IMAGE] * 33}).encode(), 422, "33 images", "at most max_images")
    refused(exercise, json.dumps({"images": [IMAGE, IMAGE[:-1]]}).encode(), 422, "an image of 63 numbers")
    refused(exercise, json.dumps({"images": [IMAGE, [[1]] * 64]}).encode(), 422, "numbers in further brackets")
    refused(exercise, json.dumps({"images": [IMAGE, "1" * 64]}).encode(), 422, "a text of 64 characters as an image")
    refused(exercise, json.dumps({"images": [IMAGE, 5]}).encode(), 422, "a number as an image")


def check_each_number(exercise: ModuleType) -> None:
    refused(exercise, with_number("NaN"), 422, "NaN", "Python's json reads NaN, and NaN > 16 is false")
    refused(exercise, with_number("Infinity"), 422, "Infinity")
    refused(exercise, with_number("-0.5"), 422, "a number below 0")
    refused(exercise, with_number("16.5"), 422, "a number above 16")
    refused(exercise, with_number("true"), 422, "true", "isinstance(True, int) holds in Python")
    refused(exercise, with_number('"7"'), 422, "a number in quotes", "float('7') or NumPy turns it into a number")
    refused(exercise, with_number("null"), 422, "null")
    refused(exercise, with_number("1" + "0" * 1000), 422, "an integer of 1,001 digits", "it fits no float")
