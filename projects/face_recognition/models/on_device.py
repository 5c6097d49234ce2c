"""What lies beside the exported embedder, so that a page or a phone finds faces without Python.

The detector's three networks and dlib's landmark trees; how they are used is in the facts that the embedder carries.
"""

import hashlib
from pathlib import Path

import torch
from torch import nn

from models.detector import Detector
from models.dlib_landmarks import CONVERTED, load_trees
from models.parts import Normalize
from shared.export.to_onnx import trace, write_model
from shared.files import atomic_write
from shared.results import versions

DETECTOR_ORIGIN = {"source": "MTCNN of facenet-pytorch", "license": "MIT, Copyright (c) 2019 Timothy Esler"}
EXAMPLES = 5
# The side of the squares that each network looks at; the first one slides over images of any size.
SIDES = {"pnet": 12, "rnet": 24, "onet": 48}


def write_parts(folder: Path, cache: Path, detector: Detector) -> None:
    """Write the detector's networks and the landmark trees into the folder."""
    for name, network in detector.networks.items():
        with atomic_write(folder / f"{name}.onnx") as file:
            file.write(_traced(name, network, cache).read_bytes())
    load_trees(cache)
    with atomic_write(folder / CONVERTED) as file:
        file.write((cache / CONVERTED).read_bytes())


def _traced(name: str, network: nn.Module, cache: Path) -> Path:
    """The network as ONNX, made once and kept in the folder `cache`: tracing takes seconds, and it never changes."""
    weights = b"".join(tensor.numpy().tobytes() for tensor in network.state_dict().values())
    kept = cache / f"{name}-{hashlib.sha256(weights).hexdigest()[:12]}.onnx"
    if not kept.is_file():
        outputs = ["offsets", "probabilities"] if name != "onet" else ["offsets", "landmarks", "probabilities"]
        side, stride = (2 * SIDES[name], 1) if name == "pnet" else (SIDES[name], 0)
        pixels = 255 * torch.rand(EXAMPLES, 3, side, side, generator=torch.Generator().manual_seed(0))
        takes_pixels = nn.Sequential(Normalize(mean=(127.5, 127.5, 127.5), scale=128.0), network)
        model, _ = trace(takes_pixels, pixels, "pixels", outputs, stride)
        write_model(model, kept, DETECTOR_ORIGIN | {"versions": versions()})
    return kept
