"""The start of a run: device, precision, processes, and the state before the first step."""

import os
import shutil

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs
from torch import nn
from torch.utils.data import DataLoader

from shared.console import log
from shared.data.batches import OrderedBatches, Share, ShuffledBatches
from shared.data.memory import Batch
from shared.errors import UserError
from shared.training.optimization import WeightAverage, make_optimizer, make_schedule
from shared.training.settings import TrainingConfig
from shared.training.sharding import shard
from shared.training.state import Progress, TrainingState


def start(
    network: nn.Module, steps_per_epoch: int, config: TrainingConfig, backbone: str = "", schedule_start: int = 0
) -> TrainingState:
    """The state before the first step.

    Args:
        backbone: the name of the pretrained submodule, as in `named_modules`; empty where there is none.
        schedule_start: the number of steps before the schedule of the learning rate began (see `Progress`).

    Raises:
        UserError: this machine cannot do what a setting says.
    """
    if backbone:
        network.get_submodule(backbone)
    elif config.freeze_epochs or config.unfreeze_epochs or config.backbone_lr_scale != 1:
        # No refusal: the configuration file may have them for another network than the one that a flag names.
        log.warning(
            f"training.freeze_epochs {config.freeze_epochs}, training.unfreeze_epochs {config.unfreeze_epochs} and "
            f"training.backbone_lr_scale {config.backbone_lr_scale} change nothing here: they are for a pretrained "
            "part that goes on learning, and this network has none."
        )
    accelerator = make_accelerator(config)
    network = network.to(accelerator.device)
    if not config.shard:  # FSDP splits weights along their memory, and takes them in plain order only
        # Convolutions on tensor cores and in oneDNN read [N, H, W, C] in memory; shapes stay [N, C, H, W].
        network = network.to(memory_format=torch.channels_last)
    # Before compilation and DDP wrap the network: the average is a plain copy that starts from the same weights.
    average = WeightAverage(network, config.ema_decay)
    if config.compile:
        compile_network(network, accelerator.device)
    if config.shard:  # each process holds a share of the weights (FSDP)
        if accelerator.num_processes == 1:
            raise UserError("training.shard needs several processes; use torchrun --nproc-per-node 2, or leave it off.")
        for whole in dict.fromkeys((network, average.model)):  # without an average, they are one
            shard(whole)
    model = network if config.shard else accelerator.prepare_model(network)  # of several processes: DDP
    optimizer = make_optimizer(network, config, backbone)  # after sharding, which replaces the parameters
    schedule = make_schedule(optimizer, config, max(1, config.epochs * steps_per_epoch - schedule_start))
    scaler = torch.amp.GradScaler(accelerator.device.type, enabled=config.precision == "fp16")
    return TrainingState(
        accelerator, network, model, optimizer, schedule, scaler, average, Progress(epochs=config.epochs)
    )


def compile_network(network: nn.Module, device: torch.device) -> None:
    """Let torch.compile generate code for the network at its first step; the weights keep their names.

    Raises:
        UserError: there is no C++ compiler, which torch.compile needs on a CPU.
    """
    compilers = (os.environ.get("CXX", "g++"), "g++", "clang++", "cl")
    if device.type == "cpu" and not any(map(shutil.which, compilers)):
        raise UserError("training.compile needs a C++ compiler on a CPU; install g++, or leave it off.")
    # The compiler, too, follows the setting of `seed_everything`.
    torch.use_deterministic_algorithms(torch.are_deterministic_algorithms_enabled(), warn_only=True)
    network.compile()


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
    # Accelerate keeps one state per process; without this, a second run on another device would be refused.
    AcceleratorState._reset_state(reset_partial_state=True)
    # A frozen part has no gradients to wait for.
    unused = DistributedDataParallelKwargs(find_unused_parameters=config.freeze_epochs + config.unfreeze_epochs > 0)
    return Accelerator(cpu=config.device == "cpu", mixed_precision="no", kwargs_handlers=[unused])
