"""Answers to exercise 32: a right one in another style, and plausible wrong ones."""

import copy
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


class Run__wrong_weights_alone(Solved):
    def save(self) -> dict[str, Any]:
        return {"network": copy.deepcopy(self.network.state_dict()), "epoch": self.epoch}

    def load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.epoch = state["epoch"]


class Run__wrong_no_momentum(Solved):
    def load(self, state: dict[str, Any]) -> None:
        fresh = self.optimizer.state_dict()["state"]
        super().load(state | {"optimizer": state["optimizer"] | {"state": fresh}})


class Run__wrong_no_optimizer(Solved):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state | {"optimizer": self.optimizer.state_dict()})


class Run__wrong_no_schedule(Solved):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state | {"schedule": self.schedule.state_dict()})


class Run__wrong_no_random_numbers(Solved):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state | {"random": torch.get_rng_state()})


class Run__wrong_seeds_again(Solved):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        torch.manual_seed(0)


class Run__wrong_no_epoch(Solved):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state | {"epoch": 0})


class Run__wrong_no_copy(Solved):
    def save(self) -> dict[str, Any]:
        parts = {name: getattr(self, name).state_dict() for name in ("network", "optimizer", "schedule")}
        return parts | {"epoch": self.epoch, "random": torch.get_rng_state()}


class Run__wrong_shallow_copy(Solved):
    def save(self) -> dict[str, Any]:
        parts = {name: dict(getattr(self, name).state_dict()) for name in ("network", "optimizer", "schedule")}
        return parts | {"epoch": self.epoch, "random": torch.get_rng_state()}


class Run__wrong_momentum_not_copied(Solved):
    def save(self) -> dict[str, Any]:
        return super().save() | {"optimizer": self.optimizer.state_dict()}


class Run__wrong_the_saved_tensors_are_trained_on(Solved):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        for name, parameter in self.network.named_parameters():
            parameter.data = state["network"][name]
