"""Answers to exercise 15: right ones in another style, and edits of the solution that make it wrong."""

from types import SimpleNamespace


def node(value, parents, slopes):
    return SimpleNodeWithHash(value=value, parents=parents, slopes=slopes, gradient=0.0)


class SimpleNodeWithHash(SimpleNamespace):
    __hash__ = object.__hash__
    __eq__ = object.__eq__


def add__right_other_class(a, b):
    return node(a.value + b.value, (a, b), (1, 1))


def backward__right_by_counting_users(end):
    users, found, stack = {}, {end: 1.0}, [end]
    seen = {end}
    while stack:
        for parent in stack.pop().parents:
            users[parent] = users.get(parent, 0) + 1
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    ready = [end]
    while ready:
        here = ready.pop()
        here.gradient = found[here] + (0 if here.parents else here.gradient)
        for parent, slope in zip(here.parents, here.slopes, strict=True):
            found[parent] = found.get(parent, 0.0) + slope * found[here]
            users[parent] -= 1
            if users[parent] == 0:
                ready.append(parent)


PASSED_ON = """for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.gradient += slope * node.gradient
"""
MISTAKES = {
    "slopes of a product": ("(1.0, 1.0)", "(b.value, a.value)"),
    "slopes swapped": ("(b.value, a.value)", "(a.value, b.value)"),
    "slope at the input": ("1 - value**2", "1 - a.value**2"),
    "second use replaces the first": ("parent.gradient += slope", "parent.gradient = slope"),
    "starts with zero": ("    end.gradient += 1.0\n", ""),
    "passed on too early": (
        f"for node in reversed(ordered):\n        {PASSED_ON}",
        f"def pass_on(node):\n        {PASSED_ON}            pass_on(parent)\n\n    pass_on(end)\n",
    ),
    "breadth first, each once": (
        "for node in reversed(ordered):\n",
        "nodes = [end]\n    for node in nodes:\n"
        "        nodes += [one for one in dict.fromkeys(node.parents) if one not in nodes]\n",
    ),
    "middle passed on again": ("if node.parents:", "if False:", "end.gradient += 1.0", "end.gradient = 1.0"),
    "leaves set to zero": ("if node.parents:", "if True:"),
}
