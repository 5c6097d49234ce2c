"""Eight bits are chosen only where they pay."""

import itertools
import logging
from functools import partial

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.parser import parse_model

from shared.export.precision import (
    NAMES,
    choose_precision,
    compare,
    in_precision,
    names_to_measure,
    per_second,
)
from shared.inference.model import onnx_function


def measured(*int8: tuple[float, float | None]) -> dict[str, dict[str, float | None]]:
    """Speed and accuracy by precision: PyTorch, fp32 at three times its speed, and networks in eight bits."""
    rows = zip(NAMES, [(10, 0.9), (30, 0.9), *int8], strict=False)
    return {name: {"per_second": speed, "accuracy": score} for name, (speed, score) in rows}


@pytest.mark.parametrize(
    ("int8", "expected"),
    [
        ([(60, 0.898)], "int8_static"),
        ([(60, 0.89)], "fp32"),  # too much is lost
        ([(33, 0.9)], "fp32"),  # too little is gained
        ([(29, None)], "fp32"),  # slower, so nobody asked
        ([(60, 0.9), (90, 0.898)], "int8_dynamic"),  # the faster of two that pay
    ],
)
def test_speed_and_score_decide(int8: list[tuple[float, float | None]], expected: str) -> None:
    precision, reason = choose_precision(measured(*int8), "auto", "accuracy")
    assert precision == expected
    assert "fp32 is 3.0 times as fast as PyTorch" in reason
    assert ("points of validation accuracy" in reason) == (int8[0][1] is not None)


def test_what_is_asked_for_is_written() -> None:
    assert choose_precision(measured((1, None)), "int8", "accuracy")[0] == "int8_static"
    assert choose_precision(measured(), "fp32", "accuracy")[0] == "fp32"


def test_the_first_run_of_a_turn_does_not_count_and_speed_is_that_of_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = 0.0, [""]
    monkeypatch.setattr("shared.export.precision.time.perf_counter", lambda: clock)

    def run(name: str, batch: np.ndarray) -> np.ndarray:
        nonlocal clock
        clock += 0.25 if name == calls[-1] else 8.0  # seconds; slow while what the other has left behind goes on
        calls.append(name)
        return batch

    networks = {name: partial(run, name) for name in ("one", "other")}
    assert per_second(networks, [np.zeros(1)] * 2) == {"one": 4.0, "other": 4.0}
    turns = [name for name, _ in itertools.groupby(calls[1:])]
    assert len(turns) > 6
    assert turns == ["one", "other"] * (len(turns) // 2)


@pytest.fixture(scope="module")
def network() -> onnx.ModelProto:
    weights = (np.random.default_rng(0).normal(size=(64, 4)) / 8).astype(np.float32)
    model: onnx.ModelProto = parse_model("""<ir_version: 9, opset_import: ["": 18]>
        g (float[batch, 64] x) => (float[batch, 4] probabilities) {
            logits = MatMul(x, weights)
            probabilities = Softmax(logits)
        }""")
    model.graph.initializer.append(numpy_helper.from_array(weights, "weights"))
    return model


def test_both_kinds_of_eight_bits_answer_nearly_as_fp32_does(network: onnx.ModelProto) -> None:
    inputs = np.random.default_rng(1).normal(size=(32, 64)).astype(np.float32)
    models = {name: in_precision(network, name, list(inputs[:, None])) for name in names_to_measure("auto")}
    assert list(models) == ["fp32", "int8_static", "int8_dynamic"]
    expected = onnx_function(network)(inputs)
    for name in ("int8_static", "int8_dynamic"):
        assert np.abs(onnx_function(models[name])(inputs) - expected).max() < 0.05
        assert not np.array_equal(onnx_function(models[name])(inputs), expected)
    assert names_to_measure("fp32") == ["fp32"]
    assert logging.getLogger().isEnabledFor(logging.WARNING), "other warnings are not silenced with the quantizer's"


def test_what_is_slower_than_fp32_is_not_scored() -> None:
    def work(rounds: int, batch: np.ndarray) -> np.ndarray:
        return batch + sum(range(rounds))

    rounds = {"pytorch": 10**5, "fp32": 10_000, "int8_static": 10**6, "int8_dynamic": 1}
    networks = {name: partial(work, count) for name, count in rounds.items()}
    found = compare(networks, [np.zeros(1)], lambda run: float(run.args[0]))  # type: ignore[attr-defined]
    assert [score for _, score in found.values()] == [10**5, 10_000, None, 1]
