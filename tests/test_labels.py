"""Names of classes that are one, names that say that there is no class, and answers that are no class."""

from typing import Any

import numpy as np
import pytest
from exported import Network

from shared.data.labels import label_key, label_warnings, same_labels
from shared.inference.predictions import Prediction, answer, as_json, predict_prepared
from shared.serving.pages import COMMON
from shared.testing.node import WHY_NOT, run_node


@pytest.mark.parametrize(
    "names",
    [
        ["positive", "Positive", "POSITIVE ", "posi\u00adtive", "\u200bpositive"],
        ["1", "1.0", "01", "1.", "\uff11"],
        ["caf\u00e9", "cafe\u0301"],
        ["very  good", "very\u00a0good", "Very good"],
        ["-2", "-2.00"],
    ],
)
def test_spellings_of_one_class_have_one_key(names: list[str]) -> None:
    assert len({label_key(name) for name in names}) == 1


def test_different_classes_keep_their_keys_and_those_that_may_be_one_or_none_are_named() -> None:
    names = ["1", "10", "1.5", "-1", "1a", "caf\u00e9", "cafe", "c", "c++", "c#", "good", "very good", "1.0.0"]
    assert len({label_key(name) for name in names}) == len(names)
    counts = {"Good": 3, "good": 9, "bad": 5, "nan": 2, "caf\u00e9": 1, "cafe\u0301": 1}
    same, missing = label_warnings(counts, ("merge them", "mend them"))
    assert "2 (Good = good, 'caf\\xe9' = 'cafe\\u0301'); merge them." in same
    assert missing.endswith("1 (nan 2); mend them.")
    assert same_labels(["Good", "good", "good"]) == [["good", "Good"]]
    assert label_warnings({"good": 3, "bad": 3}, ("", "")) == []


def test_a_class_of_the_name_of_an_answer_is_not_confused_with_it() -> None:
    network: Any = Network(labels=["unsure", "empty"])
    inputs = [np.array([0.9]), np.array([0.55]), np.array([0.1]), Prediction("empty"), Prediction("unreadable")]
    labels = [one.label for one in predict_prepared(network, inputs, min_probability=0.8)]
    assert labels == ["unsure", "(unsure)", "empty", "(empty)", "unreadable"]
    assert answer("unsure", ["unsure", "(unsure)"]) == "((unsure))"
    usual: Any = Network(labels=["cat", "dog"])
    assert [one.label for one in predict_prepared(usual, inputs[1:4], 0.8)] == ["unsure", "dog", "empty"]


PAGES = """
import { readFileSync } from "node:fs";
import { inWords } from "./common.mjs";

const words = { unsure: "Not sure.", empty: "None." };
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map((found) => inWords(found, words))));
"""


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_the_page_tells_a_class_from_an_answer() -> None:
    labels = ["unsure", "cat"]
    found = [
        as_json(one, labels)
        for one in (
            Prediction("unsure", np.array([0.9, 0.1])),
            Prediction("(unsure)", np.array([0.5, 0.5])),
            Prediction("cat", np.array([0.1, 0.9])),
            Prediction("empty"),
        )
    ]
    assert run_node(COMMON, PAGES, found) == ["unsure", "Not sure.", "cat", "None."]
