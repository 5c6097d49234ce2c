"""The data: where it comes from, how it is split, and how it is served in batches of token ids.

For your own data, edit `load_data` (or `load_texts` in documents.py); to change the training texts at random, edit
`TokenBatches.batch`.
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Generator
from torch.utils.data import DataLoader

from shared.data.batches import fitting_batch_size
from shared.data.copies import SAME_TEXT, warn_near_copies
from shared.data.examples import Data, Examples, SourceData
from shared.data.groups import grouping_advice
from shared.data.index import tables_in
from shared.data.memory import Batch, BatchDataset, ordered_loader, shuffled_loader
from shared.data.skipped import skipped_files
from shared.data.sources import DataSource, load_source
from shared.data.splits import Splits
from src.config import Config
from src.documents import has_text_folders, load_texts
from src.sources import PUBLISHED, is_downloaded, load_published, load_sample
from src.splits import split_texts
from src.stored import Texts, stored_tokens
from src.tables import TEXTS, refuse_other_kinds
from src.tokens import EVALUATION_BATCH, Tokens

GROUP_TEXTS = "delete the copies, or name a column that is the same for them with --data.group_column"


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into training, validation and test splits.

    Returns:
        The splits have the columns `texts`, N str, and `labels`, int64 [N].

    Raises:
        UserError: the data is not there, damaged, or too small to be cut.
    """
    if not (tables_in(config.data.root) or has_text_folders(config.data.root)):
        refuse_other_kinds(config.data)
    found, record = load_source(config.data.source, config.data.root, make_sources(config), published="ag_news")
    # The test split is cut off first; nothing is chosen on it. Validation picks the best epoch.
    splits, notes = split_texts(found, config.data, config.seed)
    advice = grouping_advice if record.source == "folder" else lambda *_: GROUP_TEXTS
    copies = warn_near_copies(splits, "texts", SAME_TEXT, advice) if record.source in ("csv", "folder") else None
    return Data(splits, found.classes, record, found.problems, {"notes": notes}, near_copies=copies)


def make_sources(config: Config, classes: list[str] | None = None) -> dict[str, DataSource[SourceData]]:
    """Where data can come from, by the name of the source; `classes` are those of a trained network."""
    own = partial(load_texts, config.data, classes=classes)
    return {
        "folder": DataSource(own, has_text_folders, partial(skipped_files, kind=TEXTS)),
        "csv": DataSource(own, lambda root: bool(tables_in(root))),
        **{name: DataSource(partial(load_published, name), partial(is_downloaded, name)) for name in PUBLISHED},
        "sample": DataSource(load_sample),
    }


def make_loaders(data: Data, tokens: Tokens, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of batches of `ids` (int64 [N, L]) and `labels` (int64 [N]); texts of similar length share a batch."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    processed = config.data.processed
    train, validation, test = (
        TokenBatches(split, tokens, config.seed, processed / f"tokens-{name}")
        for name, split in vars(data.splits).items()
    )
    return Splits(
        shuffled_loader(train, size, config.training.workers, train.rows.lengths),
        ordered_loader(validation.by_length(), EVALUATION_BATCH),
        ordered_loader(test.by_length(), EVALUATION_BATCH),
    )


class TokenBatches(BatchDataset):
    """Tokenized texts, tokenized once; each batch is padded to its longest text."""

    def __init__(self, split: Examples, tokens: Tokens, seed: int = 0, folder: Path | None = None) -> None:
        """Tokenize a split; the ids of stored texts are stored in `folder`."""
        super().__init__(seed)
        texts: Texts = split["texts"]
        stored = texts.folder and folder
        self.rows = stored_tokens(texts, tokens.flat, tokens.digest, folder) if stored else tokens.ids(texts)
        self.labels = split["labels"]  # int64 [N]
        self.tokens = tokens

    def __len__(self) -> int:
        return len(self.rows)

    def by_length(self) -> "TokenBatches":
        """The same texts, the shortest first: scores do not depend on the order, and little is then padding."""
        order = self.rows.lengths.argsort(kind="stable")
        self.rows, self.labels = self.rows.at(order), self.labels[order]
        return self

    def batch(self, indices: list[int], source: Generator) -> Batch:  # noqa: ARG002 - draw from it to augment texts
        """The texts at `indices`: `ids`, int64 [N, longest], and `labels`, int64 [N]."""
        ids = torch.from_numpy(self.tokens.padded(self.rows.at(indices)))
        return {"ids": ids, "labels": self.labels[indices]}


def padding_share(loader: DataLoader[Batch], lengths: np.ndarray) -> float:
    """The share of padding in the ids of one epoch."""
    batches = [lengths[indices] for indices in loader.batch_sampler]  # type: ignore[union-attr]
    return 1 - float(sum(batch.sum() for batch in batches) / sum(batch.max() * len(batch) for batch in batches))
