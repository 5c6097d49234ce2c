"""Images of more than 8 bits a pixel: one range for a data set, so that a dim image stays dim."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.config import require_range
from shared.data import value_range
from shared.data.images import UnreadableImageError, open_image, read_image
from shared.data.value_range import measure_range
from shared.errors import UserError


def save(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def ramp(low: float, high: float, kind: type = np.uint16) -> np.ndarray:
    """40 x 40 values from `low` to `high`."""
    return np.linspace(low, high, 1600).reshape(40, 40).astype(kind)


def means(files: list[Path]) -> list[float]:
    value_range = measure_range(files)
    return [float(np.asarray(read_image(file, value_range=value_range)).mean()) for file in files]


@pytest.mark.parametrize(
    ("low", "high", "kind", "expected"),
    [
        (0, 65000, np.uint16, [0, 65535]),
        (20, 4000, np.uint16, [0, 4095]),  # a camera of 12 bits
        (0, 0.9, np.float32, [0, 1]),
        (3, 250, np.float32, [0, 255]),
        (-1000, 3000, np.int32, [-998, 2998]),  # Hounsfield units have no usual black
        (0.001, 0.009, np.float32, [0.001, 0.009]),
    ],
)
def test_the_range_is_what_the_images_hold(
    low: float, high: float, kind: type, expected: list[float], tmp_path: Path
) -> None:
    files = [save(tmp_path / f"{number}.tif", ramp(low, high, kind)) for number in range(3)]
    np.testing.assert_allclose(measure_range(files), expected, rtol=2e-2)


def test_a_dim_image_stays_dim_beside_a_bright_one(tmp_path: Path) -> None:
    for kind in (np.uint16, np.float32, np.int32):
        dim, bright = means([save(tmp_path / f"{high}.tif", ramp(0, high, kind)) for high in (4000, 40000)])
        assert bright == pytest.approx(10 * dim, rel=0.1)


def test_a_hot_pixel_and_values_that_are_no_numbers_do_not_blacken_an_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = {name: ramp(0, 0.9, np.float32) for name in ("clean", "hot", "broken")}
    images["hot"][0, 0], images["broken"][0, 0], images["broken"][1, 1] = 1e9, np.nan, np.inf
    files = [save(tmp_path / f"{name}.tif", values) for name, values in images.items()]
    found = means(files)
    assert found == pytest.approx([found[0]] * 3, abs=1)
    assert "no numbers: 1 (broken.tif)" in capsys.readouterr().err


def test_a_little_used_range_is_said_and_the_named_one_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [save(tmp_path / f"{number}.tif", ramp(30000, 31000 + number)) for number in range(8)]
    measure_range(files)
    advice = re.search(r"--data.value_range '\[(.*), (.*)\]'", capsys.readouterr().err)
    assert advice
    given = [float(advice[1]), float(advice[2])]
    assert measure_range(files, given) == given
    assert "few levels" not in capsys.readouterr().err
    assert np.ptp(np.asarray(read_image(files[0], value_range=given))) > 200


def test_where_the_range_is_known_only_some_of_many_files_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [save(tmp_path / f"{index}.png", ramp(0, 60000)) for index in range(30)]
    opened: list[object] = []
    monkeypatch.setattr(value_range, "open_image", lambda path: opened.append(path) or open_image(path))
    monkeypatch.setattr(value_range, "MOST_READ", 4)
    assert measure_range(files, [0, 65535]) == [0, 65535]
    assert len(set(opened)) == 4
    assert measure_range(files) == [0, 65535]
    assert len(set(opened)) == 30


def test_images_of_both_kinds_in_one_set_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [save(tmp_path / "deep.png", ramp(0, 60000)), save(tmp_path / "usual.png", ramp(0, 255, np.uint8))]
    assert measure_range(files) == [0, 65535]
    assert "other 1 images have 8 bits" in capsys.readouterr().err
    assert measure_range(files[1:]) == []
    assert capsys.readouterr() == ("", "")


def test_without_a_known_range_the_type_says_it_or_the_image_is_refused(tmp_path: Path) -> None:
    assert np.asarray(read_image(save(tmp_path / "a.tif", ramp(0, 6553)))).max() == 25
    assert np.asarray(read_image(save(tmp_path / "b.tif", ramp(0, 0.5, np.float32)))).max() == 128
    with pytest.raises(UnreadableImageError, match=r"0 to 900 in place of 0 to 1"):
        read_image(save(tmp_path / "c.tif", ramp(0, 900, np.float32)))


@pytest.mark.parametrize("value_range", [[0.0], [5.0, 5.0], [1.0, 2.0, 3.0]])
def test_a_range_is_two_numbers_in_order(value_range: list[float]) -> None:
    with pytest.raises(UserError, match=r"data\.value_range"):
        require_range("data.value_range", value_range)
