"""A folder of outputs: one training at a time, the run before is kept, and what is exported says what it is of."""

import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from kept_runs import begin, is_whole
from resumable import train_here
from torch import nn

from shared import cli
from shared.errors import DivergedError, UserError
from shared.export.stale import open_exported
from shared.export.to_onnx import trace_classifier, write_model
from shared.files import file_digest, write_json, write_text
from shared.report.sections import read_results
from shared.training.checkpoint import load_checkpoint, save_checkpoint
from shared.training.files import best_checkpoint, interrupted_moves, last_checkpoint, read_metadata
from shared.training.folder import earlier_runs, keep_run, training_lock
from shared.training.settings import TrainingConfig
from shared.training.state import Progress

CONFIG = TrainingConfig(epochs=2, batch_size=32, learning_rate=0.02, device="cpu")


@dataclass
class Outputs:
    output_dir: Path
    stale_export: str = "warn"
    classes: list[str] = field(default_factory=lambda: ["a", "b"])


def train(folder: Path, config: TrainingConfig = CONFIG, resume: bool = False) -> Progress:
    return train_here(folder, partial(nn.Linear, 2, 2), config, {"config": {"training": vars(config)}}, resume=resume)


IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from shared.errors import UserError
from shared.training.folder import training_lock
try:
    with training_lock(Path(sys.argv[1])):
        print("free")
except UserError as error:
    print(error)
"""


def ask_in_another_process(folder: Path) -> str:
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout


def test_a_second_training_in_a_folder_is_refused_until_the_first_ends_or_is_killed(tmp_path: Path) -> None:
    with training_lock(tmp_path):
        with training_lock(tmp_path):  # `run` holds the lock around `train`
            pass
        said = ask_in_another_process(tmp_path)
    assert f"process {os.getpid()}" in said
    assert "--output_dir" in said
    assert ask_in_another_process(tmp_path).strip() == "free"
    kill = IN_ANOTHER_PROCESS.replace('print("free")', "import os; os.kill(os.getpid(), 9)")
    subprocess.run([sys.executable, "-c", kill, str(tmp_path)], check=False)
    assert ask_in_another_process(tmp_path).strip() == "free"


def test_a_new_run_keeps_the_one_before_whole(tmp_path: Path) -> None:
    train(tmp_path)
    (tmp_path / "checkpoints" / ".gitkeep").touch()
    for name in ("train.json", "evaluate.json", "export.json", "export/network.onnx", "report.html", "mark.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    before = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = keep_run(tmp_path)
    assert kept is not None
    for path, content in before.items():
        if "tensorboard" not in path.parts and path.name != ".gitkeep":
            assert (kept / path).read_bytes() == content
    assert not best_checkpoint(tmp_path).exists()
    assert not (tmp_path / "evaluate.json").exists()
    assert not (tmp_path / "mark.txt").exists()
    assert (tmp_path / "checkpoints" / ".gitkeep").exists(), "the template's folder stays"
    assert (tmp_path / "export" / "network.onnx").exists(), "a server may be answering from it"
    assert keep_run(tmp_path) is None


def test_an_export_is_kept_with_its_own_run_alone(tmp_path: Path) -> None:
    for number in (1, 3):  # the second one is not exported
        begin(tmp_path, number)
    keep_run(tmp_path)
    first, second = earlier_runs(tmp_path)
    assert is_whole(first, 1)
    assert is_whole(second, 3)
    assert not (second / "export").exists()


def test_a_run_that_goes_on_from_one_of_its_states_is_kept_and_stays(tmp_path: Path) -> None:
    begin(tmp_path, 1)
    kept = keep_run(tmp_path, move=False)
    assert kept == keep_run(tmp_path, move=False), "once is enough"
    assert kept is not None
    write_text(best_checkpoint(tmp_path), "written over")
    assert is_whole(kept, 1)


@pytest.mark.parametrize(("moved", "kills"), [("keep", 30), ("back", 60)])
def test_a_kill_before_any_change_of_the_disk_loses_no_run(moved: str, kills: int, tmp_path: Path) -> None:
    done = run_kept_runs(moved, tmp_path / "outputs")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > kills


def run_kept_runs(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(__file__).with_name("kept_runs.py")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_sixty_kills_at_random_moments_lose_no_run(tmp_path: Path) -> None:
    folder, ledger = tmp_path / "outputs", tmp_path / "ledger"
    ledger.touch()
    chance, interrupted = random.Random(0), 0
    for seed in range(60):
        command = [sys.executable, str(Path(__file__).with_name("kept_runs.py")), "forever", folder, ledger, str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
        interrupted += bool(interrupted_moves(folder) or list((folder / "runs").glob(".partial-*")))
        with training_lock(folder):
            pass
        places = [folder, *earlier_runs(folder)]
        lost = [run for run in ledger.read_text().split() if sum(is_whole(place, int(run)) for place in places) != 1]
        assert not lost, (seed, lost)
        assert not interrupted_moves(folder)
    print(f"{interrupted} of 60 kills came in the middle of a move; {len(ledger.read_text().split())} runs are whole")
    assert interrupted >= 5, "the kills come at other moments than they should"


def test_a_verb_finishes_what_a_killed_one_has_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        begin(tmp_path / "outputs", number)
    (earlier_runs(tmp_path / "outputs")[0] / ".use").touch()
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "config.yaml").write_text("")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("def train(config): ...")
    monkeypatch.setitem(sys.modules, "src.train", SimpleNamespace(train=lambda _: {"verb": "nothing"}))
    cli._run("train", [], tmp_path, "shared.settings:BaseConfig", ("train",))
    assert is_whole(tmp_path / "outputs", 1)


@pytest.mark.parametrize(("schedule", "rule"), [("constant", "goes on"), ("cosine", "anew"), ("one_cycle", "anew")])
def test_a_finished_run_is_trained_longer(schedule: str, rule: str, tmp_path: Path) -> None:
    config = replace(CONFIG, schedule=schedule)
    first = train(tmp_path, config)
    longer = train(tmp_path, replace(config, epochs=5), resume=True)
    assert longer.epoch == 5
    assert longer.history[:2] == first.history
    (extension,) = longer.extensions
    assert extension["epochs"] == [2, 5]
    assert extension["step"] == first.step == longer.schedule_start
    assert rule in extension["schedule"]
    assert longer.history[-1]["train/loss"] < first.history[-1]["train/loss"]


def test_a_longer_run_that_is_stopped_goes_on_as_if_it_were_not(tmp_path: Path) -> None:
    config = replace(CONFIG, schedule="cosine", keep_every=1, max_to_keep=9)
    train(tmp_path, config)
    longer = replace(config, epochs=5)
    train(tmp_path, longer, resume=True)
    unbroken = last_checkpoint(tmp_path).rename(tmp_path / "unbroken.safetensors")
    shutil.copyfile(tmp_path / "checkpoints" / "epoch-0004.safetensors", last_checkpoint(tmp_path))
    train(tmp_path, longer, resume=True)
    found, expected = (load_checkpoint(path).tensors for path in (last_checkpoint(tmp_path), unbroken))
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_a_finished_run_says_that_it_is_and_how_to_train_longer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path)
    before = best_checkpoint(tmp_path).read_bytes()
    train(tmp_path, resume=True)
    said = capsys.readouterr().out
    assert "ended after 2 epochs" in said
    assert "--training.epochs 4" in said
    assert best_checkpoint(tmp_path).read_bytes() == before
    assert train(tmp_path, replace(CONFIG, epochs=4), resume=True).epoch == 4, "the advice works"


def test_what_diverges_in_its_first_epoch_does_not_speak_of_weights_that_are_kept(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="nothing was saved"):
        train(tmp_path, replace(CONFIG, learning_rate=1e30, schedule="constant"))
    assert not best_checkpoint(tmp_path).exists()


def export(config: Outputs, weights: float) -> Path:
    """A network of these weights, exported."""
    network = nn.Linear(2, 2)
    nn.init.constant_(network.weight, weights)
    path = best_checkpoint(config.output_dir)
    save_checkpoint(path, network.state_dict(), {"classes": config.classes})
    model, _ = trace_classifier(network.eval(), torch.randn(8, 2), "points")
    exported = config.output_dir / "export" / "network.onnx"
    write_model(model, exported, {"labels": config.classes, "versions": {}, "checkpoint": file_digest(path)})
    return exported


def test_an_export_of_other_weights_is_said_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Outputs(tmp_path)
    path = export(config, 1.0)
    assert "stale" not in open_exported(config, path).origin
    save_checkpoint(best_checkpoint(tmp_path), {"weight": torch.zeros(1)}, read_metadata(best_checkpoint(tmp_path)))
    found = open_exported(config, path)
    assert "network.onnx" in found.origin["stale"]
    assert "main.py export" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"main.py export"):
        open_exported(replace(config, stale_export="refuse"), path)
    best_checkpoint(tmp_path).unlink()  # an export alone is served without a word
    assert open_exported(config, path).origin.keys() == {"checkpoint"}
    assert capsys.readouterr().err == ""


def test_a_report_never_mixes_trainings(tmp_path: Path) -> None:
    export(config := Outputs(tmp_path), 1.0)
    trained = load_checkpoint(best_checkpoint(tmp_path))
    trained.metadata["data"] = {"digest": "this data"}
    right = {"checkpoint": file_digest(trained.path), "data": {"digest": "this data"}}
    verbs = ("train", "evaluate", "export", "baseline")
    for wrong in ("", *verbs):
        for verb in verbs:
            other = {"checkpoint": "another", "data": {"digest": "other data"}}
            write_json(tmp_path / f"{verb}.json", other if verb == wrong else right)
        if wrong:
            with pytest.raises(UserError, match=f"main.py {wrong}"):
                read_results(config, trained)
        else:
            assert read_results(config, trained).keys() == set(verbs)
