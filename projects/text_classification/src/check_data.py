"""Look at the data before training does: what is in it, what is wrong with it, and how long the texts are."""

import hashlib
import time
from typing import Any

from shared.data.check import DataCheck, Example, refused_record, samples_by_class
from shared.errors import UserError
from shared.files import require_writable
from shared.report.check import all_warnings, write_check_report
from shared.report.html import Section
from src.config import PROJECT, Config
from src.dataloader import Data, load_data
from src.documents import read_table, same_as, split_tables

SHOWN = 300
"""So many characters of a text are shown."""
OFTEN_CUT = 0.05
"""The share of texts from which on it is worth saying that they are cut."""


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would, and say what is in it and what is wrong.

    Writes outputs/check_data.json and outputs/data.html, which shows texts of each class.
    """
    started = time.perf_counter()
    require_writable(config.output_dir)
    found = DataCheck("texts")
    record = refused_record(config.data.source)
    try:
        data = load_data(config)
    except UserError as error:
        found.refusal = str(error)
        texts = _survey(config, found)
    else:
        record = data.as_dict()
        found.problems = data.problems
        texts = _texts(data)
        found.warnings = _left_out(data)
    found.examples = [example for example, _ in texts]
    found.warnings += all_warnings(found) + _length_warnings(config, found.examples)
    return write_check_report(
        found,
        config.output_dir,
        project=PROJECT.name,
        seed=config.seed,
        record=record,
        sections=[_samples(texts, config.seed)] if texts else [],
        seconds=time.perf_counter() - started,
    )


def _texts(data: Data) -> list[tuple[Example, str]]:
    return [
        (_example(text, split, data.classes[label]), text)
        for split, held in vars(data.splits).items()
        for text, label in zip(held.texts, held.labels, strict=True)
    ]


def _example(text: str, split: str, label: str) -> Example:
    digest = hashlib.sha256(same_as(text).encode()).hexdigest()
    measures = {"words": len(text.split()), "characters": len(text)}
    return Example(_shortened(text, 40), split, (label,), digest, measures)


def _shortened(text: str, length: int) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= length else text[: length - 3] + "...")


def _survey(config: Config, found: DataCheck) -> list[tuple[Example, str]]:
    """Every text of every table that can be read, whatever else training finds wrong with them."""
    texts = []
    tables = _tables(config)
    for split, path in tables.items():
        try:
            documents = read_table(path, config.data, found.problems)
        except UserError as error:
            found.warnings.append(str(error))
            continue
        place = split if len(tables) > 1 else "whole"
        texts += [
            (_example(text, place, label), text) for text, label in zip(documents.texts, documents.labels, strict=True)
        ]
    return texts


def _tables(config: Config) -> dict[str, Any]:
    if config.data.source not in ("auto", "csv"):
        return {}
    try:
        return split_tables(config.data.root)
    except UserError:
        return {}


def _left_out(data: Data) -> list[str]:
    """Sentences about what training leaves out by itself."""
    return [
        f"training leaves out {note}; "
        + ("set --data.max_train 0 to use all." if "max_train" in note else "nothing needs doing.")
        for note in data.notes
    ]


def _length_warnings(config: Config, examples: list[Example]) -> list[str]:
    most = config.tokenizer.max_tokens
    cut = sum(example.measures["words"] > most for example in examples)
    if cut <= OFTEN_CUT * len(examples):
        return []
    return [
        f"{cut:,} of {len(examples):,} texts have more than {most} words, and the network reads tokenizer.max_tokens "
        f"{most} pieces of words at most; raise it if what decides the class comes late in them."
    ]


def _samples(texts: list[tuple[Example, str]], seed: int) -> Section:
    contents = {id(example): text for example, text in texts}
    samples = samples_by_class([example for example, _ in texts], seed, each=3)
    rows = [
        [name, example.split, _shortened(contents[id(example)], SHOWN)]
        for name, chosen in samples.items()
        for example in chosen
    ]
    return Section("Samples", header=["class", "split", "text"], rows=rows)
