"""Exercise 15, level 3: a whole autograd for single numbers: record what is computed, then walk back.

After docs/learn/04_autograd.ipynb, which does it for arrays. There, a tensor keeps a function for each parent; here, a
node keeps a number for each parent.
"""

from dataclasses import dataclass


@dataclass(eq=False)  # two nodes are the same only if they are one object; so nodes can stand in sets and dictionaries
class Node:
    """A number that knows which numbers it was computed from: Node(6.0, (a, b), (3.0, 2.0))."""

    value: float
    parents: tuple["Node", ...] = ()
    """The nodes that it was computed from; none for a leaf, for example a weight."""
    slopes: tuple[float, ...] = ()
    """The derivative of this node's value with respect to each parent's value."""
    gradient: float = 0.0
    """What `backward` found: the derivative of the end with respect to this node."""


def add(a: Node, b: Node) -> Node:
    """The sum, with parents and slopes."""
    raise NotImplementedError("your turn")


def multiply(a: Node, b: Node) -> Node:
    """The product, with parents and slopes."""
    raise NotImplementedError("your turn")


def tanh(a: Node) -> Node:
    """The hyperbolic tangent, with parent and slope."""
    raise NotImplementedError("your turn")


def backward(end: Node) -> None:
    """Compute the derivative of `end` with respect to every node that it was computed from.

    A node passes its gradient on to its parents only after all nodes that use it have passed on theirs.

    As in PyTorch, the gradients of leaves are added to what is there: a second call doubles them. Those of all other
    nodes are computed anew at each call.
    """
    raise NotImplementedError("your turn")
