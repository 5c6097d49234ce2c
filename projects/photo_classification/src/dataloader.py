"""The data: where it comes from, how it is split, and how it becomes batches.

For your own data, edit `load_data` (or add a function to sources.py); training photos are changed in augmentation.py.
"""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from shared.console import track
from shared.data.batches import fitting_batch_size
from shared.data.copies import SAME_IMAGE, warn_near_copies
from shared.data.examples import Data, SourceData, split_data
from shared.data.memory import Batch, TensorBatches, in_batches, ordered_loader, shuffled_loader
from shared.data.skipped import skipped_files
from shared.data.sources import DataSource, load_source
from shared.data.splits import Splits
from src.augmentation import AugmentedPhotos
from src.config import Config
from src.sources import has_photos, load_folder, load_sample

if TYPE_CHECKING:  # it takes seconds to import, which check-data need not wait for
    from models.model import PhotoClassifier

FORWARD_BATCH = 16
"""Photos that go through the network at once where nothing is learned: more need more memory and are not faster."""


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into training, validation and test splits.

    Returns:
        The splits have the columns `images`, uint8 [N, 3, H, W], and `labels`: class ids, int64 [N]; or, where photos
        have several, float [N, classes], 1 for each.

    Raises:
        UserError: the data is not there, damaged, or too small to be cut.
    """
    settings = config.data
    found, record = load_source(settings.source, settings.root, make_sources(config))
    # The test split is cut off first; nothing is chosen on it. Validation picks the best epoch.
    splits = split_data(found, settings.validation_fraction, settings.test_fraction, config.seed)
    copies = warn_near_copies(splits, "images", SAME_IMAGE) if record.source == "folder" else None
    return Data(splits, found.classes, record, found.problems, found.facts, found.settled, near_copies=copies)


def make_sources(config: Config, classes: list[str] | None = None) -> dict[str, DataSource[SourceData]]:
    """Where data can come from, by the name of the source; `classes` are those of a trained network."""
    return {
        "folder": DataSource(partial(load_folder, config.data, classes=classes), has_photos, skipped_files),
        "sample": DataSource(partial(load_sample, config.data, config.seed)),
    }


def make_loaders(data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches of photos; only the training split is shuffled and augmented."""
    train = AugmentedPhotos(data.splits.train.columns, config.augmentation, len(data.classes), config.seed)
    return Splits(
        shuffled_loader(train, _batch_size(len(train), config), config.training.workers),
        ordered_loader(TensorBatches(data.splits.validation.columns), FORWARD_BATCH),
        ordered_loader(TensorBatches(data.splits.test.columns), FORWARD_BATCH),
    )


def make_feature_loaders(model: "PhotoClassifier", data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of features in place of photos, `images` float [N, D]: the backbone reads each photo once, no epoch does.

    The training split has each photo several times, see `ModelConfig.views`.
    """
    train, validation = data.splits.train, data.splits.validation
    photos = AugmentedPhotos(train.columns, config.augmentation, len(data.classes), config.seed)
    batches = {"features": in_batches(train["images"], FORWARD_BATCH)}  # the first view: the photos as they are
    batches |= {f"view {view + 1}": photos.in_batches(FORWARD_BATCH, view) for view in range(1, config.model.views)}
    views = [features_of(model, view, len(train), title) for title, view in batches.items()]
    seen = features_of(model, in_batches(validation["images"], FORWARD_BATCH), len(validation), "validation")
    labels = torch.cat([train["labels"]] * len(views))
    learned = TensorBatches({"images": torch.cat(views), "labels": labels}, seed=config.seed)
    return Splits(
        shuffled_loader(learned, _batch_size(len(learned), config)),
        ordered_loader(TensorBatches({"images": seen, "labels": validation["labels"]})),
        ordered_loader(TensorBatches(data.splits.test.columns), FORWARD_BATCH),
    )


@torch.no_grad()
def features_of(model: "PhotoClassifier", batches: Iterable[Tensor], count: int, title: str) -> Tensor:
    """The features, float [count, D], of batches of photos, uint8 [N, 3, H, W], computed on the network's device."""
    model.eval()
    found = torch.empty(count, model.head.in_features)
    done = 0
    for batch in track(batches, title, total=-(-count // FORWARD_BATCH)):
        found[done : done + len(batch)] = model.features(batch.to(model.head.weight.device))[1]
        done += len(batch)
    return found


def _batch_size(examples: int, config: Config) -> int:
    return fitting_batch_size(examples, config.training.batch_size)
