"""Checkpoints: safetensors files with metadata and a digest, and no pickle.

A checkpoint is one file and is replaced in one move, so a kill at any moment leaves the old one or the new one whole.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from shared.config import leaves
from shared.errors import UserError
from shared.files import atomic_write, file_digest
from shared.process import was_restarted
from shared.training.files import FORMAT_VERSION, best_checkpoint, epoch_checkpoints, last_checkpoint, open_checkpoint


@dataclass(frozen=True)
class Checkpoint:
    """Weights and their metadata."""

    path: Path
    tensors: dict[str, Tensor]
    metadata: dict[str, Any]
    """Plain types: `config`, `classes`, `data`, `epoch`, `metrics`, and the rest of `run_metadata`."""
    read_at: float = field(default_factory=time.perf_counter)
    """From then on, the seconds of the verb that uses these weights are counted."""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the file: what results and exported files name these weights by."""
        return file_digest(self.path)

    def load_into(self, model: nn.Module) -> None:
        """Copy the weights into `model`, a network of the same shape.

        Raises:
            UserError: the names or shapes differ.
        """
        expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        found = {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                raise UserError(
                    f"{self.path} belongs to another network: {name} is {found.get(name, 'missing')} there and "
                    f"{expected.get(name, 'missing')} here; train again, or use the configuration it was trained with."
                )
        model.load_state_dict(self.tensors)


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and metadata as one safetensors file, atomically, with a SHA-256 digest of both."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    header = {"format_version": FORMAT_VERSION, "metadata": dict(metadata), "sha256": _digest(contiguous, metadata)}
    # One entry, because safetensors writes several in an order that changes from run to run.
    content = to_bytes(contiguous, {"checkpoint": json.dumps(header)})
    with atomic_write(path) as file:
        file.write(content)


def state_to_resume(output_dir: Path, resume: bool, named: Path | None = None) -> Path | None:
    """The state to resume from: `named` or the last one with `resume`, the last one after a restart, else None.

    Raises:
        UserError: a state is named without `resume`.
    """
    if named and not resume:
        raise UserError(f"--checkpoint {named} is a state to resume from; add --resume, or leave it out.")
    last = last_checkpoint(output_dir)
    if resume:
        return named or last
    return last if was_restarted() and last.is_file() else None


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint and check its digest.

    Raises:
        UserError: as `open_checkpoint` does, or the digest differs.
    """
    with open_checkpoint(path, "pt") as (file, header):
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    if header.get("sha256") != _digest(tensors, header["metadata"]):
        raise UserError(f"{path} is damaged (its digest does not fit its content); delete it and train again.")
    return Checkpoint(path, tensors, header["metadata"])


def _digest(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def save_state(path: Path, state: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Write the whole state of a run, a nested dictionary, as a checkpoint."""
    tensors: dict[str, Tensor] = {}
    plain = flatten_state(state, tensors)
    save_checkpoint(path, tensors, {**metadata, "state": plain})


def load_state(path: Path, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Read the state of a run that `save_state` wrote.

    Raises:
        UserError: the file is missing or damaged, or its run has other `metadata`: another configuration (apart from
            its length and the settings in the entry `not_trained`, see `BaseConfig.NOT_TRAINED`), other data, another
            network.
    """
    try:
        checkpoint = load_checkpoint(path)
    except UserError as error:
        raise UserError(f"{error} {_offer(path)}".rstrip()) from error
    if "state" not in checkpoint.metadata:
        raise UserError(f"{path} holds weights but no state to resume from; name a last.safetensors.")
    # Settings that do not affect training may differ between a run and its resumption.
    free = {"not_trained", "data.cache", *(f"config.{name}" for name in metadata.get("not_trained", ()))}
    free |= {f"config.training.{name}" for name in ("epochs", "min_steps", "patience")}  # a run may be trained longer
    there = dict(leaves(checkpoint.metadata, free))
    here = dict(leaves(json.loads(json.dumps(metadata)), free))  # through JSON: a tuple here equals the list there
    for name in here:
        if there.get(name) != here[name]:
            raise UserError(
                f"{path} is of another run: {name} is {there.get(name)!r} there and {here[name]!r} here; "
                "use the settings and data of that run, or train without --resume."
            )
    state: dict[str, Any] = unflatten_state(checkpoint.metadata["state"], checkpoint.tensors)
    return state


def _offer(damaged: Path) -> str:
    """A sentence that offers another state to resume from: the newest undamaged one in the same folder."""
    for path in reversed(epoch_checkpoints(damaged.parent.parent)):
        try:
            load_checkpoint(path)
        except UserError:
            continue
        return f"An older state is whole: resume from it with --resume --checkpoint {path}."
    best = best_checkpoint(damaged.parent.parent)
    return f"The best weights in {best} are not touched." if best.is_file() else ""


def flatten_state(state: Any, tensors: dict[str, Tensor], name: str = "") -> dict[str, Any]:
    """Put the tensors in nested dictionaries and lists into `tensors`; returns the rest as plain types."""
    if isinstance(state, Tensor):
        tensors[name] = state
        return {"tensor": name}
    prefix = f"{name}." if name else ""
    if isinstance(state, Mapping):  # as pairs, because JSON would turn integer keys into text
        return {"pairs": [[key, flatten_state(value, tensors, f"{prefix}{key}")] for key, value in state.items()]}
    if isinstance(state, list | tuple):
        return {"items": [flatten_state(value, tensors, f"{prefix}{index}") for index, value in enumerate(state)]}
    return {"value": state}


def unflatten_state(plain: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The nested state that `flatten_state` split; tuples become lists."""
    ((kind, content),) = plain.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "pairs":
        return {key: unflatten_state(value, tensors) for key, value in content}
    return [unflatten_state(value, tensors) for value in content] if kind == "items" else content
