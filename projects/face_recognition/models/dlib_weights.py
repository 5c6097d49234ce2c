"""Reads the weights of dlib's face network from dlib's own file format, without dlib.

The file lists the network's layers from the input on. A layer is its name and a tensor: a version, four sides, and
little-endian float32; before the last layer's tensor stand the numbers of its outputs and inputs.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.dlib_format import Reader, read_checked

FILE_NAME = "dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
# A name stands behind its length, which is itself a whole number of one byte.
_LAYER = re.compile(rb"\x01\x05con_4|\x01\x07affine_|\x01\x04(?P<linear>fc_2)")


def read_weights(path: Path) -> list[Tensor]:
    """The tensors of all layers with weights, from the input on, flat float32.

    Raises:
        UserError: the file is not the published one.
    """
    return [torch.from_numpy(values.copy()) for values in _tensors(read_checked(path, SHA256))]


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
        reader = Reader(content, found.end())
        count = math.prod(reader.integers(7 if found["linear"] else 5)[-4:])
        yield np.frombuffer(content, "<f4", count, reader.position)
        position = reader.position + 4 * count
