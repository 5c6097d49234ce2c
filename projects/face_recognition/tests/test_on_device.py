"""The page's JavaScript aligns a face as Python does: the same crops, the same landmarks."""

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut
from test_detector import ASTRONAUT

from models.alignment import DLIB_MEAN_FACE, Aligner, cut_crop, places_in_crop
from models.dlib_landmarks import CONVERTED, load_exported_trees
from shared.inference.model import OnnxModel
from shared.testing.node import WHY_NOT, run_node
from src.config import Config, export_path
from src.service import PAGE

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

BEGIN = """
import { readFileSync } from "node:fs";
import { cut, dlibLandmarks } from "./alignment.mjs";
import { treesOf } from "./landmarks.mjs";
import { imageOf } from "./images.mjs";

const question = JSON.parse(readFileSync(0));
const { width, height, pixels, facts } = question;
const image = imageOf({ width, height, data: Buffer.from(pixels, "base64") });
"""
CUT = """
const crops = question.places.map((places) => cut(image, facts.dlib_mean_face, places, question.size, facts.padding));
console.log(JSON.stringify(crops.map((planes) => planes.map((plane) => [...plane]))));
"""
FIND = """
const trees = treesOf(new Uint8Array(readFileSync(question.trees)).buffer);
console.log(JSON.stringify(question.detected.map((points) => dlibLandmarks(image, points, trees, facts))));
"""


def asked(image: Image.Image, exported: Path, **more: object) -> dict[str, object]:
    pixels = base64.b64encode(image.convert("RGBA").tobytes()).decode()
    facts = OnnxModel(exported).metadata["alignment"]
    return {"width": image.width, "height": image.height, "pixels": pixels, "facts": facts} | more


def test_crops_are_cut_to_the_same_bytes_whatever_the_scale_and_turn(ready: Config) -> None:
    image, size = Image.fromarray(astronaut()).crop((20, 0, 512, 400)), 150
    mean = places_in_crop(DLIB_MEAN_FACE, size) - size / 2
    turns = [(0.43, 0.1), (1.0, 0.5), (1.3, -0.3), (4.0, 3.0)]
    places = [
        scale * mean @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + (200, 120)
        for scale, turn in turns
    ]
    question = asked(image, export_path(ready), places=[rows.tolist() for rows in places], size=size)
    found = np.array(run_node(PAGE, BEGIN + CUT, question)).reshape(len(places), 3, size, size)
    expected = np.stack([cut_crop(image, rows, size) for rows in places])
    assert expected.std() > 20
    assert np.abs(found - expected).max() <= 1  # sums in another order end just below a whole number here and there
    assert (found != expected).mean() < 0.001


def test_dlibs_landmarks_are_found_in_the_same_places(ready: Config) -> None:
    image = Image.fromarray(astronaut())
    random = np.random.default_rng(0)
    detected = [ASTRONAUT + random.normal(0, 2, (5, 2)) for _ in range(4)]
    trees = export_path(ready).with_name(CONVERTED)
    question = asked(image, export_path(ready), trees=str(trees), detected=[points.tolist() for points in detected])
    found = np.array(run_node(PAGE, BEGIN + FIND, question))
    aligner = Aligner(load_exported_trees(trees.parent))
    expected = np.stack([aligner.landmarks(image, points) for points in detected])
    np.testing.assert_allclose(found, expected, atol=0.01)
