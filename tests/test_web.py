"""The static site is whole, or not there; its runtime is the known one."""

import json
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shared.errors import UserError
from shared.export.to_onnx import write_model
from shared.serving import npm
from shared.serving.npm import PACKAGES, fetch_packages
from shared.serving.web import Part, build_site


@pytest.fixture
def part(tmp_path: Path) -> Part:
    (page := tmp_path / "page").mkdir()
    (page / "index.html").write_text("<title>One &amp; two</title>")
    (page / "on_device.mjs").write_text("export const ask = 1;")
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 2])
    outputs = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])
    graph = helper.make_graph([helper.make_node("Softmax", ["images"], ["probabilities"])], "g", [images], [outputs])
    opset = helper.make_opsetid("", 18)
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    write_model(model, tmp_path / "network.onnx", {"labels": ["a", "b"], "versions": {}})
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "another.onnx").write_text("another network")
    (tmp_path / "trees.safetensors").write_text("trees")
    return Part("letters", page, tmp_path / "network.onnx")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name in PACKAGES:
        (tmp_path / "packages" / name).mkdir(parents=True)
        (tmp_path / "packages" / name / "some.mjs").write_text("")
    return tmp_path / "packages"


def test_a_project_becomes_a_folder_that_answers_on_the_device(part: Part, packages: Path, tmp_path: Path) -> None:
    site = tmp_path / "web"
    build_site(site, [part], packages)
    folder = site / "letters"
    assert (folder / "ask.mjs").read_text() == "export const ask = 1;"
    assert (folder / "model.onnx").read_bytes() == part.network.read_bytes()
    assert json.loads((folder / "model.json").read_text()) == {"labels": ["a", "b"], "versions": {}}
    assert (folder / "tokenizer.json").read_text() == "{}"
    assert (folder / "another.onnx").read_text() == "another network"
    assert (folder / "trees.safetensors").read_text() == "trees"
    assert not (folder / "network.onnx").exists()
    assert (site / "ort" / "some.mjs").is_file()
    assert '<a href="letters/">One &amp; two</a>' in (site / "index.html").read_text()
    # The service worker keeps every file.
    first_line = (site / "service-worker.js").read_text().splitlines()[0]
    kept = json.loads(first_line.removeprefix("const SITE = ").rstrip(";"))["files"]
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()} - {"service-worker.js"}
    assert {name.removeprefix("./") + ("index.html" if name.endswith("/") else "") for name in kept} == files


def test_another_content_is_another_version_and_a_site_that_cannot_be_built_leaves_the_former_one(
    part: Part, packages: Path, tmp_path: Path
) -> None:
    versions = []
    for text in "aab":
        (part.page / "page.mjs").write_text(text)
        build_site(tmp_path / "web", [part], packages)
        versions.append((tmp_path / "web" / "service-worker.js").read_text().splitlines()[0])
    assert versions[0] == versions[1] != versions[2]
    part.network.write_bytes(b"no network")
    with pytest.raises(UserError, match=r"network\.onnx is damaged"):
        build_site(tmp_path / "web", [part], packages)
    assert (tmp_path / "web" / "letters" / "model.onnx").is_file()
    assert not list(tmp_path.glob(".site-*"))


@pytest.mark.parametrize("name", ["notes.md", "service-worker.js"])
def test_a_folder_of_other_things_is_not_replaced(name: str, part: Part, packages: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / name).write_text("mine")
    with pytest.raises(UserError, match="docs holds something else than a site made here"):
        build_site(tmp_path / "docs", [part], packages)
    assert (tmp_path / "docs" / name).read_text() == "mine"


def test_another_package_and_a_machine_without_npm_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pack(command: list[str], **_: object) -> None:
        with tarfile.open(Path(command[-1]) / "any.tgz", "w:gz"):
            pass

    monkeypatch.setattr(subprocess, "run", pack)
    with pytest.raises(UserError, match="has another SHA-512 than the known one; nothing was kept"):
        fetch_packages(tmp_path / "packages")
    assert not (tmp_path / "packages").exists()
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="there is no npm; install Node.js"):
        fetch_packages(tmp_path / "packages")


def test_what_was_fetched_once_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ort").mkdir()
    (tmp_path / "ort" / "a.mjs").write_bytes(np.arange(3, dtype=np.uint8).tobytes())
    digest = "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"
    monkeypatch.setattr(npm, "PACKAGES", {"ort": {"files": {"dist/a.mjs": digest}}})
    monkeypatch.setenv("PATH", "")
    assert fetch_packages(tmp_path) == tmp_path
