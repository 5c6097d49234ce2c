"""FSDP: every process holds its share of the weights, and the whole is put together only to be saved."""

from typing import Any

import torch
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.optim import Optimizer

SMALLEST_SHARED = 100_000
"""Parameters below which a layer is not worth messages of its own; it is shared with the rest of the network."""

_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
_FROM_MAIN = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)


def shard(network: nn.Module) -> None:
    """Share out the parameters over all processes, large layers one by one, so that few are whole at any time."""
    for module in network.modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if module is not network and own >= SMALLEST_SHARED:
            fully_shard(module)
    fully_shard(network)


def is_sharded(network: nn.Module) -> bool:
    """Whether `shard` was called on it."""
    return isinstance(network, FSDPModule)


def whole_weights(network: nn.Module) -> dict[str, Any]:
    """The network's tensors; of a shared one on the CPU of the main process, empty on others. All have to call it."""
    if is_sharded(network):
        return dict(get_model_state_dict(network, options=_WHOLE))
    return network.state_dict()


def load_whole_weights(network: nn.Module, weights: dict[str, Any]) -> None:
    """Give each process its share of what `whole_weights` gave."""
    if is_sharded(network):
        set_model_state_dict(network, {**weights}, options=_FROM_MAIN)
    else:
        network.load_state_dict(weights)


def whole_optimizer(network: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    """The optimizer's state, as `whole_weights` gives the network's."""
    if is_sharded(network):
        return dict(get_optimizer_state_dict(network, optimizer, options=_WHOLE))
    return optimizer.state_dict()


def load_whole_optimizer(network: nn.Module, optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Give each process its share of what `whole_optimizer` gave."""
    if is_sharded(network):
        set_optimizer_state_dict(network, optimizer, state, options=_FROM_MAIN)
    else:
        optimizer.load_state_dict(state)
        _align_moments(optimizer)


def _align_moments(optimizer: Optimizer) -> None:
    """Lay the optimizer's moments out in memory as their parameters are.

    A file keeps neither strides nor `channels_last`, and the fused AdamW goes through the memory of parameter and
    moments side by side without asking: moments in another order belong to other numbers (a GPU refuses them).
    """
    for parameter, moments in optimizer.state.items():
        for name, value in moments.items():
            if value.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(value)
