"""Makes the project importable from anywhere, also in a copy of its folder, and says what its tests have to know."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from PIL import Image  # noqa: E402 - needs the path above

from models.detector import Detector  # noqa: E402
from shared.testing.contract import Contract, check, data, job, refused, trained  # noqa: E402, F401 - fixtures
from shared.testing.pages import page, static  # noqa: E402, F401 - fixtures
from src.config import Config, DetectorConfig, load_config  # noqa: E402
from src.export import export  # noqa: E402
from src.sources import published_photos  # noqa: E402
from src.train import train  # noqa: E402


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    from main import VERBS

    folder = tmp_path_factory.mktemp("contract")
    # What is converted once is shared by all tests.
    outside = ("--data.processed", str(folder.parent / "processed"), "--gallery.file", str(folder / "gallery.sqlite"))
    return Contract(
        PROJECT,
        VERBS,
        score=lambda evaluated: evaluated["metrics"]["test"]["auc"],
        learned=0.9,
        chance=0.88,  # gradients in cells say something by themselves
        other_network=("--model.name", "dlib_resnet"),
        input_name="photo.png",
        flags=("--data.source", "auto", *outside),
        run_flags=outside,
        serves_without_torch=False,
        answered="document.getElementById('same-detail').textContent",
    )


def placed(config: Config, folder: Path) -> Config:
    """The configuration with all that it writes outside the project; what is converted once is shared by all tests."""
    return replace(
        config,
        output_dir=folder,
        log_dir=folder / "tensorboard",
        data=replace(config.data, processed=folder.parent / "processed"),
        gallery=replace(config.gallery, file=folder / "gallery.sqlite"),
    )


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The smoke configuration, with outputs outside the project."""
    return placed(load_config(PROJECT / "configs" / "smoke.yaml"), tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The configuration of dlib's network, exported."""
    settings = ("--data.source", "sample", "--model.name", "dlib_resnet", "--model.head", "none", "--model.views", "1")
    config = placed(load_config(PROJECT / "configs" / "config.yaml", *settings), tmp_path_factory.mktemp("dlib"))
    train(config)
    export(config)
    return config


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector(DetectorConfig())


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Photographs that scikit-image ships: a person, the same one changed, another person, a cat, and both people."""
    folder = tmp_path_factory.mktemp("photos")
    images = published_photos()
    both = Image.new("RGB", (1024, 512))
    both.paste(images["astronaut"], (0, 0))
    both.paste(images["cameraman"].convert("RGB"), (512, 0))
    names = {"astronaut": "astronaut", "astronaut, changed": "again", "cameraman": "cameraman", "cat": "cat"}
    for long, short in names.items():
        images[long].save(folder / f"{short}.png")
    both.save(folder / "both.png")
    return {path.stem: path for path in sorted(folder.iterdir())}
