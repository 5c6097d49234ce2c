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
    Candidate,
    Measured,
    choose_precision,
    compare,
    in_precision,
    names_to_measure,
    per_second,
)
from shared.inference.model import onnx_function

EAGER, FP32 = Measured(10, None, 0.9), Measured(30, 1000, 0.9)


@pytest.mark.parametrize(
    ("int8", "expected"),
    [
        (Measured(60, 250, 0.898), "int8_static"),
        (Measured(60, 250, 0.89), "fp32"),  # too much is lost
        (Measured(33, 250, 0.9), "fp32"),  # too little is gained
        (Measured(29, 250, None), "fp32"),  # slower, so nobody asked
    ],
)
def test_speed_and_score_decide(int8: Measured, expected: str) -> None:
    measured = {"pytorch": EAGER, "fp32": FP32, "int8_static": int8}
    precision, reason = choose_precision(measured, "auto", "accuracy")
    assert precision == expected
    assert "fp32 is 3.0 times as fast as PyTorch" in reason
    assert ("points of validation accuracy" in reason) == (int8.score is not None)


def test_the_faster_of_two_that_pay_is_written() -> None:
    measured = {"pytorch": EAGER, "fp32": FP32, "int8_static": Measured(60, 1, 0.9)}
    measured["int8_dynamic"] = Measured(90, 1, 0.898)
    assert choose_precision(measured, "auto", "accuracy")[0] == "int8_dynamic"


def test_what_is_asked_for_is_written() -> None:
    measured = {"pytorch": EAGER, "fp32": FP32, "int8_static": Measured(1, 1, None)}
    assert choose_precision(measured, "int8", "accuracy")[0] == "int8_static"
    assert choose_precision({"pytorch": EAGER, "fp32": FP32}, "fp32", "accuracy")[0] == "fp32"


def test_the_first_run_of_a_turn_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, last = 0.0, ""
    monkeypatch.setattr("shared.export.precision.time.perf_counter", lambda: clock)

    def run(name: str) -> None:
        nonlocal clock, last
        clock += 0.5 if name == last else 8.0  # seconds; slow while what the other has left behind goes on
        last = name

    candidates = {name: Candidate(partial(run, name), lambda: 1.0) for name in ("one", "other")}
    assert per_second(candidates) == {"one": 2.0, "other": 2.0}


def test_speed_counts_examples_not_calls_and_the_ways_take_turns() -> None:
    calls: list[str] = []
    candidates = {
        "one": Candidate(lambda: calls.append("one"), lambda: 1.0, 1),
        "many": Candidate(lambda: calls.append("many"), lambda: 1.0, 10**9),
    }
    rates = per_second(candidates)
    turns = [name for name, _ in itertools.groupby(calls)]
    assert len(calls) > 12
    assert len(turns) > 6
    assert turns == ["one", "many"] * (len(turns) // 2)
    assert rates["many"] > 1000 * rates["one"]


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


def test_what_is_slower_than_fp32_is_not_scored(network: onnx.ModelProto) -> None:
    asked: list[str] = []

    def make_candidate(name: str, rounds: int) -> Candidate:
        return Candidate(lambda: sum(range(rounds)), lambda: float(asked.append(name) is None))

    candidates = iter([make_candidate("fp32", 10_000), make_candidate("slow", 10**6), make_candidate("quick", 1)])
    models = {"fp32": network, "int8_static": network, "int8_dynamic": network}
    measured = compare(make_candidate("pytorch", 10_000), models, lambda _: next(candidates))
    assert asked == ["pytorch", "fp32", "quick"]
    assert measured["int8_static"].score is None
    assert measured["fp32"].bytes == network.ByteSize()
