"""The data: three disjoint splits, fixed by the seed, from each source."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from images import save_images
from PIL import Image, ImageDraw

from shared.data.examples import Data
from shared.errors import UserError
from shared.seeding import generator
from src import sources
from src.config import Config, DataConfig
from src.dataloader import load_data, make_loaders, random_shift


def config(**settings: object) -> Config:
    return Config(data=DataConfig(**settings))  # type: ignore[arg-type]


def test_the_sample_has_every_class_in_every_split(data: Data) -> None:
    assert data.counts == {"train": 1293, "validation": 144, "test": 360}
    assert data.classes == [str(number) for number in range(10)]
    for split in vars(data.splits).values():
        assert (split["images"].shape[1:], split["images"].dtype) == ((1, 28, 28), torch.uint8)
        assert set(split["labels"].tolist()) == set(range(10))


def test_one_folder_a_class_is_cut_into_three_splits(tmp_path: Path) -> None:
    data = load_data(config(root=save_images(tmp_path, {"cat": 30, "dog": 20})))
    assert data.record.source == "folder"
    assert data.classes == ["cat", "dog"]
    assert data.counts == {"train": 36, "validation": 4, "test": 10}


def test_folders_named_train_and_test_are_kept_apart(tmp_path: Path) -> None:
    save_images(tmp_path / "train", {"cat": 20, "dog": 20})
    save_images(tmp_path / "test", {"cat": 5, "dog": 7})
    assert load_data(config(root=tmp_path)).counts == {"train": 36, "validation": 4, "test": 12}


def test_color_photos_of_any_size_are_prepared(tmp_path: Path) -> None:
    root = save_images(tmp_path, {"cat": 20, "dog": 20}, color=True)
    data = load_data(config(root=root, channels=3, image_size=32, preparation="photo"))
    assert data.splits.train["images"].shape[1:] == (3, 32, 32)


def write_mnist(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four files of MNIST's format and names, 60 + 20 images, whose digests count as the right ones."""
    random = np.random.default_rng(0)
    digests = {}
    root.mkdir(parents=True)
    for name in sources.MNIST_FILES:
        count = 60 if "train" in name else 20
        labels = (np.arange(count) % 10).astype(np.uint8).tobytes()
        content = bytes(8) + labels if "labels" in name else bytes(16) + random.bytes(count * 784)
        (root / f"{name}.gz").write_bytes(gzip.compress(content))
        digests[name] = sources.hashlib.md5(content).hexdigest()
    monkeypatch.setattr(sources, "MNIST_FILES", digests)


@pytest.mark.parametrize(
    ("folder", "packed"), [(".", True), ("mnist", True), ("MNIST/raw", True), ("MNIST/raw", False)]
)
def test_mnist_is_found_where_it_may_lie(
    folder: str, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mnist(tmp_path / "data" / folder, monkeypatch)
    for path in () if packed else list((tmp_path / "data" / folder).iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    data = load_data(config(root=tmp_path / "data", validation_fraction=0.2))
    assert data.record.source == "mnist"
    assert data.counts == {"train": 48, "validation": 12, "test": 20}


def test_an_earlier_download_does_not_stand_in_for_images_of_your_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mnist(tmp_path / "data" / "mnist", monkeypatch)
    save_images(tmp_path / "data", {"cat": 30, "dog": 20})
    with pytest.raises(UserError, match="class folders without images .*: mnist"):
        load_data(config(root=tmp_path / "data"))


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b", gzip.compress(b"other bytes")])
def test_damaged_mnist_is_named(damage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path / "data", monkeypatch)
    (tmp_path / "data" / "train-labels-idx1-ubyte.gz").write_bytes(damage)
    with pytest.raises(UserError, match=r"train-labels-idx1-ubyte\.gz is damaged"):
        load_data(config(root=tmp_path / "data"))


def test_images_of_another_shape_than_asked_for_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path / "data", monkeypatch)
    with pytest.raises(UserError, match=r"images of \(1, 28, 28\).*ask for \(3, 32, 32\)"):
        load_data(config(root=tmp_path / "data", channels=3, image_size=32, validation_fraction=0.2))


def test_only_training_images_are_moved(data: Data, smoke: Config) -> None:
    loaders = make_loaders(data, smoke)
    for name in ("validation", "test"):
        loaded = torch.cat([batch["images"] for batch in getattr(loaders, name)])
        assert torch.equal(loaded, getattr(data.splits, name)["images"])
    as_they_are = {image.numpy().tobytes() for image in data.splits.train["images"]}
    moved = next(iter(loaders.train))["images"]
    assert sum(image.numpy().tobytes() in as_they_are for image in moved) < len(moved) / 2


def test_a_shift_moves_each_image_by_itself_and_invents_nothing() -> None:
    source = generator(0)
    images = torch.zeros(500, 1, 9, 9, dtype=torch.uint8)
    images[:, :, 4, 4] = 200
    moved = random_shift(images, 2, source)
    assert moved.dtype == torch.uint8
    assert (moved.sum((1, 2, 3)) == 200).all()
    places = {tuple(place) for place in moved[:, 0].nonzero()[:, 1:].tolist()}
    assert places == {(row, column) for row in range(2, 7) for column in range(2, 7)}
    assert torch.equal(random_shift(images, 0, source), images)


def save_deep(root: Path, **levels: int) -> Path:
    """20 images of 16 bits of each class, as bright as it says."""
    random = np.random.default_rng(0)
    for name, level in levels.items():
        (root / name).mkdir(parents=True)
        for index in range(20):
            values = random.integers(level // 2, level, (32, 32), dtype=np.uint16)
            Image.fromarray(values).save(root / name / f"{index}.tif")
    return root


def test_sixteen_bit_images_keep_how_bright_they_are_beside_each_other(tmp_path: Path) -> None:
    data = load_data(config(root=save_deep(tmp_path, bright=40000, dim=4000), preparation="photo"))
    means = [data.splits.train["images"][data.splits.train["labels"] == label].float().mean() for label in (0, 1)]
    assert means[0] > 8 * means[1]
    assert data.settled == {"preparation": "photo", "value_range": [0, 65535]}
    darker = load_data(config(root=tmp_path, preparation="photo", value_range=[0.0, 131070.0]))
    assert darker.splits.train["images"].max() < 0.6 * data.splits.train["images"].max()


def ink(color: str, paper: str, number: int) -> Image.Image:
    """A stroke on a sheet, of 60 x 80 pixels."""
    image = Image.new("RGB", (60, 80), paper)
    ImageDraw.Draw(image).line((20, 10 + number % 20, 40, 60), fill=color, width=5)
    return image


@pytest.mark.parametrize(("color", "paper"), [("black", "white"), ("white", "black"), ("navy", "ivory")])
def test_ink_on_paper_is_prepared_as_digits(color: str, paper: str, tmp_path: Path) -> None:
    for name in ("one", "seven"):
        (tmp_path / name).mkdir()
        for number in range(20):
            ink(color, paper, number).save(tmp_path / name / f"{number}.png")
    assert load_data(config(root=tmp_path)).settled["preparation"] == "digit"


@pytest.mark.parametrize("color", [True, False])
def test_photos_are_prepared_as_photos_and_none_is_lost(
    color: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = load_data(config(root=save_images(tmp_path, {"cat": 20, "dog": 20}, color=color)))
    assert data.settled["preparation"] == "photo"
    assert sum(data.counts.values()) == 40
    said = capsys.readouterr().err
    assert "look like photographs" in said
    flags = re.findall(r"--data\.(\w+) (\w+)", said)[:2]
    assert flags == [("channels", "3"), ("image_size", "64")]
    larger = load_data(config(root=tmp_path, **{name: int(value) for name, value in flags}))
    assert larger.splits.train["images"].shape[1:] == (3, 64, 64)


def test_images_without_ink_are_called_that_and_the_remedy_keeps_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "seven"):
        (tmp_path / name).mkdir()
        for number in range(20):
            ink("black", "white", number).save(tmp_path / name / f"{number}.png")
    Image.new("L", (60, 80), 255).save(tmp_path / "one" / "blank.png")
    data = load_data(config(root=tmp_path))
    assert data.as_dict()["left_out"] == {"images without ink": 1}
    assert "images without ink: 1 (" in (said := capsys.readouterr().err)
    assert "--data.preparation photo" in said
    kept = load_data(config(root=tmp_path, preparation="photo"))
    assert (sum(kept.counts.values()), "left_out" in kept.as_dict()) == (41, False)


def save_copies(root: Path) -> Path:
    """24 images of noise, 12 of each class, each in five copies that differ in the compression only."""
    random = np.random.default_rng(0)
    for name in ("bad", "good"):
        (root / name).mkdir(parents=True)
        for number in range(12):
            noise = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((48, 48))
            for copy in range(5):
                noise.save(root / name / f"{name}{number:02d}.rf.{copy}.jpg", quality=95 - copy)
    return root


def test_copies_across_splits_are_named_and_the_advised_setting_keeps_them_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"root": save_copies(tmp_path), "preparation": "photo", "channels": 3}
    found = load_data(config(**settings)).as_dict()["near_copies"]
    assert found["found"] == found["compared"] > 20
    advice = re.search(r"--data.group_pattern '(.*)' keeps them together", capsys.readouterr().err)
    assert advice
    data = load_data(config(**settings, group_pattern=advice[1]))
    assert data.as_dict()["near_copies"]["found"] == 0
    assert "are copies" not in capsys.readouterr().err
    for split in vars(data.splits).values():
        assert set(split["labels"].tolist()) == {0, 1}
