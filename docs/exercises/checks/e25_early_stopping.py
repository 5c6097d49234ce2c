"""The checks of exercise 25. The weight of the network they train counts its epochs, and the losses are given."""

from types import ModuleType

import torch
from expect import expect
from torch import nn

HINT = (
    "Remember the lowest loss, its epoch and its weights: copy.deepcopy(network.state_dict()); without the copy "
    "they would be the weights that training goes on changing. Stop when epoch - best_epoch == patience."
)


def run(exercise: ModuleType, losses: list[float], epochs: int, patience: int) -> tuple[int, int, int]:
    """The number of epochs that `fit` returned, that it trained, and the epoch whose weights it kept."""
    network = nn.Linear(1, 1)
    nn.init.zeros_(network.weight)
    measured: list[int] = []

    def train_epoch(network: nn.Linear) -> None:
        with torch.no_grad():
            network.weight += 1

    def validation_loss(network: nn.Linear) -> float:
        measured.append(int(network.weight))
        return losses[measured[-1] - 1]

    returned = exercise.fit(network, train_epoch, validation_loss, epochs, patience)
    trained = max(measured, default=0)
    expect(measured == list(range(1, trained + 1)), f"validation came after the epochs {measured}; expected once each")
    return returned, trained, int(network.weight)


def check_the_example(exercise: ModuleType) -> None:
    expect_run(exercise, [5, 3, 4, 3, 1], patience=2, stop=4, best=2, mistake="an equal loss, 3, is no better one")


def check_training_stops_after_patience_epochs(exercise: ModuleType) -> None:
    expect_run(exercise, [5, 3, 4, 4, 4, 1], patience=1, stop=3, best=2, mistake="one epoch too many or too few")
    expect_run(exercise, [5, 3, 4, 4, 4, 1], patience=3, stop=5, best=2, mistake="one epoch too many or too few")


def check_the_best_counts_and_not_the_epoch_before(exercise: ModuleType) -> None:
    mistake = "the loss is compared with that of the epoch before, and not with the lowest"
    expect_run(exercise, [5, 1, 4, 3, 2, 0], patience=3, stop=5, best=2, mistake=mistake)


def check_the_count_begins_again_at_each_improvement(exercise: ModuleType) -> None:
    mistake = "the epochs without improvement are counted over the whole run, and not in a row"
    expect_run(exercise, [5, 6, 4, 6, 3, 6, 2, 6, 6, 1], patience=2, stop=9, best=7, mistake=mistake)


def check_the_epochs_are_the_limit(exercise: ModuleType) -> None:
    expect_run(exercise, [5, 4, 3, 2], patience=2, stop=4, best=4, mistake="training ends when all epochs are over")
    expect_run(exercise, [5, 4, 3, 9], patience=2, stop=4, best=3, mistake="the best weights come back at every end")


def expect_run(exercise: ModuleType, losses: list[float], patience: int, stop: int, best: int, mistake: str) -> None:
    """With these losses and this patience, `fit` stops after the epoch `stop` and keeps the weights of `best`."""
    returned, trained, kept = run(exercise, losses, epochs=len(losses), patience=patience)
    what = f"with the losses {losses} and patience={patience}"
    expect(trained == stop, f"{what}, training stopped after epoch {trained}; expected {stop}", mistake)
    copies = "the weights are restored at the end, from a copy: state_dict() refers to those that training changes"
    expect(kept == best, f"{what}, the network ends with the weights of epoch {kept}; expected {best}", copies)
    expect(returned == stop, f"{what}, fit returns {returned}; expected {stop}, the number of epochs that were trained")
