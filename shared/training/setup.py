"""The start of a run: device, precision, processes, and the state before the first step."""

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn
from torch.utils.data import DataLoader

from shared.data.batches import OrderedBatches, Share, ShuffledBatches
from shared.data.memory import Batch
from shared.errors import UserError
from shared.training.interrupt import StopRequest
from shared.training.optimization import WeightAverage, make_optimizer, make_schedule
from shared.training.settings import TrainingConfig
from shared.training.state import Progress, TrainingState


def start(model: nn.Module, steps_an_epoch: int, config: TrainingConfig) -> TrainingState:
    """The state before the first step."""
    accelerator = make_accelerator(config)
    model = model.to(accelerator.device).to(memory_format=torch.channels_last)
    optimizer = make_optimizer(model, config)
    average = WeightAverage(model, config.ema_decay)
    prepared, optimizer = accelerator.prepare(model, optimizer)
    schedule = make_schedule(optimizer, config, config.epochs * steps_an_epoch)
    return TrainingState(accelerator, model, prepared, optimizer, schedule, average, Progress())


def any_process_asked(stop: StopRequest, accelerator: Accelerator) -> bool:
    """Whether a signal came to any process; all have to stop after the same step."""
    if accelerator.num_processes == 1:
        return bool(stop.asked)
    asked = torch.tensor(float(bool(stop.asked)), device=accelerator.device)
    return float(accelerator.reduce(asked)) > 0


def share_out(loader: DataLoader[Batch], accelerator: Accelerator) -> None:
    """Give this process its share of every batch."""
    batches = loader.batch_sampler
    assert isinstance(batches, ShuffledBatches | OrderedBatches)
    if batches.batch_size % accelerator.num_processes:
        raise UserError(
            f"a batch of {batches.batch_size} cannot be shared by {accelerator.num_processes} processes evenly; "
            "choose another --training.batch_size."
        )
    batches.share = Share(accelerator.process_index, accelerator.num_processes)


def make_accelerator(config: TrainingConfig) -> Accelerator:
    """Accelerate's handle on device and precision, for this run alone."""
    # Accelerate keeps one state a process; without this, a second run with another precision would be refused.
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(cpu=config.device == "cpu", mixed_precision="no" if config.precision == "fp32" else "bf16")
