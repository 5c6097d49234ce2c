"""Classify texts with the exported network, which carries its own labels, tokenizer and temperature."""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import UserError
from shared.export.stale import open_exported
from shared.inference.predictions import Prediction, answer, name_prediction, write_predictions
from src.config import Config, export_path, tokenizer_path
from src.documents import SUFFIXES, clean, lines_of, read_texts
from src.tokens import Tokens, in_batches

MOST_WORDS = 200  # words that are left out in turn; each takes a run of the network
WORDS_SHOWN = 5
TEXTS_TOGETHER = 2048  # enough to make batches of similar lengths, of which little is padding


class Predictor:
    """The exported network for texts of any kind; `predict` and `serve` both use it."""

    def __init__(self, config: Config) -> None:
        """Load the two files that `export` wrote.

        Raises:
            UserError: one is missing or damaged, or they are of two different exports.
        """
        self.network = open_exported(config, export_path(config))
        self.min_probability = config.predict.min_probability
        facts, path = self.network.metadata["tokenizer"], tokenizer_path(config)
        try:
            content = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {path}; run `python main.py export` again.") from error
        if hashlib.sha256(content.encode()).hexdigest() != facts["sha256"]:
            raise UserError(f"{path} is not the tokenizer of the network beside it; run `python main.py export` again.")
        self._tokens = Tokens(content, facts["pad"])

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """A class for each text, `unsure`, or `empty` where there is no text; it does not affect the others.

        Where a class is named `unsure` or `empty`, the answer that is no class stands in brackets.
        """
        cleaned = [clean(text) for text in texts]
        rows = iter(self.probabilities([text for text in cleaned if text]))
        return [
            name_prediction(next(rows), self.network.labels, self.min_probability)
            if text
            else Prediction(answer("empty", self.network.labels))
            for text in cleaned
        ]

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """The probability of each class: float32 [N, C]."""
        if not texts:
            return np.empty((0, len(self.network.labels)), np.float32)
        return in_batches(self.network.probabilities, self._tokens, texts)

    def words_that_mattered(self, text: str) -> list[tuple[str, float]]:
        """The words that change the prediction most, each with the fall of its probability without it, largest first.

        Each of the first `MOST_WORDS` words is left out in turn; a negative number means that the word spoke against
        the predicted class.
        """
        words = clean(text).split()
        if not words:
            return []
        shorter = [" ".join(words[:index] + words[index + 1 :]) for index in range(min(len(words), MOST_WORDS))]
        found = self.probabilities([" ".join(words), *shorter])  # [1 + words left out, C]
        best = int(found[0].argmax())
        moved = found[0, best] - found[1:, best]
        order = np.argsort(-np.abs(moved))[:WORDS_SHOWN]
        return [(words[index], float(moved[index])) for index in order]


def predict(config: Config, inputs: list[str]) -> dict[str, Any]:
    """Classify texts; write outputs/predictions/predictions.csv.

    Args:
        inputs: texts in quotation marks, or CSV, TSV and TXT files of them, or - for standard input (a text per line)
    """
    texts, predictor = collect_texts(inputs, config.data.text_column), Predictor(config)

    def predict_some(some: Sequence[str]) -> list[Prediction]:
        predictions = predictor.predict(some)
        if not config.predict.explain:
            return predictions
        words = [
            " ".join(f"{word}:{moved:+.4f}" for word, moved in predictor.words_that_mattered(text)) for text in some
        ]
        return [replace(one, detail=detail) for one, detail in zip(predictions, words, strict=True)]

    return write_predictions(
        config,
        predictor.network,
        texts,
        predict_some,
        noun="texts",
        kinds=("unsure", "empty"),
        input_name="text",
        chunk=TEXTS_TOGETHER,
    )


def collect_texts(inputs: Sequence[str], text_column: str) -> list[str]:
    """The texts that a user named: in words, in files, or on standard input.

    Raises:
        UserError: a file does not exist or cannot be read, or there is no text at all.
    """
    texts: list[str] = []
    for item in inputs:
        if item == "-":
            texts += lines_of(sys.stdin.buffer.read().decode(errors="replace"))
        elif Path(item).suffix.lower() in (*SUFFIXES, ".txt"):
            texts += read_texts(Path(item), text_column)
        elif _is_path(item):
            raise UserError(
                f"{item} is a folder, or a file of another kind; name CSV, TSV or TXT files, or pipe texts in with -."
            )
        else:
            texts.append(clean(item))
    if not texts:
        raise UserError(f"there is no text in {', '.join(inputs)}; name a file with some, or type one.")
    return texts


def _is_path(item: str) -> bool:
    """Whether there is a file or folder of that name; a text may be too long to be looked up."""
    try:
        return bool(item.strip()) and Path(item).exists()
    except (OSError, ValueError):
        return False
