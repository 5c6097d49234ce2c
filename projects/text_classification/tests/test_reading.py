"""What the pretrained tokenizer cannot read is said, and `auto` takes a network that can read it."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.data.examples import Data
from shared.files import write_csv
from shared.testing.contract import Check
from src import reading
from src.config import PROJECT, Config, TokenizerConfig, load_config
from src.dataloader import load_data
from src.reading import choose_network, tokens_of
from src.tokens import Tokens, learn_tokenizer
from src.train import train

WORDS = {
    "Chinese": ("这家餐厅的服务非常好", "房间很脏食物也很糟糕"),
    "Japanese": ("この映画はとても面白かったです", "部屋は汚くて料理もひどかった"),
    "Korean": ("이 영화는 정말 재미있었어요", "방은 더럽고 음식은 끔찍했어요"),
    "Thai": ("ร้านนี้อร่อยมาก บริการดี!!!", "ห้องสกปรก อาหารแย่มาก!!!"),
    "Russian": ("Этот фильм был очень интересным", "Комната была грязной и холодной"),
    "Arabic": ("كان هذا الفيلم رائعا جدا", "كانت الغرفة قذرة وباردة"),
    "Hindi": ("यह फिल्म बहुत अच्छी थी", "कमरा गंदा और ठंडा था"),
    "Amharic": ("ይህ ፊልም በጣም ጥሩ ነበር", "ክፍሉ ቆሻሻ ነበር"),
    "emoji": ("the film 😀", "the film 😡"),
}
READ = {
    "English": ("The film was long, but lovely.", "The room was cold and the food late."),
    "German": ("Der Film war außergewöhnlich großartig.", "Das Zimmer war schmutzig und kühl."),
    "French": ("Le café était délicieux, très chaleureux.", "La chambre était sale et très bruyante."),
    "tweets": ("so happy with the new phone today, it works great 😀", "still waiting for my parcel, this is bad 😡"),
}


def save(path: Path, sentences: Sequence[str], count: int = 80) -> Path:
    """Different texts of two classes, each with the sentence of its class."""
    source = random.Random(0)
    texts = [f"{sentences[index % 2]} {source.randrange(90)}{index}" for index in range(count)]
    write_csv(path, ["text", "label"], zip(texts, ("good", "bad") * (count // 2), strict=True))
    return path


def default_run(root: Path, tmp_path: Path) -> tuple[Config, Data]:
    flags = ("--output_dir", str(tmp_path / "out"), "--log_dir", str(tmp_path / "log"), "--model.name", "auto")
    config = load_config(PROJECT / "configs" / "config.yaml", "--data.source", "csv", "--data.root", str(root), *flags)
    return config, load_data(config)


@pytest.mark.parametrize("script", WORDS)
def test_auto_is_ngrams_where_the_pretrained_tokenizer_is_blind(script: str, tmp_path: Path) -> None:
    config, data = default_run(save(tmp_path / "a.csv", WORDS[script]), tmp_path)
    chosen, why = choose_network(config, data)
    assert (chosen.model.name, chosen.training.epochs) == ("ngrams", 12)
    assert re.search(r"\d\d% of the tokens of all-MiniLM-L6-v2", why)
    tokens = tokens_of(chosen, data.splits.train["texts"])
    assert tokens.unread(tokens.ids(data.splits.train["texts"])).max() == 0


def test_auto_looks_at_some_of_many_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, data = default_run(save(tmp_path / "a.csv", WORDS["Thai"]), tmp_path)
    seen: list[int] = []
    flat = Tokens.flat
    monkeypatch.setattr(Tokens, "flat", lambda self, texts: seen.append(len(texts)) or flat(self, texts))
    monkeypatch.setattr(reading, "MOST_READ", 7)
    assert choose_network(config, data)[0].model.name == "ngrams"
    assert seen == [7]


@pytest.mark.parametrize("script", READ)
def test_auto_is_the_pretrained_network_where_it_can_read(script: str, tmp_path: Path) -> None:
    config, data = default_run(save(tmp_path / "a.csv", READ[script]), tmp_path)
    chosen, why = choose_network(config, data)
    assert (chosen.model.name, why) == ("pretrained", "")
    assert replace(chosen, model=config.model) == config


@pytest.mark.parametrize("text", ["房间很脏食物也很糟糕", "部屋は汚くて料理もひどかった", "ร้านนี้อร่อยมาก", "so😀😡"])
def test_a_sentence_without_blanks_is_more_than_one_token(text: str) -> None:
    """Else a network learns whole sentences by heart, and knows none that it meets later."""
    tokens = learn_tokenizer([text, text], TokenizerConfig())
    assert len(tokens.ids([text])[0]) > 4


def test_auto_keeps_the_settings_that_differ_from_the_configuration_file(tmp_path: Path) -> None:
    config, data = default_run(save(tmp_path / "a.csv", WORDS["Thai"]), tmp_path)
    config = replace(config, training=replace(config.training, epochs=3))
    chosen = choose_network(config, data)[0]
    assert (chosen.training.epochs, chosen.training.learning_rate) == (3, 0.005)


def test_what_auto_takes_is_said_recorded_and_learns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, data = default_run(save(tmp_path / "a.csv", WORDS["Chinese"], 160), tmp_path)
    found = train(config, data=data)
    assert "model.name auto is ngrams" in capsys.readouterr().err
    assert found["config"]["model"]["name"] == "ngrams"
    assert found["unread_share"] == 0
    assert found["metrics"]["validation"]["accuracy"] > 0.9


def without_copies(found: dict[str, Any]) -> list[str]:
    """The warnings of check-data, but those about texts that are nearly the same: these are made of few words."""
    return [sentence for sentence in found["warnings"] if " = " not in sentence]


def test_the_advice_for_a_blind_network_works(check: Check, tmp_path: Path) -> None:
    root = save(tmp_path / "a.csv", (WORDS["Thai"][0], READ["English"][1]))
    (unread,) = without_copies(check(root, "--model.name", "pretrained"))
    assert re.search(r"\(good \d\d%, bad 0%\)", unread)
    advised = re.search(r"(--config) (\S+)", unread)
    assert advised
    assert without_copies(check(root, *advised.groups())) == []


def test_texts_without_blanks_are_cut_too_and_the_class_that_is_cut_more_is_named(check: Check, tmp_path: Path) -> None:
    root = save(tmp_path / "a.csv", (WORDS["Chinese"][0] * 20, WORDS["Chinese"][1]))
    flags = ("--model.name", "pretrained")
    _, cut = without_copies(check(root, *flags))
    assert "40 of 80 texts" in cut
    assert "(good 100%, bad 0%)" in cut
    assert len(without_copies(check(root, *flags, "--tokenizer.max_tokens", "400"))) == 1


def test_more_tokens_as_training_advises_them_read_more_of_the_texts(tmp_path: Path) -> None:
    long = [f"{sentence} {' '.join(f'word{index}' for index in range(120))}" for sentence in READ["English"]]
    root = save(tmp_path / "a.csv", long, 40)
    words = ("--model.name", "ngrams", "--training.epochs", "1", "--training.min_steps", "0", "--data.root", str(root))
    words += ("--output_dir", str(tmp_path / "out"), "--log_dir", str(tmp_path / "log"), "--tokenizer.max_tokens", "64")
    found = train(load_config(None, *words))
    again = train(load_config(None, *words, *found["try_first"].split()))
    assert found["cut_share"] == 1
    assert again["cut_share"] == 0


@pytest.mark.parametrize(
    "flags",
    [("--model.name", "ngrams"), ("--model.name", "lstm"), ("--model.tuning", "frozen"), ("--model.tuning", "lora")],
)
def test_one_flag_chooses_a_network_and_the_file_of_its_settings_is_named(
    flags: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, data = default_run(save(tmp_path / "a.csv", READ["English"], 40), tmp_path)
    words = (*flags, "--training.epochs", "1", "--data.root", str(config.data.root))
    folders = ("--output_dir", str(tmp_path / "out"), "--log_dir", str(tmp_path / "log"))
    train(load_config(None, *words, *folders), data=data)
    advised = re.search(rf"--config (\S+{flags[1]}.yaml) has some for {flags[1]}", capsys.readouterr().err)
    assert advised
    train(load_config(None, *words, *folders, "--config", advised[1]), data=data)
    assert "settings are for another network" not in capsys.readouterr().err
