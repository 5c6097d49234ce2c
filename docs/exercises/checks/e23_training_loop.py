"""The checks of exercise 23."""

from types import ModuleType

import torch
from expect import expect, expect_close
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

HINT = (
    "For each epoch: torch.randperm(len(inputs)).split(batch_size) gives the batches. For each batch: predict, compute "
    "the loss, reset the gradients, compute the new ones, step. network.training says in which mode the network is."
)

DIGITS = load_digits()
INPUTS = torch.tensor(DIGITS.data / 16).float()
LABELS = torch.tensor(DIGITS.target).long()


class Watcher(nn.Linear):
    """A linear layer that keeps what it is given, how it is called, and the gradients of its logits."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__(features, classes)
        self.seen: list[list[float]] = []
        self.modes: list[bool] = []
        self.recorded: list[bool] = []
        self.gradients: list[Tensor] = []

    def forward(self, inputs: Tensor) -> Tensor:
        """The logits."""
        self.seen.append(inputs[:, 0].tolist())
        self.modes.append(self.training)
        self.recorded.append(torch.is_grad_enabled())
        logits = super().forward(inputs)
        if logits.requires_grad:
            logits.register_hook(self.gradients.append)
        return logits


def watch(exercise: ModuleType) -> Watcher:
    torch.manual_seed(0)
    network = Watcher(1, 2)
    network.eval()
    exercise.train(network, torch.arange(33.0)[:, None], torch.ones(33).long(), epochs=3, batch_size=8, rate=0.1)
    return network


def check_it_learns_digits(exercise: ModuleType) -> None:
    network = exercise.make_network()
    torch.manual_seed(0)
    exercise.train(network, INPUTS[:1200], LABELS[:1200], epochs=8, batch_size=32, rate=3e-3)
    with torch.no_grad():
        right = (network.eval()(INPUTS[1200:]).argmax(1) == LABELS[1200:]).float().mean().item()
    mistake = "no step is made, or the gradients are never reset, or between backward() and step()"
    expect(right > 0.88, f"after 8 epochs {right:.3f} of other digits are right; expected more than 0.88", mistake)
    found = exercise.accuracy(network, INPUTS[1200:], LABELS[1200:])
    expect_close(found, right, "accuracy(network, inputs, labels)", "a count in place of a share")


def check_every_example_is_seen_once_an_epoch(exercise: ModuleType) -> None:
    seen = watch(exercise).seen
    sizes = [len(batch) for batch in seen]
    wanted = [8, 8, 8, 8, 1] * 3
    mistake = "the last, smaller batch is left out, or the network predicts more often than once a step"
    expect(sizes == wanted, f"with 33 examples, 3 epochs, batches of 8: sizes {sizes}; expected {wanted}", mistake)
    for start in (0, 5, 10):
        epoch = sorted(number for batch in seen[start : start + 5] for number in batch)
        mistake = "batches are drawn with replacement (randint); randperm gives each index once"
        expect(epoch == list(range(33)), f"epoch {start // 5 + 1} does not see each of the 33 examples once", mistake)


def check_every_epoch_has_another_order(exercise: ModuleType) -> None:
    seen = watch(exercise).seen
    orders = {tuple(number for batch in seen[start : start + 5] for number in batch) for start in (0, 5, 10)}
    mistake = "the random order is made once, before the loop over epochs, or not at all"
    expect(len(orders) == 3, f"3 epochs have {len(orders)} different orders; expected 3", mistake)
    expect(tuple(range(33)) not in orders, "the first epoch goes through the examples in the order given", mistake)


def check_it_trains_in_training_mode(exercise: ModuleType) -> None:
    modes = watch(exercise).modes
    expect(all(modes), "the network was passed in eval mode and is trained in it", "network.train() is not called")


def check_the_loss_is_the_mean_cross_entropy_of_logits(exercise: ModuleType) -> None:
    torch.manual_seed(0)
    network = Watcher(1, 2)
    inputs, labels = torch.tensor([[2.0], [-1.0], [0.5]]), torch.tensor([0, 1, 1])
    errors = network(inputs).detach().softmax(1) - F.one_hot(labels, 2)
    network.seen.clear()
    exercise.train(network, inputs, labels, epochs=1, batch_size=3, rate=0.1)
    expect(bool(network.gradients), "no gradient reached the network's logits", "backward() is not called")
    order = [inputs[:, 0].tolist().index(value) for value in network.seen[0]]
    mistake = "a softmax before F.cross_entropy, which has its own, or a sum in place of a mean"
    expect_close(network.gradients[0], errors[order] / 3, "the gradient of the logits", mistake, tolerance=1e-5)


def check_gradients_do_not_add_up(exercise: ModuleType) -> None:
    network = nn.Linear(2, 2)
    exercise.train(network, torch.ones(1, 2), torch.zeros(1).long(), epochs=200, batch_size=1, rate=0.05)
    left = network.weight.grad  # None if they are reset after the step in place of before
    largest = 0.0 if left is None else float(left.abs().max())
    problem = f"after 200 steps on one example a gradient is {largest:.3g}; expected below 0.1, as the loss is small"
    expect(largest < 0.1, problem, "optimizer.zero_grad() is missing, so backward() adds to the old gradients")


def check_accuracy_is_without_dropout(exercise: ModuleType) -> None:
    network = exercise.make_network().train()
    found = {float(exercise.accuracy(network, INPUTS, LABELS)) for _ in range(5)}
    problem = f"accuracy of one network in training mode, five times: {len(found)} different values; expected one"
    expect(len(found) == 1, problem, "network.eval() is not called, so dropout changes the predictions")


def check_accuracy_leaves_the_mode(exercise: ModuleType) -> None:
    network = exercise.make_network().train()
    exercise.accuracy(network, INPUTS, LABELS)
    expect(network.training, "a network in training mode is in eval mode after accuracy()", "network.train(mode)")
    exercise.accuracy(network.eval(), INPUTS, LABELS)
    expect(not network.training, "a network in eval mode is in training mode after accuracy()", "network.train(mode)")


def check_accuracy_records_no_gradients(exercise: ModuleType) -> None:
    network = Watcher(64, 10)
    exercise.accuracy(network, INPUTS, LABELS)
    expect(bool(network.recorded), "accuracy() never calls the network")
    expect(not any(network.recorded), "accuracy() records operations for gradients", "torch.no_grad() is missing")
