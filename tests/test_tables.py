"""Tables beside files say their labels, one or several, by names or in columns; what they contradict is said."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from shared.data.folders import LabeledFiles
from shared.data.index import read_index
from shared.data.problems import Problems
from shared.data.tables import find_in_tables
from shared.errors import UserError

Found = dict[str, LabeledFiles]


def read(
    root: Path, content: str = "", name: str = "labels.csv", files: str = "a b c d", **options: Any
) -> tuple[Found, Problems]:
    """What a table says of the files images/a.png and so on."""
    (root / "images").mkdir(exist_ok=True)
    for file in files.split():
        (root / "images" / f"{file}.png").touch()
    if content:
        (root / name).write_text(content)
    problems = Problems()
    return find_in_tables(root, options.pop("columns", []), options.pop("several", None), problems, **options), problems


def labels_of(found: LabeledFiles) -> dict[str, Any]:
    return dict(zip((path.stem for path in found.files), np.asarray(found.labels).tolist(), strict=True))


@pytest.mark.parametrize("name", ["a.png", "a", "images/a.png", "images/a", "./images/a.png", "images\\a.png"])
def test_files_are_found_by_the_names_that_tables_give_them(name: str, tmp_path: Path) -> None:
    found, problems = read(tmp_path, f"id,label\n{name},x\nb.png,y\nc.png,x\nd.png,y\n")
    assert labels_of(found["train"]) == {"a": 0, "b": 1, "c": 0, "d": 1}
    assert found["train"].classes == ["x", "y"]
    assert not problems


def test_several_labels_are_joined_or_have_a_column_each(tmp_path: Path) -> None:
    expected = {"a": [1, 1], "b": [0, 0], "c": [1, 0], "d": [0, 1]}
    joined = "image,labels\na.png,x| y\nb.png,\nc.png,x\nd.png,y\n"
    columns = "image,x,y,camera\na.png,1,1,old\nb.png,0,0,new\nc.png,1.0,False,old\nd.png,0,1,new\n"
    for content in (joined, joined.replace(",", "\t"), columns):
        assert labels_of(read(tmp_path, content)[0]["train"]) == expected
    assert labels_of(read(tmp_path, columns, columns=["y", "x"])[0]["train"]) == expected
    content = "image,x,y\na,1,0\nb,0,1\nc,1,0\nd,0,1\n"  # a column each with one label a file is one label
    assert labels_of(read(tmp_path, content)[0]["train"]) == {"a": 0, "b": 1, "c": 0, "d": 1}
    assert labels_of(read(tmp_path, content, several=True)[0]["train"])["a"] == [1, 0]


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    table = pa.table({"file": ["a", "b", "c", "d"], "labels": [["x", "y"], [], ["x"], None]})
    parquet.write_table(table, tmp_path / "labels.parquet")
    assert labels_of(read(tmp_path)[0]["train"]) == {"a": [1, 1], "b": [0, 0], "c": [1, 0], "d": [0, 0]}
    parquet.write_table(
        pa.table({"id": ["a", "b", "c"], "x": [1, 0, 0], "y": [True, False, True]}), tmp_path / "labels.parquet"
    )
    assert labels_of(read(tmp_path)[0]["train"]) == {"a": [1, 1], "b": [0, 0], "c": [0, 1]}
    (tmp_path / "labels.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(UserError, match=r"labels\.parquet is no Parquet file, or a damaged one"):
        read_index(tmp_path / "labels.parquet", ())


def test_what_is_left_out_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "d.png").touch()  # two of one name
    content = "id,label\na.png,x\nb.png,\nc.png,y\nd.png,y\ne.png,x\n"
    found, problems = read(tmp_path, content)
    assert labels_of(found["train"]) == {"a": 0, "c": 1}
    assert problems.counts == {
        "rows whose image is missing, or one of several of that name": 2,
        "images that no table names": 2,
        "rows without a label, or with several": 1,
    }
    said = capsys.readouterr().err
    assert all(name in said for name in ("labels.csv: e.png", "more/d.png", "images/b.png"))
    found, problems = read(tmp_path, "id,x,y\na.png,1,0\nb.png,1,-1\nc.png,0,1\n", columns=["x", "y"])
    assert labels_of(found["train"]) == {"a": 0, "c": 1}
    assert "rows with other cells than 0 and 1 in columns of labels" in problems.counts
    found, problems = read(tmp_path, "id,label,split\na.png,x,train\nb.png,y,train\nc.png,y,holdout\n")
    assert labels_of(found["train"]) == {"a": 0, "b": 1}
    assert problems.counts["rows of another split than train, validation and test"] == 1
    with pytest.raises(
        UserError, match=r"no row of the tables .* can be used: rows with other cells than 0 and 1.*: 2"
    ):
        read(tmp_path, "id,x,y\na.png,-1,0\nb.png,-1,1\n", columns=["x", "y"])


def test_splits_and_groups_come_from_columns_or_from_files_of_their_names(tmp_path: Path) -> None:
    content = "id,label,split,group\na,x,train,1\nb,y,train,2\nc,x,val,1\nd,y,Test,3\n"
    found, _ = read(tmp_path, content)
    assert {split: [path.stem for path in one.files] for split, one in found.items()} == {
        "train": ["a", "b"],
        "validation": ["c"],
        "test": ["d"],
    }
    assert found["train"].groups == ["1", "2"]
    found, _ = read(tmp_path, "id,label\na,x\nb,y\n", classes=["z", "y", "x"])  # in the order of a trained network
    assert labels_of(found["test"]) == {"a": 2, "b": 1}
    (tmp_path / "labels.csv").unlink()
    (tmp_path / "test.csv").write_text("id,label\nc,x\nd,y\n")
    found, _ = read(tmp_path, "id,label\na,x\nb,y\n", "train.csv")
    assert {split: labels_of(one) for split, one in found.items()} == {
        "train": {"a": 0, "b": 1},
        "test": {"c": 0, "d": 1},
    }


def test_a_table_that_is_not_about_labels_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "e.png").touch()
    for content in ("id,group\na,1\nb,2\n", "name,label\nsome,x\nother,y\n", "only a title\n", ""):
        assert read(tmp_path, content, "index.csv")[0] == {}
    (tmp_path / "notes.csv").write_bytes("id,label\nJörg,1\n".encode("latin-1"))
    assert read(tmp_path)[0] == {}
    assert "notes.csv is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,label\na,x\na,y\nb,y\n", r"have rows of images/a\.png that differ; leave one"),
        ("id,label,split\na,x,train\na,x,test\nb,y,train\n", r"have rows of images/a\.png that differ"),
        ("id,label\na,x\nb,x\n", r"have fewer than two labels \(x\)"),
        ("id,label,split\na,x,train\nb,y,train\nc,z,test\n", r"labels that the training split does not have: z"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        read(tmp_path, content)


def test_what_could_be_meant_in_two_ways_is_asked(tmp_path: Path) -> None:
    content = "id,label\na,x\nb,y\n"
    with pytest.raises(UserError, match=r"no table in .* names images and has data\.label_columns"):
        read(tmp_path, content, columns=["breed"])
    (tmp_path / "others.csv").write_text(content)
    with pytest.raises(
        UserError, match=r"several tables with labels \(labels\.csv, others\.csv\); name them train\.csv"
    ):
        read(tmp_path)
    (tmp_path / "others.csv").unlink()
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "e.png").touch()
    with pytest.raises(UserError, match=r"has class folders \(cats, images\) and a table with columns of 0 and 1"):
        read(tmp_path, "id,blurred,dark\na,0,1\nb,1,1\n")
    assert read(tmp_path, "id,blurred,dark\na,0,1\nb,1,1\n", columns=["blurred", "dark"])[0]
