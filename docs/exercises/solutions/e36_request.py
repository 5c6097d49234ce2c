"""Exercise 36, solved: the size first, then the form from outside to inside, then each number."""

import json

import numpy as np

PIXELS = 64
LARGEST = 16.0
EXPECTED = f'send {{"images": [[{PIXELS} numbers from 0 to {LARGEST:g}], ...]}}'


def read_request(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> tuple[int, np.ndarray | str]:
    """A status, and the images or a sentence."""
    if len(body) > max_bytes:
        return 413, f"the body is larger than the {max_bytes:,} bytes allowed"
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):  # bytes that are no UTF-8 are a ValueError too
        return 400, "the body is not valid JSON"
    if not isinstance(content, dict) or content.keys() != {"images"} or not isinstance(content["images"], list):
        return 422, EXPECTED
    images = content["images"]
    if not 1 <= len(images) <= max_images:
        return 422, f"send 1 to {max_images} images, not {len(images)}"
    if not all(isinstance(image, list) and len(image) == PIXELS for image in images):
        return 422, EXPECTED
    # The type and not isinstance: True is an int. NaN is refused as it compares with nothing.
    if not all(type(number) in (int, float) and 0 <= number <= LARGEST for image in images for number in image):
        return 422, EXPECTED
    return 200, np.array(images, np.float32)
