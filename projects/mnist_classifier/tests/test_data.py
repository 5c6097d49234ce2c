"""The data: three disjoint splits, fixed by the seed, from each source."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from images import drawn, save_images, save_photos
from PIL import Image

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
    assert data.counts == {"train": 34, "validation": 6, "test": 10}


def test_folders_named_train_and_test_are_kept_apart(tmp_path: Path) -> None:
    save_images(tmp_path / "train", {"cat": 20, "dog": 20})
    save_images(tmp_path / "test", {"cat": 5, "dog": 7})
    assert load_data(config(root=tmp_path)).counts == {"train": 34, "validation": 6, "test": 12}


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


def test_images_of_another_size_than_the_networks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path / "data", monkeypatch)
    with pytest.raises(UserError, match=r"28 pixels a side, but data.image_size is 32"):
        load_data(config(root=tmp_path / "data", image_size=32, validation_fraction=0.2))


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


@pytest.mark.parametrize(("ink", "paper"), [("black", "white"), ("white", "black"), ("navy", "ivory")])
def test_ink_on_paper_is_nothing_unusual(ink: str, paper: str, tmp_path: Path) -> None:
    data = load_data(config(root=save_images(tmp_path, {"one": 20, "seven": 20}, ink, paper)))
    assert (sum(data.counts.values()), data.unusual.counts) == (40, {})


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_photos_are_named_with_the_project_for_them(
    cache: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = config(root=save_photos(tmp_path / "data"), cache=cache, processed=tmp_path / "processed")
    for _ in range(2):  # the second time, the files are not decoded again
        record = load_data(settings).as_dict()
        said = re.search("used, but unusual: .*photographs.*photo classification.*: 40 \\(", capsys.readouterr().err)
        assert said
        assert list(record["unusual"].values()) == [40]


def test_images_without_ink_are_called_that_and_the_project_that_reads_them_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_images(tmp_path, {"one": 20, "seven": 20})
    Image.new("L", (60, 80), 255).save(tmp_path / "one" / "blank.png")
    assert load_data(config(root=tmp_path)).as_dict()["left_out"] == {"images without ink": 1}
    assert re.search("images without ink: 1 \\(.*photo classification", capsys.readouterr().err)


def test_photos_some_of_which_have_no_ink_are_refused_and_not_left_out(tmp_path: Path) -> None:
    root = save_photos(tmp_path)
    folder = next(path for path in root.iterdir() if path.is_dir())
    Image.new("RGB", (60, 80), "gray").save(folder / "blank.png")
    with pytest.raises(
        UserError, match="40 images that look like photographs, and 1 without ink.*photo classification"
    ):
        load_data(config(root=root))


def test_copies_across_splits_are_named_and_the_advised_setting_keeps_them_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    for name in ("bad", "good"):
        (tmp_path / name).mkdir()
        for number in range(12):
            image = drawn(random)
            for copy in range(5):
                image.save(tmp_path / name / f"{name}{number:02d}.rf.{copy}.jpg", quality=95 - copy)
    found = load_data(config(root=tmp_path)).as_dict()["near_copies"]
    assert found["found"] == found["compared"] > 20
    advice = re.search(r"--data.group_pattern '(.*)' keeps them together", capsys.readouterr().err)
    assert advice
    data = load_data(config(root=tmp_path, group_pattern=advice[1]))
    assert data.as_dict()["near_copies"]["found"] == 0
    assert "are copies" not in capsys.readouterr().err
    for split in vars(data.splits).values():
        assert set(split["labels"].tolist()) == {0, 1}
