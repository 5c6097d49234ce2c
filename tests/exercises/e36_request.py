"""Answers to exercise 36: a right one in another style, and edits of the solution that make it wrong."""

import json
import math

import numpy as np

SENTENCE = "send images of 64 numbers from 0 to 16"


def read_request__right_by_a_loop(
    body: bytes, max_bytes: int = 100_000, max_images: int = 32
) -> tuple[int, np.ndarray | str]:
    if len(body) > max_bytes:
        return 413, "the body is too large"
    try:
        content = json.loads(body, parse_constant=lambda _: math.nan)
    except Exception:
        return 400, "not valid JSON"
    try:
        (images,) = (content[key] for key in content if key == "images" and len(content) == 1)
        if type(images) is not list or len(images) not in range(1, max_images + 1):
            raise ValueError
        for image in images:
            if type(image) is not list or len(image) != 64:
                raise ValueError
            if any(isinstance(number, bool) or not 0 <= number <= 16 for number in image):
                raise ValueError
        return 200, np.asarray(images, np.float32)
    except (TypeError, ValueError):
        return 422, SENTENCE


SIZE = """    if len(body) > max_bytes:
        return 413, f"the body is larger than the {max_bytes:,} bytes allowed"
"""
BY_NUMPY = """images = np.array(json.loads(body)["images"], np.float32)
        is_right = images.ndim == 2 and images.shape[1] == PIXELS and len(images) <= max_images
        return (200, images) if is_right else (422, EXPECTED)
"""
MISTAKES = {
    "size checked last": (SIZE, "", "    return 200", f"{SIZE}    return 200"),
    "size one too small": ("len(body) > max_bytes", "len(body) >= max_bytes"),
    "nested brackets": ("(ValueError, RecursionError)", "ValueError"),
    "only errors of JSON": ("(ValueError, RecursionError)", "(json.JSONDecodeError, RecursionError)"),
    "NaN": ("0 <= number <= LARGEST", "not (number < 0 or number > LARGEST)"),
    "True is a number": ("type(number) in (int, float)", "isinstance(number, (int, float))"),
    "NumPy decides": ("content = json.loads(body)\n", BY_NUMPY),
    "body passed on": ('"the body is not valid JSON"', 'f"not JSON: {body!r}"'),
    "content passed on": (
        '"images"], list):\n        return 422, EXPECTED',
        '"images"], list):\n        return 422, body.decode()',
    ),
    "further keys": ('content.keys() != {"images"}', '"images" not in content'),
}
