"""The sizes of the projects' networks. They are pinned here, so that another network breaks no test of a copy."""

import json
import sys

import pytest
from commands import REPOSITORY, run

SIZES = {
    "mnist_classifier": (
        "from models.model import ImageClassifier; make = lambda n: ImageClassifier(n, 28, 10)",
        {"cnn": 98_938, "mlp": 235_146},
    ),
    "photo_classification": (
        "from models.model import PhotoClassifier; make = lambda n: PhotoClassifier(n, 10)",
        {"tf_efficientnet_lite0": 3_383_818, "tf_efficientnet_lite2": 4_823_882},
    ),
    "audio_classification": (
        "from models.model import AudioClassifier; make = lambda n: AudioClassifier(n, 8000, 4000, 10, 0.1, True, 0.1)",
        {"cnn": 187_122, "gru": 83_418, "transformer": 357_130},
    ),
    "text_classification": (
        "from models.model import make_network; size = dict(width=32, layers=2, heads=4, dropout=0.1);"
        "make = lambda n: make_network(n, 200, 3, **size)",
        {"ngrams": 646_499, "lstm": 23_587, "gru": 19_363, "transformer": 31_971},
    ),
    "face_recognition": (
        "from models.model import Embedder; make = lambda n: Embedder(n)",
        {"dlib_resnet": 5_614_592, "inception_resnet_v1": 23_482_624, "small": 368_896},
    ),
    "image_segmentation": (
        "from models.model import Segmenter; make = lambda n: Segmenter(n, 'tf_efficientnet_lite0', 4)",
        {"small_unet": 1_964_148, "unet": 3_787_588, "fpn": 3_429_508, "deeplabv3plus": 3_299_668},
    ),
}
"""By project: code that makes a network of a name, and the number of parameters of each network."""


@pytest.mark.parametrize("name", SIZES)
def test_the_numbers_of_parameters_are_pinned(name: str) -> None:
    code, expected = SIZES[name]
    count = f"{{n: sum(p.numel() for p in make(n).parameters()) for n in {list(expected)}}}"
    code = f"import json; {code}\nprint(json.dumps({count}))"
    assert json.loads(run(sys.executable, "-c", code, folder=REPOSITORY / "projects" / name)) == expected
