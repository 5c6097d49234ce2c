"""FSDP: every process holds its share of the weights; the whole is gathered only to be saved.

FSDP ("fully sharded data parallel") also gathers each layer for the moment in which it computes (Zhao et al. 2023).
PyTorch's modules for it take seconds to import, so only sharded runs import them.
"""

import sys
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

SMALLEST_SHARED = 100_000
"""Layers with fewer parameters are not worth separate messages; they are shared with the rest of the network."""


def shard(network: nn.Module) -> None:
    """Split the parameters over all processes, large layers one by one, so that few are whole at any time."""
    from torch.distributed.fsdp import fully_shard

    for module in network.modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if module is not network and own >= SMALLEST_SHARED:
            fully_shard(module)
    fully_shard(network)


def whole_tensor(value: Tensor) -> Tensor:
    """The value itself, or the one that the processes hold in shares. All processes have to call it."""
    whole: Tensor = value.full_tensor() if hasattr(value, "full_tensor") else value  # a DTensor has it
    return whole


def is_sharded(network: nn.Module) -> bool:
    """Whether `shard` was called on it."""
    fsdp = sys.modules.get("torch.distributed.fsdp")  # `shard` imports it
    return fsdp is not None and isinstance(network, fsdp.FSDPModule)


def _functions() -> Any:
    return import_module("torch.distributed.checkpoint.state_dict")


def _options(**options: bool) -> Any:
    return _functions().StateDictOptions(full_state_dict=True, **options)


def whole_weights(network: nn.Module) -> dict[str, Any]:
    """The network's tensors; of a sharded one on the CPU of the main process, empty on others. All have to call it."""
    if is_sharded(network):
        return dict(_functions().get_model_state_dict(network, options=_options(cpu_offload=True)))
    return network.state_dict()


def load_whole_weights(network: nn.Module, weights: dict[str, Any]) -> None:
    """Give each process its share of what `whole_weights` returned."""
    if is_sharded(network):
        _functions().set_model_state_dict(network, {**weights}, options=_options(broadcast_from_rank0=True))
    else:
        network.load_state_dict(weights)


def whole_optimizer(network: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    """The optimizer's state, gathered as `whole_weights` gathers the network's."""
    if is_sharded(network):
        return dict(_functions().get_optimizer_state_dict(network, optimizer, options=_options(cpu_offload=True)))
    return optimizer.state_dict()


def load_whole_optimizer(network: nn.Module, optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Give each process its share of what `whole_optimizer` returned."""
    if is_sharded(network):
        options = _options(broadcast_from_rank0=True)
        _functions().set_optimizer_state_dict(network, optimizer, state, options=options)
    else:
        optimizer.load_state_dict(state)
        _align_moments(optimizer)


def _align_moments(optimizer: Optimizer) -> None:
    """Give the optimizer's moments the memory layout of their parameters.

    A file keeps neither strides nor `channels_last`. The fused AdamW reads the memory of parameter and moments side by
    side without a check on CPUs: in another layout, a moment is applied to the wrong weight (a GPU refuses).
    """
    for parameter, moments in optimizer.state.items():
        for name, value in moments.items():
            if value.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(value)
