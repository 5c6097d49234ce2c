"""Answers to exercise 15: right ones in another style, and plausible wrong ones."""

import math
from types import SimpleNamespace


def node(value, parents, slopes):
    return SimpleNodeWithHash(value=value, parents=parents, slopes=slopes, gradient=0.0)


class SimpleNodeWithHash(SimpleNamespace):
    __hash__ = object.__hash__
    __eq__ = object.__eq__


def order(end):
    found = []

    def visit(node):
        if node not in found:
            for parent in node.parents:
                visit(parent)
            found.append(node)

    visit(end)
    return found[::-1]


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


def add__wrong_slopes_of_a_product(a, b):
    return node(a.value + b.value, (a, b), (b.value, a.value))


def multiply__wrong_slopes_swapped(a, b):
    return node(a.value * b.value, (a, b), (a.value, b.value))


def tanh__wrong_slope_at_the_input(a):
    return node(math.tanh(a.value), (a,), (1 - a.value**2,))


def backward__wrong_second_use_replaces_the_first(end):
    end.gradient = 1.0
    for here in order(end):
        for parent, slope in zip(here.parents, here.slopes, strict=True):
            parent.gradient = slope * here.gradient


def backward__wrong_starts_with_zero(end):
    for here in order(end):
        for parent, slope in zip(here.parents, here.slopes, strict=True):
            parent.gradient += slope * here.gradient


def backward__wrong_recursion_passes_on_too_early(end):
    def pass_on(here):
        for parent, slope in zip(here.parents, here.slopes, strict=True):
            parent.gradient += slope * here.gradient
            pass_on(parent)

    for here in order(end):
        here.gradient = 0.0 if here.parents else here.gradient
    end.gradient = 1.0
    pass_on(end)


def backward__wrong_breadth_first_each_once(end):
    for here in order(end):
        here.gradient = 0.0 if here.parents else here.gradient
    end.gradient = 1.0
    waiting, seen = [end], {end}
    while waiting:
        here = waiting.pop(0)
        for parent, slope in zip(here.parents, here.slopes, strict=True):
            parent.gradient += slope * here.gradient
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def backward__wrong_middle_passed_on_again(end):
    end.gradient = 1.0
    for here in order(end):
        for parent, slope in zip(here.parents, here.slopes, strict=True):
            parent.gradient += slope * here.gradient


def backward__wrong_leaves_set_to_zero(end):
    for here in order(end):
        here.gradient = 0.0
    end.gradient = 1.0
    for here in order(end):
        for parent, slope in zip(here.parents, here.slopes, strict=True):
            parent.gradient += slope * here.gradient
