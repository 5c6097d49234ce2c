"""Answers to exercise 32: a right one in another style, and edits of the solution that make it wrong."""

import io
from pathlib import Path
from typing import Any

import torch
from road import load

SOLUTIONS = Path(__file__).resolve().parents[2] / "docs" / "exercises" / "solutions"
Solved = load(SOLUTIONS / "e32_resume.py").Run


class Run__right_through_bytes(Solved):
    def save(self) -> dict[str, Any]:
        parts = [part.state_dict() for part in (self.network, self.optimizer, self.schedule)]
        torch.save([*parts, self.epoch, torch.get_rng_state()], file := io.BytesIO())
        return {"bytes": file.getvalue()}

    def load(self, state: dict[str, Any]) -> None:
        network, optimizer, schedule, epoch, random = torch.load(io.BytesIO(state["bytes"]), weights_only=True)
        self.network.load_state_dict(network)
        self.optimizer.load_state_dict(optimizer)
        self.schedule.load_state_dict(schedule)
        self.epoch = epoch
        torch.set_rng_state(random)


PARTS, EPOCH, RANDOM = (
    'for name in ("network", "optimizer", "schedule"):',
    'self.epoch = state["epoch"]',
    'torch.set_rng_state(state["random"])',
)
MISTAKES = {
    "weights alone": (PARTS, 'for name in ("network",):', RANDOM, "pass"),
    "no momentum": (PARTS, f'state = state | {{"optimizer": state["optimizer"] | {{"state": {{}}}}}}\n        {PARTS}'),
    "no optimizer": (PARTS, 'for name in ("network", "schedule"):'),
    "no schedule": (PARTS, 'for name in ("network", "optimizer"):'),
    "no random numbers": (RANDOM, "pass"),
    "seeds again": (RANDOM, "torch.manual_seed(0)"),
    "no epoch": (EPOCH, "self.epoch = 0"),
    "no copy": ("copy.deepcopy(parts)", "parts"),
    "shallow copy": ("copy.deepcopy(parts)", "{name: dict(part) for name, part in parts.items()}"),
    "momentum not copied": ("copy.deepcopy(parts)", 'copy.deepcopy(parts) | {"optimizer": parts["optimizer"]}'),
    "the saved tensors are trained on": (
        EPOCH,
        f"{EPOCH}\n        for name, parameter in self.network.named_parameters():\n"
        '            parameter.data = state["network"][name]',
    ),
}
