"""Every image has a defined answer, and a face's crop has eyes, nose and mouth where they should be."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut, camera, chelsea
from skimage.transform import SimilarityTransform

from models.alignment import DLIB_MEAN_FACE, Aligner, cut_crop, places_in_crop
from models.detector import Detector, Face, central_face
from models.dlib_landmarks import load_trees
from shared.data.images import read_image
from src.config import DetectorConfig

# Where the astronaut's eyes, nose and corners of the mouth lie, by eye.
ASTRONAUT = np.array([[205, 102], [247, 103], [225, 129], [202, 140], [245, 141]])


def test_the_face_and_its_landmarks_are_found(detector: Detector) -> None:
    (face,) = detector.detect(Image.fromarray(astronaut()))
    assert face.confidence > 0.99
    np.testing.assert_allclose(face.landmarks, ASTRONAUT, atol=4)
    assert (face.box[:2] < ASTRONAUT.min(0)).all()
    assert (face.box[2:] > ASTRONAUT.max(0)).all()


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "CMYK", "LA", "I;16"])
def test_images_of_every_mode_are_answered(detector: Detector, mode: str) -> None:
    buffer, image = io.BytesIO(), Image.fromarray(astronaut())
    gray = np.asarray(image.convert("L")).astype(np.uint16)
    image = Image.fromarray(gray * 257) if mode == "I;16" else image.convert(mode)
    image.save(buffer, "TIFF" if mode == "CMYK" else "PNG")
    faces = detector.detect(read_image(buffer.getvalue()))
    assert len(faces) == (1 if mode != "1" else len(faces))


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (11, 11), (39, 39), (40, 40), (41, 700), (3000, 50)])
def test_tiny_and_narrow_images_show_no_face(detector: Detector, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    assert detector.detect(Image.fromarray(noise)) == []


def test_images_without_people_show_no_face(detector: Detector) -> None:
    images = [Image.fromarray(chelsea()), Image.new("RGB", (300, 200)), Image.new("RGB", (300, 200), "white")]
    assert detector.detect_all(images) == [[], [], []]


def test_a_large_image_is_searched_smaller_and_answered_in_its_own_pixels(detector: Detector) -> None:
    large = Image.fromarray(astronaut()).resize((2560, 2560))
    np.testing.assert_allclose(detector.detect(large)[0].landmarks / 5, ASTRONAUT, atol=4)


def test_a_photo_stored_on_its_side_is_turned_upright(detector: Detector) -> None:
    buffer = io.BytesIO()
    image = Image.fromarray(astronaut())
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    image.rotate(90, expand=True).save(buffer, "JPEG", exif=exif, quality=95)
    np.testing.assert_allclose(detector.detect(read_image(buffer.getvalue()))[0].landmarks, ASTRONAUT, atol=4)


def test_faces_of_a_batch_are_those_of_each_image_alone(detector: Detector) -> None:
    images = [Image.fromarray(astronaut()), Image.fromarray(chelsea()), Image.fromarray(camera())]
    together = detector.detect_all(images)
    assert [len(faces) for faces in together] == [1, 0, 1]
    for image, faces in zip(images, together, strict=True):
        for face, alone in zip(faces, detector.detect(image), strict=True):
            np.testing.assert_allclose(face.landmarks, alone.landmarks, atol=0.01)


def test_faces_much_smaller_than_the_smallest_wanted_are_not_found() -> None:
    assert Detector(DetectorConfig(min_face=400)).detect(Image.fromarray(astronaut())) == []


def test_the_central_face_is_chosen_by_distance_in_its_own_size() -> None:
    near_and_small = Face((0, 0, 10, 10), 1.0, np.full((5, 2), 70.0))
    far_and_large = Face((0, 0, 100, 100), 1.0, np.full((5, 2), 90.0))
    assert central_face([near_and_small, far_and_large], (100, 100)) is far_and_large
    assert central_face([], (100, 100)) is None


@pytest.mark.parametrize(("scale", "angle"), [(1.0, 0.0), (0.5, 0.6), (4.0, -0.4), (9.0, 3.0)])
def test_a_crop_shows_the_landmarks_in_their_places_whatever_the_scale_and_turn(scale: float, angle: float) -> None:
    size = 150
    places = SimilarityTransform(scale=scale, rotation=angle)(places_in_crop(DLIB_MEAN_FACE, size))
    places += 700 - places.mean(0)
    rows, columns = np.indices((1400, 1400))
    image = np.zeros((1400, 1400), np.uint8)
    for x, y in places:
        image[(columns - x) ** 2 + (rows - y) ** 2 <= (4 * scale) ** 2] = 255
    image = Image.fromarray(image).convert("RGB")
    crop = cut_crop(image, places, size)
    assert (crop.shape, crop.dtype) == ((3, size, size), np.uint8)
    for x, y in places_in_crop(DLIB_MEAN_FACE, size):
        column, row = round(x), round(y)
        bright = np.argwhere(crop[0, row - 8 : row + 9, column - 8 : column + 9] > 127)
        np.testing.assert_allclose(bright.mean(0) - 8, (y - row, x - column), atol=0.75)


def test_what_lies_outside_the_image_is_black() -> None:
    crop = cut_crop(Image.new("RGB", (60, 60), "white"), places_in_crop(DLIB_MEAN_FACE, 150) - 75, 150)
    assert crop[:, 0, 0].tolist() == [0, 0, 0]
    assert crop[:, 100, 100].tolist() == [255, 255, 255]


def test_dlibs_landmarks_lie_at_the_corners_of_the_eyes_and_below_the_nose(tmp_path: Path) -> None:
    image = Image.fromarray(astronaut())
    expected = [[255, 103], [237, 104], [195, 101], [212, 103], [224, 135]]  # by eye
    aligner = Aligner(load_trees(tmp_path))
    np.testing.assert_allclose(aligner.landmarks(image, ASTRONAUT.astype(float)), expected, atol=4)
    shaken = ASTRONAUT + np.random.default_rng(0).normal(0, 2, (5, 2))
    np.testing.assert_allclose(aligner.landmarks(image, shaken), expected, atol=5)
    turned, scale = image.rotate(30, expand=True).resize((1400, 1400)), 1400 / image.rotate(30, expand=True).width
    middle, angle = np.array(image.size) / 2, np.radians(-30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def moved(points: np.ndarray) -> np.ndarray:
        return ((points - middle) @ turn.T) * scale + 700

    np.testing.assert_allclose(aligner.landmarks(turned, moved(ASTRONAUT)), moved(np.array(expected)), atol=10)
