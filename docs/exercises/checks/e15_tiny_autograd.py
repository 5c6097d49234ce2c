"""The checks of exercise 15."""

import math
import operator
from types import ModuleType
from typing import Any

import torch
from expect import expect, expect_close

HINT = (
    "Write a function that visits a node's parents first and then appends the node to a list, unless it is there. "
    "Set the gradients of nodes with parents to 0, add 1 to that of the end, go through the list from its end. "
    "The slope of tanh(x) is 1 - tanh(x) ** 2."
)


def check_add(exercise: ModuleType) -> None:
    a, b = exercise.Node(2.0), exercise.Node(-3.0)
    expect_node(exercise.add(a, b), "add", -1, (a, b), (1, 1), "each slope is 1, since a + b grows by 1 if a does")


def check_multiply(exercise: ModuleType) -> None:
    a, b = exercise.Node(2.0), exercise.Node(-3.0)
    expect_node(
        exercise.multiply(a, b),
        "multiply",
        -6,
        (a, b),
        (-3, 2),
        "a * b grows by b if a grows by 1; the slopes are swapped",
    )


def check_tanh(exercise: ModuleType) -> None:
    a, value = exercise.Node(2.0), math.tanh(2)
    expect_node(exercise.tanh(a), "tanh", value, (a,), (1 - value**2,), "1 - a ** 2 in place of 1 - tanh(a) ** 2")


def expect_node(found: Any, name: str, value: float, parents: tuple[Any, ...], slopes: Any, mistake: str) -> None:
    expect(hasattr(found, "slopes"), f"{name} returns a {type(found).__name__}; expected a Node")
    expect_close(found.value, value, f"{name}'s value for 2 (and -3)")
    same = len(found.parents) == len(parents) and all(map(operator.is_, found.parents, parents))
    expect(same, f"{name}'s parents are not its arguments, the nodes themselves and in their order")
    expect_close(found.slopes, slopes, f"{name}'s slopes for 2 (and -3)", mistake)


def check_a_chain(exercise: ModuleType) -> None:
    a = exercise.Node(0.5)
    middle = exercise.tanh(a)
    end = exercise.tanh(middle)
    exercise.backward(end)
    expect_close(end.gradient, 1, "the end's own gradient", "the walk back starts with 1 at the end")
    expect_close(middle.gradient, 1 - end.value**2, "the gradient of the middle of tanh(tanh(0.5))")
    mistake = "slopes along a path are multiplied"
    expect_close(a.gradient, (1 - end.value**2) * (1 - middle.value**2), "the gradient of tanh(tanh(0.5))", mistake)


def check_a_number_used_twice(exercise: ModuleType) -> None:
    a = exercise.Node(3.0)
    exercise.backward(exercise.multiply(a, a))
    expect_close(a.gradient, 6, "the gradient of a * a at 3", "a second use replaces the first; gradients add up")


def check_a_node_waits_for_all_its_users(exercise: ModuleType) -> None:
    for swapped in (False, True):
        a = exercise.Node(2.0)
        shared = exercise.multiply(a, a)  # 4; it is used at two distances from the end
        far = exercise.multiply(exercise.add(shared, exercise.Node(1.0)), exercise.Node(3.0))
        end = exercise.add(far, shared) if swapped else exercise.add(shared, far)  # 4 * shared + 3
        exercise.backward(end)
        mistake = "a node passes its gradient on before all its users have passed on theirs, or more than once"
        expect_close(shared.gradient, 4, "the gradient of a node that is used near the end and far from it", mistake)
        expect_close(a.gradient, 16, "the gradient of 3 * (a * a + 1) + a * a at 2", mistake)


def check_a_second_call_adds_to_the_leaves(exercise: ModuleType) -> None:
    a, b = exercise.Node(2.0), exercise.Node(5.0)
    middle = exercise.multiply(a, b)
    end = exercise.tanh(exercise.multiply(middle, exercise.Node(0.01)))
    exercise.backward(end)
    once = a.gradient, middle.gradient
    exercise.backward(end)
    mistake = "old gradients of nodes in the middle are passed on again, or those of leaves are set to 0"
    expect_close(a.gradient, 2 * once[0], "a leaf's gradient after a second call", mistake)
    expect_close(middle.gradient, once[1], "the gradient in the middle after a second call", mistake)


def check_a_neuron_as_in_pytorch(exercise: ModuleType) -> None:
    values = [0.3, -0.7, 0.2, 0.9, -0.4]
    w, x, bias, v, u = nodes = [exercise.Node(value) for value in values]
    hidden = exercise.tanh(exercise.add(exercise.multiply(w, x), bias))
    exercise.backward(exercise.tanh(exercise.add(exercise.multiply(v, hidden), exercise.multiply(u, w))))
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values]
    inner = (leaves[0] * leaves[1] + leaves[2]).tanh()
    (leaves[3] * inner + leaves[4] * leaves[0]).tanh().backward()
    for name, node, leaf in zip(["w", "x", "bias", "v", "u"], nodes, leaves, strict=True):
        expect_close(node.gradient, leaf.grad, f"the gradient of {name} in a network of two neurons")
