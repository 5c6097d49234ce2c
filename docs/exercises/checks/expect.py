"""How the checks compare: each failure says in words what came back, what was expected, and the likely mistake."""

from typing import Any

import numpy as np


def expect_shape(found: Any, shape: tuple[int, ...], what: str, mistake: str = "") -> None:
    """The result has a `shape`; `what` names the result: `softmax(logits)`."""
    if not hasattr(found, "shape"):
        expected = f"an array of shape {shape}" if shape else "a number"
        raise AssertionError(sentence(f"{what} is {describe(found)}; expected {expected}", mistake))
    if tuple(found.shape) != shape:
        raise AssertionError(sentence(f"{what} has the shape {tuple(found.shape)}; expected {shape}", mistake))


def expect_close(found: Any, expected: Any, what: str, mistake: str = "", tolerance: float = 1e-6) -> None:
    """The result has the expected shape and equals the expected values up to an absolute and relative tolerance."""
    if found is None:
        raise AssertionError(f"{what} is None: does the function return its result?")
    here, there = as_array(found), as_array(expected)
    if here.shape != there.shape:
        raise AssertionError(sentence(f"{what} has the shape {here.shape}; expected {there.shape}", mistake))
    if not np.allclose(here, there, rtol=tolerance, atol=tolerance, equal_nan=True):
        wrong = ~np.isclose(here, there, rtol=tolerance, atol=tolerance, equal_nan=True)
        place = tuple(int(index) for index in np.argwhere(wrong)[0])
        at = f"{what} at {list(place)}" if place else what
        count = f" ({wrong.sum()} of {wrong.size} values differ)" if place else ""
        text = f"{at} is {here[place]:.6g}; expected {there[place]:.6g}{count}"
        raise AssertionError(sentence(text, mistake))


def expect(condition: bool, problem: str, mistake: str = "") -> None:
    """The condition holds; else `problem` says in words what is wrong."""
    if not condition:
        raise AssertionError(sentence(problem, mistake))


def as_array(value: Any) -> Any:
    """A NumPy array of numbers, from an array, a tensor, a list or a number."""
    value = value.detach().cpu().numpy() if hasattr(value, "detach") else value
    return np.asarray(value, dtype=np.float64)


def describe(value: Any) -> str:
    """A value that is no array, in words."""
    return "None: does the function return its result?" if value is None else f"a {type(value).__name__}"


def sentence(text: str, mistake: str) -> str:
    """The text, and the likely mistake where one is known."""
    return f"{text}. Likely: {mistake}" if mistake else text
