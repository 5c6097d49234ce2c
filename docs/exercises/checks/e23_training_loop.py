from types import ModuleType

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

DIGITS = load_digits()
INPUTS = torch.tensor(DIGITS.data / 16).float()
LABELS = torch.tensor(DIGITS.target).long()


def test_it_learns_digits(exercise: ModuleType) -> None:
    network = exercise.make_network()
    torch.manual_seed(0)
    exercise.train(network, INPUTS[:1200], LABELS[:1200], epochs=8, batch_size=32, rate=3e-3)
    assert exercise.accuracy(network, INPUTS[1200:], LABELS[1200:]) > 0.88


def test_every_epoch_has_another_order(exercise: ModuleType) -> None:
    seen: list[tuple[float, ...]] = []

    class Watcher(nn.Linear):
        def forward(self, inputs: Tensor) -> Tensor:
            seen.append(tuple(inputs[:, 0].tolist()))
            return super().forward(inputs)

    exercise.train(Watcher(1, 2), torch.arange(33.0)[:, None], torch.zeros(33).long(), epochs=3, batch_size=8, rate=0.1)
    assert len(seen) == 15, "4 batches of 8, and one of the last example, in each of 3 epochs"
    epochs = [sum(seen[start : start + 5], ()) for start in (0, 5, 10)]
    assert all(sorted(epoch) == list(range(33)) for epoch in epochs), "each example once an epoch"
    assert len(set(epochs)) == 3, "another order each time"


def test_gradients_of_the_last_step_are_forgotten(exercise: ModuleType) -> None:
    network = nn.Linear(2, 2)
    exercise.train(network, torch.ones(1, 2), torch.zeros(1).long(), epochs=200, batch_size=1, rate=0.05)
    left = network.weight.grad  # none, if they are forgotten after the step in place of before
    assert left is None or float(left.abs().max()) < 0.1, "they fall as the loss does, unless they are summed up"


def test_measuring_is_without_dropout_and_leaves_the_mode(exercise: ModuleType) -> None:
    network = exercise.make_network().train()
    found = {exercise.accuracy(network, INPUTS, LABELS) for _ in range(5)}
    assert len(found) == 1, "dropout makes the predictions vary"
    assert network.training
    exercise.accuracy(network.eval(), INPUTS, LABELS)
    assert not network.training


def test_measuring_records_no_gradients(exercise: ModuleType) -> None:
    recorded: list[bool] = []

    class Watcher(nn.Linear):
        def forward(self, inputs: Tensor) -> Tensor:
            recorded.append(torch.is_grad_enabled())
            return super().forward(inputs)

    exercise.accuracy(Watcher(64, 10), INPUTS, LABELS)
    assert recorded
    assert not any(recorded)
