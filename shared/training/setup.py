"""The start of a run: device, precision, processes, and the state before the first step."""

import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs
from torch import nn
from torch.utils.data import DataLoader

from shared.data.batches import OrderedBatches, Share, ShuffledBatches
from shared.data.memory import Batch
from shared.errors import UserError
from shared.training.allocator import keep_freed_memory
from shared.training.freezing import check_backbone
from shared.training.interrupt import StopRequest
from shared.training.optimization import WeightAverage, make_optimizer, make_schedule
from shared.training.settings import TrainingConfig
from shared.training.sharding import shard
from shared.training.state import Progress, TrainingState


def start(network: nn.Module, steps_an_epoch: int, config: TrainingConfig, backbone: str = "") -> TrainingState:
    """The state before the first step.

    Args:
        backbone: the name of the pretrained submodule; empty where there is none.
    """
    check_backbone(network, backbone, config)
    keep_freed_memory()
    accelerator = make_accelerator(config)
    network = network.to(accelerator.device)
    if not config.shard:  # FSDP cuts weights along their memory, and takes them in plain order only
        network = network.to(memory_format=torch.channels_last)
    average = WeightAverage(network, config.ema_decay)
    if config.compile:
        compile_network(network, accelerator.device)
    model = share_network(network, average, accelerator, config)
    optimizer = make_optimizer(network, config, backbone)
    schedule = make_schedule(optimizer, config, config.epochs * steps_an_epoch)
    scaler = torch.amp.GradScaler(accelerator.device.type, enabled=config.precision == "fp16")
    return TrainingState(accelerator, network, model, optimizer, schedule, scaler, average, Progress())


def share_network(
    network: nn.Module, average: WeightAverage, accelerator: Accelerator, config: TrainingConfig
) -> nn.Module:
    """The network as several processes run it: each a copy of it (DDP), or its share of it (FSDP)."""
    if not config.shard:
        model: nn.Module = accelerator.prepare_model(network)
        return model
    if accelerator.num_processes == 1:
        raise UserError("training.shard needs several processes; start with torchrun --nproc-per-node 2, or leave it.")
    shard(network)
    if average.model is not network:
        shard(average.model)
    return network


def compile_network(network: nn.Module, device: torch.device) -> None:
    """Let torch.compile make the network's own machine code at its first step; the weights keep their names.

    Raises:
        UserError: there is no C++ compiler, which torch.compile needs on a CPU.
    """
    compilers = (os.environ.get("CXX", "g++"), "g++", "clang++", "cl")
    if device.type == "cpu" and not any(map(shutil.which, compilers)):
        raise UserError("training.compile needs a C++ compiler on a CPU; install g++, or leave it off.")
    network.compile()


def autocast(config: TrainingConfig, device: torch.device) -> AbstractContextManager[Any]:
    """The context in which training's forward pass runs in `config.precision`."""
    if config.precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, torch.float16 if config.precision == "fp16" else torch.bfloat16)


def should_stop(stop: StopRequest, accelerator: Accelerator) -> bool:
    """Whether a signal came to any process; all have to stop after the same step."""
    if accelerator.num_processes == 1:
        return bool(stop.asked)
    asked = torch.tensor(float(bool(stop.asked)), device=accelerator.device)
    return float(accelerator.reduce(asked)) > 0


def shard_batches(loader: DataLoader[Batch], accelerator: Accelerator) -> None:
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
    """Accelerate's handle on device and processes, for this run alone."""
    # Accelerate keeps one state a process; without this, a second run on another device would be refused.
    AcceleratorState._reset_state(reset_partial_state=True)
    # A frozen part has no gradients to wait for.
    unused = DistributedDataParallelKwargs(find_unused_parameters=config.freeze_epochs > 0)
    return Accelerator(cpu=config.device == "cpu", mixed_precision="no", kwargs_handlers=[unused])
