"""The data: where it comes from, how it is split, and how it becomes batches of uint8 images and masks.

For your own data, edit `load_data` (or add a function to sources.py); training images are changed in augmentation.py.
"""

from functools import partial

import numpy as np
import torch
from torch import Generator
from torch.utils.data import DataLoader

from shared.console import log
from shared.data.batches import fitting_batch_size
from shared.data.copies import SAME_IMAGE, warn_near_copies
from shared.data.examples import Data, Examples, SourceData, split_data
from shared.data.groups import grouping_advice
from shared.data.memory import Batch, BatchDataset, ordered_loader, shuffled_loader
from shared.data.problems import named
from shared.data.skipped import skipped_files
from shared.data.sources import DataSource, load_source
from shared.data.splits import Splits
from shared.errors import UserError
from src.augmentation import RandomCrops, mirrored_crop
from src.config import Config
from src.masks import IGNORE
from src.sample import load_sample
from src.sources import find_pets, is_folder, is_pets, load_folder, load_pets

GROUP_IMAGES = "write index.csv with the columns id (an image's name without its ending) and group, or delete copies"
VALIDATION_BATCH = 8  # tiles; larger batches need more memory and are not faster


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into training, validation and test splits.

    Returns:
        The splits have the columns `images`, uint8 [H, W, 3] each, and `masks`, class ids or `IGNORE`, uint8 [H, W]
        each, where H and W differ from image to image. What needs no decoding: `sizes`, H and W, int64 [N, 2]; `pixels`
        of each class and of those that are ignored, int64 [N, C + 1]; of files, `thumbnails`, uint8 [N, 3, 16, 16].

    Raises:
        UserError: the data is not there, damaged, or too small to be cut; the message names all files that do not fit.
    """
    settings = config.data
    found, record = load_source(settings.source, settings.root, make_sources(config), published="pets")
    # The test split is cut off first; nothing is chosen on it. Validation picks the best epoch.
    smaller = max(1, len(found.train) // 8)  # files in a group, so that there are eight groups or more
    by_name = settings.group_size > smaller and not (settings.group_pattern or (settings.root / "index.csv").is_file())
    advice = f"set data.group_size to {smaller}" * by_name
    splits = split_data(found, settings.validation_fraction, settings.test_fraction, config.seed, advice)
    ignored = {}
    for name, split in vars(splits).items():
        pixels = split["pixels"].sum(0)  # [C + 1]
        ignored[name] = int(pixels[-1]) / max(1, int(pixels.sum()))
        if ignored[name] == 1:
            raise UserError(f"every pixel of the {name} split is ignored; see data.ignore, and the masks.")
    log.info(f"data: ignored pixels: {', '.join(f'{share:.1%} of {name}' for name, share in ignored.items())}")
    trained = splits.train["pixels"].sum(0)
    unseen = [name for name, count in zip(found.classes, trained.tolist(), strict=False) if not count]
    if unseen:
        log.warning(f"no pixel of the training split is of the class {named(unseen)}; add images that show it.")
    advice_on_copies = partial(grouping_advice, otherwise=GROUP_IMAGES, own_splits=found.test is not None)
    copies = warn_near_copies(splits, "thumbnails", SAME_IMAGE, advice_on_copies) if record.source == "folder" else None
    facts = found.facts | {"ignored_pixels": ignored}
    return Data(splits, found.classes, record, found.problems, facts, found.settled, near_copies=copies)


def make_sources(config: Config, classes: list[str] | None = None) -> dict[str, DataSource[SourceData]]:
    """Where data can come from, by the name of the source; `classes` are those of a trained network."""
    settings, folder = config.data, partial(load_folder, config.data, classes=classes)
    return {
        "folder": DataSource(folder, lambda root: not is_pets(root) and is_folder(root), skipped_files),
        "pets": DataSource(partial(load_pets, settings), lambda root: find_pets(root) is not None),
        "sample": DataSource(lambda _: load_sample(config.seed, settings.sample_images)),
    }


def make_loaders(data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches: random crops of the training images; tiles of the others, unchanged."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    crops = RandomCrops(data.splits.train, config.data, config.seed)
    return Splits(
        shuffled_loader(crops, size, config.training.workers),
        ordered_loader(Tiles(data.splits.validation, config.predict.tile), VALIDATION_BATCH),
        ordered_loader(Tiles(data.splits.test, config.predict.tile), VALIDATION_BATCH),
    )


class Tiles(BatchDataset):
    """Images of any sizes, each pixel once: `images` uint8 [N, 3, h, w], `masks` uint8 [N, h, w].

    Larger images are cut into tiles that do not overlap. It serves the scores that are watched during training;
    `evaluate` blends overlapping tiles, which is more exact and slower.
    """

    def __init__(self, examples: Examples, tile: int) -> None:
        super().__init__()
        self.examples, self.on_demand = examples, examples["images"].on_demand
        self._tiles = [
            (index, slice(top, min(top + tile, height)), slice(left, min(left + tile, width)))
            for index, (height, width) in enumerate(examples["sizes"].tolist())
            for top in range(0, height, tile)
            for left in range(0, width, tile)
        ]
        # Tiles of one size share a batch, so few need padding.
        self._tiles.sort(key=lambda one: (one[1].stop - one[1].start, one[2].stop - one[2].start))

    def __len__(self) -> int:
        return len(self._tiles)

    def batch(self, indices: list[int], source: Generator) -> Batch:  # noqa: ARG002 - nothing here is random
        """The tiles at `indices`, padded to one size that the network takes."""
        from models.model import STRIDE  # here: its libraries take seconds to import, which check-data can do without

        chosen = [self._tiles[index] for index in indices]
        columns = self.examples["images"], self.examples["masks"]
        whole = {index: [column[index] for column in columns] for index in {index for index, _, _ in chosen}}
        tiles = [[array[rows, columns] for array in whole[index]] for index, rows, columns in chosen]
        largest = [max(mask.shape[axis] for _, mask in tiles) for axis in (0, 1)]
        height, width = (side + -side % STRIDE for side in largest)
        images = np.stack([mirrored_crop(image, 0, 0, height, width) for image, _ in tiles])  # [N, h, w, 3]
        # Padded mask pixels are ignored, so they change neither loss nor scores.
        beyond = [((0, height - mask.shape[0]), (0, width - mask.shape[1])) for _, mask in tiles]
        masks = [np.pad(mask, around, constant_values=IGNORE) for (_, mask), around in zip(tiles, beyond, strict=True)]
        return {
            "images": torch.from_numpy(images).permute(0, 3, 1, 2),  # [N, 3, h, w]
            "masks": torch.from_numpy(np.stack(masks)),  # [N, h, w]
        }
