"""The command line of a project: dispatch, exit codes, and no stack trace for what the user can mend."""

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from shared.cli import main
from shared.training.checkpoint import save_checkpoint

VERBS = {"work": "does something"}
MEMORY = "there is not enough memory for this; lower the sizes of images, batches or the network."
FULL = "x.bin: No space left on device; make room or give access, and run the command again."
CONFIG = """
from dataclasses import dataclass, field
from pathlib import Path

@dataclass
class Data:
    source: str = 'auto'
    root: Path = Path('raw')

@dataclass
class Training:
    tracker: str = 'none'

@dataclass
class Config:
    seed: int = 0
    output_dir: Path = Path('outputs')
    data: Data = field(default_factory=Data)
    training: Training = field(default_factory=Training)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose one verb does what the test puts into it."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "config.yaml").write_text("seed: 1\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "config.py").write_text(CONFIG)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name == "src" or name.startswith("src.")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def run(project: Path, body: str, *arguments: str) -> int:
    (project / "src" / "work.py").write_text(f"def work(config):\n    {body}\n")
    sys.modules.pop("src.work", None)
    return main(["work", *arguments], project, VERBS, "src.config:Config")


def test_the_verb_gets_its_configuration(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "print(config.seed, config.output_dir.name)") == 0
    assert capsys.readouterr().out == "1 outputs\n"
    assert run(project, "print(config.seed)", "--seed", "5") == 0
    assert capsys.readouterr().out == "5\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise OSError(28, 'No space left on device', 'x.bin')", FULL),
        ("import numpy; numpy.empty(10**15)", MEMORY),
        ("import torch; torch.empty(10**15)", MEMORY),
        ("from shared.errors import UserError; raise UserError('seed 1 is unlucky.')", "seed 1 is unlucky."),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(
    body: str, message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, body) == 2
    assert capsys.readouterr().err == f"error: {message}\n"


def test_other_data_is_not_read_as_the_source_of_the_training_run(project: Path) -> None:
    stored = {"seed": 7, "output_dir": "outputs", "data": {"source": "sample", "root": "raw"}}
    save_checkpoint(project / "outputs" / "checkpoints" / "best.safetensors", {}, {"config": stored})
    body = "print(config.seed, config.data.source, config.data.root.name)"
    for arguments, expected in (
        ([], "7 sample raw"),
        (["--data.root", "reviews"], "7 auto reviews"),
        (["--data.root", str(project / "raw")], "7 auto raw"),  # where nothing lay, and something may lie now
        (["--data.root", "reviews", "--data.source", "csv"], "7 csv reviews"),
    ):
        with redirect_stdout(io.StringIO()) as said:
            assert run(project, body, "--output_dir", str(project / "outputs"), *arguments) == 0
        assert said.getvalue() == f"{expected}\n"


def test_a_bug_is_not_hidden(project: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run(project, "1 / 0")


def test_mismatched_builds_are_explained(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = "raise RuntimeError('operator torchvision::nms does not exist')\ndef work(config):\n    pass\n"
    (project / "src" / "work.py").write_text(broken)
    assert main(["work"], project, VERBS, "src.config:Config") == 2
    assert "torch and torchvision are of different builds" in capsys.readouterr().err


def test_a_verb_that_is_no_file_of_the_project_is_in_its_verbs_or_that_of_shared(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shared.verbs.serve", lambda config: print("served", config.seed))
    assert main(["serve"], project, {"serve": "answers"}, "src.config:Config") == 0
    assert capsys.readouterr().out == "served 1\n"
    assert main(["work"], project, VERBS, "src.config:Config") == 2
    assert "has no function work" in capsys.readouterr().err
    (project / "src" / "verbs.py").write_text("def work(config):\n    print('worked', config.seed)\n")
    assert main(["work"], project, VERBS, "src.config:Config") == 0
    assert main(["serve"], project, {"serve": "answers"}, "src.config:Config") == 0
    assert capsys.readouterr().out == "worked 1\nserved 1\n"


def test_parameters_are_read_without_running_the_module_and_keyword_only_ones_are_no_flags(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "work.py").write_text(
        "from pathlib import Path\nfrom typing import Literal\nimport a_module_that_does_not_exist as absent\n"
        "KINDS = ('a', 'b')\nKind = Literal['a', 'b']\nabsent.use()\n\n"
        "def work(config, kind: Kind = KINDS[1], file: Path | None = None, *, examples: absent.Data) -> absent.Data:\n"
        '    """Do something.\n\n    Args:\n        kind: which one\n    """\n'
    )
    with pytest.raises(SystemExit):
        main(["work", "--help"], project, VERBS, "src.config:Config")
    text = capsys.readouterr().out
    assert all(words in text for words in ("Do something.", "--kind {a,b}", "which one", "default: b", "--file"))
    assert "--examples" not in text
    assert main(["work", "--knid", "a"], project, VERBS, "src.config:Config") == 2
    assert "unknown key knid in the command line; did you mean kind?" in capsys.readouterr().err
    assert main(["work", "--examples", "x"], project, VERBS, "src.config:Config") == 2


def test_a_stop_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "raise KeyboardInterrupt") == 130
    assert run(project, "from shared.errors import StoppedError; raise StoppedError('in epoch 1.')") == 130
    assert capsys.readouterr().err == "stopped: what was finished before is kept.\nstopped: in epoch 1.\n"
