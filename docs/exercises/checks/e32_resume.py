"""The checks of exercise 32."""

from types import ModuleType
from typing import Any

import torch
from expect import expect, expect_close
from torch import Tensor

HINT = (
    "Which objects in Run change while it trains? Each has a state_dict(), and PyTorch's random numbers have "
    "torch.get_rng_state(). A state_dict holds the tensors themselves: copy.deepcopy makes a copy."
)

GENERATOR = torch.Generator().manual_seed(1)
INPUTS = torch.randn(100, 8, generator=GENERATOR)
LABELS = (INPUTS.sum(1) > 0).long()


def stopped(exercise: ModuleType) -> tuple[Any, dict[str, Any]]:
    run = exercise.Run(seed=0)
    run.run(3, INPUTS, LABELS)
    state = run.save()
    expect(isinstance(state, dict), f"save() returns a {type(state).__name__}; expected a dict")
    return run, state


def resumed(exercise: ModuleType, state: dict[str, Any]) -> Any:
    run = exercise.Run(seed=5)  # another process knows nothing of the first one's random numbers
    run.load(state)
    return run


def weights_and_momentum(run: Any) -> list[Tensor]:
    momentum = [state["momentum_buffer"] for state in run.optimizer.state_dict()["state"].values()]
    return [*run.network.parameters(), *momentum]


def check_it_knows_how_far_it_was(exercise: ModuleType) -> None:
    found = resumed(exercise, stopped(exercise)[1]).epoch
    expect_close(found, 3, "the epoch of a resumed run", "save() and load() leave out the epoch", tolerance=0)


def check_the_learning_rate_goes_on_falling(exercise: ModuleType) -> None:
    run, state = stopped(exercise)
    again = resumed(exercise, state)
    for epoch in (4, 5):
        rates = again.optimizer.param_groups[0]["lr"], run.optimizer.param_groups[0]["lr"]
        mistake = "the state of the schedule or of the optimizer is missing"
        expect_close(*rates, f"the learning rate before epoch {epoch}", mistake, tolerance=0)
        run.run(epoch, INPUTS, LABELS)
        again.run(epoch, INPUTS, LABELS)


def check_what_was_saved_stays_as_it_was(exercise: ModuleType) -> None:
    run, state = stopped(exercise)
    before = [tensor.detach().clone() for tensor in weights_and_momentum(run)]
    run.run(6, INPUTS, LABELS)
    after = weights_and_momentum(resumed(exercise, state))
    expect(len(before) == len(after), "the resumed run has no momentum", "the state of the optimizer is missing")
    for one, other in zip(after, before, strict=True):
        mistake = "save() keeps the tensors that training goes on changing; copy them"
        expect(torch.equal(one, other), "a saved state changed when the first run was trained further", mistake)


def check_a_resumed_run_changes_no_saved_state(exercise: ModuleType) -> None:
    _, state = stopped(exercise)
    ends = []
    for _ in range(2):
        run = resumed(exercise, state)
        run.run(6, INPUTS, LABELS)
        ends.append([tensor.detach().clone() for tensor in weights_and_momentum(run)])
    same = all(torch.equal(one, other) for one, other in zip(*ends, strict=True))
    mistake = "load() takes over the saved tensors without a copy, or the random numbers are not restored"
    expect(same, "two runs resumed from the same state end with different weights", mistake)


def check_it_ends_where_a_run_in_one_go_ends(exercise: ModuleType) -> None:
    whole = exercise.Run(seed=0)
    whole.run(6, INPUTS, LABELS)
    again = resumed(exercise, stopped(exercise)[1])
    again.run(6, INPUTS, LABELS)
    for one, other in zip(again.network.parameters(), whole.network.parameters(), strict=True):
        largest = (one - other).detach().abs().max().item()
        problem = f"after 3 + 3 epochs a weight differs by {largest:.3g} from 6 in one go; expected the very same"
        mistake = "momentum, schedule or the random numbers (order of the examples, dropout) are not restored"
        expect(torch.equal(one, other), problem, mistake)
