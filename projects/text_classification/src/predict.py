"""Classify texts with the exported network, which carries its own labels, tokenizer and temperature."""

import io
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log
from shared.data.index import TABLES
from shared.data.skipped import collect_files
from shared.errors import UserError
from shared.export.stale import open_exported
from shared.files import file_digest
from shared.inference.predictions import Prediction, answer, name_prediction, write_predictions
from src.config import Config, export_path, tokenizer_path
from src.tables import TEXTS, clean, read_column, read_text
from src.tokens import Tokens, run_in_batches

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
        if not path.is_file() or file_digest(path) != facts["sha256"]:
            raise UserError(f"{path} is not the tokenizer of the network beside it; run `python main.py export` again.")
        self._tokens = Tokens(path.read_text("utf-8"), facts["pad"])

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """A class for each text, `unsure`, or `empty` where there is no text; it does not affect the others.

        Where a class is named `unsure` or `empty`, the answer that is no class stands in brackets.
        """
        cleaned = [clean(text) for text in texts]
        rows = iter(self.probabilities([text for text in cleaned if text]))
        empty, labels = Prediction(answer("empty", self.network.labels)), self.network.labels
        return [name_prediction(next(rows), labels, self.min_probability) if text else empty for text in cleaned]

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """The probability of each class: float32 [N, C]."""
        if not texts:
            return np.empty((0, len(self.network.labels)), np.float32)
        return run_in_batches(self.network.probabilities, self._tokens, texts)

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
        inputs: texts in quotation marks; CSV, TSV, Parquet or JSON lines files with a column of texts; .txt files, each
            of which is one text as in training, and folders of them; or - for standard input, each line a text
    """
    (texts, skipped), predictor = collect_texts(inputs, config.data.text_column), Predictor(config)

    def predict_some(some: Sequence[str | Path]) -> list[Prediction]:
        texts, errors = zip(*(read_text(one) if isinstance(one, Path) else (one, "") for one in some), strict=True)
        predictions = predictor.predict(texts)
        for place, (text, error) in enumerate(zip(texts, errors, strict=True)):
            if error:
                predictions[place] = Prediction(answer("unreadable", predictor.network.labels), detail=error)
            elif config.predict.explain:
                words = predictor.words_that_mattered(text)
                detail = " ".join(f"{word}:{moved:+.4f}" for word, moved in words)
                predictions[place] = replace(predictions[place], detail=detail)
        return predictions

    return write_predictions(
        config,
        predictor.network,
        texts,
        predict_some,
        noun="texts",
        kinds=("unsure", "empty", "unreadable"),
        skipped=skipped,
        input_name="text",
        chunk=TEXTS_TOGETHER,
    )


def collect_texts(inputs: Sequence[str], text_column: str) -> tuple[list[str | Path], dict[str, int]]:
    """The texts that a user named: in words, in tables or on standard input; and .txt files, also those in folders.

    Returns:
        The texts and files; and how many files of each kind were skipped in folders.

    Raises:
        UserError: a file does not exist or cannot be read, or there is no text at all.
    """
    found: list[str | Path] = []
    skipped: Counter[str] = Counter()
    for item in inputs:
        suffix = Path(item).suffix.lower()  # a text may be too long for Path to look it up
        if item == "-":
            found += map(clean, io.TextIOWrapper(sys.stdin.buffer, "utf-8", errors="replace"))
        elif suffix in TABLES:
            found += read_column(Path(item), text_column)
        elif suffix in TEXTS.suffixes or os.path.isdir(item):  # noqa: PTH112
            files, others = collect_files([Path(item)], TEXTS)
            found += files
            skipped.update(others)
        elif os.path.exists(item):  # noqa: PTH110
            raise UserError(f"{item} is a file of another kind; name CSV, TSV, Parquet, JSON lines or .txt files.")
        else:
            found.append(clean(item))
    if not found:
        raise UserError(f"there is no text in {', '.join(inputs)}; name a file with some, or type one.")
    if any(isinstance(one, Path) for one in found):
        log.info("predict: a .txt file is one text, as in training; `predict - < FILE` takes each line as one")
    return found, dict(skipped)
