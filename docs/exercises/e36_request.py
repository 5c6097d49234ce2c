"""Exercise 36, level 3: read a request that anybody may have sent, in plain Python and NumPy.

After docs/learn/09_deploy.ipynb. A server never knows who asks. Whatever arrives, the function returns, and says in
one sentence what is wrong.
"""

import numpy as np

PIXELS = 64
LARGEST = 16.0


def read_request(body: bytes, max_bytes: int = 100_000, max_images: int = 32) -> tuple[int, np.ndarray | str]:
    """The images of a request, or why there are none.

    A good body is the JSON of `{"images": [[64 numbers], ...]}` with 1 to `max_images` images and no other key; all
    numbers are from 0 to 16. No exception may leave this function, and no sentence may repeat what was sent. Think of:
    a body that is not UTF-8; brackets nested a hundred thousand deep; `NaN`; `true`, which Python takes for the number
    1; integers of a thousand digits; rows that are too short.

    Args:
        body: as it came.
        max_bytes: a longer body is refused before anything else is looked at.
        max_images: the largest number of images.

    Returns:
        One of these pairs:
        - 200 and the images, float32 [N, 64];
        - 413 and a sentence: the body is longer than `max_bytes`;
        - 400 and a sentence: the body is not JSON;
        - 422 and a sentence: it is JSON, but not what is expected.
    """
    raise NotImplementedError("your turn")
