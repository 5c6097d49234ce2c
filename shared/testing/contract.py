"""What every project must do, as tests: a project takes them with `from shared.testing.contract import *`.

The project's tests/conftest.py gives the fixture `contract` and takes the others from here, also in a copy.
"""

import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from shared.cli import main
from shared.config import to_plain
from shared.data.examples import Data, Examples
from shared.data.splits import evenly_spaced
from shared.evaluation import ENOUGH_STEPS, what_to_try
from shared.files import read_json
from shared.inference.model import OnnxModel
from shared.results import read_result
from shared.testing.chromium import Page
from shared.testing.pages import in_browser, on_device, try_example
from shared.testing.servers import file_server
from shared.training.checkpoint import load_checkpoint, save_checkpoint
from shared.training.files import best_checkpoint

VERBS = ("check-data", "run", "train", "evaluate", "baseline", "predict", "export", "report", "sweep", "serve")
READERS = ("dataloader", "train", "evaluate", "baseline", "export", "report")
"""Modules of a project that read its data."""
Refused = Callable[..., str]
Check = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Contract:
    """What the tests have to know of a project."""

    project: Path
    verbs: Mapping[str, str]
    score: Callable[[dict[str, Any]], float]  # from the content of evaluate.json to the test score; higher is better
    learned: float  # the smoke run's test score is above this
    chance: float  # the test score of random weights is below this
    other_network: tuple[str, ...]  # flags that ask for another network than the smoke run's
    input_name: str  # a file name with an ending that predict reads
    save_labeled: Callable[[list[str], Examples, Path], object] | None = None
    """Writes examples of these classes into a folder as a user has them; None where the project tests that itself."""
    flags: tuple[str, ...] = ("--data.source", "auto")
    """Of a command that must fail: what the owner may have changed in configs/config.yaml."""
    run_flags: tuple[str, ...] = ()
    """Flags of `run` beside the smoke configuration, such as folders outside the project."""
    serves_without_torch: bool = True  # whether the server needs no PyTorch, which takes seconds to start
    answered: str = "document.querySelector('#bars li')"  # JavaScript that is true once the page shows an answer


def verb(name: str) -> Any:
    """The project's function of that name."""
    return getattr(import_module(f"src.{name}"), name)


@pytest.fixture(scope="session")
def smoke(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The smoke configuration, with outputs outside the project."""
    folder = tmp_path_factory.mktemp("outputs")
    config = import_module("src.config").load_config(contract.project / "configs" / "smoke.yaml")
    return replace(config, output_dir=folder, log_dir=folder / "tensorboard")


@dataclass(frozen=True)
class Job:
    """What the verb `run` did with the smoke configuration."""

    printed: str
    reads: list[Data]
    """The data, as often as it was read."""


@pytest.fixture(scope="session")
def job(contract: Contract, smoke: Any) -> Job:
    """One run of everything, which all tests look at; its results lie in the output folder of `smoke`."""
    readers = [import_module(f"src.{name}") for name in READERS]
    load, printed = readers[0].load_data, io.StringIO()
    reads: list[Data] = []

    def counted(*arguments: Any, **named: Any) -> Data:
        reads.append(load(*arguments, **named))
        return reads[-1]

    folders = ("--output_dir", smoke.output_dir, "--log_dir", smoke.log_dir, *contract.run_flags)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        for module in readers:
            patch.setattr(module, "load_data", counted)
        succeed(contract, "run", "--config", contract.project / "configs" / "smoke.yaml", *folders)
    return Job(printed.getvalue(), reads)


@pytest.fixture(scope="session")
def trained(job: Job, smoke: Any) -> Any:  # noqa: ARG001 - it has run
    """The configuration of a finished run; checkpoint, results and ONNX file lie in its `output_dir`."""
    return smoke


@pytest.fixture(scope="session")
def data(job: Job) -> Data:
    """The sample, as the smoke configuration cuts it."""
    return job.reads[0]


@pytest.fixture
def check(contract: Contract, tmp_path: Path) -> Check:
    """Runs `check-data` on a folder or file; gives what it has written, nothing where it has not.

    `check(root, *flags, code=2)` is for data that is refused.
    """

    def run(root: Path, *flags: object, code: int = 0) -> dict[str, Any]:
        words = ["check-data", "--data.root", root, "--output_dir", tmp_path / "checked", *flags]
        assert main([str(word) for word in words], contract.project, contract.verbs, "src.config:Config") == code
        path = tmp_path / "checked" / "check_data.json"
        return dict(read_json(path, "")) if path.is_file() else {}

    return run


@pytest.fixture
def refused(contract: Contract, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """Runs a command line that must fail, and gives its one sentence."""

    def run(verb: str, *arguments: object, output_dir: Path = tmp_path / "out") -> str:
        folders = ["--output_dir", str(output_dir), "--log_dir", str(tmp_path / "logs")]
        words = [verb, *contract.flags, *map(str, arguments), *folders]
        assert main(words, contract.project, contract.verbs, "src.config:Config") == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("error: ")
        assert lines[0].endswith((".", "?"))
        assert not output_dir.is_dir() or not any(path.is_file() for path in output_dir.rglob("*.json"))
        return lines[0]

    return run


def succeed(contract: Contract, *words: object) -> None:
    """Run a command line that has to succeed."""
    assert main([str(word) for word in words], contract.project, contract.verbs, "src.config:Config") == 0


def loss_by_heart(
    model: nn.Module, inputs: Tensor, labels: Tensor, learning_rate: float = 0.01, steps: int = 60
) -> float:
    """The last loss of a network that is trained on one batch alone."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    for _ in range(steps):
        loss = cross_entropy(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return loss.item()


def ask(url: str, path: str, body: bytes | Mapping[str, Any] | None = None) -> Any:
    """What a server answers: JSON as plain types, a page as text.

    Args:
        body: sent as it is, or as JSON; without one the path is only read.

    Raises:
        HTTPError: it refuses.
    """
    headers = {"Content-Type": "application/json"} if isinstance(body, Mapping) else {}
    content = json.dumps(body).encode() if isinstance(body, Mapping) else body
    with urllib.request.urlopen(urllib.request.Request(f"{url}/{path}", content, headers), timeout=60) as response:
        found = response.read().decode()
        return json.loads(found) if "json" in response.headers["content-type"] else found


def loaded(contract: Contract, code: str) -> set[str]:
    """The modules that a process of its own has loaded after this code."""
    command = [sys.executable, "-c", f"import sys; {code}; print(); print(*sys.modules)"]
    done = subprocess.run(command, cwd=contract.project, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stdout.splitlines()[-1].split())


@contextmanager
def server(contract: Contract, output_dir: Path) -> Iterator[str]:
    """The address of the project's server in a process of its own."""
    command = [sys.executable, str(contract.project / "main.py"), "serve", "--serve.port", "0"]
    process = subprocess.Popen([*command, "--output_dir", str(output_dir)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().split()[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


# Its sample.


def test_no_example_of_the_sample_is_in_two_splits(data: Data) -> None:
    columns = [next(iter(split.columns.values())) for split in vars(data.splits).values()]
    contents = [{np.asarray(value).tobytes() for value in column} for column in columns]
    assert sum(map(len, contents)) == len(set().union(*contents))
    assert all(contents)


# It learns.


def test_the_network_learns_the_sample(trained: Any, contract: Contract) -> None:
    history = read_result(trained.output_dir, "train")["history"]
    assert history[-1]["train/loss"] < 0.7 * history[0]["train/loss"]
    assert contract.score(read_result(trained.output_dir, "evaluate")) > contract.learned


def test_what_to_try_first_where_a_baseline_is_not_beaten_trains(
    trained: Any, contract: Contract, tmp_path: Path
) -> None:
    found = read_result(trained.output_dir, "train") | {"try_first": "", "history": [{}], "best_epoch": 1}
    command = re.search("`python main.py run (.*)`", what_to_try(found | {"steps": ENOUGH_STEPS}))
    assert command
    smoke = contract.project / "configs" / "smoke.yaml"
    folders = ("--output_dir", tmp_path, "--log_dir", tmp_path / "logs")
    succeed(contract, "train", "--config", smoke, *command[1].split(), *folders)
    assert len(read_result(tmp_path, "train")["history"]) == 2


def test_without_its_training_it_only_guesses(trained: Any, contract: Contract, tmp_path: Path) -> None:
    """The band of the first test means something: random weights stay at chance."""
    checkpoint = load_checkpoint(best_checkpoint(trained.output_dir))
    source = torch.Generator().manual_seed(0)
    weights = {
        name: torch.randn(tensor.shape, generator=source) * tensor.abs().mean() if tensor.dim() > 1 else tensor
        for name, tensor in checkpoint.tensors.items()
    }
    save_checkpoint(tmp_path / "random.safetensors", weights, checkpoint.metadata)
    evaluated = verb("evaluate")(replace(trained, output_dir=tmp_path), tmp_path / "random.safetensors")
    assert contract.score(evaluated) < contract.chance


def test_predictions_depend_on_the_input(trained: Any) -> None:
    confusion = read_result(trained.output_dir, "evaluate")["metrics"]["test"]["confusion"]
    assert all(any(row[column] for row in confusion) for column in range(len(confusion)))


def test_the_same_seed_gives_the_same_bytes(smoke: Any, data: Data, tmp_path: Path) -> None:
    short = replace(smoke, training=replace(smoke.training, epochs=1))
    for name in ("first", "second"):
        verb("train")(replace(short, output_dir=tmp_path / name), data=data)
    first, second = (load_checkpoint(best_checkpoint(tmp_path / name)).tensors for name in ("first", "second"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    records = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("first", "second")]
    assert records[0] == records[1]


def test_the_recorded_scores_are_those_of_the_weights(trained: Any) -> None:
    recorded = load_checkpoint(best_checkpoint(trained.output_dir)).metadata["metrics"]
    measured = read_result(trained.output_dir, "evaluate")["metrics"]["validation"]
    name = read_result(trained.output_dir, "train")["monitor"]
    assert recorded[name] == pytest.approx(measured.get(name) or measured["pooled"][name], abs=1e-3)


def test_evaluating_other_data_than_trained_on_is_said(trained: Any, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate, before = verb("evaluate"), (trained.output_dir / "evaluate.json").read_bytes()
    evaluate(replace(trained, seed=trained.seed + 1))
    assert "trained on other data" in capsys.readouterr().err
    (trained.output_dir / "evaluate.json").write_bytes(before)


def test_each_labeled_example_elsewhere_is_scored_and_those_trained_on_are_counted(
    trained: Any, data: Data, contract: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if contract.save_labeled is None:
        return
    few = list(range(12))  # some of the classes may be missing among them
    for name, split in (("train", data.splits.train.at(few)), ("val", data.splits.test.at(few))):
        contract.save_labeled(data.classes, split, tmp_path / "other" / name)
    before = read_result(trained.output_dir, "evaluate")
    succeed(contract, "evaluate", "--on", tmp_path / "other", "--output_dir", trained.output_dir)
    printed, found = capsys.readouterr(), read_result(trained.output_dir, "evaluate-on")
    assert "interval" in printed.out
    assert "12 of these 24" in printed.err
    assert found["data"]["counts"] == {"train": 0, "validation": 0, "test": 24}
    assert found["data"]["trained_on"] == 12
    assert np.sum(found["metrics"]["test"]["confusion"]) >= 24
    assert 0 <= found["metrics"]["test"]["calibration_error"] <= 1
    assert found.get("temperature") == before.get("temperature")
    assert read_result(trained.output_dir, "evaluate") == before


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_without_labeled_examples_is_not_scored(
    there: bool, trained: Any, contract: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if there:
        (tmp_path / "other").mkdir()
    words = ["evaluate", "--on", str(tmp_path / "other"), "--output_dir", str(trained.output_dir)]
    assert main(words, contract.project, contract.verbs, "src.config:Config") == 2
    assert str(tmp_path / "other") in capsys.readouterr().err


# It exports.


@pytest.mark.long
def test_exporting_the_same_weights_again_writes_the_same_bytes(trained: Any) -> None:
    first = read_result(trained.output_dir, "export")
    assert verb("export")(trained)["sha256"] == first["sha256"]


def test_the_model_card_has_the_scores_and_its_example_runs(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    card = (trained.output_dir / "export" / "README.md").read_text()
    assert all(value in card for value in read_result(trained.output_dir, "evaluate")["summary"].values())
    assert "Not stated" not in card
    monkeypatch.chdir(trained.output_dir / "export")
    with redirect_stdout(io.StringIO()) as printed:
        exec(card.split("```python\n")[1].split("```")[0], {})
    assert printed.getvalue().startswith("(1, ")


def test_the_exported_file_says_where_it_comes_from(trained: Any, contract: Contract) -> None:
    metadata = OnnxModel(trained.output_dir / "export" / f"{contract.project.name}.onnx").metadata
    assert metadata["data"]["source"] == "sample"
    assert metadata["metrics"]["validation"]
    assert metadata["first_weights"]["source"]
    assert "torch" in metadata["versions"]
    assert str(contract.project) not in json.dumps(metadata)


# Its command line.


def test_run_reads_the_data_once_and_does_the_whole_job(job: Job, trained: Any, contract: Contract) -> None:
    assert len(job.reads) == 1
    results = {name: read_result(trained.output_dir, name) for name in ("train", "evaluate", "baseline", "export")}
    for words in ("sample", "seed", *results["evaluate"]["summary"], *results["baseline"]["summary"], "parity"):
        assert words in job.printed
    assert results["baseline"]["data"]["digest"] == results["train"]["data"]["digest"]
    assert (trained.output_dir / "report.html").stat().st_size > 50_000
    assert (trained.output_dir / "export" / f"{contract.project.name}.onnx").is_file()
    assert list(trained.log_dir.rglob("events.*"))


def test_a_trial_in_place_of_a_run_leaves_no_checkpoint(contract: Contract, tmp_path: Path) -> None:
    folders = ("--output_dir", tmp_path / "out", "--log_dir", tmp_path / "logs", *contract.run_flags)
    smoke = contract.project / "configs" / "smoke.yaml"
    succeed(contract, "train", "--config", smoke, *folders, "--trial", "one_batch")
    assert read_result(tmp_path / "out", "trial-one_batch")["metrics"]["loss"] > 0
    assert not list((tmp_path / "out").rglob("*.safetensors"))


def test_what_follows_training_uses_its_configuration(
    trained: Any, contract: Contract, capsys: pytest.CaptureFixture[str]
) -> None:
    succeed(contract, "evaluate", "--output_dir", trained.output_dir)
    assert read_result(trained.output_dir, "evaluate")["data"]["source"] == "sample"
    assert "trained on other data" not in capsys.readouterr().err


@pytest.mark.long
def test_the_server_starts_in_a_process_of_its_own(trained: Any, contract: Contract) -> None:
    with server(contract, trained.output_dir) as url:
        assert ask(url, "model")["seed"] == trained.seed
        assert "<html" in ask(url, "")


@pytest.mark.long
def test_each_verb_goes_on_from_what_the_others_left(trained: Any, contract: Contract) -> None:
    for name in ("evaluate", "baseline", "export", "report"):
        succeed(contract, name, "--output_dir", trained.output_dir)


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help_lists_the_verbs(words: list[str], contract: Contract, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words, contract.project, contract.verbs, "src.config:Config") == 0
    printed = capsys.readouterr().out
    assert all(f"\n  {name} " in printed for name in VERBS)


def test_neither_help_nor_a_mistake_waits_for_pytorch(contract: Contract) -> None:
    code = (
        "import sys; from main import *\n"
        "for verb in VERBS:\n"
        "    for words in ([verb, '--help'], [verb, '--trainig.epochs', '3']):\n"
        "        try: main(words, Path.cwd(), VERBS, 'src.config:Config')\n"
        "        except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=contract.project, capture_output=True, text=True, timeout=120
    )
    assert not {"torch", "numpy", "sklearn", "onnxruntime"} & set(done.stdout.splitlines()[-1].split())
    assert done.stdout.count("usage: main.py") == len(contract.verbs)
    assert done.stderr.count("did you mean training.epochs?") == len(done.stderr.splitlines()) == len(contract.verbs)


def test_the_stored_configuration_names_no_folder_of_this_machine(contract: Contract) -> None:
    assert str(contract.project) not in json.dumps(to_plain(import_module("src.config").Config(), contract.project))


def test_the_server_loads_pytorch_only_where_it_has_to(contract: Contract) -> None:
    assert ("torch" in loaded(contract, "import src.service")) == (not contract.serves_without_torch)


@pytest.mark.parametrize("words", ["predict", pytest.param("check-data", marks=pytest.mark.long)])
def test_what_does_not_train_loads_no_library_of_training(
    words: str, trained: Any, data: Data, contract: Contract, tmp_path: Path
) -> None:
    arguments, unneeded = words.split(), {"accelerate", "onnx", "optuna", "tensorboard", "timm", "transformers"}
    if words != "check-data":  # which cuts splits with scikit-learn, into tensors
        unneeded |= {"sklearn"} | ({"torch"} if contract.serves_without_torch else set())
    if contract.save_labeled is None:
        return
    few = data.splits.train.at(evenly_spaced(len(data.splits.train), 60))
    contract.save_labeled(data.classes, few, tmp_path / "labeled")
    (place,) = map(str, tmp_path.glob("labeled*"))
    predicting = [place, "--output_dir", str(trained.output_dir)]
    arguments += predicting if words == "predict" else ["--data.root", place, "--output_dir", str(tmp_path)]
    call = f"assert main({arguments}, Path.cwd(), VERBS, 'src.config:Config') == 0"
    code = f"from pathlib import Path; from main import VERBS; from shared.cli import main; {call}"
    assert not unneeded & loaded(contract, code)


LOADED = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('model.onnx'))"


@in_browser
@on_device
def test_the_static_page_loads_its_network_and_answers_an_example_by_one_click(
    page: Page, static: Path, contract: Contract
) -> None:
    with file_server(static.parent) as address:
        try_example(page, f"{address}/{static.name}", contract.answered, LOADED)
    assert page.messages == []


# Every mistake ends in one sentence that names what is wrong.


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("trian", "train"),
        ("train --training.epoch 3", "training.epochs"),
        ("train --training.epochs three", "training.epochs"),
        ("train --training.epochs 0", "training.epochs"),
        ("train --config nowhere.yaml", "nowhere.yaml"),
        ("train --data.root nowhere", "nowhere"),
        ("evaluate", "best.safetensors"),
        ("export", "best.safetensors"),
        ("report", "best.safetensors"),
    ],
)
def test_a_mistake_is_named(words: str, named: str, refused: Refused) -> None:
    assert named in refused(*words.split())


def test_predicting_nothing_or_before_any_export_is_refused(
    refused: Refused, contract: Contract, tmp_path: Path
) -> None:
    missing = f"nowhere{Path(contract.input_name).suffix}"
    assert missing in refused("predict", missing)
    file = tmp_path / "nothing" / contract.input_name
    file.parent.mkdir()
    assert str(file.parent) in refused("predict", file.parent)
    file.write_bytes(b"anything")
    assert f"{contract.project.name}.onnx" in refused("predict", file)


def test_an_output_folder_that_cannot_be_written_is_named(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file/outputs" in refused("train", "--data.source", "sample", output_dir=tmp_path / "file" / "outputs")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_output_folder_is_named(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    assert "locked" in refused("train", "--data.source", "sample", output_dir=tmp_path / "locked" / "out")


def test_a_checkpoint_of_another_network_is_refused(
    trained: Any, contract: Contract, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "--output_dir", str(trained.output_dir), *contract.other_network]
    assert main(words, contract.project, contract.verbs, "src.config:Config") == 2
    assert "best.safetensors" in capsys.readouterr().err


def test_a_mistake_in_a_process_of_its_own_shows_no_stack_trace(contract: Contract, tmp_path: Path) -> None:
    command = [sys.executable, str(contract.project / "main.py"), "train", "--trainig.epochs", "3"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


# Fixtures come from the project's conftest.py alone: a second copy of them would train a second time.
__all__ = [name for name in dir() if name.startswith("test_")]
