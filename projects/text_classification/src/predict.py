"""Classify texts with the exported network, which carries its own labels, tokenizer and temperature."""

import csv
import hashlib
import io
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log
from shared.errors import UserError
from shared.files import require_writable, write_text
from shared.inference.classifier import OnnxClassifier
from shared.results import write_result
from src.config import Config, export_path, tokenizer_path
from src.documents import SUFFIXES, clean, lines_of, read_texts
from src.tokens import Tokens, in_batches

SHOWN = 10
MOST_WORDS = 200
WORDS_SHOWN = 5


@dataclass(frozen=True)
class Answer:
    """What is said of one text."""

    answer: str
    """A label, or `unsure`, or `empty` (no text)."""
    probabilities: np.ndarray | None = None
    """float32 [classes]; None where the network was not asked."""


class Predictor:
    """The exported network, asked with texts of any kind; used by `predict` and `serve` alike."""

    def __init__(self, config: Config) -> None:
        """Load the two files that `export` wrote.

        Raises:
            UserError: one is missing or damaged, or they are of two different exports.
        """
        self.network = OnnxClassifier(export_path(config))
        self.min_probability = config.predict.min_probability
        facts, path = self.network.metadata["tokenizer"], tokenizer_path(config)
        try:
            content = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {path}; run `python main.py export` again.") from error
        if hashlib.sha256(content.encode()).hexdigest() != facts["sha256"]:
            raise UserError(f"{path} is not the tokenizer of the network beside it; run `python main.py export` again.")
        self._tokens = Tokens(content, facts["pad"])

    def answer(self, texts: Sequence[str]) -> list[Answer]:
        """Answer each text; an empty one never harms the others."""
        cleaned = [clean(text) for text in texts]
        rows = iter(self.probabilities([text for text in cleaned if text]))
        return [self._named(next(rows)) if text else Answer("empty") for text in cleaned]

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """The probability of each class: float32 [N, C]."""
        if not texts:
            return np.empty((0, len(self.network.labels)), np.float32)
        return in_batches(self.network.probabilities, self._tokens, texts)

    def _named(self, probabilities: np.ndarray) -> Answer:
        best = int(probabilities.argmax())
        sure = probabilities[best] >= self.min_probability
        return Answer(self.network.labels[best] if sure else "unsure", probabilities)

    def words_that_mattered(self, text: str) -> list[tuple[str, float]]:
        """Which words moved the decision, and by how much the answer's probability falls without each, largest first.

        Each of the first `MOST_WORDS` words is left out in turn; a negative number means that the word spoke against
        the answer.
        """
        words = clean(text).split()
        if not words:
            return []
        shorter = [" ".join(words[:index] + words[index + 1 :]) for index in range(min(len(words), MOST_WORDS))]
        found = self.probabilities([" ".join(words), *shorter])
        best = int(found[0].argmax())
        moved = found[0, best] - found[1:, best]
        order = np.argsort(-np.abs(moved))[:WORDS_SHOWN]
        return [(words[index], float(moved[index])) for index in order]


def predict(config: Config, inputs: list[str]) -> dict[str, Any]:
    """Classify texts; write outputs/predictions/predictions.csv.

    Args:
        inputs: texts in quotation marks, or CSV, TSV and TXT files of them, or - for standard input (a line a text)
    """
    require_writable(config.output_dir)
    texts = collect_texts(inputs, config.data.text_column)
    predictor = Predictor(config)
    started = time.perf_counter()
    answers = predictor.answer(texts)
    seconds = time.perf_counter() - started
    words = [predictor.words_that_mattered(text) for text in texts] if config.predict.explain else None
    path = config.output_dir / "predictions" / "predictions.csv"
    write_text(path, _table(texts, answers, predictor.network.labels, words))
    for index, (text, answer) in enumerate(list(zip(texts, answers, strict=True))[:SHOWN]):
        log.info(f"{answer.answer}{_confidence(answer)}: {_shortened(text)}{_reasons(words[index]) if words else ''}")
    counts = {name: sum(answer.answer == name for answer in answers) for name in ("unsure", "empty")}
    log.info(f"predict: {len(texts)} texts, {counts}; see {path}")
    return write_result(
        config.output_dir,
        "predict",
        seed=predictor.network.metadata["seed"],
        data=predictor.network.metadata["data"],
        metrics={"texts": len(texts)} | counts,
        seconds=seconds,
    )


def names_file(item: str) -> bool:
    """Whether a word is the path of something: a text is none, and may be too long to be asked about."""
    try:
        return bool(item.strip()) and Path(item).exists()
    except (OSError, ValueError):
        return False


def collect_texts(inputs: Sequence[str], text_column: str) -> list[str]:
    """The texts that a user named: in words, in files, or on standard input.

    Raises:
        UserError: a file is not there or cannot be read, or there is no text at all.
    """
    texts: list[str] = []
    for item in inputs:
        if item == "-":
            texts += lines_of(sys.stdin.buffer.read().decode(errors="replace"))
        elif Path(item).suffix.lower() in (*SUFFIXES, ".txt"):
            texts += read_texts(Path(item), text_column)
        elif names_file(item):
            raise UserError(
                f"{item} is a folder, or a file of another kind; name CSV, TSV or TXT files, or pipe texts in with -."
            )
        else:
            texts.append(item)
    if not texts:
        raise UserError(f"there is no text in {', '.join(inputs)}; name a file with some, or type one.")
    return texts


def _table(
    texts: list[str], answers: list[Answer], labels: list[str], words: list[list[tuple[str, float]]] | None
) -> str:
    content = io.StringIO()
    writer = csv.writer(content)
    writer.writerow(
        ["text", "answer", "label", "probability", *(f"p_{label}" for label in labels), *(["words"] if words else [])]
    )
    for index, (text, answer) in enumerate(zip(texts, answers, strict=True)):
        row = ["", ""] + [""] * len(labels)
        if answer.probabilities is not None:
            best = int(answer.probabilities.argmax())
            row = [labels[best], f"{answer.probabilities[best]:.6f}", *(f"{p:.6f}" for p in answer.probabilities)]
        reasons = [" ".join(f"{word}:{moved:+.4f}" for word, moved in words[index])] if words else []
        writer.writerow([clean(text), answer.answer, *row, *reasons])
    return content.getvalue()


def _shortened(text: str) -> str:
    text = " ".join(clean(text).split())
    return text if len(text) <= 80 else text[:77] + "..."


def _confidence(answer: Answer) -> str:
    return "" if answer.probabilities is None else f" {answer.probabilities.max():.2f}"


def _reasons(words: list[tuple[str, float]]) -> str:
    return "".join(f"\n    {moved:+.3f}  {word}" for word, moved in words)
