"""Look at the data before training does: what is in it, what is wrong with it, and how long the texts are."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import shortened
from shared.data.check import DataCheck, Example, all_warnings, samples_by_class, start_check
from shared.data.copies import SAME_TEXT, near_copy_warnings
from shared.data.examples import Data
from shared.data.labels import normalized
from shared.data.problems import Problems
from shared.data.skipped import skipped_warnings
from shared.errors import UserError
from shared.report.check import write_check_report
from shared.report.html import Section
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.documents import has_text_folders, read_folders, read_table, split_tables
from src.reading import choose_network, reading_warnings, tokens_of
from src.stored import TokenRows
from src.tables import TEXTS

CHARACTERS_SHOWN = 300


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json and outputs/data.html, which shows texts of each class.
    """
    contents: dict[str, str] = {}  # how each text begins, by its digest
    unreadable: list[str] = []

    def list_texts(root: Path, problems: Problems) -> list[Example]:
        """Every row of every table, and every text file, that can be read, whatever else training finds wrong."""
        examples: list[Example] = []
        tables: dict[str, Path] = {}
        with suppress(UserError):  # there is none: training refuses the data with that sentence
            if config.data.source in ("auto", "folder") and has_text_folders(root):
                found = read_folders(root, config.data, problems)
                return [
                    _example(text, "whole", label, contents)
                    for rows in found.values()
                    for text, label in zip(rows["texts"], rows["labels"], strict=True)
                ]
            if config.data.source in ("auto", "csv"):
                tables = split_tables(root)
        for split, path in tables.items():
            try:
                rows = read_table(path, config.data, problems)
            except UserError as error:
                unreadable.append(str(error))
                continue
            place = split if len(tables) > 1 else "whole"
            examples += [
                _example(text, place, label, contents)
                for text, label in zip(rows["texts"], rows["labels"], strict=True)
            ]
        return examples

    check, data = start_check(config, "texts", load_data, list_texts)
    check.label_remedies = (
        "--data.clean_labels true makes one class of them",
        "--data.clean_labels true leaves them out",
    )
    if data:
        check.examples = [
            _example(text, split, data.classes[label], contents)
            for split, held in vars(data.splits).items()
            for text, label in zip(held["texts"], held["labels"], strict=True)
        ]
    left_out = _left_out(data) if data else unreadable
    check.warnings = left_out + all_warnings(check) + (_reading(config, data) if data else [])
    if has_text_folders(config.data.root):
        check.warnings += skipped_warnings(data and data.record, config.data, TEXTS)
    check.warnings += near_copy_warnings(data, "texts", SAME_TEXT)
    sections = [_samples(check, contents, config.seed)] if check.examples else []
    return write_check_report(check, config, PROJECT, sections=sections)


def _example(text: str, split: str, label: str, contents: dict[str, str]) -> Example:
    """One text as an example; how it begins is noted too."""
    digest = hashlib.sha256(normalized(text).encode()).hexdigest()
    contents[digest] = shortened(text, CHARACTERS_SHOWN)
    measures = {"words": len(text.split()), "characters": len(text)}
    return Example(repr(shortened(text, 40)), split, (label,), digest, measures)


def _left_out(data: Data) -> list[str]:
    """Sentences about what training leaves out."""
    return [
        f"training leaves out {note}; "
        + ("set --data.max_train 0 to use all." if "max_train" in note else "nothing needs to be done.")
        for note in data.facts["notes"]
    ]


def _reading(config: Config, data: Data) -> list[str]:
    """What the network that training would take cannot read of the texts."""
    config, choice = choose_network(config, data)
    tokens = tokens_of(config, data.splits.train["texts"])
    splits = vars(data.splits).values()
    ids, noted = (
        np.concatenate(found) for found in zip(*(tokens.flat(split["texts"]) for split in splits), strict=True)
    )
    rows, cuts = TokenRows(ids, noted[:, 0].astype(np.int64)), noted[:, 1].astype(bool)
    names = [data.classes[label] for split in splits for label in split["labels"]]
    return [choice] * bool(choice) + reading_warnings(config, tokens, rows, cuts, names)


def _samples(check: DataCheck, contents: dict[str, str], seed: int) -> Section:
    rows = [
        [name, example.split, contents[example.digest]]
        for name, chosen in samples_by_class(check.examples, seed, each=3).items()
        for example in chosen
    ]
    return Section("Samples", header=["class", "split", "text"], rows=rows)
