"""Several labels an example: scores as scikit-learn's, thresholds, loss, splits, predictions and examples."""

from typing import Any

import numpy as np
import pytest
import torch
from exported import Network
from sklearn import metrics
from torch.nn.functional import binary_cross_entropy_with_logits

from shared.data.examples import Data, Examples, SourceData, cut_examples, with_labels
from shared.data.labels import has_label, indicators, label_counts, label_names
from shared.data.splits import Splits, stratified_split
from shared.errors import UserError
from shared.export.examples import pick_examples
from shared.export.to_onnx import WithProbabilities
from shared.inference.predictions import predict_prepared
from shared.metrics.calibration import calibrate, fit_temperature
from shared.metrics.classification import calibration_error
from shared.metrics.multilabel import average_precision, choose_thresholds, label_scores, mean_average_precision
from shared.metrics.running import GatheredMetrics
from shared.results import headline
from shared.seeding import generator
from shared.training.losses import classification_loss
from shared.training.settings import TrainingConfig

CLASSES = ["a", "b", "c", "d"]
SHARES = torch.tensor([0.5, 0.3, 0.1, 0.05])


def drawn(count: int = 400, temperature: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits that are too sure by that factor, rounded so that some are equal; and labels that follow them."""
    source = generator(0)
    logits = (SHARES.logit() + 1.5 * torch.randn(count, 4, generator=source)).mul(10).round() / 10
    return logits * temperature, torch.bernoulli(logits.sigmoid(), generator=source)


def test_scores_are_those_of_scikit_learn() -> None:
    logits, labels = drawn()
    probabilities = logits.sigmoid()
    found = label_scores(probabilities, labels, CLASSES, [0.5] * 4)
    predicted = (probabilities >= 0.5).numpy()
    expected = metrics.precision_recall_fscore_support(labels, predicted, zero_division=0)
    for column, score in enumerate(("precision", "recall", "f1", "support")):
        assert [row[score] for row in found["per_class"].values()] == pytest.approx(expected[column].tolist())
    assert found["macro_f1"] == found["macro_f1_at_half"] == pytest.approx(expected[2].mean())
    assert found["mean_average_precision"] == pytest.approx(metrics.average_precision_score(labels, probabilities))
    assert found["exact_match"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert found["right"].count("1") == round(400 * found["exact_match"])
    assert headline(found) == ("macro-F1", found["macro_f1"], *found["macro_f1_interval"])
    few, lacking = torch.tensor([[0.9, 0.2], [0.1, 0.3]]), torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert average_precision(few, lacking).isnan().tolist() == [False, True]  # a label without positives has none
    assert label_scores(few, lacking, ["a", "b"], [0.5, 0.5])["mean_average_precision"] == 1
    watched = GatheredMetrics(mean_average_precision)
    watched.update(logits[:100], labels[:100])
    watched.reset()
    for batch in (slice(150), slice(150, 400)):
        watched.update(logits[batch], labels[batch])
    assert watched.compute() == {"mean_average_precision": pytest.approx(found["mean_average_precision"])}


def test_the_interval_of_macro_f1_holds_it_and_narrows_with_examples() -> None:
    widths = []
    for count in (100, 1600):
        logits, labels = drawn(count)
        found = label_scores(logits.sigmoid(), labels, CLASSES, [0.3] * 4)
        low, high = found["macro_f1_interval"]
        assert low < found["macro_f1"] < high
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.4)  # the root of 16


def test_no_other_threshold_has_a_higher_f1_on_the_examples_it_was_chosen_on() -> None:
    logits, labels = drawn()
    probabilities = logits.sigmoid()
    thresholds = choose_thresholds(probabilities, labels, CLASSES)
    chosen = label_scores(probabilities, labels, CLASSES, thresholds)["per_class"]
    for other in torch.linspace(0, 1, 101).tolist():
        rows = label_scores(probabilities, labels, CLASSES, [other] * 4)["per_class"]
        assert all(rows[name]["f1"] <= chosen[name]["f1"] + 1e-12 for name in CLASSES)
    assert thresholds[2] < 0.5  # of a rare label


def test_a_threshold_stays_at_one_half_where_that_is_as_good(capsys: pytest.CaptureFixture[str]) -> None:
    probabilities = torch.tensor([[0.9, 0.9], [0.1, 0.2]])
    labels = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert choose_thresholds(probabilities, labels, ["a", "b"]) == [0.5, 0.5]
    assert "whose threshold stays at one half: 1 (b)" in capsys.readouterr().err


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_probabilities_are_calibrated(temperature: float) -> None:
    logits, labels = drawn(20_000, temperature)
    fitted, thresholds = calibrate(logits, labels, CLASSES)
    assert fitted == pytest.approx(temperature, rel=0.05)
    assert len(thresholds) == 4
    after, before = (calibration_error((logits / one).sigmoid(), labels) for one in (fitted, 1.0))
    assert after < 0.02 < before
    assert fit_temperature(labels - 0.5, labels) == 1.0


def test_the_loss_weighs_positives_and_smooths_towards_one_half() -> None:
    logits, labels = drawn(100)
    plain = classification_loss(labels, 4, TrainingConfig())
    assert torch.allclose(plain(logits, labels), binary_cross_entropy_with_logits(logits, labels))
    balanced = classification_loss(labels, 4, TrainingConfig(class_weights="balanced"))
    zero = torch.zeros(100, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(balanced(zero, labels), zero)
    assert gradient.sum(0).tolist() == pytest.approx([0] * 4, abs=1e-6)  # positives pull as much as negatives
    smooth = classification_loss(labels, 4, TrainingConfig(label_smoothing=0.2))
    assert torch.allclose(smooth(logits, labels), binary_cross_entropy_with_logits(logits, 0.8 * labels + 0.1))


def test_each_split_has_its_share_of_each_label() -> None:
    labels = drawn(600)[1].numpy()
    rest, cut = stratified_split(labels, 0.2, 0, CLASSES)
    assert sorted([*rest, *cut]) == list(range(600))
    assert (labels[cut].sum(0) / labels.sum(0)).tolist() == pytest.approx([0.2] * 4, abs=0.04)
    assert len(cut) == pytest.approx(120, abs=15)
    assert not np.array_equal(cut, stratified_split(labels, 0.2, 1, CLASSES)[1])
    rare = np.zeros((40, 2), np.float32)
    rare[:, 0], rare[[3, 30], 1] = 1, 1
    for one in stratified_split(rare, 0.2, 0, ["often", "rare"]):
        assert rare[one].sum(0)[1] == 1
    rare[3, 1] = 0
    with pytest.raises(UserError, match=r"single example left.*: 1 \(rare\)"):
        stratified_split(rare, 0.2, 0, ["often", "rare"])


def test_a_label_that_only_one_split_can_have_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    labels = indicators([[0, 1], [1, 0], [0], [0], [2], [2], [2], [2]], 3)
    labels[:2, 1] = 1
    first, second = stratified_split(labels[:, [0, 1, 2]], 0.25, 0, ["x", "y", "z"])
    assert labels[first].any(0).all()
    assert labels[second].any(0).all() or "labels that only one of two splits has" in capsys.readouterr().err


def test_groups_stay_whole_beside_joined_labels() -> None:
    labels = drawn(200)[1].numpy()
    strata = ["|".join(names) for names in label_names(labels, CLASSES)]
    whole = Examples(
        {"labels": labels}, [str(one) for one in range(200)], [str(one // 4) for one in range(200)], strata
    )
    first, second = cut_examples(whole, None, 0.2, 0)
    assert not set(first.groups) & set(second.groups)
    assert len(first) + len(second) == 200


def test_labels_have_one_meaning_in_both_forms() -> None:
    ids = np.array([2, 0, 2])
    several = indicators(ids[:, None], 3)
    assert several.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]
    for labels in (ids, several):
        assert label_counts(labels, 3).tolist() == [1, 0, 2]
        assert has_label(labels, 2).tolist() == [True, False, True]
        assert label_names(labels, ["a", "b", "c"]) == [("c",), ("a",), ("c",)]
    assert label_names(np.zeros((1, 3)), ["a", "b", "c"]) == [()]
    source = SourceData(["a", "b", "c"], Examples({"labels": ids}, ["x", "y", "z"]), None, None, "", "")
    assert with_labels(source, "auto").settled == {"labels": "one"}
    found = with_labels(source, "several")
    assert found.settled == {"labels": "several"}
    assert found.train["labels"].tolist() == several.tolist()


def test_predictions_name_each_label_that_reaches_its_threshold() -> None:
    network: Any = Network(labels=["day", "none"], metadata={"thresholds": [0.3, 0.6]})
    inputs = [np.array([share]) for share in (0.35, 0.2, 0.5)]  # the second label has the rest
    assert [one.label for one in predict_prepared(network, inputs, 0.9)] == ["day|none", "none", "day"]
    network.metadata["thresholds"] = [0.9, 0.9]
    assert predict_prepared(network, inputs[2:], 0.0)[0].label == "(none)"


def test_the_exported_network_gives_each_label_its_own_probability() -> None:
    logits = torch.tensor([[2.0, 3.0, -1.0]])
    found, same = WithProbabilities(torch.nn.Identity(), 2.0, several_labels=True)(logits)
    assert torch.allclose(found, (logits / 2).sigmoid())
    assert torch.equal(same, logits)


def test_examples_to_click_show_each_label_once() -> None:
    labels = indicators([[], [1], [0, 1], [0, 2]], 3)
    split = Examples({"texts": ["w", "x", "y", "z"], "labels": labels}, ["0", "1", "2", "3"])
    record: Any = None
    data = Data(Splits(split, split, split), ["a", "b", "c"], record)
    assert data.several_labels
    assert pick_examples(data, "texts", str, 3) == [("a | b", ["y"]), ("b", ["x"]), ("a | c", ["z"])]
