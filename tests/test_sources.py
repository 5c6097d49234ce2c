"""Data: what lies there, else the download, else the sample, said out loud and recorded."""

import re
from pathlib import Path

import pytest

from shared.data.download import DownloadError
from shared.data.sources import DataSource, is_empty, load_source, require_same_classes
from shared.errors import UserError


def offline(_: Path) -> str:
    raise DownloadError("no mirror of it answered")


def sources(published: object = offline) -> dict[str, DataSource[str]]:
    return {
        "published": DataSource(lambda root: (root / "it").exists(), published),  # type: ignore[arg-type]
        "folder": DataSource(lambda root: (root / "a").is_dir(), lambda _: "own data"),
        "sample": DataSource(lambda _: False, lambda _: "sample data"),
    }


def test_auto_takes_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert load_source("auto", tmp_path, sources(), "published") == ("folder", "own data", "")


def test_auto_downloads_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").touch()
    assert load_source("auto", tmp_path, sources(lambda _: "real"), "published") == ("published", "real", "")


def test_without_a_network_the_sample_stands_in_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, data, substituted = load_source("auto", tmp_path, sources(), "published")
    assert (name, data) == ("sample", "sample data")
    assert substituted == "no mirror of it answered, so the built-in sample stands in for published"
    assert substituted in capsys.readouterr().err


def test_unknown_files_are_never_passed_over(tmp_path: Path) -> None:
    (tmp_path / "data.parquet").touch()
    with pytest.raises(UserError, match="holds none of the known data layouts"):
        load_source("auto", tmp_path, sources(), "published")


def test_a_mistyped_folder_is_never_passed_over(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist; make it, or correct the path"):
        load_source("auto", tmp_path / "typo", sources(), "published")


def test_a_source_asked_for_by_name_is_never_substituted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="put the files into .*, or use --data.source sample"):
        load_source("published", tmp_path, sources(), "published")
    assert load_source("sample", tmp_path, sources(), "published") == ("sample", "sample data", "")


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
    (tmp_path / "published" / "one.gz").touch()
    (tmp_path / "published" / "two.gz.part").touch()
    assert is_empty(tmp_path, "published")
    assert load_source("auto", tmp_path, sources(lambda _: "real"), "published") == ("published", "real", "")
    (tmp_path / "mine").mkdir()
    assert is_empty(tmp_path, "published")
    (tmp_path / "mine" / "notes.txt").touch()
    assert not is_empty(tmp_path, "published")


def test_where_nothing_is_to_be_downloaded_unasked_auto_takes_the_sample(tmp_path: Path) -> None:
    asked = sources(lambda _: pytest.fail("it was downloaded"))
    assert load_source("auto", tmp_path, asked, published="") == ("sample", "sample data", "")
    (tmp_path / "a").mkdir()
    assert load_source("auto", tmp_path, asked, published="") == ("folder", "own data", "")
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "b" / "file").touch()
    with pytest.raises(UserError, match="holds none of the known data layouts"):
        load_source("auto", tmp_path, asked, published="")
