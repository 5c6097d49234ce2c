from types import ModuleType
from typing import Any

import torch
from torch import Tensor

torch.manual_seed(1)
INPUTS = torch.randn(100, 8)
LABELS = (INPUTS.sum(1) > 0).long()


def stopped(exercise: ModuleType) -> tuple[object, dict[str, object]]:
    run = exercise.Run(seed=0)
    run.run(3, INPUTS, LABELS)
    return run, run.save()


def same(first: object, second: object) -> None:
    for one, other in zip(first.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(one, other), "the same to the last bit"


def weights_and_momentum(run: Any) -> list[Tensor]:
    momentum = [state["momentum_buffer"] for state in run.optimizer.state_dict()["state"].values()]
    return [*run.network.parameters(), *momentum]


def test_going_on_ends_where_training_in_one_go_does(exercise: ModuleType) -> None:
    whole = exercise.Run(seed=0)
    whole.run(6, INPUTS, LABELS)
    _, state = stopped(exercise)
    resumed = exercise.Run(seed=5)  # another process knows nothing of the first one's random numbers
    resumed.load(state)
    resumed.run(6, INPUTS, LABELS)
    same(whole, resumed)


def test_the_learning_rate_goes_on_falling(exercise: ModuleType) -> None:
    run, state = stopped(exercise)
    resumed = exercise.Run(seed=5)
    resumed.load(state)
    for epoch in (4, 5):
        assert resumed.optimizer.param_groups[0]["lr"] == run.optimizer.param_groups[0]["lr"]
        run.run(epoch, INPUTS, LABELS)
        resumed.run(epoch, INPUTS, LABELS)


def test_what_was_saved_stays_as_it_was(exercise: ModuleType) -> None:
    run, state = stopped(exercise)
    before = [tensor.clone() for tensor in weights_and_momentum(run)]
    run.run(6, INPUTS, LABELS)
    again = exercise.Run(seed=5)
    again.load(state)
    for one, other in zip(before, weights_and_momentum(again), strict=True):
        assert torch.equal(one, other), "what was saved was trained on"
