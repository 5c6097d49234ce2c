"""Answers to exercise 14: right ones in another style, and plausible wrong ones."""

import numpy as np


def numerical_gradient__right_by_unit_vectors(function, point, step=1e-5):
    units = np.eye(point.size).reshape(-1, *point.shape)
    slopes = [function(point + step * unit) - function(point - step * unit) for unit in units]
    return np.array(slopes).reshape(point.shape) / (2 * step)


def gradient_error__right_by_sums(function, gradient, point):
    measured, computed = numerical_gradient__right_by_unit_vectors(function, point), np.asarray(gradient(point))
    lengths = [float((values**2).sum()) ** 0.5 for values in (measured - computed, measured, computed)]
    return lengths[0] / max(lengths[1] + lengths[2], 1e-300)


def numerical_gradient__wrong_one_side(function, point, step=1e-5):
    gradient = np.zeros(point.shape)
    for place in np.ndindex(point.shape):
        up = point.astype(float)
        up[place] += step
        gradient[place] = (function(up) - function(point)) / step
    return gradient


def numerical_gradient__wrong_divided_by_one_step(function, point, step=1e-5):
    return 2 * numerical_gradient__right_by_unit_vectors(function, point, step)


def numerical_gradient__wrong_all_at_once(function, point, step=1e-5):
    return np.full(point.shape, (function(point + step) - function(point - step)) / (2 * step))


def numerical_gradient__wrong_not_moved_back(function, point, step=1e-5):
    gradient, moved = np.zeros(point.shape), point.astype(float)
    for place in np.ndindex(point.shape):
        moved[place] += step
        up = function(moved)
        moved[place] -= 2 * step
        gradient[place] = (up - function(moved)) / (2 * step)
    return gradient


def numerical_gradient__wrong_writes_to_the_point(function, point, step=1e-5):
    gradient = np.zeros(point.shape)
    for place in np.ndindex(point.shape):
        point[place] += step
        up = function(point)
        point[place] -= 2 * step
        gradient[place] = (up - function(point)) / (2 * step)
    return gradient


def numerical_gradient__wrong_whole_numbers_stay(function, point, step=1e-5):
    gradient = np.zeros(point.shape)
    for place in np.ndindex(point.shape):
        up, down = point.copy(), point.copy()
        up[place] += step
        down[place] -= step
        gradient[place] = (function(up) - function(down)) / (2 * step)
    return gradient


def numerical_gradient__wrong_rows_in_place_of_numbers(function, point, step=1e-5):
    gradient = np.zeros(point.shape)
    for index in range(len(point)):
        up, down = point.astype(float), point.astype(float)
        up[index] += step
        down[index] -= step
        gradient[index] = (function(up) - function(down)) / (2 * step)
    return gradient


def gradient_error__wrong_not_divided(function, gradient, point):
    return float(np.linalg.norm(numerical_gradient__right_by_unit_vectors(function, point) - gradient(point)))


def gradient_error__wrong_norm_of_the_sum(function, gradient, point):
    measured, computed = numerical_gradient__right_by_unit_vectors(function, point), gradient(point)
    return float(np.linalg.norm(measured - computed) / max(np.linalg.norm(measured + computed), 1e-12))


def gradient_error__wrong_nothing_by_nothing(function, gradient, point):
    measured, computed = numerical_gradient__right_by_unit_vectors(function, point), gradient(point)
    return float(np.linalg.norm(measured - computed) / (np.linalg.norm(measured) + np.linalg.norm(computed)))


def gradient_error__wrong_signs_lost(function, gradient, point):
    measured, computed = numerical_gradient__right_by_unit_vectors(function, point), gradient(point)
    sizes = np.linalg.norm(measured), np.linalg.norm(computed)
    return float(abs(sizes[0] - sizes[1]) / max(sum(sizes), 1e-300))
