"""Exercise 28, solved: a mask keeps the state where a sequence has ended; unlike packing, ONNX can export it."""

import torch
from torch import Tensor


def last_states(inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor) -> Tensor:
    """float32 [N, width]."""
    state = inputs.new_zeros(len(inputs), len(bias))
    for step in range(inputs.shape[1]):
        moved = torch.tanh(inputs[:, step] @ input_weights + state @ state_weights + bias)
        state = torch.where((step < lengths)[:, None], moved, state)
    return state
