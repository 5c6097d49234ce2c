"""Answers to exercise 02: right ones in another style, and plausible wrong ones."""

import numpy as np


def column_statistics__right_step_by_step(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = train.sum(axis=0) / len(train)
    deviation = np.sqrt(((train - mean) ** 2).sum(axis=0) / len(train))
    deviation[deviation == 0] = 1
    return mean, deviation


def standardize__right_column_by_column(rows: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    columns = [(rows[:, i] - mean[i]) / deviation[i] for i in range(rows.shape[1])]
    return np.stack(columns, axis=1)


def column_statistics__wrong_axis(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    deviation = train.std(axis=1)
    return train.mean(axis=1), np.where(deviation == 0, 1, deviation)


def column_statistics__wrong_of_all_values(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.full(train.shape[1], train.mean()), np.full(train.shape[1], train.std())


def column_statistics__wrong_n_minus_one(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    deviation = train.std(axis=0, ddof=1)
    return train.mean(axis=0), np.where(deviation == 0, 1, deviation)


def column_statistics__wrong_variance(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    variance = train.var(axis=0)
    return train.mean(axis=0), np.where(variance == 0, 1, variance)


def column_statistics__wrong_zero_stays(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return train.mean(axis=0), train.std(axis=0)


def column_statistics__wrong_one_is_the_least(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return train.mean(axis=0), np.maximum(train.std(axis=0), 1)


def standardize__wrong_statistics_of_the_rows(rows: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def standardize__wrong_in_place(rows: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    rows -= mean
    rows /= deviation
    return rows


def standardize__wrong_without_parentheses(rows: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    return rows - mean / deviation
