"""Answers to exercise 28: a right one in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor


def last_states__right_one_sequence_at_a_time(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    ends = []
    for sequence, length in zip(inputs, lengths.tolist(), strict=True):
        state = torch.zeros_like(bias)
        for token in sequence[:length]:
            state = torch.tanh(token @ input_weights + state @ state_weights + bias)
        ends.append(state)
    return torch.stack(ends)


MISTAKES = {
    "lengths ignored": ("torch.where((step < lengths)[:, None], moved, state)", "moved"),
    "one step early": ("step < lengths", "step < (lengths - 1).clamp(min=1)"),
    "one step late": ("step < lengths", "step <= lengths"),
    "padding as zeros": (
        "inputs[:, step] @ input_weights + state @ state_weights + bias)\n"
        "        state = torch.where((step < lengths)[:, None], moved, state)",
        "(step < lengths)[:, None] * inputs[:, step] @ input_weights + state @ state_weights + bias)\n"
        "        state = moved",
    ),
    "state zero after the end": ("moved, state)", "moved, 0.0)"),
    "no tanh": ("torch.tanh(", "("),
    "begins with ones": ("new_zeros", "new_ones"),
    "no recurrence": (" + state @ state_weights", ""),
    "all steps": ("return state", "return state[:, None].expand(-1, inputs.shape[1], -1)"),
}
