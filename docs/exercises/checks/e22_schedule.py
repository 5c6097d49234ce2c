"""The checks of exercise 22."""

from types import ModuleType

import torch
from expect import expect, expect_close
from torch.optim.lr_scheduler import CosineAnnealingLR

HINT = (
    "if step < warmup: highest * (step + 1) / warmup; else highest * 0.5 * (1 + math.cos(math.pi * done)) with done = "
    "(step - warmup) / (total - warmup). set_rate: a loop over optimizer.param_groups, group['lr'] = rate."
)


def check_the_warm_up_climbs_in_equal_steps(exercise: ModuleType) -> None:
    found = [exercise.rate_at(step, 100, 4, 0.8) for step in range(4)]
    mistake = "step 0 already has highest / warmup (a rate of 0 wastes a step), step warmup - 1 the highest"
    expect_close(found, [0.2, 0.4, 0.6, 0.8], "the rates of the first 4 steps (warmup 4, highest 0.8)", mistake)


def check_the_cosine_falls_from_the_highest_rate_to_zero(exercise: ModuleType) -> None:
    mistake = "the cosine begins after the warm-up: done = (step - warmup) / (total - warmup)"
    found = [exercise.rate_at(step, 100, 20, 2.0) for step in (20, 60)]
    expect_close(found, [2, 1], "the rates of steps 20 and 60 of 100 (warmup 20, highest 2)", mistake)
    last = exercise.rate_at(99, 100, 20, 2.0)
    expect(0 <= last < 0.01, f"the rate of the last step is {last:.4g}; expected almost 0", "half a cosine ends at pi")


def check_without_a_warm_up_it_is_the_cosine_of_pytorch(exercise: ModuleType) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule = CosineAnnealingLR(optimizer, T_max=10)
    expected = []
    for _ in range(10):
        expected.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    try:
        found = [exercise.rate_at(step, 10, 0, 0.3) for step in range(10)]
    except ZeroDivisionError:
        raise AssertionError("warmup=0 divides by zero: ask `step < warmup` before you divide") from None
    expect_close(found, expected, "the 10 rates without a warm-up", "0.5 * (1 + cos(pi * done)), in radians")


def check_all_groups_get_the_rate(exercise: ModuleType) -> None:
    groups = [{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(2)]
    optimizer = torch.optim.SGD(groups, lr=0.3)  # type: ignore[arg-type]
    exercise.set_rate(optimizer, 0.05)
    found = [group["lr"] for group in optimizer.param_groups]
    mistake = 'group["lr"] = rate for each group in optimizer.param_groups; an attribute of the optimizer has no effect'
    expect_close(found, [0.05, 0.05], "the rates of the optimizer's two groups", mistake)
