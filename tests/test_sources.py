"""Data: what lies there, else the download, else the sample, said out loud and recorded."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.data.download import DownloadError
from shared.data.sources import DataSource, is_empty, load_source, require_same_classes
from shared.errors import UserError


@dataclass
class Found:
    description: str
    license: str = "free"


def offline(_: Path) -> Found:
    raise DownloadError("no mirror of it answered")


def online(_: Path) -> Found:
    return Found("real")


def load(
    wanted: str, root: Path, download: Callable[[Path], Found] = offline, published: str = "published"
) -> tuple[str, str, str]:
    """The name and description of what was loaded, and what was substituted."""
    sources = {
        "published": DataSource(download, lambda root: (root / "it").exists()),
        "folder": DataSource(lambda _: Found("own data"), lambda root: (root / "a").is_dir()),
        "sample": DataSource(lambda _: Found("sample data")),
    }
    found, record = load_source(wanted, root, sources, published)
    assert (record.description, record.license) == (found.description, "free")
    return record.source, record.description, record.substituted


def test_auto_takes_what_lies_there_or_downloads_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").touch()
    assert load("auto", tmp_path, online) == ("published", "real", "")
    (tmp_path / "a").mkdir()
    assert load("auto", tmp_path, online) == ("folder", "own data", "")


def test_without_a_network_the_sample_stands_in_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    substituted = "no mirror of it answered, so the built-in sample stands in for published"
    assert load("auto", tmp_path) == ("sample", "sample data", substituted)
    assert substituted in capsys.readouterr().err
    with pytest.raises(UserError, match="put the files into .*, or use --data.source sample"):
        load("published", tmp_path)  # what is asked for by name is never substituted
    assert load("sample", tmp_path) == ("sample", "sample data", "")


def test_unknown_files_and_mistyped_folders_are_never_passed_over(tmp_path: Path) -> None:
    (tmp_path / "data.parquet").touch()
    with pytest.raises(UserError, match=r"holds none of the known data layouts \(.*\), but data.parquet; see"):
        load("auto", tmp_path)
    with pytest.raises(UserError, match="does not exist; make it, or correct the path"):
        load("auto", tmp_path / "typo")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (["cat", "dog"], "than the network was trained on (without fox)"),
        (["bird", "cat", "dog", "fox"], "than the network was trained on (with bird)"),
        (["dog", "cat", "fox"], "than the network was trained on (in another order)"),
    ],
)
def test_data_of_other_classes_is_refused(found: list[str], message: str) -> None:
    require_same_classes(["cat", "dog", "fox"], ("cat", "dog", "fox"))
    with pytest.raises(UserError, match=re.escape(message)):
        require_same_classes(["cat", "dog", "fox"], found)


def test_a_download_begun_earlier_goes_on(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "two.gz.part").touch()
    assert load("auto", tmp_path, online) == ("published", "real", "")
    (tmp_path / "mine").mkdir()
    assert is_empty(tmp_path, "published")
    (tmp_path / "mine" / "notes.txt").touch()
    assert not is_empty(tmp_path, "published")


def test_where_nothing_is_to_be_downloaded_unasked_auto_takes_the_sample(tmp_path: Path) -> None:
    assert load("auto", tmp_path, online, published="") == ("sample", "sample data", "")
    (tmp_path / "a").mkdir()
    assert load("auto", tmp_path, online, published="") == ("folder", "own data", "")
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "b" / "file").touch()
    with pytest.raises(UserError, match="holds none of the known data layouts"):
        load("auto", tmp_path, online, published="")
