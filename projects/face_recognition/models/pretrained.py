"""First weights of the embedders; trained ones come from an installed package or by download, by checksum."""

from pathlib import Path

import numpy as np
import torch

from models.dlib_format import find_file
from models.dlib_weights import FILE_NAME, SHA256, load_dlib
from models.model import DlibResNet, Embedder, Inception, SmallNet
from shared.console import log
from shared.data.download import DownloadError, download
from shared.data.examples import Examples
from shared.data.problems import named
from shared.data.splits import evenly_spaced
from shared.training.first_weights import Origin
from src.config import Config

VGGFACE2_URL = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/20180402-114759-vggface2.pt"
VGGFACE2_SHA256 = "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b"
MAX_PCA_CROPS = 10_000
"""Crops whose features fit into memory; the principal components of more are those of evenly spaced ones."""


def load_first_weights(model: Embedder, config: Config, train: Examples) -> Origin:
    """Put first weights into the embedder where there are some and they are wanted, and say where they came from.

    Args:
        train: the training split; the small network starts from the principal components of its crops.
    """
    if config.model.weights == "none":
        return Origin()
    if isinstance(model.network, SmallNet):
        seen = np.flatnonzero(train["found"])
        chosen = seen[evenly_spaced(len(seen), MAX_PCA_CROPS)]
        model.network.init_from(train.at(chosen)["crops"])
        return Origin(f"principal components of {len(chosen):,} of the training people's crops")
    origin = load_pretrained(model.network, config.data.processed)
    if origin.found:
        log.info(f"weights: {origin.source}, license {origin.license}")
    else:
        log.warning(f"no trained weights for {config.model.name} ({named(origin.tried)}); it starts from random ones.")
    return origin


def load_pretrained(network: DlibResNet | Inception, cache: Path) -> Origin:
    """Put trained weights into an embedder's network, if they are to be had.

    Args:
        cache: a folder for what is downloaded.

    Raises:
        UserError: a weight file is missing or not the published one.
    """
    if isinstance(network, DlibResNet):
        load_dlib(network, find_file(FILE_NAME))
        return Origin(f"dlib's face recognition ResNet v1 (SHA-256 {SHA256[:12]})", "CC0")
    path = cache / VGGFACE2_URL.rsplit("/", 1)[1]
    try:
        download([VGGFACE2_URL], path, VGGFACE2_SHA256)
    except DownloadError as error:
        return Origin(tried=[str(error)])
    stored = torch.load(path, map_location="cpu", weights_only=True)
    network.network.load_state_dict({name: stored[name] for name in network.network.state_dict()})
    source = f"facenet-pytorch's VGGFace2 weights (SHA-256 {VGGFACE2_SHA256[:12]})"
    return Origin(source, "MIT for the weights; VGGFace2 itself is for research")
