"""Images of what the network hears."""

import numpy as np
import torch
from matplotlib import colormaps

from models.features import LogMel
from models.model import BANDS

ROW_PIXELS = 2


@torch.no_grad()
def spectrogram(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """The log-mel features of a clip as an image, low notes below: uint8 [2 * BANDS, frames, 3].

    Args:
        samples: int16 [samples], of one window's length at least.
    """
    features = LogMel(sample_rate, BANDS)(torch.from_numpy(samples)[None])[0].numpy()
    shown = colormaps["magma"](np.repeat(features[::-1], ROW_PIXELS, axis=0) / 2 + 0.5)
    image: np.ndarray = (shown[:, :, :3] * 255).round().astype(np.uint8)
    return image
