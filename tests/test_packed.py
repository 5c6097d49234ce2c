"""A packed data set is read as its folder is, from a disk or an S3 address, and damage is named."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from object_store import ObjectStore, serving
from PIL import Image
from pyarrow import parquet
from torch.utils.data import DataLoader

from shared import workers
from shared.data import packed, s3
from shared.data.class_folders import find_splits, read_splits
from shared.data.folders import Decoded, visible_files
from shared.data.images import read_image
from shared.data.pack import main, pack
from shared.data.packed import PackedPath, opened
from shared.data.prepared import Reading
from shared.data.problems import Problems
from shared.data.settings import PreparedDataConfig
from shared.data.tables import find_in_tables
from shared.errors import UserError
from shared.files import write_csv
from shared.settings import BaseConfig


def pixels(path: Path) -> Decoded:
    return Decoded(np.asarray(read_image(path))[None])


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """60 images in two classes, one of whose names is the beginning of the other, and a table beside them."""
    random = np.random.default_rng(0)
    folder = tmp_path / "raw"
    for name in ("cat", "cat-like/inner"):
        (folder / name).mkdir(parents=True)
        for index in range(30):
            image = Image.fromarray(random.integers(0, 256, (6, 6), dtype=np.uint8))
            image.save(folder / name / f"{index:02} ä.png")
    (folder / "index.csv").write_text("id,group\n")
    return folder


@pytest.fixture
def shards(raw: Path, tmp_path: Path) -> Path:
    pack(raw, tmp_path / "bucket" / "set", 16_000)
    return tmp_path / "bucket" / "set"


@pytest.fixture
def server(shards: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[ObjectStore]]:
    with serving(shards) as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
        monkeypatch.setattr(s3, "WAIT_SECONDS", 0.01)
        yield store


def at_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str, name: str = "set") -> Path:
    """The packed set at its address, with nothing known of it yet."""
    monkeypatch.setenv(packed.CACHE_VARIABLE, kept)
    packed._open.cache_clear()
    return opened(tmp_path / "project" / "s3:" / name)


def test_a_packed_folder_reads_as_the_folder(raw: Path, shards: Path) -> None:
    root = opened(shards)
    assert isinstance(root, PackedPath)
    assert len([*shards.glob("*.tar")]) > 2
    plain, inside = visible_files(raw), visible_files(root)
    assert [path.relative_to(root).as_posix() for path in inside] == [
        path.relative_to(raw).as_posix() for path in plain
    ]
    assert [path.read_bytes() for path in inside] == [path.read_bytes() for path in plain]
    assert [path.stat().st_mtime_ns for path in inside] == [path.stat().st_mtime_ns for path in plain]
    assert sorted(path.name for path in root.iterdir()) == sorted(path.name for path in raw.iterdir())
    assert {path.name for path in root.glob("*/*.png")} == {path.name for path in raw.glob("*/*.png")}
    assert (root / "index.csv").read_text() == "id,group\n"
    assert not (root / "dog").exists()
    with pytest.raises(FileNotFoundError):
        (root / "dog" / "1.png").read_bytes()


def test_any_program_unpacks_the_shards(raw: Path, shards: Path, tmp_path: Path) -> None:
    for shard in shards.glob("*.tar"):
        shutil.unpack_archive(shard, tmp_path / "unpacked", filter="data")
    unpacked = visible_files(tmp_path / "unpacked")
    assert [path.read_bytes() for path in unpacked] == [path.read_bytes() for path in visible_files(raw)]


@pytest.mark.parametrize("cache", ["memory", "disk", "none"])
def test_the_same_examples_with_every_cache(raw: Path, shards: Path, tmp_path: Path, cache: str, monkeypatch) -> None:
    monkeypatch.setattr(workers, "PARALLEL_FILES", 50)  # so that other processes read the shards
    found = [
        read_splits(root, find_splits(root), "images", Reading(pixels, {}), PreparedDataConfig(cache, tmp_path / name))
        for root, name in ((raw, "a"), (opened(shards), "b"))
    ]
    assert found[0].train.names == found[1].train.names
    assert np.array_equal(*(np.stack([*one.train["images"]]) for one in found))
    assert np.array_equal(*(one.train["labels"] for one in found))


@pytest.mark.parametrize("name", ["labels.csv", "labels.parquet", "labels.jsonl"])
def test_a_table_of_labels_is_packed_with_its_files(raw: Path, tmp_path: Path, name: str) -> None:
    rows = [{"image": path.name, "label": f"{place % 3}"} for place, path in enumerate((raw / "cat").iterdir())]
    if name.endswith("parquet"):
        parquet.write_table(pa.Table.from_pylist(rows), raw / "cat" / name)
    elif name.endswith("jsonl"):
        (raw / "cat" / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        write_csv(raw / "cat" / name, rows[0], [row.values() for row in rows])
    pack(raw / "cat", tmp_path / "packed", 16_000)
    found = []
    for root in (raw / "cat", opened(tmp_path / "packed")):
        labeled = find_in_tables(root, [], None, Problems())["train"]
        found.append(
            [(path.name, path.read_bytes(), label) for path, label in zip(labeled.files, labeled.labels, strict=True)]
        )
    assert len(found[0]) == 30
    assert found[0] == found[1]


@pytest.mark.parametrize(("kept", "tars"), [("1", 99), ("0", 0), ("0.00002", 1)])
def test_shards_at_an_address_are_kept_up_to_a_bound(
    raw: Path, shards: Path, server: type[ObjectStore], tmp_path: Path, monkeypatch, kept: str, tars: int
) -> None:
    root = at_s3(tmp_path, monkeypatch, kept)
    for _ in range(2):
        assert [path.read_bytes() for path in visible_files(root)] == [path.read_bytes() for path in visible_files(raw)]
    count = len([*shards.glob("*.tar")])
    held = [*(tmp_path / "project" / "data" / "processed" / "shards" / "set").glob("*.tar")]
    assert len(held) == min(tars, count)
    if tars == 99:  # each once, and then never again
        assert len(server.asked) == 1 + count
    else:  # files one after the other are fetched together
        assert len(server.asked) < 1 + 2 * 3 * count


def test_each_process_reads_its_share(server: type[ObjectStore], tmp_path: Path, monkeypatch) -> None:
    root = at_s3(tmp_path, monkeypatch, "0")
    files = visible_files(root)
    shares = [{*files[start::20]} for start in range(2)]
    server.asked.clear()
    for share in shares:
        for path in sorted(share, reverse=True):
            path.read_bytes()
    assert len({*server.asked}) == len(server.asked) == sum(map(len, shares))


def test_worker_processes_that_are_started_anew_read_too(shards: Path) -> None:
    files = visible_files(opened(shards))[:4]
    loader = DataLoader(files, batch_size=None, collate_fn=None, num_workers=1, multiprocessing_context="spawn")
    assert [path.read_bytes() for path in loader] == [path.read_bytes() for path in files]


def test_a_broken_connection_is_tried_again(raw: Path, server, tmp_path: Path, monkeypatch) -> None:
    server.broken = s3.TRIES - 1
    root = at_s3(tmp_path, monkeypatch, "0")
    server.broken = s3.TRIES - 1
    file = visible_files(root)[0]
    assert file.read_bytes() == visible_files(raw)[0].read_bytes()
    server.broken = s3.TRIES
    with pytest.raises(UserError, match=r"cannot read s3://set/shard-.*tried 5 times.*AWS_ENDPOINT_URL"):
        visible_files(root)[-1].read_bytes()
    server.asked.clear()
    with pytest.raises(UserError, match=r"cannot read s3://other/pack.csv .*404"):
        visible_files(at_s3(tmp_path, monkeypatch, "0", "other"))
    assert len(server.asked) == 1, "a missing object is not asked for again"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("kept", ["0", "1"])
def test_a_damaged_shard_is_named(shards: Path, tmp_path: Path, monkeypatch, kept: str) -> None:
    shard = sorted(shards.glob("*.tar"))[1]
    content = bytearray(shard.read_bytes())
    place = content.index(b"IDAT")
    content[place : place + 8] = bytes(8)
    shard.write_bytes(content)
    for root, name in ((at_s3(tmp_path, monkeypatch, kept), f"s3://set/{shard.name}"), (opened(shards), str(shard))):
        settings = PreparedDataConfig("memory", tmp_path / "p")
        with pytest.raises(UserError, match=f"the shard {name} is damaged"):
            read_splits(root, find_splits(root), "images", Reading(pixels, {}), settings)


def test_a_damaged_index_is_named(shards: Path) -> None:
    index = shards / "pack.csv"
    index.write_bytes(index.read_bytes()[:-30])
    with pytest.raises(UserError, match=r"pack.csv is damaged"):
        visible_files(opened(shards))


def test_the_signature_is_that_of_the_published_example(monkeypatch) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Example: GET Object"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    url, now = "https://examplebucket.s3.amazonaws.com/test.txt", datetime(2013, 5, 24, tzinfo=UTC)
    headers = s3.signed(url, {"Range": "bytes=0-9"}, "us-east-1", now)
    assert headers["Authorization"].endswith("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")


def test_packing_refuses_what_it_would_overwrite(raw: Path, shards: Path, capsys) -> None:
    assert main([str(raw), str(shards)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert main([str(raw / "none"), str(shards / "new")]) == 2
    assert not (shards / "new").exists()


def test_a_configuration_takes_a_packed_folder_and_an_address(shards: Path, tmp_path: Path) -> None:
    class Config(BaseConfig):
        def __init__(self, root: Path) -> None:
            self.data = PreparedDataConfig()
            self.data.root = root  # type: ignore[attr-defined]
            super().__init__()

    for root in (shards, tmp_path / "s3:" / "bucket"):
        assert isinstance(Config(root).data.root, PackedPath)
    assert not isinstance(Config(tmp_path).data.root, PackedPath)
