"""Eight bits are chosen only where they pay."""

import pytest

from shared.export.precision import Measured, choose_precision, per_second

EAGER, FP32 = Measured(10, 0.9), Measured(30, 0.9)


@pytest.mark.parametrize(
    ("int8", "expected"),
    [
        (Measured(60, 0.898), "int8"),
        (Measured(60, 0.89), "fp32"),  # too much is lost
        (Measured(33, 0.9), "fp32"),  # too little is gained
    ],
)
def test_speed_and_score_decide(int8: Measured, expected: str) -> None:
    measured = {"pytorch": EAGER, "fp32": FP32, "int8": int8}
    precision, reason = choose_precision(measured, "auto", "accuracy")
    assert precision == expected
    assert "fp32 3.0 times as fast as PyTorch" in reason
    assert "points of validation accuracy" in reason


def test_what_is_asked_for_is_written() -> None:
    measured = {"pytorch": EAGER, "fp32": FP32, "int8": Measured(1, 0.1)}
    assert choose_precision(measured, "int8", "accuracy")[0] == "int8"
    assert choose_precision({"pytorch": EAGER, "fp32": FP32}, "fp32", "accuracy")[0] == "fp32"


def test_speed_counts_examples_not_calls() -> None:
    calls: list[int] = []
    rate = per_second(lambda: calls.append(1), examples=4)
    assert len(calls) > 3
    assert rate > 0
