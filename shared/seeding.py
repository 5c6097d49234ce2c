"""Randomness that a run can repeat."""

import hashlib
import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and ask PyTorch for deterministic algorithms where it has them."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries still draw from NumPy's global state
    torch.manual_seed(seed)
    torch.backends.cudnn.benchmark = False
    # As `torch.use_deterministic_algorithms(True, warn_only=True)`, which would import torch.compile's modules (2 s).
    torch.set_deterministic_debug_mode("warn")
    # Filling fresh memory first takes a tenth of a small network's step and only helps to find reads of it.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def generator(*numbers: int) -> torch.Generator:
    """A separate generator, seeded by these numbers; drawing from it does not change any other random source."""
    mixed = hashlib.sha256(repr(numbers).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(mixed[:8], "little") >> 1)
