"""Classical models on the same split: what the networks have to beat."""

import time
from typing import Any

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import Pipeline, make_pipeline

from shared.console import log
from shared.metrics.classification import classification_scores
from shared.results import write_result
from src.config import Config
from src.dataloader import Data, Texts, load_data

TIMED_TEXTS = 100
MOST_TERMS = 50_000  # the most frequent words and pairs: the rest makes fitting slow and answers no better


def baseline(config: Config) -> dict[str, Any]:
    """Fit naive Bayes and logistic regression on TF-IDF weights of the training split; write outputs/baseline.json."""
    data = load_data(config)
    started = time.perf_counter()
    metrics = {name: _measure(name, model, data) for name, model in make_baselines().items()}
    return write_result(
        config.output_dir,
        "baseline",
        seed=config.seed,
        data=data.as_dict(),
        metrics=metrics,
        seconds=time.perf_counter() - started,
    )


def make_baselines() -> dict[str, Pipeline]:
    """The models by name; both count words and pairs of words, the rare ones more (Salton and Buckley 1988)."""
    return {
        "naive Bayes": make_pipeline(_weights(), ComplementNB(alpha=0.3)),
        "logistic regression": make_pipeline(_weights(), LogisticRegression(C=10, max_iter=1000)),
    }


def _weights() -> TfidfVectorizer:
    # Not only words of two letters and more, as is the default: "I" and "?" tell much.
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]", max_features=MOST_TERMS)


def _measure(name: str, model: Pipeline, data: Data) -> dict[str, Any]:
    started = time.perf_counter()
    model.fit(data.splits.train.texts, data.splits.train.labels.numpy())
    seconds = time.perf_counter() - started
    splits = {"validation": data.splits.validation, "test": data.splits.test}
    scores = {split_name: _scores(model, split, data.classes) for split_name, split in splits.items()}
    log.info(f"baseline: {name}: test accuracy {scores['test']['accuracy']:.4f}, fitted in {seconds:.1f} s")
    return {
        "fit_seconds": round(seconds, 2),
        "milliseconds_a_text": _milliseconds(model, data.splits.validation.texts[:TIMED_TEXTS]),
        "bytes": _bytes(model),
        **scores,
    }


def _scores(model: Pipeline, split: Texts, classes: list[str]) -> dict[str, Any]:
    probabilities = torch.from_numpy(model.predict_proba(split.texts)).float()
    return classification_scores(probabilities, split.labels, classes)


def _milliseconds(model: Pipeline, texts: list[str]) -> float:
    """The mean time of one answer, texts taken one at a time."""
    started = time.perf_counter()
    for text in texts:
        model.predict_proba([text])
    return 1000 * (time.perf_counter() - started) / len(texts)


def _bytes(model: Pipeline) -> int:
    """What its numbers and words would take on a disk."""
    vectorizer, classifier = model[0], model[-1]
    numbers = classifier.coef_ if hasattr(classifier, "coef_") else classifier.feature_log_prob_
    return int(numbers.nbytes + vectorizer.idf_.nbytes + sum(len(word.encode()) + 1 for word in vectorizer.vocabulary_))
