"""Look at the data before training does: what is in it, what is wrong with it, and how long the texts are."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import shortened
from shared.data.check import Example, all_warnings, samples_by_class, start_check
from shared.data.copies import SAME_TEXT, near_copy_warnings
from shared.data.examples import Data, Examples, joined
from shared.data.problems import Problems
from shared.data.skipped import skipped_warnings
from shared.data.splits import evenly_spaced
from shared.errors import UserError
from shared.report.check import write_check_report
from shared.report.html import Section
from src.config import PROJECT, Config
from src.dataloader import TokenBatches, load_data
from src.documents import has_text_folders, read_folders, read_table, split_tables
from src.reading import MOST_INSPECTED, choose_network, inspect_tokens, tokens_of
from src.tables import TEXTS

CHARACTERS_SHOWN = 300


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json and outputs/data.html, which shows texts of each class.
    """
    held: dict[str, Examples] = {}
    unreadable: list[str] = []

    def survey(root: Path, problems: Problems) -> list[Example]:
        with suppress(UserError):  # there is none: training refuses the data with that sentence
            held.update(_read_refused(config, root, problems, unreadable))
        return [*_list(held)]

    check, data = start_check(config, "texts", load_data, survey)
    check.label_remedies = (
        "--data.clean_labels true makes one class of them",
        "--data.clean_labels true leaves them out",
    )
    if data:
        held = vars(data.splits)
        check.examples = [*_list(held, data.classes)]
        unreadable = [f"training leaves out {note}." for note in data.facts["notes"]]
    check.warnings = unreadable + all_warnings(check) + (_tokens(config, data) if data else [])
    if has_text_folders(config.data.root):
        check.warnings += skipped_warnings(data and data.record, config.data, TEXTS)
    check.warnings += near_copy_warnings(data, "texts", SAME_TEXT)
    rows = [
        [name, example.split, _beginning(held[example.split], example.digest)]
        for name, chosen in samples_by_class(check.examples, config.seed, each=3).items()
        for example in chosen
    ]
    sections = [Section("Samples", header=["class", "split", "text"], rows=rows)] * bool(rows)
    return write_check_report(check, config, PROJECT, sections=sections)


def _read_refused(config: Config, root: Path, problems: Problems, unreadable: list[str]) -> dict[str, Examples]:
    """Every row of every table, and every text file, that can be read, whatever else training finds wrong."""
    source = config.data.source
    if source in ("auto", "folder") and has_text_folders(root):
        return {"whole": joined([*read_folders(root, config.data, problems).values()])}
    found = {}
    tables = split_tables(root) if source in ("auto", "csv") else {}
    for split, path in tables.items():
        try:
            found[split if len(tables) > 1 else "whole"] = read_table(path, config.data, problems)
        except UserError as error:
            unreadable.append(str(error))
    return found


def _list(held: Mapping[str, Examples], classes: list[str] | None = None) -> Iterator[Example]:
    """The examples by split; `classes` where labels are ids. Of a million, what is alike is in memory once."""
    for split, rows in held.items():
        labels = [classes[label] for label in rows["labels"].tolist()] if classes else rows["labels"]
        alone = {label: (label,) for label in labels}
        for text, label, key in zip(rows["texts"], labels, rows["texts"].keys.tolist(), strict=True):
            measures = _measures(len(text.split()), len(text))
            yield Example(repr(shortened(text, 40)), split, alone[label], str(key), measures)


@lru_cache(100_000)
def _measures(words: int, characters: int) -> dict[str, int]:
    return {"words": words, "characters": characters}


def _beginning(rows: Examples, digest: str) -> str:
    """How the text of that digest begins."""
    return shortened(rows["texts"][int(np.flatnonzero(rows["texts"].keys == int(digest))[0])], CHARACTERS_SHOWN)


def _tokens(config: Config, data: Data) -> list[str]:
    """What the network that training would take cannot read of the texts, or of some of them where they are many."""
    config, choice = choose_network(config, data)
    whole = joined([*vars(data.splits).values()])
    some = whole.at(evenly_spaced(len(whole), MOST_INSPECTED)).as_tensors()
    batches = TokenBatches(some, tokens_of(config, data.splits.train["texts"]))
    return [choice] * bool(choice) + inspect_tokens(config, batches, some["texts"], data.classes)[0]
