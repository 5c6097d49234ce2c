from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

LENGTHS = torch.tensor([5, 1, 3, 4])


def network() -> nn.RNN:
    torch.manual_seed(0)
    return nn.RNN(3, 6, batch_first=True)


def result(exercise: ModuleType, inputs: Tensor) -> Tensor:
    rnn = network()
    weights = (rnn.weight_ih_l0.T, rnn.weight_hh_l0.T, rnn.bias_ih_l0 + rnn.bias_hh_l0)
    found: Tensor = exercise.last_states(inputs, LENGTHS, *weights)
    return found


def test_it_is_that_of_pytorch(exercise: ModuleType) -> None:
    inputs = torch.randn(4, 5, 3)
    packed = pack_padded_sequence(inputs, LENGTHS, batch_first=True, enforce_sorted=False)
    torch.testing.assert_close(result(exercise, inputs), network()(packed)[1][0])


def test_padding_does_not_matter(exercise: ModuleType) -> None:
    inputs = torch.randn(4, 5, 3)
    other = inputs.clone()
    for index, length in enumerate(LENGTHS):
        other[index, length:] = 99
    torch.testing.assert_close(result(exercise, inputs), result(exercise, other))
