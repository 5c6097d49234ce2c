"""The data: people that are in one split only, fixed by the seed; photos without a face; pairs in LFW's format."""

from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut, camera, lfw_subset

from models.dlib_landmarks import CONVERTED, load_trees
from shared.data.rows import Rows
from shared.errors import UserError
from shared.seeding import generator
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src import detections
from src.augmentation import augment
from src.baseline import baseline
from src.config import Config, DataConfig
from src.dataloader import FaceData, PeopleBatches, load_data, make_loaders
from src.detections import NO_FACE, SEVERAL
from src.evaluate import evaluate
from src.pairs import Pairs, read_pairs
from src.recognizer import Recognizer
from src.train import train

STILL = DataConfig(flip=False, shift=0, zoom=0, turn=0, light=0, erase=0)


def people(split: Any) -> set[int]:
    return set(split["labels"].tolist())


def config(smoke: Config, **settings: object) -> Config:
    return replace(smoke, data=replace(smoke.data, **settings))  # type: ignore[arg-type]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Twelve people with two photos each, of which two persons are real and the rest enlarged thumbnails."""
    thumbnails = (lfw_subset()[:10] * 255).astype(np.uint8)
    for number, thumbnail in enumerate([astronaut()[0:250, 100:350], camera()[80:240, 160:320], *thumbnails]):
        folder = tmp_path / "album" / f"person_{number:02d}"
        folder.mkdir(parents=True)
        image = Image.fromarray(thumbnail).convert("RGB").resize((200, 200), Image.Resampling.BICUBIC)
        for photo in (1, 2):
            image.rotate(3 * photo).save(folder / f"person_{number:02d}_{photo:04d}.jpg")
    return tmp_path / "album"


@pytest.fixture
def chosen(smoke: Config, album: Path, tmp_path: Path) -> Config:
    """The smoke configuration on the album, with several people in each split and a record of its own."""
    load_trees(smoke.data.processed)  # converts them once for all tests
    (tmp_path / "processed").mkdir()
    copy(smoke.data.processed / CONVERTED, tmp_path / "processed")
    fractions = {"test_fraction": 0.4, "validation_fraction": 0.3}
    return config(smoke, source="folder", root=album, processed=tmp_path / "processed", **fractions)


def test_the_sample_has_other_people_in_each_split(data: FaceData) -> None:
    assert data.counts == {"train": 272, "validation": 48, "test": 80}
    assert data.as_dict()["people"] == {"train": 68, "validation": 12, "test": 20}
    train, validation, test = (people(split) for split in vars(data.splits).values())
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert data.faces["crops"].shape == (400, 3, 128, 128)
    assert data.faces["crops"].dtype == torch.uint8
    for pairs, split in ((data.pairs["validation"], validation), (data.pairs["test"], test)):
        shown = data.labels[pairs.members]
        assert set(shown.ravel().tolist()) <= split
        np.testing.assert_array_equal(shown[:, 0] == shown[:, 1], pairs.same)


def test_the_seed_decides_the_splits_and_nothing_else_does(smoke: Config) -> None:
    first, again, other = (load_data(replace(smoke, seed=seed)) for seed in (0, 0, 1))
    assert first.digest == again.digest != other.digest
    assert people(first.splits.test) != people(other.splits.test)
    by_name = [dict(zip(data.faces.names, data.faces["crops"], strict=True)) for data in (first, other)]
    assert by_name[0].keys() == by_name[1].keys()
    assert all(torch.equal(crop, by_name[1][name]) for name, crop in by_name[0].items())


def test_a_folder_of_people_is_cut_and_photos_without_a_face_count(
    chosen: Config, album: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (200, 200), "gray").save(album / "person_00" / "wall.jpg")
    (album / "person_01" / "broken.jpg").write_bytes(b"no image")
    both = Image.new("RGB", (400, 200))
    for place, path in enumerate(sorted((album / "person_00").glob("person*"))):
        both.paste(Image.open(path), (200 * place, 0))
    both.save(album / "person_00" / "both.jpg")
    data = load_data(chosen)
    said = capsys.readouterr().err
    assert f"{SEVERAL}: 1 (person_00/both.jpg)" in said
    assert sum(data.as_dict()["several_faces"].values()) == 1
    assert f"{NO_FACE}: 1 (person_00/wall.jpg)" in said
    assert "left out of 27 images: unreadable images: 1 (person_01/broken.jpg" in said
    assert (len(data.faces), data.found.sum()) == (26, 25)
    assert sum(data.as_dict()["no_face"].values()) == 1
    assert not data.faces["crops"][~data.found].any()


def test_no_photo_is_searched_twice_and_a_damaged_record_is_refused(
    chosen: Config, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_data(chosen)
    monkeypatch.setattr(detections, "find_face", None)
    assert load_data(replace(chosen, seed=1, model=replace(chosen.model, name="dlib_resnet"))).found.all()
    (album / "person_00").rename(album / "person_99")
    assert load_data(chosen).found.sum() == first.found.sum()
    (chosen.data.processed / "faces.sqlite").write_bytes(b"no table" * 500)
    with pytest.raises(UserError, match=r"faces.sqlite .*; delete it, so that photos are searched anew"):
        load_data(chosen)


def test_weights_are_the_same_whatever_the_cache_and_the_workers(chosen: Config, tmp_path: Path) -> None:
    digests = []
    for cache, workers in (("memory", 0), ("disk", 0), ("none", 2)):
        training = replace(chosen.training, epochs=2, workers=workers)
        own = replace(config(chosen, cache=cache), output_dir=tmp_path / cache, training=training)
        data = load_data(own)
        assert data.as_dict()["cache"] == cache
        assert isinstance(data.faces["crops"], Rows) == (cache != "memory")
        train(own, data=data)
        tensors = load_checkpoint(best_checkpoint(tmp_path / cache)).tensors
        metrics = [evaluate(own, data=data)["metrics"], baseline(own, data=data)["metrics"]]
        digests.append(({name: tensor.tolist() for name, tensor in tensors.items()}, metrics, data.digest))
    assert digests[0] == digests[1] == digests[2]


def test_photos_of_sixteen_bits_are_read_by_one_range_everywhere(chosen: Config, album: Path, ready: Config) -> None:
    for path in sorted(album.rglob("*.jpg")):  # a camera of 12 bits
        gray = np.asarray(Image.open(path).convert("L"), np.uint16)
        Image.fromarray(gray * 16).save(path.with_suffix(".png"))
        path.unlink()
    data = load_data(chosen)
    assert data.settled == {"value_range": [0, 4095]}
    assert data.found.mean() > 0.9
    assert data.faces["crops"][data.found].float().mean() > 40  # not a sixteenth of it
    darker = load_data(config(chosen, value_range=[0.0, 9000.0]))
    both = darker.found & data.found
    assert (darker.faces["crops"][both].float().mean() / data.faces["crops"][both].float().mean()) < 0.6
    recognizer = Recognizer(ready)
    recognizer.network.metadata["value_range"] = data.settled["value_range"]
    photo = next(iter(sorted(album.rglob("*.png"))))
    assert np.asarray(recognizer.read(photo)).mean() > 40


def test_photos_without_any_face_are_refused(chosen: Config, album: Path) -> None:
    for number, path in enumerate(album.rglob("*.jpg")):
        Image.new("RGB", (64, 64), (10 * number, 0, 0)).save(path)
    with pytest.raises(UserError, match="too few faces were found in the photos of the splits train, validation, test"):
        load_data(chosen)


def test_lfw_is_known_by_its_pairs_and_its_folds_are_the_test(chosen: Config, album: Path) -> None:
    folds = []
    for fold in (0, 1):
        first, second, third = (f"person_{fold * 6 + i:02d}" for i in range(3))
        folds += [f"{first}\t1\t2", f"{second}\t1\t2", f"{first}\t1\t{second}\t2", f"{second}\t2\t{third}\t1"]
    (album / "pairs.txt").write_text("\n".join(["2\t2", *folds]))
    chosen = config(chosen, source="auto")
    data = load_data(chosen)
    assert data.record.source == "lfw"
    assert data.record.license.startswith("the user's own; if it is Labeled Faces in the Wild: for research")
    assert data.official is not None
    assert (len(data.official), len(data.pairs["test"])) == (8, 4)
    assert people(data.splits.test) == {6, 7, 8}
    assert people(load_data(config(chosen, test_fold=1)).splits.test) == {0, 1, 2}
    with pytest.raises(UserError, match=r"data.test_fold is 3, but pairs.txt has 2 folds only"):
        load_data(config(chosen, test_fold=3))


PHOTOS = [f"{name}/{name}_{number:04d}.jpg" for name in "AB" for number in (1, 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\nA\t1\t2\n", "says 1 folds of 1 . 1 pairs, but holds 1"),
        ("1\nA\t1\t2\nA\t1\tB\t7\n", "names B/B_0007.jpg and 0 more photos that are not there"),
        ("1\nA\t1\n", "is no list of pairs in the format of LFW"),
        ("x\n", "is no list of pairs in the format of LFW"),
        ("", "is no list of pairs in the format of LFW"),
    ],
)
def test_a_list_of_pairs_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pairs.txt").write_text(text)
    with pytest.raises(UserError, match=message):
        read_pairs(tmp_path / "pairs.txt", PHOTOS)


def test_a_list_of_pairs_is_read_fold_by_fold(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("2\t1\nA\t1\t2\nA\t1\tB\t2\nB\t2\t1\nB\t1\tA\t2\n")
    pairs = read_pairs(tmp_path / "pairs.txt", PHOTOS)
    assert pairs.members.tolist() == [[0, 1], [0, 3], [3, 2], [2, 1]]
    assert pairs.same.tolist() == [True, False, True, False]
    assert pairs.folds.tolist() == [1, 1, 2, 2]
    assert isinstance(pairs.at(pairs.same), Pairs)


def test_a_batch_holds_several_photos_of_each_person(smoke: Config, data: FaceData) -> None:
    batch = next(iter(make_loaders(data, smoke).train))
    labels, counts = batch["labels"].unique(return_counts=True)
    assert set(counts.tolist()) == {smoke.data.photos_per_person}
    assert len(labels) == 16
    assert batch["crops"].shape == (32, 3, 128, 128)


def test_every_photo_of_a_person_comes_before_any_comes_again(data: FaceData) -> None:
    for count in (4, 6):
        batches = PeopleBatches(data.splits.train, replace(STILL, photos_per_person=count), seed=0)
        assert len({crop.numpy().tobytes() for crop in batches.batch([3], generator(0))["crops"]}) == 4


def test_without_any_change_asked_for_crops_stay_as_they_are() -> None:
    crops = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    assert (augment(crops, STILL, generator(0)).int() - crops.int()).abs().max() <= 1


def test_each_crop_changes_in_its_own_way_and_the_same_again() -> None:
    crops = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8).repeat(8, 1, 1, 1)
    changed = augment(crops, DataConfig(), generator(0))
    assert (changed.shape, changed.dtype) == (crops.shape, torch.uint8)
    assert len({crop.numpy().tobytes() for crop in changed}) == 8
    assert torch.equal(changed, augment(crops, DataConfig(), generator(0)))
    mirrored = augment(crops, replace(STILL, flip=True), generator(0))
    flips = [(crop.int() - crops[0].flip(2).int()).abs().max() <= 1 for crop in mirrored]
    assert 0 < sum(map(bool, flips)) < 8
