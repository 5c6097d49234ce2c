"""Randomness that a run can repeat."""

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and ask PyTorch for deterministic algorithms where it has them."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries still draw from NumPy's global state
    torch.manual_seed(seed)
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)


def generator(seed: int) -> torch.Generator:
    """A random source of its own, so that what draws from it leaves the training run's randomness alone."""
    return torch.Generator().manual_seed(seed)
