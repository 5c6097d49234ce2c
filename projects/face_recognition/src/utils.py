"""Small helpers of this project."""

import hashlib
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from models.model import NETWORKS, Embedder, SmallNet
from models.pretrained import Origin, load_pretrained
from shared.console import log, track
from shared.training.checkpoint import Checkpoint
from src.config import Config
from src.dataloader import Data, Faces
from src.pairs import Pairs
from src.similarity import similarity

EMBEDDER = "embedder"
"""The name of the embedder among what a training run saves beside it."""


def crop_size(config: Config) -> int:
    """The side in pixels of the crops that the embedder takes."""
    return NETWORKS[config.model.name].crop_size


def make_model(config: Config) -> Embedder:
    """The embedder of the configuration, with fresh weights."""
    return Embedder(config.model.name, config.model.head, config.model.views)


def load_first_weights(model: Embedder, config: Config, data: Data) -> Origin:
    """Put first weights into the embedder where there are some and they are wanted, and say where they came from.

    Args:
        data: its training people's crops, cut for this embedder, are what the small network begins with.
    """
    if config.model.weights == "none":
        return Origin("random")
    if isinstance(model.network, SmallNet):
        return _begin_with_training_crops(model.network, data)
    origin = load_pretrained(model.network, config.data.processed)
    if origin.trained:
        log.info(f"weights: {origin.source}, license {origin.license}")
    else:
        log.warning(f"no trained weights for {config.model.name} ({origin.reason}); it starts from random ones.")
    return origin


def _begin_with_training_crops(network: SmallNet, data: Data) -> Origin:
    """Give the small network its first weights: the principal components of the training people's crops."""
    split = data.splits.train
    network.begin_with(data.faces.crops[split[data.faces.found[split]]])
    return Origin("principal components of the training people's crops")


def restore_model(config: Config, checkpoint: Checkpoint) -> Embedder:
    """The embedder of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config)
    prefix = f"{EMBEDDER}."
    tensors = {name: tensor for name, tensor in checkpoint.tensors.items() if name.startswith(prefix)}
    replace(checkpoint, tensors=tensors).load_into(nn.ModuleDict({EMBEDDER: model}))
    return model.eval()


def embedder_id(model: Embedder, config: Config) -> str:
    """A name that tells embedders apart: embeddings are compared only where it is the same."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return f"{config.model.name}-{digest.hexdigest()[:12]}-{config.model.views}"


@torch.no_grad()
def embeddings_of(model: Embedder, crops: Tensor, batch_size: int = 32) -> np.ndarray:
    """The embeddings, float32 [N, D], of crops, uint8 [N, 3, S, S]."""
    model.eval()
    batches = [model(batch).numpy() for batch in track(crops.split(batch_size), "embed faces")]
    return np.concatenate(batches) if batches else np.empty((0, model.dimensions), np.float32)


def embed_some(model: Embedder, faces: Faces, indices: np.ndarray) -> np.ndarray:
    """The embeddings of the faces at `indices`, float32 [N, D] for all N; NaN for all others and where no face is."""
    wanted = np.unique(indices)
    wanted = wanted[faces.found[wanted]]
    embeddings = np.full((len(faces.labels), model.dimensions), np.nan, np.float32)
    embeddings[wanted] = embeddings_of(model, faces.crops[wanted])
    return embeddings


def similarities_of(embeddings: np.ndarray, pairs: Pairs) -> np.ndarray:
    """How alike each pair is, float64 [P]; NaN where one of the two has no embedding."""
    return similarity(embeddings[pairs.members[:, 0]], embeddings[pairs.members[:, 1]])
