"""Outlines of regions, as COCO has them."""

import numpy as np
import pytest

from src.masks.outlines import annotations_of


def area(polygon: list[float]) -> float:
    x, y = np.array(polygon[::2]), np.array(polygon[1::2])
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


def test_each_region_has_its_outline_box_and_area() -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[2:12, 5:25] = 1
    mask[20:28, 30:38] = 1
    mask[15:25, 0:10] = 2
    found = list(annotations_of(mask))
    assert [annotation["category_id"] for annotation in found] == [1, 1, 2]
    assert found[0]["bbox"] == [5, 2, 20, 10]
    assert [annotation["area"] for annotation in found] == [200, 64, 100]
    for annotation in found:
        assert area(annotation["segmentation"][0]) == pytest.approx(annotation["area"], rel=0.02)
    xs, ys = found[0]["segmentation"][0][::2], found[0]["segmentation"][0][1::2]
    assert (min(xs), max(xs), min(ys), max(ys)) == (5, 25, 2, 12)


def test_holes_and_specks_are_left_out() -> None:
    mask = np.zeros((30, 30), np.uint8)
    mask[5:25, 5:25] = 1
    mask[10:20, 10:20] = 0
    mask[0, 0] = 1
    (found,) = annotations_of(mask)
    assert found["area"] == 300
    assert area(found["segmentation"][0]) == pytest.approx(400, rel=0.02)


def test_an_empty_mask_has_none() -> None:
    assert list(annotations_of(np.zeros((5, 5), np.uint8))) == []
