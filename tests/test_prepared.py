"""Files are prepared once, in memory, on the disk or on demand: the same examples each time, and nothing half done."""

import multiprocessing
import os
import resource
import shutil
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from shared import workers
from shared.data import prepared
from shared.data.class_folders import find_splits, read_splits
from shared.data.examples import Examples, SourceData, digests_of
from shared.data.folders import Decoded
from shared.data.images import read_image, size_of
from shared.data.memory import TensorBatches, in_batches, shuffled_loader
from shared.data.prepared import Reading
from shared.data.rows import Rows
from shared.data.settings import PreparedDataConfig
from shared.errors import UserError

CHUNK = 16


def pixels(path: Path, *, factor: int = 1) -> Decoded:
    image = read_image(path)
    unusual = ["bright"] if image.getpixel((0, 0)) > 200 else []
    return Decoded(np.asarray(image.resize((4, 4)))[None] // factor, size_of(image.size), unusual)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "CHUNK_FILES", CHUNK)
    monkeypatch.setattr(workers, "PARALLEL_FILES", 50)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """120 images of noise in two classes, and two files that are none."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "raw" / name).mkdir(parents=True)
        for index in range(60):
            values = random.integers(0, 256, (5 + index % 3, 6), dtype=np.uint8)
            Image.fromarray(values).save(tmp_path / "raw" / name / f"{index:02}.png")
        (tmp_path / "raw" / name / "30a.png").write_bytes(b"no image")
    return tmp_path / "raw"


def read(root: Path, cache: str, factor: int = 1) -> SourceData:
    settings = PreparedDataConfig(cache=cache, processed=root.parent / "processed")  # type: ignore[arg-type]
    return read_splits(root, find_splits(root), "images", Reading(pixels, {"factor": factor}), settings)


def prepared_folder(root: Path) -> Path:
    (folder,) = (path for path in (root.parent / "processed").iterdir() if path.is_dir())
    return folder


def values(examples: Examples) -> torch.Tensor:
    return torch.as_tensor(examples["images"][:])


def test_memory_disk_and_demand_give_the_same_examples(root: Path) -> None:
    found = {cache: read(root, cache) for cache in ("memory", "disk", "none")}
    whole = found["memory"]
    assert whole.train["images"].shape == (120, 1, 4, 4)
    assert dict(whole.problems.by_kind) == {
        "unreadable images": [f"{name}/30a.png (not an image, or a damaged one)" for name in ("cat", "dog")]
    }
    assert 0 < len(whole.unusual.by_kind["bright"]) < 120
    for cache, other in found.items():
        assert other.facts == {"cache": cache}
        assert torch.equal(values(other.train), values(whole.train))
        assert other.train.names == whole.train.names
        assert other.train["labels"].tolist() == whole.train["labels"].tolist()
        assert other.problems.by_kind == whole.problems.by_kind
        assert other.unusual.by_kind == whole.unusual.by_kind
        assert other.train.digest() == whole.train.digest()
        assert other.train.fingerprints() == whole.train.fingerprints()
    assert [found[cache].train["images"].on_demand for cache in ("disk", "none")] == [False, True]
    assert {tuple(one.values()) for one in found["disk"].train["images"].measures} == {(6, 5), (6, 6), (6, 7)}


@pytest.mark.parametrize("cache", ["disk", "none"])
def test_rows_are_indexed_as_a_tensor_is_and_chosen_without_being_read(root: Path, cache: str) -> None:
    rows, whole = read(root, cache).train["images"], values(read(root, "memory").train)
    assert isinstance(rows, Rows)
    order = [7, 3, 119, 3]
    several = slice(2, 9), order, np.array(order), torch.tensor(order), torch.arange(120) % 7 == 0
    for chosen in (5, -1, np.int64(3), *several):
        assert torch.equal(rows[chosen], whole[chosen])
    assert rows[[]].shape == (0, 1, 4, 4)
    some = rows.at(order)
    assert some.shape == (4, 1, 4, 4)
    assert torch.equal(some.joined([rows.at([0])])[:], whole[[*order, 0]])
    assert digests_of(some) == digests_of(whole[order])
    assert torch.equal(torch.stack(list(rows)), whole)
    assert torch.equal(torch.cat(list(in_batches(rows, 50))), whole)


def test_the_second_time_nothing_is_decoded(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = read(root, "disk")
    assert "are prepared once in" in capsys.readouterr().out
    before = prepared_folder(root).stat().st_mtime_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "_decoded", None)
        again = read(root, "disk")
    assert prepared_folder(root).stat().st_mtime_ns == before
    assert torch.equal(values(first.train), values(again.train))
    assert read(root, "auto").facts == {"cache": "memory"}, "so few files are not kept"
    stored = np.load(prepared_folder(root) / "examples.npy")
    readable = np.delete(stored, [31, 92], 0)  # those of the files that are no images are zeros
    assert np.array_equal(readable, values(first.train)), "other programs can open it"


@pytest.mark.parametrize("change", ["content", "touched", "added", "removed", "removed from a part", "setting", "cut"])
def test_a_stale_preparation_is_noticed_and_replaced(root: Path, change: str) -> None:
    read(root, "disk")
    path = root / "cat" / "07.png"
    if change == "content":
        Image.new("L", (6, 5), 9).save(path)
    elif change == "touched":
        os.utime(path, (0, 0))
    elif change == "added":
        shutil.copy(path, root / "cat" / "99.png")
    elif change.startswith("removed"):
        path.unlink()
        if change == "removed from a part":  # which does not go on with other files
            prepared_folder(root).rename(prepared_folder(root).with_suffix(".part"))
    elif change == "cut":  # as by a copy that broke off
        os.truncate(prepared_folder(root) / "examples.npy", 1000)
    factor = 2 if change == "setting" else 1
    assert torch.equal(values(read(root, "disk", factor).train), values(read(root, "memory", factor).train))
    folders = [path for path in (root.parent / "processed").iterdir() if path.is_dir()]
    assert len(folders) == (2 if change == "setting" else 1)


def test_the_code_that_reads_files_is_part_of_the_key(root: Path, tmp_path: Path) -> None:
    module = tmp_path / "own_reading.py"
    sys.path.insert(0, str(tmp_path))
    settings = PreparedDataConfig(cache="disk", processed=tmp_path / "processed")
    try:
        for level in (1, 2):
            module.write_text(
                "import numpy as np\nfrom shared.data.folders import Decoded\n"
                f"def read(path):\n    return Decoded(np.full((1, 2), {level}, np.uint8))\n"
            )
            sys.modules.pop("own_reading", None)
            from own_reading import read as own  # type: ignore[import-not-found]

            shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
            (root / "dog" / "30a.png").unlink(missing_ok=True)
            found = read_splits(root, find_splits(root), "images", Reading(own, {}), settings)
            assert int(values(found.train).max()) == level
    finally:
        sys.path.remove(str(tmp_path))


def test_an_interrupted_preparation_goes_on(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed in the middle of both files, whose last bytes are lost or torn."""
    whole = values(read(root, "disk").train)
    folder = prepared_folder(root)
    part = folder.rename(folder.with_suffix(".part"))
    lines = (part / "index.jsonl").read_bytes().splitlines(keepends=True)
    (part / "index.jsonl").write_bytes(b"".join(lines[:3]) + lines[3][:40])
    size = (part / "examples.npy").stat().st_size
    with (part / "examples.npy").open("r+b") as file:
        file.truncate(size - 16 * (122 - 2 * CHUNK) + 5)
    assert torch.equal(values(read(root, "disk").train), whole)
    assert f"goes on after {2 * CHUNK} of 122 images" in capsys.readouterr().out
    assert not part.exists()


def slow(path: Path) -> Decoded:
    time.sleep(0.002)
    return pixels(path)


def read_slowly(root: Path) -> torch.Tensor:
    settings = PreparedDataConfig(cache="disk", processed=root.parent / "processed")
    return values(read_splits(root, find_splits(root), "images", Reading(slow, {}), settings).train)


def test_killed_at_any_moment_it_ends_with_the_same_bytes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "CHUNK_FILES", 4)
    expected, seen = values(read(root, "memory").train), []
    for kill in range(6):
        process = multiprocessing.get_context("fork").Process(target=read_slowly, args=(root,))
        process.start()
        while process.is_alive() and sum(map(lines_in, (root.parent / "processed").glob("*.part"))) < 4 * kill:
            time.sleep(0.001)
        process.kill()
        process.join()
        seen += map(lines_in, (root.parent / "processed").glob("*.part"))
    assert max(seen) > 16, "what was done before a kill is kept"
    assert torch.equal(read_slowly(root), expected)
    assert not list((root.parent / "processed").glob("*.part"))


def lines_in(part: Path) -> int:
    path = part / "index.jsonl"
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def test_without_room_it_says_how_much_is_needed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10_000, 9_000, 1_000))
    with pytest.raises(UserError, match=r"needs 1\.95e-06 GB and the disk has 1e-06 GB; make room.*--data\.cache none"):
        read(root, "disk")
    assert not list((root.parent / "processed").glob("*.part"))
    monkeypatch.setattr(prepared, "SMALL_FILES", 0)
    assert read(root, "auto").facts == {"cache": "none"}
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10_000, 0, 10_000))
    assert read(root, "auto").facts == {"cache": "disk"}


def test_a_disk_that_fills_up_ends_in_one_sentence_and_it_goes_on(root: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(UserError, match=r"needs \S+ GB and the disk has \S+ GB \(File too large\); make room"):
            read(root, "disk")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert torch.equal(values(read(root, "disk").train), values(read(root, "memory").train))


def test_a_file_that_vanishes_in_training_is_named(root: Path) -> None:
    found = read(root, "none")
    (root / "dog" / "11.png").unlink()
    with pytest.raises(UserError, match=r"11\.png was readable when the command began"):
        list(found.train["images"])


def test_the_batches_do_not_depend_on_cache_or_workers(root: Path) -> None:
    def noisy(batch, source):  # type: ignore[no-untyped-def]
        noise = torch.randint(0, 9, batch["images"].shape, generator=source, dtype=torch.uint8)
        return {**batch, "images": batch["images"] // 2 + noise}

    seen = []
    for cache, count in (("memory", 0), ("memory", 2), ("disk", 0), ("disk", 1), ("none", 0), ("none", 2)):
        loader = shuffled_loader(TensorBatches(read(root, cache).train.as_tensors().columns, noisy, 3), 32, count)
        batches = []
        for epoch, start in ((0, 0), (1, 0), (1, 2)):
            loader.batch_sampler.epoch, loader.batch_sampler.start = epoch, start  # type: ignore[union-attr]
            batches += [batch["images"] for batch in loader]
        seen.append(torch.cat(batches))
    assert len(seen[0]) == 32 * (3 + 3 + 1)
    assert torch.equal(seen[0][32 * 5 : 32 * 6], seen[0][-32:]), "a resumed epoch goes on with the same batch"
    assert not torch.equal(seen[0][:96].sort(0)[0], seen[0][96:192].sort(0)[0]), "each epoch has its own augmentation"
    for other in seen[1:]:
        assert torch.equal(other, seen[0])
