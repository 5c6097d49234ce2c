"""Exercise 15, solved: list the nodes, parents before their users, then go through the list from its end."""

import math
from dataclasses import dataclass


@dataclass(eq=False)
class Node:
    """A number that knows which numbers it was computed from."""

    value: float
    parents: tuple["Node", ...] = ()
    slopes: tuple[float, ...] = ()
    gradient: float = 0.0


def add(a: Node, b: Node) -> Node:
    """The sum: if a grows by 1, so does a + b."""
    return Node(a.value + b.value, (a, b), (1.0, 1.0))


def multiply(a: Node, b: Node) -> Node:
    """The product: if a grows by 1, a * b grows by b."""
    return Node(a.value * b.value, (a, b), (b.value, a.value))


def tanh(a: Node) -> Node:
    """The hyperbolic tangent; its slope is 1 - tanh ** 2."""
    value = math.tanh(a.value)
    return Node(value, (a,), (1 - value**2,))


def backward(end: Node) -> None:
    """Compute the derivative of `end` with respect to every node that it was computed from."""
    ordered: dict[Node, None] = {}  # a dictionary keeps the order

    def visit(node: Node) -> None:
        if node not in ordered:
            for parent in node.parents:
                visit(parent)
            ordered[node] = None  # after its parents

    visit(end)
    for node in ordered:
        if node.parents:
            node.gradient = 0.0
    end.gradient += 1.0
    for node in reversed(ordered):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.gradient += slope * node.gradient
