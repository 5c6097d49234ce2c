"""Answers to exercise 28: a right one in another style, and plausible wrong ones."""

import torch
from torch import Tensor


def all_states(inputs: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor) -> Tensor:
    """The states after each token, float32 [N, longest, width]."""
    states, state = [], inputs.new_zeros(len(inputs), len(bias))
    for step in range(inputs.shape[1]):
        state = torch.tanh(inputs[:, step] @ input_weights + state @ state_weights + bias)
        states.append(state)
    return torch.stack(states, dim=1)


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


def last_states__wrong_lengths_ignored(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    return all_states(inputs, input_weights, state_weights, bias)[:, -1]


def last_states__wrong_one_step_early(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    states = all_states(inputs, input_weights, state_weights, bias)
    return states[torch.arange(len(inputs)), (lengths - 2).clamp(min=0)]


def last_states__wrong_one_step_late(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    state = inputs.new_zeros(len(inputs), len(bias))
    for step in range(inputs.shape[1]):
        moved = torch.tanh(inputs[:, step] @ input_weights + state @ state_weights + bias)
        state = torch.where((step <= lengths)[:, None], moved, state)
    return state


def last_states__wrong_padding_as_zeros(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    is_token = torch.arange(inputs.shape[1]) < lengths[:, None]
    return all_states(inputs * is_token[:, :, None], input_weights, state_weights, bias)[:, -1]


def last_states__wrong_state_zero_after_the_end(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    state = inputs.new_zeros(len(inputs), len(bias))
    for step in range(inputs.shape[1]):
        moved = torch.tanh(inputs[:, step] @ input_weights + state @ state_weights + bias)
        state = moved * (step < lengths)[:, None]
    return state


def last_states__wrong_no_tanh(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    state = inputs.new_zeros(len(inputs), len(bias))
    for step in range(inputs.shape[1]):
        moved = inputs[:, step] @ input_weights + state @ state_weights + bias
        state = torch.where((step < lengths)[:, None], moved, state)
    return state


def last_states__wrong_begins_with_ones(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    state = inputs.new_ones(len(inputs), len(bias))
    for step in range(inputs.shape[1]):
        moved = torch.tanh(inputs[:, step] @ input_weights + state @ state_weights + bias)
        state = torch.where((step < lengths)[:, None], moved, state)
    return state


def last_states__wrong_no_recurrence(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    last = inputs[torch.arange(len(inputs)), lengths - 1]
    return torch.tanh(last @ input_weights + bias)


def last_states__wrong_all_steps(
    inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor
) -> Tensor:
    return all_states(inputs, input_weights, state_weights, bias)
