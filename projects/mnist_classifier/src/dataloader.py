"""The data: where it comes from, how it is split, how it is augmented and served in batches.

For your own data, edit `load_data` (or add a function to sources.py); for other changes of the training images, edit
`augment`.
"""

from functools import partial

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader

from shared.data.batches import fitting_batch_size
from shared.data.copies import SAME_DIGIT, warn_near_copies
from shared.data.examples import Data, SourceData, split_data
from shared.data.folders import has_class_files
from shared.data.memory import Batch, TensorBatches, ordered_loader, shuffled_loader
from shared.data.rows import Rows
from shared.data.skipped import skipped_files
from shared.data.sources import DataSource, load_source
from shared.data.splits import Splits
from shared.errors import UserError
from src.config import Config, DataConfig
from src.sources import find_mnist, load_folder, load_mnist, load_sample


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into training, validation and test splits.

    Returns:
        The splits have the columns `images`, uint8 [N, 1, H, W], and `labels`, int64 [N].

    Raises:
        UserError: the data is not there, damaged, or too small to be cut.
    """
    settings = config.data
    found, record = load_source(settings.source, settings.root, make_sources(config), published="mnist")
    # The test split is cut off first; nothing is chosen on it. Validation picks the best epoch.
    splits = split_data(found, settings.validation_fraction, settings.test_fraction, config.seed)
    require_size(splits.train["images"], settings)
    copies = warn_near_copies(splits, "images", SAME_DIGIT) if record.source == "folder" else None
    return Data(splits, found.classes, record, found.problems, found.facts, found.settled, found.unusual, copies)


def make_sources(config: Config, classes: list[str] | None = None) -> dict[str, DataSource[SourceData]]:
    """Where data can come from, by the name of the source; `classes` are those of a trained network."""
    return {
        "folder": DataSource(partial(load_folder, config.data, classes=classes), has_class_files, skipped_files),
        "mnist": DataSource(load_mnist, lambda root: find_mnist(root) is not None),
        "sample": DataSource(partial(load_sample, config.data)),
    }


def make_loaders(data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches; only the training split is shuffled and augmented."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    train = TensorBatches(data.splits.train.columns, partial(augment, config.data), config.seed)
    return Splits(
        shuffled_loader(train, size, config.training.workers),
        ordered_loader(TensorBatches(data.splits.validation.columns)),
        ordered_loader(TensorBatches(data.splits.test.columns)),
    )


def augment(settings: DataConfig, batch: Batch, source: Generator) -> Batch:
    """Changes a training batch at random; it draws from `source` only, so that a run can be repeated."""
    return {**batch, "images": random_shift(batch["images"], settings.shift, source)}


def random_shift(images: Tensor, most_shift: int, source: Generator) -> Tensor:
    """Move each image by -most_shift..most_shift random pixels along each axis; the gap repeats the edge's pixels.

    All images of the batch move in one indexing operation: a loop over images takes longer than the network's step.

    Args:
        images: uint8 [N, 1, H, W].
    """
    if most_shift == 0:
        return images
    count, _, height, width = images.shape
    down, right = torch.randint(-most_shift, most_shift + 1, (2, count, 1, 1), generator=source)  # each [N, 1, 1]
    rows = (torch.arange(height)[None, :, None] - down).clamp(0, height - 1)  # [N, H, 1]
    columns = (torch.arange(width)[None, None, :] - right).clamp(0, width - 1)  # [N, 1, W]
    return images[:, 0][torch.arange(count)[:, None, None], rows, columns].unsqueeze(1)  # [N, 1, H, W]


def require_size(images: Tensor | Rows, settings: DataConfig) -> None:
    """Refuse images, [N, 1, H, W], of another size than the settings say: the network is built for that one."""
    if images.shape[-1] != settings.image_size:
        raise UserError(
            f"this data has images of {images.shape[-1]} pixels a side, but data.image_size is {settings.image_size}; "
            "correct that setting."
        )
