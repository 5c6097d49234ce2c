"""The data: where it comes from, how it is split, and how it becomes batches.

For your own data, edit `load_data` (or add a function to sources.py); training photos are changed in augmentation.py.
"""

from functools import partial

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from models.model import PhotoClassifier
from shared.console import track
from shared.data.batches import fitting_batch_size
from shared.data.copies import SAME_IMAGE, warn_near_copies
from shared.data.examples import Data, SourceData, split_data
from shared.data.folders import has_class_files
from shared.data.memory import Batch, TensorBatches, ordered_loader, shuffled_loader
from shared.data.skipped import skipped_files
from shared.data.sources import DataSource, load_source
from shared.data.splits import Splits
from src.augmentation import AugmentedPhotos
from src.config import Config
from src.sources import load_folder, load_sample

FORWARD_BATCH = 32
"""Photos that go through the network at once where nothing is learned: more need more memory and are not faster."""


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into training, validation and test splits.

    Returns:
        The splits have the columns `images`, uint8 [N, 3, H, W], and `labels`, int64 [N].

    Raises:
        UserError: the data is not there, damaged, or too small to be cut.
    """
    settings = config.data
    found, record = load_source(settings.source, settings.root, make_sources(config))
    # The test split is cut off first; nothing is chosen on it. Validation picks the best epoch.
    splits = split_data(found, settings.validation_fraction, settings.test_fraction, config.seed)
    copies = warn_near_copies(splits, "images", SAME_IMAGE) if record.source == "folder" else {}
    return Data(splits, found.classes, record, found.problems, copies, found.settled)


def make_sources(config: Config, classes: list[str] | None = None) -> dict[str, DataSource[SourceData]]:
    """Where data can come from, by the name of the source; `classes` are those of a trained network."""
    return {
        "folder": DataSource(partial(load_folder, config.data, classes=classes), has_class_files, skipped_files),
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


def make_feature_loaders(model: PhotoClassifier, data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of features in place of photos, `images` float [N, D]: the backbone reads each photo once, no epoch does.

    The training split has each photo several times, see `ModelConfig.views`.
    """
    train, validation = data.splits.train, data.splits.validation
    photos = AugmentedPhotos(train.columns, config.augmentation, len(data.classes), config.seed)
    views = [features_of(model, train["images"], "features")]
    for photos.epoch in range(1, config.model.views):  # the first view is the photos as they are
        views.append(features_of(model, photos, f"features, view {photos.epoch + 1}"))
    columns = {"images": torch.cat(views), "labels": train["labels"].repeat(len(views))}
    held = {"images": features_of(model, validation["images"], "validation"), "labels": validation["labels"]}
    batches = TensorBatches(columns, seed=config.seed)
    return Splits(
        shuffled_loader(batches, _batch_size(len(batches), config)),
        ordered_loader(TensorBatches(held)),
        ordered_loader(TensorBatches(data.splits.test.columns), FORWARD_BATCH),
    )


@torch.no_grad()
def features_of(model: PhotoClassifier, photos: Tensor | AugmentedPhotos, title: str) -> Tensor:
    """The features, float [N, D], of photos, uint8 [N, 3, H, W], computed on the device of the network."""
    model.eval()
    chunks = torch.arange(len(photos)).split(FORWARD_BATCH)
    features = [model.features(photos[chunk].to(model.head.weight.device))[1].cpu() for chunk in track(chunks, title)]
    return torch.cat(features)


def _batch_size(examples: int, config: Config) -> int:
    return fitting_batch_size(examples, config.training.batch_size)
