"""`make doctor` says what this machine has, and names a remedy where something does not fit."""

import re
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import doctor
import pytest
import torch
from commands import REPOSITORY, run


def test_it_answers_before_anything_is_installed() -> None:
    """Python without its packages, as in a fresh clone."""
    said = run(sys.executable, "-S", "tools/doctor.py")
    assert re.search(r"torch +there is no torch\n +-> make setup", said)
    assert re.search(r"disk +[\d.]+ GB free", said)
    assert "nothing is installed yet: make setup" in said


@pytest.mark.parametrize(
    ("driver", "seen", "cuda", "advice"),
    [
        (False, False, None, ""),
        (False, False, "13.0", "TORCH=cpu"),
        (True, True, "13.0", ""),
        (True, False, "13.0", "driver is older"),
        (True, False, None, "TORCH=cu130"),
    ],
)
def test_the_build_of_pytorch_is_held_against_the_gpu(
    driver: bool, seen: bool, cuda: str | None, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda _: "nvidia-smi" if driver else None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: seen)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: int(seen))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "a large GPU")
    monkeypatch.setattr(torch.version, "cuda", cuda)
    (_, packages, found), (_, gpu, _), (_, threads, _) = doctor.torch_rows()
    assert torch.__version__ in packages
    assert advice in found
    assert bool(advice) == bool(found)
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{target}:" in makefile for target in re.findall(r"make (\w+)", found))
    assert ("a large GPU" in gpu) == seen
    assert "cores" in threads


def test_builds_that_do_not_fit_together_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    ((_, said, advice),) = doctor.torch_rows()
    assert "torchvision::nms" in said
    assert "one build" in advice


def test_little_disk_and_memory_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", SimpleNamespace(virtual_memory=lambda: SimpleNamespace(available=1e9)))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=2e9))
    assert doctor.machine() == [
        ("disk", "2.0 GB free", "make room"),
        ("memory", "1.0 GB free", "close programs, or lower training.batch_size"),
    ]


def test_other_versions_than_the_tested_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    tested = dict(re.findall(r"^(torch|numpy|PyYAML)==(.+)$", lines, re.MULTILINE | re.IGNORECASE))
    installed = namedtuple("installed", "name version")
    fitting = [installed(name, version) for name, version in tested.items() if name != "torch"]
    packages = [*fitting, installed("torch", f"{tested['torch']}+cpu"), installed("unknown", "1")]
    monkeypatch.setattr(doctor, "distributions", lambda: packages)
    assert doctor.versions() == ("versions", f"all {len(tested)} as tested", "")
    monkeypatch.setattr(doctor, "distributions", lambda: [*packages, installed("Numpy", "0.1")])
    _, found, advice = doctor.versions()
    assert found == f"numpy 0.1 (tested: {tested['numpy']})"
    assert "make setup" in advice
