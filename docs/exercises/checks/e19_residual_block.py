"""The checks of exercise 19."""

from types import ModuleType

import torch
from expect import expect, expect_close, expect_shape
from torch import Tensor, nn

HINT = (
    "super().__init__() first; self.first = nn.Linear(width, hidden); self.second = nn.Linear(hidden, width); then "
    "nn.init.zeros_(self.second.weight), and the bias too. "
    "In the network: nn.Sequential(*[ResidualBlock(width, hidden) for _ in range(depth)])."
)

X = torch.randn(7, 6, generator=torch.Generator().manual_seed(0))


def filled_block(exercise: ModuleType) -> nn.Module:
    """A block whose parameters are all random, also those that start at zero."""
    block: nn.Module = exercise.ResidualBlock(6, 10)
    generator = torch.Generator().manual_seed(1)
    for parameter in block.parameters():
        nn.init.normal_(parameter, generator=generator)
    return block


def matrices(block: nn.Module) -> dict[str, tuple[Tensor, Tensor]]:
    """Weight and bias of the layer to the hidden features (`first`) and of the layer back (`second`)."""
    layers = [layer for layer in block.modules() if isinstance(layer, nn.Linear)]
    found = {
        {10: "first", 6: "second"}.get(layer.out_features, "other"): (layer.weight, layer.bias) for layer in layers
    }
    expect(
        set(found) == {"first", "second"},
        f"the block has {len(layers)} linear layers: {', '.join(str(layer) for layer in layers) or 'none'}; expected "
        "one from 6 to 10 features and one from 10 to 6",
        "a layer is not an attribute of the module, or width and hidden are exchanged",
    )
    return found


def check_a_new_block_changes_nothing(exercise: ModuleType) -> None:
    given = X.clone()
    found = exercise.ResidualBlock(6, 10)(given)
    expect_shape(found, (7, 6), "ResidualBlock(6, 10) of [7, 6]", "the second layer goes back from hidden to width")
    mistake = "second does not start at zero (weight and bias), x is not added, or something comes after the sum"
    expect_close(found, X, "a new block's result", mistake)
    expect(bool((given == X).all()), "the block changed x itself", "x += ... works in place")


def check_a_block_adds_what_two_layers_make(exercise: ModuleType) -> None:
    block = filled_block(exercise)
    (first, first_bias), (second, second_bias) = (matrices(block)[name] for name in ("first", "second"))
    expected = X + (X @ first.T + first_bias).relu() @ second.T + second_bias
    mistake = "x + second(relu(first(x))): one ReLU, between the layers, and nothing after the sum"
    expect_close(block(X.clone()), expected, "the block's result with random weights", mistake, tolerance=1e-4)


def check_the_network_returns_logits(exercise: ModuleType) -> None:
    network = exercise.ResidualNetwork(features=5, classes=3, width=6, hidden=10, depth=4)
    expect_shape(network(torch.zeros(7, 5)), (7, 3), "the network's logits for [7, 5]", "the last layer gives classes")
    logits = network(torch.randn(7, 5, generator=torch.Generator().manual_seed(2)))
    probabilities = bool((logits.sum(1) - 1).abs().max() < 1e-4)
    expect(not probabilities, "each row of the result sums to one", "a softmax at the end; the loss does it")


def check_all_parameters_are_registered(exercise: ModuleType) -> None:
    network = exercise.ResidualNetwork(features=5, classes=3, width=6, hidden=10, depth=4)
    found = sum(parameter.numel() for parameter in network.parameters())
    expected = (5 * 6 + 6) + 4 * (6 * 10 + 10 + 10 * 6 + 6) + (6 * 3 + 3)
    mistake = "blocks in a Python list are not found: nn.Sequential or nn.ModuleList; or one block is used many times"
    expect(found == expected, f"the network has {found} parameters; expected {expected}", mistake)


def check_a_deep_network_learns_in_all_blocks(exercise: ModuleType) -> None:
    torch.manual_seed(0)
    network = exercise.ResidualNetwork(features=5, classes=3, width=6, hidden=10, depth=20)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    inputs, labels = torch.randn(32, 5), torch.arange(32) % 3
    before = [parameter.detach().clone() for parameter in network.parameters()]
    for _ in range(2):  # the first step moves `second` away from zero, the second step reaches `first`
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), labels).backward()
        optimizer.step()
    moved = [bool((old != new).any()) for old, new in zip(before, network.parameters(), strict=True)]
    problem = f"{moved.count(False)} of {len(moved)} parameters did not change in two steps"
    expect(all(moved), problem, "a block is left out of forward, or its result is thrown away")
