"""Masks in color: every class told apart, errors shown, ignored pixels neither right nor wrong."""

import numpy as np

from shared.report.overlays import IGNORED, RIGHT, WRONG, ComparedMasks, class_colors, comparison, error_map, overlay


def test_every_class_has_a_color_of_its_own() -> None:
    colors = class_colors(40)
    assert colors.shape == (40, 3)
    assert len({tuple(color) for color in colors}) == 40
    np.testing.assert_array_equal(class_colors(3), colors[:3])


def test_the_background_and_ignored_pixels_stay_clear() -> None:
    image = np.full((1, 3, 3), 100, np.uint8)
    found = overlay(image, np.array([[0, 1, 255]]), classes=2, opacity=0.5)
    assert found[0, 0].tolist() == found[0, 2].tolist() == [100, 100, 100]
    np.testing.assert_allclose(found[0, 1], 50 + class_colors(2)[1] / 2, atol=1)


def test_errors_are_red_and_ignored_pixels_gray() -> None:
    found = error_map(np.array([[0, 1, 1]]), np.array([[0, 0, 255]]), ignore=255)
    assert [tuple(pixel) for pixel in found[0].tolist()] == [RIGHT, WRONG, IGNORED]


def test_a_comparison_is_an_image() -> None:
    rows = [ComparedMasks("a", np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30), int), np.ones((20, 30), int))]
    assert comparison(rows, ["background", "cat"], ignore=255).startswith(b"\x89PNG")
    assert comparison(rows * 2, [f"class {index}" for index in range(20)], ignore=255).startswith(b"\x89PNG")
