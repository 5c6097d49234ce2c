"""Configuration: defaults, YAML and flags in layers; every mistake is one sentence."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from shared.bounds import Bounds, PositiveFloat, check_bounds
from shared.config import from_plain, load, parse, to_plain
from shared.errors import UserError


@dataclass
class Data:
    """Where data comes from."""

    source: Literal["auto", "sample"] = "auto"
    """which data"""
    root: Path = Path("data/raw")
    """which folder"""


@dataclass
class Config:
    """All settings."""

    seed: int = 0
    """of everything"""
    learning_rate: PositiveFloat = 0.1
    """step size"""
    data: Data = field(default_factory=Data)

    def __post_init__(self) -> None:
        check_bounds(self)


def predict(config: Config, inputs: list[Path], top: int = 1, quiet: bool = False) -> None:
    """Classify images.

    Args:
        inputs: image files
        top: how many answers
    """


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_flags_win_over_the_given_file_over_the_default_file_over_the_dataclass(tmp_path: Path) -> None:
    commented = write(tmp_path / "commented.yaml", "data:\n  # source: sample\n")
    assert load(Config, tmp_path, commented) == Config(data=Data(root=tmp_path / "data/raw"))
    default = write(tmp_path / "config.yaml", "seed: 1\nlearning_rate: 1e-3\ndata:\n  source: sample\n")
    given = write(tmp_path / "other.yaml", "seed: 2\n")
    config, _ = parse(Config, ["--config", str(given), "--learning_rate", "2e-3"], base=tmp_path, files=[default])
    assert config == Config(2, 0.002, Data("sample", tmp_path / "data/raw"))


def test_a_path_in_a_file_counts_from_the_project_and_a_flag_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "config.yaml", "data:\n  root: mine\n")
    assert load(Config, tmp_path / "project", file).data.root == tmp_path / "project" / "mine"
    monkeypatch.chdir(tmp_path)
    assert load(Config, tmp_path / "project", file, "--data.root", "here").data.root == tmp_path / "here"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data.sorce", "sample"], "unknown key data.sorce in the command line; did you mean data.source?"),
        (["--data", "x"], "unknown key data in the command line; did you mean data.root?"),
        (["--seed", "many"], "seed is 'many', but must be a whole number."),
        (["--learning_rate=fast"], "learning_rate is 'fast', but must be a number."),
        (["--data.source", "all"], "data.source is 'all', but must be one of auto, sample."),
        (["--learning_rate", "-1"], "learning_rate is -1.0, but must be above 0."),
        (["--learning_rate", ".nan"], "learning_rate is nan, but must be finite, and above 0."),
        (["--learning_rate", "1e999"], "learning_rate is inf, but must be finite, and above 0."),
        (["--config", "missing.yaml"], "cannot read the configuration missing.yaml: No such file or directory."),
        (["--config"], "--config needs a value."),
        (["stray"], "unrecognized arguments: stray; see --help."),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        parse(Config, arguments, base=tmp_path)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("data:\n  rot: x\n", "config.yaml; did you mean data.root?"),
        ("seed: many\n", "seed is 'many', but must be a whole number."),
        ("seed: [1\n", "is not valid YAML"),
        ("- seed\n", "must hold `key: value` lines, but holds list."),
        ("data: 3\n", "unknown key data in"),
    ],
)
def test_a_mistake_in_a_file_is_one_sentence(text: str, part: str, tmp_path: Path) -> None:
    file = write(tmp_path / "config.yaml", text)
    with pytest.raises(UserError) as caught:
        load(Config, tmp_path, file)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("bounds", "text", "inside", "outside"),
    [
        (Bounds(ge=1), "at least 1", (1, 2), (0, -1)),
        (Bounds(gt=0, lt=1), "above 0 and below 1", (0.5,), (0, 1)),
        (Bounds(ge=0, le=180), "at least 0 and at most 180", (0, 180), (-1, 181)),
        (Bounds(), "finite", (-1e9, 0), (float("nan"), float("inf"), float("-inf"))),
    ],
)
def test_bounds_say_and_contain_what_they_state(
    bounds: Bounds, text: str, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    assert str(bounds) == text
    assert all(map(bounds.contains, inside))
    assert not any(map(bounds.contains, outside))


def test_parameters_of_the_function_become_arguments(tmp_path: Path) -> None:
    _, extra = parse(Config, ["a.png", "--quiet", "b.png", "--top", "3"], base=tmp_path, function=predict)
    assert extra == {"inputs": [Path("a.png"), Path("b.png")], "top": 3, "quiet": True}
    with pytest.raises(UserError, match="required: inputs"):
        parse(Config, [], base=tmp_path, function=predict)


@pytest.mark.parametrize(
    ("words", "quiet"),
    [("--quiet", True), ("--quiet true", True), ("--quiet False", False), ("--quiet=false", False), ("", False)],
)
def test_a_switch_may_be_followed_by_its_value(words: str, quiet: bool, tmp_path: Path) -> None:
    _, extra = parse(Config, [*words.split(), "a.png"], base=tmp_path, function=predict)
    assert extra == {"inputs": [Path("a.png")], "top": 1, "quiet": quiet}


def test_help_explains_every_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(Config, ["--help"], base=tmp_path, function=predict)
    text = capsys.readouterr().out
    for words in ("Classify images.", "image files", "how many answers", "--data.source", "which data"):
        assert words in text


def test_a_stored_configuration_comes_back_also_in_a_copy(tmp_path: Path) -> None:
    here, copy = tmp_path / "here", tmp_path / "copy"
    config = Config(3, 0.2, Data("sample", here / "data/raw"))
    stored = to_plain(config, here)
    assert stored["data"]["root"] == "data/raw"
    assert from_plain(Config, stored, base=here) == config
    assert from_plain(Config, stored, base=copy).data.root == copy / "data/raw"


def test_flags_win_over_a_stored_configuration_and_foreign_keys_in_it_are_refused(tmp_path: Path) -> None:
    stored = to_plain(Config(seed=5), tmp_path)
    config, _ = parse(Config, ["--learning_rate", "0.5"], base=tmp_path, stored=stored)
    assert (config.seed, config.learning_rate) == (5, 0.5)
    with pytest.raises(UserError, match="unknown key sead in the stored configuration; did you mean seed?"):
        from_plain(Config, {"sead": 1}, base=tmp_path)
