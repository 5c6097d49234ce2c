"""What a tokenizer can read of the texts, and which network `model.name auto` takes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from shared.config import from_plain, read_yaml, to_plain
from shared.console import shown
from shared.data.examples import Data
from shared.data.splits import evenly_spaced
from src.config import PROJECT, Config, TokenizerConfig, load_config
from src.dataloader import TokenBatches
from src.stored import Texts
from src.tokens import MINILM, MOST_TOKENS, Tokens, learn_tokenizer, minilm_folder, pretrained_tokenizer

BLIND = 0.2
"""From this share of unread tokens on, `auto` takes ngrams, which learns its tokens from the texts."""
MOST_READ = 2000
"""Training texts, evenly spaced, that decide what `auto` takes."""
MOST_INSPECTED = 20_000
"""Texts, evenly spaced, in which unread tokens are counted."""
WORTH_SAYING = 0.05
"""The share of unread tokens, or of cut texts, above which a warning says so."""
CUT_MATTERS = 0.25
"""The share of cut texts above which more tokens are what to try first."""
DIFFERS = 0.1
"""Where the shares of two classes differ by more, the warning names both."""


def settings_file(name: str) -> Path:
    """The file of good settings for a network (`lstm`), or for a tuning of the pretrained one (`lora`)."""
    return PROJECT / "configs" / "ladder" / f"{name}.yaml"


def tokens_of(config: Config, texts: Sequence[str]) -> Tokens:
    """The tokenizer that the network of the configuration reads with; of MiniLM, nothing else is loaded.

    Args:
        texts: those of the training split, from which networks that are not pretrained learn their tokens.
    """
    if config.model.name not in ("auto", "pretrained"):
        return learn_tokenizer(texts, config.tokenizer)
    if config.model.pretrained == MINILM:
        return pretrained_tokenizer((minilm_folder() / "tokenizer.json").read_text("utf-8"), 0, config.tokenizer)
    from models.pretrained import load_pretrained  # its libraries take seconds to load

    encoder = load_pretrained(config.model.pretrained)
    return pretrained_tokenizer(encoder.tokenizer, encoder.facts["pad_token_id"], config.tokenizer)


def choose_network(config: Config, data: Data) -> tuple[Config, str]:
    """The configuration with a network in place of `auto`, and a sentence that says why where it is not the usual one.

    Settings that are as in configs/config.yaml become those of the network's file in configs/ladder.
    """
    if config.model.name != "auto":
        return config, ""
    train = data.splits.train
    some = train.at(evenly_spaced(len(train), MOST_READ))  # training tokenizes all of them, once
    tokens = tokens_of(config, some["texts"])
    unread = tokens.unread(tokens.ids(some["texts"]))
    if unread.mean() < BLIND:
        return replace(config, model=replace(config.model, name="pretrained")), ""
    settings, usual = to_plain(config, PROJECT), to_plain(load_config(), PROJECT)
    for section, values in read_yaml(settings_file("ngrams")).items():
        kept = settings[section]
        settings[section] = kept | {name: value for name, value in values.items() if kept[name] == usual[section][name]}
    settings["model"]["name"] = "ngrams"
    where = by_class(unread, some["labels"].numpy(), data.classes)
    return from_plain(Config, settings, base=PROJECT), (
        f"model.name auto is ngrams, with the settings of {shown(settings_file('ngrams'))}: it learns its tokens from "
        f"your texts, and {unread.mean():.0%} of the tokens of {config.model.pretrained} are unknown signs or single "
        f"letters{where}."
    )


def inspect_tokens(
    config: Config, batches: TokenBatches, texts: Texts, classes: Sequence[str]
) -> tuple[list[str], dict[str, float], str]:
    """What the network cannot read of the texts of these batches.

    Returns:
        Sentences about tokens that tell it nothing, and about texts of which it reads the beginning only; the share of
        such tokens in `MOST_INSPECTED` texts, and of such texts; the flag that reads more where many are cut.
    """
    some = evenly_spaced(len(batches), MOST_INSPECTED)
    unread, cuts = batches.tokens.unread(batches.rows.at(some)), batches.rows.cuts
    labels, sentences, more = batches.labels.numpy(), [], ""
    if unread.mean() > WORTH_SAYING:
        where = by_class(unread, labels[some], classes)
        sentences.append(
            f"{unread.mean():.0%} of the tokens of {config.model.pretrained} are unknown signs, or single letters of "
            f"words that it does not know{where}; --config {shown(settings_file('ngrams'))} trains a network that "
            "learns its tokens from your texts."
        )
    if cuts.mean() > WORTH_SAYING:
        where, now = by_class(cuts, labels, classes), config.tokenizer.max_tokens
        more, gain = more_tokens(batches.tokens, texts, now)
        sentences.append(
            f"{cuts.sum():,} of {len(cuts):,} texts have more than tokenizer.max_tokens {now} (words or parts of "
            f"words){where}, and the network reads no more of them; if their end decides their class, {gain}."
        )
    shares = {"unread_share": float(unread.mean()), "cut_share": float(cuts.mean())}
    return sentences, shares, more if cuts.mean() > CUT_MATTERS else ""


def more_tokens(tokens: Tokens, texts: Texts, now: int) -> tuple[str, str]:
    """The flag with which a network reads nearly all texts to their end, and what it brings and costs.

    Measured on a sample of the texts. Attention takes longer than in proportion to the tokens.
    """
    if now >= MOST_TOKENS:
        return "", f"raise it (most pretrained networks read {MOST_TOKENS} at most)"
    largest = min(MOST_TOKENS, 4 * now)
    longer = pretrained_tokenizer(tokens.content, tokens.pad, TokenizerConfig(largest + 1))
    lengths = longer.ids(texts.at(evenly_spaced(len(texts), 500))).lengths  # int64 [up to 500]
    wanted = 2 * now if 2 * now < largest and (lengths <= 2 * now).mean() > 0.95 else largest
    times = np.minimum(lengths, wanted).sum() / np.minimum(lengths, now).sum()
    flag = f"--tokenizer.max_tokens {wanted}"
    return flag, (
        f"{flag} reads {(lengths <= wanted).mean():.0%} of all to their end, where {now} reads "
        f"{(lengths <= now).mean():.0%}; an epoch then has {times:.1f} times as many tokens and takes at least that "
        "many times as long"
    )


def by_class(shares: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> str:
    """The classes of the highest and the lowest share in brackets, where these differ; empty where they do not."""
    counts = np.bincount(labels, minlength=len(classes))
    means = np.bincount(labels, shares, len(classes))[counts > 0] / counts[counts > 0]
    names, high, low = np.array(classes)[counts > 0], means.argmax(), means.argmin()
    return f" ({names[high]} {means[high]:.0%}, {names[low]} {means[low]:.0%})" if np.ptp(means) > DIFFERS else ""
