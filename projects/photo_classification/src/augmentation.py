"""Random changes of training photos, by torchvision; each photo's own follow from the seed, the epoch and its index."""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Generator, Tensor
from torch.nn.functional import one_hot
from torchvision.transforms import v2

from shared.data.batches import BatchIndices
from shared.data.memory import Batch, BatchDataset
from shared.data.rows import Rows
from shared.seeding import generator
from src.config import AugmentationConfig
from src.preparation import PAD


def make_transform(settings: AugmentationConfig, size: int) -> Callable[[Tensor], Tensor]:
    """From a photo, uint8 [3, size, size], to a changed one of the same shape. Add further augmentation here."""
    changes: list[torch.nn.Module] = []
    if settings.crop < 1:
        # Area and shape vary, as in the training of ImageNet's networks (Szegedy et al. 2015): objects come in all
        # sizes and places.
        changes.append(v2.RandomResizedCrop(size, scale=(settings.crop, 1.0), antialias=True))
    if settings.flip:
        changes.append(v2.RandomHorizontalFlip())
    if settings.color:
        changes.append(v2.ColorJitter(settings.color, settings.color, settings.color))
    if settings.policy != "none":
        changes.append(v2.TrivialAugmentWide() if settings.policy == "trivial" else v2.RandAugment())
    if settings.erase:
        changes.append(v2.RandomErasing(settings.erase, value=PAD))
    return v2.Compose(changes) if changes else torch.nn.Identity()


class AugmentedPhotos(BatchDataset):
    """Training photos: `images` uint8 [N, 3, H, W], `labels` int64 [N], or float [N, classes] if several or mixed."""

    def __init__(
        self, photos: Mapping[str, Tensor | Rows], settings: AugmentationConfig, classes: int, seed: int
    ) -> None:
        super().__init__(seed)
        self.photos = photos
        self.classes = classes
        self.on_demand = isinstance(photos["images"], Rows) and photos["images"].on_demand
        self.transform = make_transform(settings, photos["images"].shape[-1])
        mixes = {"mixup": v2.MixUp, "cutmix": v2.CutMix}
        self.mix = mixes[settings.mix](alpha=settings.mix_alpha, num_classes=classes) if settings.mix in mixes else None

    def __len__(self) -> int:
        return len(self.photos["images"])

    def batch(self, indices: BatchIndices, source: Generator) -> Batch:
        """The photos at `indices`, each changed at random, then mixed with each other where that is set."""
        images = torch.stack([self.changed(index, indices.epoch) for index in indices])  # [B, 3, H, W]
        labels = self.photos["labels"][indices]  # [B]
        if self.mix is not None and labels.dim() == 1:
            labels = one_hot(labels, self.classes).float()  # [B, classes]
        if self.mix is None or len(indices) == 1:  # nothing to mix it with
            return {"images": images, "labels": labels}
        with torch.random.fork_rng(devices=[]):  # torchvision draws from the global random state
            torch.manual_seed(int(torch.randint(2**62, (), generator=source)))
            mixed, shares = self.mix(images.float(), labels)  # shares of the classes, [B, classes]
        return {"images": mixed.round().to(torch.uint8), "labels": shares}

    def in_batches(self, size: int, epoch: int) -> Iterator[Tensor]:
        """All photos in their order, [size, 3, H, W] at a time, changed as in that epoch."""
        for start in range(0, len(self), size):
            yield torch.stack([self.changed(index, epoch) for index in range(start, min(start + size, len(self)))])

    def changed(self, index: int, epoch: int) -> Tensor:
        """The photo at `index`, changed as in that epoch: the same one in any batch, worker or process."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator(self.seed, epoch, index).initial_seed())
            image: Tensor = self.transform(self.photos["images"][index])
        return image
