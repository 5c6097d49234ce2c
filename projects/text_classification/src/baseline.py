"""Classical models on the same split: what the networks have to beat."""

import time
from typing import Any

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import Pipeline, make_pipeline
from torch import Tensor

from shared.data.examples import Data
from shared.evaluation import fit_baselines
from shared.metrics.classification import classification_scores
from src.config import Config
from src.dataloader import load_data

TIMED_TEXTS = 100
MOST_TEXTS = 200_000  # of the training split; of more, their counts do not fit into little memory
MOST_TERMS = 50_000  # the most frequent words and pairs: the rest makes fitting slow and scores no better


def baseline(config: Config, *, data: Data | None = None) -> dict[str, Any]:
    """Fit naive Bayes and logistic regression on TF-IDF weights of the training split; write outputs/baseline.json."""
    data = data or load_data(config)
    texts = {name: split["texts"] for name, split in vars(data.splits).items()}

    def score(model: Pipeline, inputs: list[str], labels: Tensor) -> dict[str, Any]:
        probabilities = torch.from_numpy(model.predict_proba(inputs)).float()  # [N, classes]
        return classification_scores(probabilities, labels, data.classes)

    def cost(model: Pipeline) -> dict[str, Any]:
        some, started = texts["validation"][:TIMED_TEXTS], time.perf_counter()
        for text in some:  # one at a time
            model.predict_proba([text])
        milliseconds = 1000 * (time.perf_counter() - started) / len(some)
        return {"milliseconds_a_text": milliseconds, "bytes": _bytes(model)}

    return fit_baselines(config, data, make_baselines(), texts, score, cost, most=MOST_TEXTS)


def make_baselines() -> dict[str, Pipeline]:
    """The models by name; both count words and pairs of words, the rare ones more (Salton and Buckley 1988).

    alpha and C were chosen on validation splits.
    """
    return {
        "naive Bayes": make_pipeline(_weights(), ComplementNB(alpha=0.3)),
        "logistic regression": make_pipeline(_weights(), LogisticRegression(C=10, max_iter=1000)),
    }


def _weights() -> TfidfVectorizer:
    # The default drops words of one letter and punctuation, but "I" and "?" are informative.
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]", max_features=MOST_TERMS)


def _bytes(model: Pipeline) -> int:
    """The size of its numbers and words on a disk."""
    vectorizer, classifier = model[0], model[-1]
    numbers = classifier.coef_ if hasattr(classifier, "coef_") else classifier.feature_log_prob_
    return int(numbers.nbytes + vectorizer.idf_.nbytes + sum(len(word.encode()) + 1 for word in vectorizer.vocabulary_))
