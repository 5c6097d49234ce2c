"""Answers to exercise 36: a right one in another style, and plausible wrong ones."""

import json
import math

import numpy as np

SENTENCE = "send images of 64 numbers from 0 to 16"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 16


def _read(body: bytes, max_images: int = 32, **options: object) -> tuple[int, np.ndarray | str]:
    """A right answer whose parts can be left out, so that each wrong one has a single mistake."""
    try:
        content = json.loads(body)
    except options.get("caught", (ValueError, RecursionError)) as error:  # type: ignore[misc]
        return 400, str(error) if "repeats" in options else "not JSON"
    images = content.get("images") if isinstance(content, dict) else None
    keys_are_right = isinstance(content, dict) and (set(content) == {"images"} or "any_key" in options)
    if not keys_are_right or not isinstance(images, list) or not 0 < len(images) <= max_images:
        unexpected = f"unexpected: {content}" if "repeats" in options else SENTENCE
        return 422, unexpected
    if not all(isinstance(image, list) and len(image) == 64 for image in images):
        return 422, SENTENCE
    is_number = options.get("is_number", _is_number)
    if not all(is_number(number) for image in images for number in image):  # type: ignore[operator]
        return 422, SENTENCE
    return 200, np.array(images, np.float32)


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


def read_request__wrong_size_checked_last(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    found = _read(body, max_images)
    return (413, "the body is too large") if found[0] == 200 and len(body) > max_bytes else found


def read_request__wrong_size_one_too_small(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    return (413, "the body is too large") if len(body) >= max_bytes else _read(body, max_images)


def read_request__wrong_nested_brackets(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    return (413, "it is too large") if len(body) > max_bytes else _read(body, max_images, caught=ValueError)


def read_request__wrong_only_json_errors(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    caught = (json.JSONDecodeError, RecursionError)
    return (413, "it is too large") if len(body) > max_bytes else _read(body, max_images, caught=caught)


def read_request__wrong_nan(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    def is_number(value: object) -> bool:
        return type(value) in (int, float) and not (value < 0 or value > 16)  # type: ignore[operator]

    return (413, "it is too large") if len(body) > max_bytes else _read(body, max_images, is_number=is_number)


def read_request__wrong_true_is_a_number(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    def is_number(value: object) -> bool:
        return isinstance(value, (int, float)) and 0 <= value <= 16

    return (413, "it is too large") if len(body) > max_bytes else _read(body, max_images, is_number=is_number)


def read_request__wrong_numpy_decides(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    if len(body) > max_bytes:
        return 413, "the body is too large"
    try:
        images = np.array(json.loads(body)["images"], np.float32)
    except (ValueError, RecursionError):
        return 400, "the body is not valid JSON"
    if images.ndim != 2 or images.shape[1] != 64 or len(images) > max_images:
        return 422, SENTENCE
    return 200, images


def read_request__wrong_error_passed_on(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    return (413, "it is too large") if len(body) > max_bytes else _read(body, max_images, repeats=True, any_key=True)


def read_request__wrong_further_keys(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> object:
    return (413, "it is too large") if len(body) > max_bytes else _read(body, max_images, any_key=True)
