"""Temperature scaling finds the temperature that logits were heated by, and unsure answers can be left out."""

import pytest
import torch

from shared.metrics.calibration import fit_temperature, sure_answers


def drawn(temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits that are too sure by that factor, and labels that follow the true probabilities."""
    source = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20_000, 4, generator=source)
    labels = torch.multinomial(logits.softmax(1), 1, generator=source)[:, 0]
    return logits * temperature, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found(temperature: float) -> None:
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.03)


def test_a_network_that_is_always_right_is_not_made_surer_and_the_temperature_is_bounded() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 0.7], [1.0, 0.0]])
    assert fit_temperature(logits, torch.tensor([0, 1, 0])) == 1.0
    logits = torch.tensor([[1e-3, 0.0]]).repeat(1000, 1)
    assert fit_temperature(logits, (torch.arange(1000) == 0).long()) == 0.05


def test_surer_answers_are_fewer_and_better() -> None:
    logits, labels = drawn(1.0)
    rows = sure_answers(logits.softmax(1), labels, [0.0, 0.5, 0.9])
    assert [row["min_probability"] for row in rows] == [0.0, 0.5, 0.9]
    assert 1 == rows[0]["coverage"] > rows[1]["coverage"] > rows[2]["coverage"] > 0
    assert rows[0]["accuracy"] < rows[1]["accuracy"] < rows[2]["accuracy"]
    none = sure_answers(torch.full((5, 2), 0.5), torch.zeros(5, dtype=torch.int64), [0.9])
    assert none == [{"min_probability": 0.9, "coverage": 0.0, "accuracy": None, "answered": 0}]
