"""Everything a training run needs to resume as if it had never stopped."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast, gather_object
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from shared.training.optimization import WeightAverage
from shared.training.sharding import load_whole_optimizer, load_whole_weights, whole_optimizer, whole_weights


@dataclass
class Progress:
    """How far a run is; plain types only."""

    epoch: int = 0
    """Finished epochs."""
    batch: int = 0
    """Finished batches of the current epoch."""
    step: int = 0
    """Finished optimizer steps, over all epochs."""
    loss_sum: float = 0.0
    """The sum of the losses of the current epoch's finished batches."""
    best_epoch: int = 0
    best_metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    """Time spent in training steps, without validation and saving."""
    history: list[dict[str, float]] = field(default_factory=list)
    """One record per epoch."""
    log_name: str = ""
    """The folder of the run's TensorBoard curves, in `log_dir`."""
    tracker: dict[str, str] = field(default_factory=dict)
    """The run of the tracker that a resumed run goes on with; empty without one (see `training.tracker`)."""
    epochs: int = 0
    """The number of epochs that the schedule of the learning rate ends with."""
    schedule_start: int = 0
    """The step at which that schedule began: above 0 where a run was trained longer than was first planned."""
    extensions: list[dict[str, Any]] = field(default_factory=list)
    """Each time that the run was trained longer: the step, the epochs before and after, and what the schedule did."""


@dataclass
class TrainingState:
    """What changes during a run."""

    accelerator: Accelerator
    network: nn.Module
    """The network itself, whose weights are saved."""
    model: nn.Module
    """What the step calls: the network, or the wrapper (DDP) that averages gradients over several processes."""
    optimizer: Optimizer
    schedule: LRScheduler
    scaler: GradScaler
    """Keeps small gradients in fp16 from becoming zero; does nothing in other precisions."""
    average: WeightAverage
    progress: Progress

    def state_dict(self) -> dict[str, Any]:
        """The whole state as tensors and plain types."""
        return {
            "network": whole_weights(self.network),
            "optimizer": whole_optimizer(self.network, self.optimizer),
            "schedule": self.schedule.state_dict(),
            "scaler": self.scaler.state_dict(),
            "average": self.average.state_dict(),
            "random": gather_object([random_state()]),
            "progress": asdict(self.progress),
        }

    def align_buffers(self) -> None:
        """Copy the main process's running statistics to all; each has measured them on its share of the batches."""
        if self.accelerator.num_processes > 1:
            for module in (self.network, self.average.model):
                for buffer in module.buffers():
                    broadcast(buffer)

    def load_state_dict(self, state: dict[str, Any], new_schedule: bool = False) -> None:
        """Restore what `state_dict` returned; with `new_schedule`, the learning rate begins as in a new run."""
        fresh = [
            {name: value for name, value in group.items() if name != "params"} for group in self.optimizer.param_groups
        ]
        load_whole_weights(self.network, state["network"])
        load_whole_optimizer(self.network, self.optimizer, state["optimizer"])
        if new_schedule:
            for group, values in zip(self.optimizer.param_groups, fresh, strict=True):
                group.update(values)
        else:
            self.schedule.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        self.average.load_state_dict(state["average"])
        self.progress = Progress(**state["progress"])
        restore_random_state(state["random"][self.accelerator.process_index % len(state["random"])])


def random_state() -> dict[str, Any]:
    """The state of every global random source: Python's, NumPy's, PyTorch's on CPU and GPUs."""
    name, numbers, *rest = np.random.get_state()  # noqa: NPY002 - the global state is what is saved
    return {
        "python": random.getstate(),
        "numpy": [name, np.asarray(numbers).tolist(), *rest],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Set every global random source to what `random_state` returned."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    np.random.set_state(tuple(state["numpy"]))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    cuda: list[Tensor] = state["cuda"]
    if cuda and torch.cuda.device_count() == len(cuda):
        torch.cuda.set_rng_state_all(cuda)
