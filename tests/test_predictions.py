"""Predictions of many inputs: the same table in one process or several, in one go or after kills."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from shared.errors import UserError
from shared.inference.chunks import CHUNK, predict_in_chunks
from shared.inference.predictions import SHEET_INPUTS, Prediction, name_prediction, predict_prepared, write_predictions

NETWORK: Any = SimpleNamespace(labels=["cat", "dog"], metadata={"seed": 0, "data": {}}, origin={"checkpoint": "c"})
TEXTS = [f'text {number}, with "quotes"\nand a second line' for number in range(1000)]


@dataclass(frozen=True)
class Config:
    output_dir: Path


@dataclass
class Predictor:
    """Predicts texts by their number; each run notes the sizes of its chunks, and may stop or wait."""

    stop_after: int = 10**9
    wait: float = 0.0
    chunks: list[int] = field(default_factory=list)

    def __call__(self, texts: Sequence[str]) -> list[Prediction]:
        if len(self.chunks) == self.stop_after:
            raise KeyboardInterrupt
        self.chunks.append(len(texts))
        time.sleep(self.wait)
        share = np.array([int(text.split()[1][:-1]) / len(TEXTS) for text in texts], np.float32)
        return [name_prediction(row, NETWORK.labels, 0.5) for row in np.stack([share, 1 - share], 1)]


def predict(folder: Path, predictor: Predictor, texts: Sequence[str] = TEXTS, sheet: Any = None) -> dict[str, Any]:
    return write_predictions(
        Config(folder), NETWORK, texts, predictor, noun="texts", kinds=("unsure",), input_name="text", sheet=sheet
    )


def table(folder: Path) -> bytes:
    return (folder / "predictions" / "predictions.csv").read_bytes()


def left_over(folder: Path) -> list[str]:
    return [path.name for path in (folder / "predictions").glob(".*-of-*")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table of all texts, written in one go."""
    folder = tmp_path_factory.mktemp("whole")
    predict(folder, Predictor())
    return table(folder)


def test_no_more_than_a_chunk_is_predicted_at_a_time(tmp_path: Path, whole: bytes) -> None:
    predictor = Predictor()
    result = predict(tmp_path, predictor)
    assert predictor.chunks == [CHUNK, CHUNK, CHUNK, 1000 - 3 * CHUNK]
    assert result["metrics"] == {"texts": 1000, "unsure": 0}
    rows = list(csv.DictReader(whole.decode().splitlines(keepends=True)))
    assert [row["text"] for row in rows] == TEXTS
    assert [row["prediction"] for row in rows] == ["dog"] * 500 + ["cat"] * 500
    assert left_over(tmp_path) == []


def test_a_stopped_run_goes_on_behind_its_last_whole_chunk(
    tmp_path: Path, whole: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    predict(tmp_path, Predictor(), TEXTS[:10])
    before = table(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        predict(tmp_path, Predictor(stop_after=2))
    assert table(tmp_path) == before, "it is not touched before all is predicted"
    (part,) = (tmp_path / "predictions").glob("*.part")
    with part.open("ab") as file:  # a kill while a chunk is written
        file.write(b'["text 512", "ca')
    predictor = Predictor()
    predict(tmp_path, predictor)
    assert predictor.chunks == [CHUNK, 1000 - 3 * CHUNK]
    assert "goes on after 512 of 1,000 texts" in capsys.readouterr().out
    assert table(tmp_path) == whole


def test_the_sheet_shows_the_first_predictions_which_are_made_again_after_a_stop_only(tmp_path: Path) -> None:
    def sheet(texts: Sequence[str], predictions: Sequence[Prediction]) -> bytes:
        return str([(text, one.label, one.confidence) for text, one in zip(texts, predictions, strict=True)]).encode()

    predictor = Predictor()
    predict(tmp_path, predictor, sheet=sheet)
    assert predictor.chunks == [CHUNK, CHUNK, CHUNK, 1000 - 3 * CHUNK]
    drawn = tmp_path / "predictions" / "predictions.png"
    before = drawn.read_bytes()
    assert before.count(b"text ") == SHEET_INPUTS
    with pytest.raises(KeyboardInterrupt):
        predict(tmp_path, Predictor(stop_after=3), sheet=sheet)
    drawn.unlink()
    again = Predictor()
    predict(tmp_path, again, sheet=sheet)
    assert again.chunks == [1000 - 3 * CHUNK, SHEET_INPUTS]
    assert drawn.read_bytes() == before


def test_other_inputs_begin_anew(tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(KeyboardInterrupt):
        predict(tmp_path, Predictor(stop_after=2), [*TEXTS[1:], TEXTS[0]])
    predictor = Predictor()
    predict(tmp_path, predictor)
    assert sum(predictor.chunks) == 1000
    assert table(tmp_path) == whole
    assert left_over(tmp_path) == []


def test_a_file_that_has_changed_is_predicted_again(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.txt" for number in range(3)]
    for file in files:
        file.write_text("before")

    def read(indices: list[int], some: list[Path]) -> list[str]:
        if 2 in indices and files[2].read_text() == "before":
            raise KeyboardInterrupt
        return [file.read_text() for file in some]

    def run() -> dict[str, Any]:
        return predict_in_chunks(
            Config(tmp_path),
            NETWORK,
            files,
            read,
            lambda all_: {"metrics": {}, "read": list(all_())},
            noun="files",
            chunk=1,
        )

    with pytest.raises(KeyboardInterrupt):
        run()
    for file in (files[0], files[2]):
        file.write_text("something else")
    assert run()["read"] == ["something else", "before", "something else"]


def upper(text: str) -> str:
    return f"{text.upper()} {os.getpid()}"


@pytest.mark.parametrize("count", [5, 300])
def test_inputs_are_prepared_in_order_by_other_processes_where_there_are_many(tmp_path: Path, count: int) -> None:
    def note(indices: list[int], prepared: list[str]) -> list[list[Any]]:
        return [[index, *text.rsplit(" ", 1)] for index, text in zip(indices, prepared, strict=True)]

    records = predict_in_chunks(
        Config(tmp_path),
        NETWORK,
        TEXTS[:count],
        note,
        lambda read: {"metrics": {}, "records": [*read()]},
        noun="texts",
        prepare=upper,
    )["records"]
    assert [record[:2] for record in records] == [[i, text.upper()] for i, text in enumerate(TEXTS[:count])]
    assert (str(os.getpid()) in {record[2] for record in records}) == (count == 5)


def test_a_second_process_in_the_folder_is_refused(tmp_path: Path) -> None:
    def again(_: Sequence[str]) -> list[Prediction]:
        with pytest.raises(UserError, match="another process predicts into"):
            predict(tmp_path, Predictor())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_predictions(Config(tmp_path), NETWORK, TEXTS, again, noun="texts", kinds=(), input_name="text")


def started(folder: Path, process: int, processes: int, wait: float = 0.0) -> "subprocess.Popen[bytes]":
    code = f"import test_predictions as t, pathlib; t.predict(pathlib.Path({str(folder)!r}), t.Predictor(wait={wait}))"
    environment = os.environ | {"RANK": str(process), "WORLD_SIZE": str(processes)}
    return subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent, env=environment)


def test_several_processes_share_the_inputs_and_the_first_joins_their_tables(tmp_path: Path, whole: bytes) -> None:
    """One of them is killed at first, and all are started again, as `torchrun` does."""
    doomed = started(tmp_path, 1, 2, wait=0.5)
    folder = tmp_path / "predictions"
    while not any(path.stat().st_size for path in folder.glob(".*-1-of-2.part")):
        time.sleep(0.02)
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    assert list(folder.glob(".*-1-of-2.part"))
    both = [started(tmp_path, process, 2) for process in (0, 1)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert table(tmp_path) == whole
    assert left_over(tmp_path) == []


@pytest.mark.parametrize(("side", "together"), [(8, 256), (224, 3), (2000, 1)])
def test_fewer_large_inputs_go_through_the_network_at_once(side: int, together: int) -> None:
    """256 photos of 224 pixels would take gigabytes in the first layers."""
    sizes = []

    def run_several(_: list[str], batch: np.ndarray, size: int) -> list[np.ndarray]:
        sizes.append(size)
        return [np.full((len(batch), 2), 0.5, np.float32)]

    network: Any = SimpleNamespace(**vars(NETWORK), outputs=["probabilities"], run_several=run_several)
    assert len(predict_prepared(network, [np.zeros((3, side, side), np.uint8)] * 3, 0.5)) == 3
    assert predict_prepared(network, [Prediction("unreadable")], 0.5)[0].label == "unreadable"
    assert sizes == [together]
