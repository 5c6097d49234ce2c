"""What is not read is said: links, names with a dot, files of other kinds, further pages."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from shared.data.folders import RECORDINGS, class_folders, list_files
from shared.data.skipped import collect_files, skipped_files, skipped_warnings
from shared.data.sources import DataRecord
from shared.errors import UserError


def save(*paths: Path) -> None:
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (6, 6), number).save(path)


def test_linked_folders_are_read_and_loops_end(tmp_path: Path) -> None:
    root = tmp_path / "data"
    save(root / "cat" / "0.png", tmp_path / "elsewhere" / "deep" / "1.png", tmp_path / "other" / "2.png")
    (root / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    (root / "dog").symlink_to(tmp_path / "other")
    (root / "cat" / "up").symlink_to(root)
    (tmp_path / "elsewhere" / "back").symlink_to(root / "cat")
    (tmp_path / "elsewhere" / "itself").symlink_to(tmp_path / "elsewhere")
    (root / "cat" / "gone").symlink_to(tmp_path / "nowhere")
    assert [path.name for path in list_files(root)] == ["0.png", "1.png", "2.png"]
    assert [path.name for path in class_folders(root)] == ["cat", "dog"]
    found = skipped_files(root).by_kind
    assert sorted(found["links to a folder that holds them"]) == ["cat/more/back", "cat/more/itself", "cat/up"]
    assert found["links that lead nowhere"] == ["cat/gone"]


def test_hidden_images_are_said_and_what_programs_leave_is_not(tmp_path: Path) -> None:
    save(tmp_path / ".NET" / "0.png", tmp_path / "cat" / ".1.png", tmp_path / "cat" / "2.png")
    save(tmp_path / "cat" / ".ipynb_checkpoints" / "2.png", tmp_path / "__MACOSX" / "cat" / "._2.png")
    (tmp_path / "cat" / "._2.png").write_bytes(b"")
    (tmp_path / ".cache").mkdir()
    (tmp_path / "cat" / "Thumbs.db").write_bytes(b"")
    assert [path.name for path in list_files(tmp_path)] == ["2.png"]
    assert [path.name for path in class_folders(tmp_path)] == ["cat"]
    assert skipped_files(tmp_path).by_kind == {"names with a leading dot": [".NET", "cat/.1.png"]}


def test_files_of_other_kinds_are_named_in_class_folders_and_where_predict_looks(tmp_path: Path) -> None:
    save(tmp_path / "cat" / "0.png")
    for name in ("cat/IMG_1.HEIC", "cat/noending", "labels.csv"):
        (tmp_path / name).write_bytes(b"")
    (sentence,) = skipped_warnings(None, SimpleNamespace(source="folder", root=tmp_path))
    assert (
        "files of other kinds: 2 (cat/IMG_1.HEIC, cat/noending); if images are among them, save them as .png"
        in sentence
    )
    assert skipped_warnings(None, SimpleNamespace(source="sample", root=tmp_path)) == []
    record = DataRecord("folder", "", "", skipped_files=skipped_files(tmp_path))
    assert skipped_warnings(record, SimpleNamespace()) == [sentence]  # nothing is looked for again
    assert collect_files([tmp_path])[1] == {"files of other kinds": 3}
    assert skipped_files(tmp_path, RECORDINGS).counts == {"files of other kinds": 3}
    (tmp_path / "cat" / "0.png").unlink()
    with pytest.raises(UserError, match=r"holds no images .*but files of other kinds: 3 \("):
        collect_files([tmp_path])


@pytest.mark.parametrize("ending", ["tif", "gif", "webp"])
def test_further_pages_are_said(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [Image.new("L", (6, 6), 60 * number) for number in range(4)]
    pages[0].save(tmp_path / f"stack.{ending}", save_all=True, append_images=pages[1:])
    save(tmp_path / f"one.{ending}")
    files, skipped = collect_files([tmp_path])
    assert len(files) == 2
    assert skipped == {"pages after the first in files of several": 1}
    assert f"stack.{ending}" in capsys.readouterr().err
    assert collect_files([tmp_path / f"stack.{ending}"])[1] == skipped, "a file that is named alone is looked at too"


def test_a_closed_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cat").mkdir()
    entries = os.scandir

    def scandir(folder: Path) -> Any:
        if folder.name == "cat":
            raise PermissionError
        return entries(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert skipped_files(tmp_path).by_kind == {"folders that cannot be opened": ["cat"]}
