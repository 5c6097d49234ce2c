"""The checks of exercise 28."""

from types import ModuleType
from typing import Any

import torch
from expect import expect_close, expect_shape
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

HINT = (
    "Loop over the steps and compute the new state of all sequences. torch.where(condition [N, 1], new, old) keeps the "
    "old state of the sequences that have ended: those whose length is not above the step."
)

LENGTHS = torch.tensor([5, 1, 3, 4])
torch.manual_seed(0)
NETWORK = nn.RNN(3, 6, batch_first=True).requires_grad_(False)
INPUTS = torch.randn(4, 5, 3)


def run(exercise: ModuleType, inputs: Tensor, lengths: Tensor = LENGTHS) -> Any:
    bias = NETWORK.bias_ih_l0 + NETWORK.bias_hh_l0
    return exercise.last_states(inputs.clone(), lengths, NETWORK.weight_ih_l0.T, NETWORK.weight_hh_l0.T, bias)


def check_its_shape(exercise: ModuleType) -> None:
    what, mistake = "last_states of inputs [4, 5, 3], width 6", "one state for each sequence, not for each token"
    expect_shape(run(exercise, INPUTS), (4, 6), what, mistake)


def check_one_token_is_one_step_from_zero(exercise: ModuleType) -> None:
    found = run(exercise, INPUTS[:, :1], torch.ones(4).long())
    expected = NETWORK(INPUTS[:, :1])[1][0]
    mistake = "tanh or the bias is missing, or the first state is not zeros"
    expect_close(found, expected, "after one token each, the states", mistake, tolerance=1e-5)


def check_it_equals_that_of_pytorch(exercise: ModuleType) -> None:
    packed = pack_padded_sequence(INPUTS, LENGTHS, batch_first=True, enforce_sorted=False)
    mistake = "the state at the batch's last step is returned, or that one step too early or too late"
    expect_close(
        run(exercise, INPUTS), NETWORK(packed)[1][0], "with lengths 5, 1, 3, 4, the states", mistake, tolerance=1e-5
    )


def check_padding_does_not_matter(exercise: ModuleType) -> None:
    other = INPUTS.clone()
    for index, length in enumerate(LENGTHS):
        other[index, length:] = 99
    mistake = "steps behind a sequence's end still change its state"
    expected = run(exercise, INPUTS)
    expect_close(
        run(exercise, other), expected, "with other values in the padding, the states", mistake, tolerance=1e-5
    )
