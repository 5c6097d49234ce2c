"""What lies beside the exported embedder, so that a page or a phone finds and compares faces without Python.

The detector's three networks, dlib's landmark trees and the thresholds; how they are used stands in the facts that the
embedder carries.
"""

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from models.dlib_landmarks import EXPORTED, load_trees
from models.parts import Normalize
from shared.export.to_onnx import trace, write_model
from shared.files import atomic_write, write_json
from shared.results import versions
from src.alignment import BOXES, DLIB_MEAN_FACE, MEAN_FACE, PADDING, PATCH_PADDING, PATCH_SIDE
from src.config import Config
from src.decision import FILE, Decision, as_plain
from src.detector import Detector

ABOUT_DETECTOR = {"source": "MTCNN of facenet-pytorch", "license": "MIT, Copyright (c) 2019 Timothy Esler"}
EXAMPLES = 5
# The side of the squares that each network looks at; the first one slides over images of any size.
SIDES = {"pnet": 12, "rnet": 24, "onet": 48}


def facts(detector: Detector) -> dict[str, Any]:
    """How faces are found and aligned, as plain types; all that `src.detector` and `src.alignment` know."""
    return {
        "detector": detector.facts,
        "alignment": {
            "how": "dlib's five landmarks onto its mean face by a similarity",
            "padding": PADDING,
            "mean_face": MEAN_FACE.tolist(),
            "dlib_mean_face": DLIB_MEAN_FACE.tolist(),
            "patch": {"side": PATCH_SIDE, "padding": PATCH_PADDING},
            "boxes": BOXES.tolist(),
        },
    }


def write_parts(folder: Path, config: Config, detector: Detector) -> None:
    """Write the detector's networks and the landmark trees into the folder."""
    for name, network in detector.networks.items():
        with atomic_write(folder / f"{name}.onnx") as file:
            file.write(_traced(name, network, config.data.processed).read_bytes())
    trees = vars(load_trees(config.data.processed))
    with atomic_write(folder / EXPORTED) as file:
        file.write(save({name: torch.from_numpy(array) for name, array in trees.items()}))


def write_thresholds(folder: Path, decision: Decision) -> None:
    """Write the thresholds into the folder."""
    write_json(folder / FILE, as_plain(decision))


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
        write_model(model, kept, ABOUT_DETECTOR | {"versions": versions()})
    return kept
