"""Start a training with the weights of another run (`training.init_from`): what fits is taken, the rest begins anew."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from shared.console import log, shown
from shared.errors import UserError
from shared.training.checkpoint import Checkpoint, load_checkpoint
from shared.training.files import best_checkpoint


def checkpoint_to_start_from(config: Any) -> Checkpoint | None:
    """The checkpoint that `training.init_from` names: a file, or the folder of a run; None where it names none.

    Raises:
        UserError: there is no such file, or it holds no weights alone.
    """
    named: Path | None = config.training.init_from
    if named is None:
        return None
    path = best_checkpoint(named) if named.is_dir() else named
    if not path.is_file():
        raise UserError(f"training.init_from {shown(named)} is neither a checkpoint nor the folder of a run.")
    checkpoint = load_checkpoint(path)
    if "state" in checkpoint.metadata:
        raise UserError(
            f"training.init_from {shown(path)} is a state to resume from; name {best_checkpoint(named).name}."
        )
    return checkpoint


@torch.no_grad()
def take_weights(model: nn.Module, checkpoint: Checkpoint, classes: list[str]) -> dict[str, Any]:
    """Copy the tensors whose name and shape fit into the network, and say which were taken and which begin anew.

    Where the classes differ, the last layer begins anew even if it fits: its rows stand for other classes. So do the
    parameters of a loss, which stand for the people that it was trained on.

    Returns:
        What a run records as `first_weights`.

    Raises:
        UserError: no parameter fits.
    """
    ours = {name: tensor for name, tensor in model.state_dict().items() if isinstance(tensor, Tensor)}
    head = set() if classes == checkpoint.metadata["classes"] else _head(model, len(classes))
    head |= {name for name in ours if name.startswith("loss.")}
    theirs = {name: tensor for name, tensor in checkpoint.tensors.items() if name not in head}
    taken = [name for name in ours if name in theirs and theirs[name].shape == ours[name].shape]
    if not set(taken) & dict(model.named_parameters()).keys():
        raise UserError(f"{shown(checkpoint.path)} is of another network: none of its weights fits; see --model.name.")
    for name in taken:
        ours[name].copy_(theirs[name])
    groups: dict[str, list[int]] = {}
    for name in ours:
        counts = groups.setdefault(".".join(name.split(".")[:-1][:2]) or name, [0, 0])
        counts[0] += name in taken
        counts[1] += 1
    new = [name for name in ours if name not in taken]
    origin = f"the run {checkpoint.digest[:8]} on {checkpoint.metadata['data']['source']}"
    said = ", ".join(f"{group} {count} of {total}" for group, (count, total) in groups.items())
    log.info(f"weights: tensors taken from {origin} ({shown(checkpoint.path)}): {said}")
    if new:
        log.info(f"weights: begun anew: {', '.join(f'{name} {list(ours[name].shape)}' for name in new)}")
    license_ = checkpoint.metadata["first_weights"]["license"]
    return {"source": origin, "license": license_, "checkpoint": checkpoint.digest, "taken": groups, "new": new}


def _head(model: nn.Module, classes: int) -> set[str]:
    """The names of the tensors of the last layer that has as many rows or columns as there are classes."""
    layers = [
        {f"{prefix}.{name}".lstrip(".") for name, _ in layer.named_parameters(recurse=False)}
        for prefix, layer in model.named_modules()
        if any(classes in parameter.shape for parameter in layer.parameters(recurse=False))
    ]
    return layers[-1] if layers else set()
