"""Thresholds keep what they promise, refuse to promise too much, and leave room for `can't tell`."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from shared.errors import UserError
from src import calibrate
from src.calibrate import allowed_errors, choose_thresholds, pairs_needed
from src.config import DecisionConfig
from src.decision import Decision, load_decision

SETTINGS = DecisionConfig(false_accept=0.01, false_reject=0.05)
Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def drawn(seed: int, different: int, same: int) -> Drawn:
    """Pairs in which nobody stands twice."""
    random = np.random.default_rng(seed)
    people = np.arange(2 * different).reshape(-1, 2)
    return random.normal(0, 1, different), people, random.normal(3, 1, same)


def drawn_people(seed: int, count: int) -> Drawn:
    """All pairs of people, of whom some resemble everybody: a third of the variance is theirs, as it is on LFW."""
    random = np.random.default_rng(seed)
    people = np.stack(np.triu_indices(count, 1), 1)
    common = random.normal(0, np.sqrt(1 / 6), count)
    different = common[people].sum(1) + random.normal(0, np.sqrt(2 / 3), len(people))
    return different, people, random.normal(3, 1, count)


@pytest.mark.parametrize(
    ("draws", "broken"),
    [
        ([drawn(seed, 500, 100) for seed in range(200)], range(1, 21)),  # with 95 % confidence about ten of 200
        # Were their pairs counted as independent ones, it would be broken in every third draw.
        ([drawn_people(seed, 150) for seed in range(60)], range(11)),
    ],
)
def test_the_promise_is_kept_in_nearly_all_draws(
    draws: list[Drawn], broken: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "DRAWS", 100)
    above = [choose_thresholds(*each, SETTINGS, "network")[0].same_above for each in draws]
    # The true rate, of a normal distribution, is above the promised one.
    assert sum(norm.sf(threshold) > SETTINGS.false_accept for threshold in above) in broken


@pytest.mark.parametrize(("share", "confidence", "count"), [(0.01, 0.95, 299), (0.05, 0.95, 59), (0.001, 0.99, 4603)])
def test_how_many_pairs_a_promise_needs(share: float, confidence: float, count: int) -> None:
    assert pairs_needed(share, confidence) == count
    assert allowed_errors(count, share, confidence) == 1
    assert allowed_errors(count - 1, share, confidence) == 0


def test_too_few_pairs_are_refused_with_the_numbers_needed() -> None:
    with pytest.raises(UserError, match=r"298 pairs .* 299 and 59 are needed"):
        choose_thresholds(*drawn(0, 298, 100), SETTINGS, "network")
    with pytest.raises(UserError, match="58 of the same are too few"):
        choose_thresholds(*drawn(0, 500, 58), SETTINGS, "network")


def test_the_observed_shares_come_with_intervals() -> None:
    different, people, same = drawn(1, 2000, 200)
    decision, observed = choose_thresholds(different, people, same, SETTINGS, "network")
    accepted = observed["false_accept"]
    assert accepted["share"] == pytest.approx((different > decision.same_above).mean())
    assert accepted["interval"][0] < accepted["share"] < accepted["interval"][1]
    assert accepted["interval"][1] < 0.015
    assert observed["false_reject"]["share"] < 0.05


def test_between_the_thresholds_nobody_can_tell() -> None:
    decision = Decision("network", same_above=0.8, different_below=0.5, origin="")
    decided = [decision.decide(value) for value in (0.9, 0.8, 0.5, 0.4)]
    assert decided == ["same", "can't tell", "can't tell", "different"]


def test_people_that_are_told_apart_well_leave_no_doubt() -> None:
    different, people, same = drawn(0, 500, 100)
    decision, observed = choose_thresholds(different, people, same + 50, SETTINGS, "network")
    assert decision.different_below == decision.same_above
    assert observed["cannot_tell_of_same"] == 0


def test_thresholds_of_another_embedder_or_a_damaged_file_are_refused(tmp_path: Path) -> None:
    assert "not calibrated" in load_decision(tmp_path, "dlib_resnet-0123-4").origin  # without a file
    decision, _ = choose_thresholds(*drawn(0, 500, 100), SETTINGS, "network-1")
    (tmp_path / "decision.json").write_text(json.dumps({"decision": asdict(decision)}))
    assert load_decision(tmp_path, "network-1") == decision
    with pytest.raises(UserError, match="holds the thresholds of network-1, but the embedder is network-2 now"):
        load_decision(tmp_path, "network-2")
    (tmp_path / "decision.json").write_text("{}")
    with pytest.raises(UserError, match="is damaged; run `python main.py calibrate` again"):
        load_decision(tmp_path, "network-1")
