"""The networks: aligned uint8 crops in, embeddings out. What pixels need first is part of each.

Two faces are compared by the distance of their embeddings (see `src.pairs.similarity`).
"""

import hashlib
from dataclasses import replace

import numpy as np
import torch
from facenet_pytorch import InceptionResnetV1
from torch import Tensor, nn
from torch.nn import functional as F

from models.parts import Affine, Normalize, OrientedGradients
from shared.console import track
from shared.data.examples import Examples
from shared.data.memory import in_batches
from shared.data.rows import Rows
from shared.training.checkpoint import Checkpoint
from src.config import Config

WHITENING = 0.75
"""0 leaves the principal components their spread, 1 gives all the same; chosen on the validation people of LFW."""
LARGE = 100.0
"""Only directions count, so the matrix may have any size; the larger it is, the less each step of training turns it."""
PCA_BATCH = 64
PREFIX = "embedder."
"""What a checkpoint puts before the names of the embedder's weights; those of the loss lie beside them."""


class DlibResNet(nn.Module):
    """The 29 convolutions of dlib's face network (King 2017, http://blog.dlib.net/2017/02).

    A ResNet with fewer and narrower layers than ResNet-34, batch norm folded into scale and shift. Its parameters lie
    in the order in which dlib's file lists them.
    """

    crop_size = 150
    dimensions = 128
    unit = False

    def __init__(self) -> None:
        super().__init__()
        self.normalize = Normalize(mean=(122.782, 117.001, 104.298), scale=256.0)
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 7, stride=2), Affine(32), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.blocks = nn.Sequential(
            *(DlibBlock(32, 32) for _ in range(3)),  # [N, 32, 35, 35]
            DlibBlock(32, 64, down=True),  # -> [N, 64, 17, 17]
            *(DlibBlock(64, 64) for _ in range(3)),
            DlibBlock(64, 128, down=True),  # -> [N, 128, 8, 8]
            *(DlibBlock(128, 128) for _ in range(2)),
            DlibBlock(128, 256, down=True),  # -> [N, 256, 4, 4]
            *(DlibBlock(256, 256) for _ in range(2)),
            DlibBlock(256, 256, down=True),  # -> [N, 256, 2, 2]
        )
        self.project = nn.Linear(256, self.dimensions, bias=False)

    def forward(self, crops: Tensor) -> Tensor:
        """From crops, uint8 [N, 3, 150, 150], to what dlib gives, float [N, 128]; same faces are within 0.6."""
        features = self.blocks(self.stem(self.normalize(crops)))  # [N, 3, 150, 150] -> [N, 256, 2, 2]
        descriptors: Tensor = self.project(features.mean((2, 3)))  # global average pooling, [N, 256] -> [N, 128]
        return descriptors


class DlibBlock(nn.Module):
    """Two convolutions beside a skip; a `down` block halves the sides, its skip by averaging.

    Where the two differ in shape, the smaller one is filled up with zeros, as dlib's `add_prev` does it.
    """

    def __init__(self, inputs: int, outputs: int, down: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, 2 if down else 1, 0 if down else 1)
        self.first_affine = Affine(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.second_affine = Affine(outputs)
        self.skip = nn.AvgPool2d(2) if down else nn.Identity()

    def forward(self, inputs: Tensor) -> Tensor:
        """From [N, inputs, H, W] to [N, outputs, H', W']."""
        features = self.second_affine(self.second(F.relu(self.first_affine(self.first(inputs)))))
        skipped = self.skip(inputs)
        channels, height, width = (max(a, b) for a, b in zip(features.shape[1:], skipped.shape[1:], strict=True))
        return F.relu(_filled(features, channels, height, width) + _filled(skipped, channels, height, width))


def _filled(features: Tensor, channels: int, height: int, width: int) -> Tensor:
    """Zeros at the right, at the bottom and as last channels, up to that shape."""
    missing = (0, width - features.shape[3], 0, height - features.shape[2], 0, channels - features.shape[1])
    return F.pad(features, missing) if any(missing) else features


class Inception(nn.Module):
    """Inception-ResNet v1 as facenet-pytorch has it (Szegedy et al. 2016; Schroff et al. 2015)."""

    crop_size = 160
    dimensions = 512
    unit = True

    def __init__(self) -> None:
        super().__init__()
        self.normalize = Normalize(mean=(127.5, 127.5, 127.5), scale=128.0)
        self.network = InceptionResnetV1(pretrained=None)

    def forward(self, crops: Tensor) -> Tensor:
        """From crops, uint8 [N, 3, 160, 160], to float [N, 512]."""
        embeddings: Tensor = self.network(self.normalize(crops))
        return embeddings


class SmallNet(nn.Module):
    """Oriented gradients, counted in cells, and one matrix behind them: as much as some hundred people can teach.

    A thousand people with two photos each are too few for filters learned from nothing, so the first layer is fixed.
    The matrix can begin as the whitened principal components of the training crops, and is then trained.
    """

    crop_size = 128
    dimensions = 256
    unit = True

    def __init__(self) -> None:
        super().__init__()
        self.features = OrientedGradients(edge=16, cells=(8, 16))
        self.project = nn.Linear(self.features.count(self.crop_size), self.dimensions)

    def forward(self, crops: Tensor) -> Tensor:
        """From crops, uint8 [N, 3, 128, 128], to float [N, 256]."""
        embeddings: Tensor = self.project(self.features(crops))  # [N, 3, 128, 128] -> [N, F] -> [N, 256]
        return embeddings

    @torch.no_grad()
    def init_from(self, crops: Tensor | Rows) -> None:
        """Make the matrix the whitened principal components of crops, uint8 [N, 3, 128, 128], of training people.

        Fewer crops than dimensions leave the last ones zero, to be learned.
        """
        features = torch.cat([self.features(batch) for batch in in_batches(crops, PCA_BATCH)])  # [N, F]
        mean = features.mean(0)  # [F]
        _, spread, components = torch.linalg.svd(features - mean, full_matrices=False)  # [F'], [F', F]
        count = min(self.dimensions, len(crops) - 1)  # N points, their mean subtracted, span N - 1 dimensions
        deviations = spread[:count] / len(crops) ** 0.5  # the standard deviation along each component
        self.project.weight.zero_()
        self.project.weight[:count] = LARGE * components[:count] / deviations[:, None] ** WHITENING
        self.project.bias.copy_(-self.project.weight @ mean)


NETWORKS: dict[str, type[DlibResNet | Inception | SmallNet]] = {
    "dlib_resnet": DlibResNet,
    "inception_resnet_v1": Inception,
    "small": SmallNet,
}


class Embedder(nn.Module):
    """The network of that name, perhaps a trainable matrix behind it; the length is brought to one.

    Only what dlib's network gives by itself keeps its length: its distances mean something as they are.
    """

    def __init__(self, name: str, head: str = "none", views: int = 1) -> None:
        super().__init__()
        self.name = name
        self.network = NETWORKS[name]()
        self.crop_size = self.network.crop_size
        self.dimensions = self.network.dimensions
        self.unit = self.network.unit or head == "linear"
        self.views = views
        self.head = nn.Linear(self.dimensions, self.dimensions, bias=False) if head == "linear" else nn.Identity()
        if isinstance(self.head, nn.Linear):
            nn.init.eye_(self.head.weight)  # so that training begins at what the pretrained network can do

    def forward(self, crops: Tensor) -> Tensor:
        """From crops, uint8 [N, 3, S, S], to embeddings, float [N, D].

        Once trained, the mean over `views` views: the crop, its mirror image, and both a little closer. dlib's network
        was trained on crops that were cut closer by about as much, at random (dlib's `jitter_image`).
        """
        embeddings = self.head(self.network(crops))  # [N, D]
        if not self.training and self.views > 1:
            others = [crops.flip(3)]  # the mirror image: left and right change places
            if self.views == 4:
                closer = _closer(crops)
                others += [closer, closer.flip(3)]
            embeddings = (embeddings + sum(self.head(self.network(other)) for other in others)) / self.views
        return F.normalize(embeddings) if self.unit else embeddings


def _closer(crops: Tensor) -> Tensor:
    """Crops, [N, 3, S, S], without a fiftieth of their side at each edge, enlarged to the same side; float."""
    side = crops.shape[-1]
    edge = side // 50
    inner = crops[:, :, edge : side - edge, edge : side - edge].float()
    return F.interpolate(inner, size=(side, side), mode="bilinear", align_corners=False)


def crop_size(config: Config) -> int:
    """The side of the crops that the embedder of the configuration takes, in pixels."""
    return NETWORKS[config.model.name].crop_size


def make_model(config: Config) -> Embedder:
    """The embedder of the configuration, with random weights."""
    return Embedder(config.model.name, config.model.head, config.model.views)


def restore_model(config: Config, checkpoint: Checkpoint) -> Embedder:
    """The embedder of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config)
    own = {name.removeprefix(PREFIX): tensor for name, tensor in checkpoint.tensors.items() if name.startswith(PREFIX)}
    replace(checkpoint, tensors=own).load_into(model)
    return model.eval()


def embedder_id(model: Embedder) -> str:
    """A name for these weights and views: only embeddings with the same name are compared."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return f"{model.name}-{digest.hexdigest()[:12]}-{model.views}"


@torch.no_grad()
def embed(model: Embedder, faces: Examples, indices: np.ndarray, batch_size: int = 32) -> np.ndarray:
    """Embeddings, float32 [N, D], of the N faces; NaN but at `indices` where a face was found."""
    model.eval()
    wanted = np.intersect1d(indices, np.flatnonzero(faces["found"]))
    embeddings = np.full((len(faces), model.dimensions), np.nan, np.float32)
    batches = in_batches(faces.at(wanted)["crops"], batch_size)
    for start, crops in enumerate(track(batches, "embed faces", total=-(-len(wanted) // batch_size))):
        embeddings[wanted[start * batch_size :][: len(crops)]] = model(crops).numpy()
    return embeddings
