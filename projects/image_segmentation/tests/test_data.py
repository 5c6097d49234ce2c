"""The data: three disjoint splits from each source, and crops in which image and mask stay together."""

import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from images import save_folder
from PIL import Image

from shared.data.arrays import Arrays
from shared.data.batches import BatchIndices
from shared.data.examples import Data, Examples
from shared.errors import UserError
from shared.files import file_digest
from shared.seeding import generator
from src.augmentation import RandomCrops, mirrored_crop
from src.config import Config, DataConfig
from src.dataloader import Tiles, load_data, make_loaders
from src.export import training_crops
from src.masks import IGNORE
from src.masks.decode import class_pixels
from src.sample import CLASSES


def config(**settings: object) -> Config:
    return Config(data=DataConfig(**{"sample_images": 20, **settings}))  # type: ignore[arg-type]


def write_index(root: Path, header: str, *rows: str) -> None:
    (root / "index.csv").write_text("\n".join([header, *rows]))


def bytes_of(split: Examples) -> set[bytes]:
    return {image.tobytes() for image in split["images"]}


def test_the_sample_has_all_classes_in_every_split(data: Data) -> None:
    assert data.classes == CLASSES
    for split in vars(data.splits).values():
        assert {image.shape for image in split["images"]} == {(128, 128, 3)}
        assert set(np.unique(np.stack(split["masks"]))) == {0, 1, 2, 3}


def test_own_images_are_cut_into_three_splits_unless_they_are_already(tmp_path: Path) -> None:
    data = load_data(config(root=save_folder(tmp_path, 20)))
    assert data.record.source == "folder"
    assert data.classes == ["background", "foreground"]
    assert data.counts == {"train": 14, "validation": 2, "test": 4}
    for split, count in (("train", 9), ("validation", 3), ("test", 4)):
        save_folder(tmp_path / "cut" / split, count)
    assert load_data(config(root=tmp_path / "cut")).counts == {"train": 9, "validation": 3, "test": 4}


def test_images_of_one_group_stay_in_one_split(tmp_path: Path) -> None:
    save_folder(tmp_path, 40)
    write_index(tmp_path, "id,group", *(f"{index:03d},{index // 4}" for index in range(40)))
    splits = load_data(config(root=tmp_path)).splits
    groups = [{int(name) // 4 for name in split.names} for split in vars(splits).values()]
    assert sum(map(len, groups)) == 10
    write_index(tmp_path, "id,group", *(f"{index:03d},{'slide' * (index < 10)}" for index in range(40)))
    assert load_data(config(root=tmp_path)).counts == {"train": 27, "validation": 6, "test": 7}  # others are alone
    (tmp_path / "index.csv").unlink()
    splits = load_data(config(root=tmp_path, group_size=8)).splits
    assert sum(len({int(name) // 8 for name in split.names}) for split in vars(splits).values()) == 5


def test_near_copies_are_named_with_a_pattern_that_keeps_them_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_folder(tmp_path, 40, names="slide{:03d}_a")
    for folder in ("images", "masks"):
        for path in sorted((tmp_path / folder).iterdir()):
            shutil.copy(path, path.with_name(path.name.replace("_a", "_b")))
    load_data(config(root=tmp_path))
    advice = re.search(r"--data.group_pattern '(.*)' keeps them together", capsys.readouterr().err)
    assert advice
    data = load_data(config(root=tmp_path, group_pattern=advice[1]))
    assert data.as_dict()["near_copies"]["found"] == 0
    with pytest.raises(UserError, match="data.group_pattern 'x"):
        load_data(config(root=tmp_path, group_pattern="x(.)"))


def test_neighbors_are_counted_by_number_and_a_group_size_that_leaves_too_few_groups_says_which_to_set(
    tmp_path: Path,
) -> None:
    save_folder(tmp_path, 24, names="{}")
    splits = load_data(config(root=tmp_path, group_size=4)).splits
    assert sum(len({int(name) // 4 for name in split.names}) for split in vars(splits).values()) == 6
    with pytest.raises(UserError) as refusal:
        load_data(config(root=tmp_path, group_size=12))
    advised = re.search(r"set data.group_size to (\d+)", str(refusal.value))
    assert advised
    load_data(config(root=tmp_path, group_size=int(advised[1])))


def test_each_split_gets_its_share_of_each_stratum(tmp_path: Path) -> None:
    save_folder(tmp_path, 40)
    rows = (f"{index:03d},{index // 2},{'rare' if index < 10 else 'usual'}" for index in range(40))
    write_index(tmp_path, "id,group,stain", *rows)
    splits = load_data(config(root=tmp_path, strata="stain")).splits
    assert sum(int(name) < 10 for name in splits.test.names) == 2
    assert sum(int(name) < 10 for name in splits.validation.names) >= 1
    with pytest.raises(UserError, match=r"no column color, but 'id', 'group', 'stain'"):
        load_data(config(root=tmp_path, strata="color"))
    (tmp_path / "index.csv").unlink()
    with pytest.raises(UserError, match=r"index\.csv with the column 'stain' that data\.strata asks for"):
        load_data(config(root=tmp_path, strata="stain"))


def test_an_index_that_says_too_little_is_refused(tmp_path: Path) -> None:
    save_folder(tmp_path, 10)
    write_index(tmp_path, "id,group", "000,a")
    with pytest.raises(UserError, match=r"images that index\.csv does not name: 9 \(001, 002, 003, 004, 005, \.\.\.\)"):
        load_data(config(root=tmp_path))
    write_index(tmp_path, "name", "000")
    with pytest.raises(UserError, match=r"index\.csv has no column id, but 'name'"):
        load_data(config(root=tmp_path))


def test_val_is_the_validation_split_and_the_test_split_is_cut_from_train(tmp_path: Path) -> None:
    save_folder(tmp_path / "train", 20, (0, 1, 2, 11), "a{}")
    save_folder(tmp_path / "val", 5, (0, 1, 2, 11), "b{}")
    data = load_data(config(root=tmp_path, classes=["sky", "road", "car"], ignore="11"))
    assert data.counts == {"train": 16, "validation": 5, "test": 4}
    assert set(data.splits.validation.names) == {f"b{index}" for index in range(5)}
    assert set(np.unique(data.splits.test["masks"][0])) == {0, 1, 2, IGNORE}


def test_what_does_not_fit_is_named_and_left_out_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_folder(tmp_path, 20)
    (tmp_path / "images" / "000.png").write_bytes(b"broken")
    (tmp_path / "masks" / "001.png").rename(tmp_path / "masks" / "more.png")
    Image.new("L", (7, 8)).save(tmp_path / "masks" / "002.png")
    Image.new("L", (50, 40), 99).save(tmp_path / "masks" / "003.png")
    (tmp_path / "masks" / "004.png").write_bytes(b"broken")
    expected = (
        "images without a mask: 1 (images/001.png)",
        "masks without an image: 1 (masks/more.png)",
        "unreadable images: 1 (000.png: not an image",
        "unreadable masks: 1 (004.png: not an image",
        "images whose mask has another size: 1 (002.png: 50x42, its mask 7x8)",
        "masks with values that stand for no class: 1 (003.png: #636363)",
    )
    two = {"classes": ["a", "b"], "palette": ["black", "white"]}
    with pytest.raises(UserError) as refused:
        load_data(config(root=tmp_path, **two))
    assert all(words in str(refused.value) for words in (*expected, "--data.broken leave_out"))
    assert sum(load_data(config(root=tmp_path, broken="leave_out", **two)).counts.values()) == 15
    said = capsys.readouterr().err
    assert all(words in said for words in expected)


def write_pets(root: Path) -> None:
    """Twelve images in the layout of Oxford-IIIT Pet."""
    save_folder(root, 12, (1, 2, 3), "cat_{}")
    for path in (root / "images").iterdir():
        Image.open(path).save(path.with_suffix(".jpg"))
        path.unlink()
    (root / "annotations").mkdir()
    (root / "masks").rename(root / "annotations" / "trimaps")
    for split, numbers in (("trainval", range(8)), ("test", range(8, 12))):
        (root / "annotations" / f"{split}.txt").write_text("".join(f"cat_{number} 1 1 1\n" for number in numbers))


@pytest.mark.parametrize("folder", [".", "pets", "oxford-iiit-pet"])
def test_pets_are_found_and_their_borders_ignored(folder: str, tmp_path: Path) -> None:
    write_pets(tmp_path / folder)
    data = load_data(config(root=tmp_path))
    assert data.record.source == "pets"
    assert data.counts == {"train": 7, "validation": 1, "test": 4}
    trimap = np.asarray(Image.open(tmp_path / folder / "annotations" / "trimaps" / f"{data.splits.test.names[0]}.png"))
    expected = np.select([trimap == 1, trimap == 2], [1, 0], IGNORE)
    np.testing.assert_array_equal(data.splits.test["masks"][0], expected)


def test_a_split_without_a_pixel_that_counts_is_refused(tmp_path: Path) -> None:
    save_folder(tmp_path / "train", 20, (0, 1))
    save_folder(tmp_path / "test", 4, (255,))
    with pytest.raises(UserError, match="every pixel of the test split is ignored"):
        load_data(config(root=tmp_path, ignore="255"))


def test_images_of_your_own_come_before_an_earlier_download(tmp_path: Path) -> None:
    write_pets(tmp_path / "pets")
    save_folder(tmp_path, 20)
    assert load_data(config(root=tmp_path)).record.source == "folder"


def test_a_download_that_was_stopped_between_its_archives_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pets(tmp_path / "source")
    folder = tmp_path / "raw" / "pets"
    shutil.copytree(tmp_path / "source" / "images", folder / "images")
    archives = []
    for name in ("images", "annotations"):
        with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as packed:
            packed.add(tmp_path / "source" / name, name)
        archives.append((f"http://127.0.0.1:9/{name}.tar.gz", file_digest(folder / f"{name}.tar.gz", "md5")))
    monkeypatch.setattr("torchvision.datasets.OxfordIIITPet._RESOURCES", archives)
    data = load_data(config(root=tmp_path / "raw"))
    assert data.record.source == "pets"
    assert data.counts == {"train": 7, "validation": 1, "test": 4}


def test_without_a_network_the_sample_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchvision.datasets.OxfordIIITPet._RESOURCES", [("http://127.0.0.1:9/x", "0")])
    data = load_data(config(root=tmp_path))
    assert data.record.source == "sample"
    assert "stands in for pets" in data.record.substituted


def test_the_exporter_gets_crops_whose_sides_it_can_change() -> None:
    narrow = config(source="sample", crop_height=32, crop_width=32)
    assert training_crops(load_data(narrow), narrow).shape[1:] == (3, 64, 64)


def examples(*pairs: tuple[np.ndarray, np.ndarray]) -> Examples:
    images, masks = (Arrays(arrays) for arrays in zip(*pairs, strict=True))
    sizes, pixels = np.array([mask.shape for mask in masks]), np.stack([class_pixels(mask, 2) for mask in masks])
    columns = {"images": images, "masks": masks, "sizes": sizes, "pixels": pixels}
    return Examples(columns, [str(number) for number in range(len(pairs))])


def stripes(height: int, width: int) -> Examples:
    """An image whose mask can be told from its color: bright is class 1."""
    mask = (np.arange(width) // 8 % 2).astype(np.uint8)[None].repeat(height, 0)
    return examples((np.repeat((mask * 200)[:, :, None], 3, axis=2), mask))


@pytest.mark.parametrize("size", [(96, 96), (40, 200), (10, 20), (300, 64)])
@pytest.mark.parametrize("rare_crops", [0.0, 1.0])
def test_image_and_mask_stay_together(size: tuple[int, int], rare_crops: float) -> None:
    settings = DataConfig(crop_height=64, crop_width=96, flip="all", zoom=1.5, color=0.2, rare_crops=rare_crops)
    crops = RandomCrops(stripes(*size), settings, seed=0)
    for epoch in range(10):
        batch = crops.__getitems__(BatchIndices([0], epoch))
        assert batch["images"].shape[2:] == batch["masks"].shape[1:]
        assert (batch["images"].dtype, batch["masks"].dtype) == (torch.uint8, torch.uint8)
        agree = (batch["images"][0, 0] > 100) == (batch["masks"][0] == 1)
        assert agree.float().mean() > 0.85  # all but the blurred edges of stripes


def test_crops_are_others_each_epoch_and_the_same_each_run() -> None:
    settings = DataConfig(crop_height=64, crop_width=64)
    first, again = (RandomCrops(stripes(200, 200), settings, seed=0) for _ in range(2))
    before = first.__getitems__(BatchIndices([0]))["images"]
    assert torch.equal(before, again.__getitems__(BatchIndices([0]))["images"])
    assert not torch.equal(before, first.__getitems__(BatchIndices([0], epoch=1))["images"])


def test_rare_classes_are_seen_often() -> None:
    mask = np.zeros((400, 400), np.uint8)
    mask[7:9, 380:382] = 1
    images = examples((np.zeros((400, 400, 3), np.uint8), mask))
    seen = {}
    for share in (0.0, 1.0):
        crops = RandomCrops(images, DataConfig(crop_height=64, crop_width=64, zoom=1, rare_crops=share), seed=0)
        found = 0
        for epoch in range(40):
            found += bool((crops.__getitems__(BatchIndices([0], epoch))["masks"] == 1).any())
        seen[share] = found
    assert seen[0.0] < 5
    assert seen[1.0] > 12


def test_beyond_its_edges_an_image_is_mirrored() -> None:
    array = np.arange(6).reshape(2, 3)
    assert mirrored_crop(array, -1, -1, 4, 5).tolist() == [
        [0, 0, 1, 2, 2],
        [0, 0, 1, 2, 2],
        [3, 3, 4, 5, 5],
        [3, 3, 4, 5, 5],
    ]
    assert mirrored_crop(array, 0, 1, 2, 2).tolist() == [[1, 2], [4, 5]]


def test_validation_sees_each_pixel_once_and_nothing_else() -> None:
    sizes = ((100, 70), (33, 200))
    images = examples(*((np.zeros((*size, 3), np.uint8), np.ones(size, np.uint8)) for size in sizes))
    tiles = Tiles(images, tile=64)
    batch = tiles.batch(list(range(len(tiles))), generator(0))
    assert all(side % 32 == 0 for side in batch["images"].shape[2:])
    assert int((batch["masks"] == 1).sum()) == 100 * 70 + 33 * 200
    assert set(batch["masks"].unique().tolist()) == {1, IGNORE}


def test_only_training_images_are_changed(data: Data, smoke: Config) -> None:
    loaders = make_loaders(data, smoke)
    for name in ("validation", "test"):
        loaded = torch.cat([batch["images"] for batch in getattr(loaders, name)]).permute(0, 2, 3, 1)
        assert {image.numpy().tobytes() for image in loaded} == bytes_of(getattr(data.splits, name))
    moved = next(iter(loaders.train))["images"].permute(0, 2, 3, 1)
    assert not {image.numpy().tobytes() for image in moved} & bytes_of(data.splits.train)


def test_images_of_sixteen_bits_share_one_range_and_further_pages_are_said(tmp_path: Path) -> None:
    root = save_folder(tmp_path, 20)
    random = np.random.default_rng(0)
    for number, path in enumerate(sorted((root / "images").iterdir())):
        with Image.open(path) as image:
            width, height = image.size
        values = random.integers(20000, 40000, (height, width), dtype=np.uint16) // (10 if number % 2 else 1)
        pages = [Image.fromarray(values)] * (2 if number == 3 else 1)
        pages[0].save(path.with_suffix(".tif"), save_all=True, append_images=pages[1:])
        path.unlink()
    data = load_data(config(root=root))
    assert data.settled == {"value_range": [0, 65535]}
    means = [image.mean() for split in vars(data.splits).values() for image in split["images"]]
    assert max(means) > 8 * min(means)
    assert data.as_dict()["skipped_files"] == {"pages after the first in files of several": 1}
