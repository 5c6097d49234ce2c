"""From samples to log-mel features, as a part of the network: made of operations that every ONNX runtime has.

`torchaudio.transforms.MelSpectrogram` computes the same by an FFT, which does not export to ONNX everywhere. Here the
Fourier transform is a convolution whose weights are windowed waves; a test compares the two.
"""

import math

import torch
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks

FULL_SCALE = 32_768.0
WINDOW_SECONDS = 0.032
"""Two periods of a deep voice (80 Hz) fit in; longer windows tell pitches apart better, and moments worse."""
HOP_SECONDS = 0.01
LOWEST_HERTZ = 40.0
RANGE = 6.0
"""Powers of ten between the loudest feature and what counts as silence."""


class LogMel(nn.Module):
    """Log-mel features of a clip, relative to its loudest one: how loud a clip was recorded does not matter."""

    waves: Tensor
    filters: Tensor

    def __init__(self, sample_rate: int, bands: int) -> None:
        super().__init__()
        self.window = round(sample_rate * WINDOW_SECONDS)
        self.hop = round(sample_rate * HOP_SECONDS)
        filters = melscale_fbanks(self.window // 2 + 1, LOWEST_HERTZ, sample_rate / 2, bands, sample_rate)
        # Constants of the network, which the checkpoint need not hold.
        self.register_buffer("waves", windowed_waves(self.window), persistent=False)
        self.register_buffer("filters", filters.T.contiguous(), persistent=False)

    def mel(self, samples: Tensor) -> Tensor:
        """The power in each mel band: from int16 or float samples [N, samples] to float [N, bands, frames]."""
        waveform = samples.float() / FULL_SCALE  # [N, samples], between -1 and 1
        # A step of the convolution is a frame: [N, 1, samples] -> [N, 2 * frequencies, frames].
        projected = nn.functional.conv1d(waveform.unsqueeze(1), self.waves, stride=self.hop)
        cosines, sines = projected.chunk(2, dim=1)  # the real and the imaginary part of the Fourier transform
        power: Tensor = self.filters @ (cosines**2 + sines**2)  # [bands, frequencies] @ [N, frequencies, frames]
        return power

    def forward(self, samples: Tensor) -> Tensor:
        """From int16 samples [N, samples] to features between -1 (silence) and 1, float [N, bands, frames]."""
        logarithm = self.mel(samples).clamp_min(1e-10).log10()  # as loudness is heard; the floor keeps log10(0) away
        loudest = logarithm.amax((1, 2), keepdim=True)  # [N, 1, 1]
        return ((logarithm - loudest) / RANGE).clamp_min(-1) * 2 + 1


def windowed_waves(length: int) -> Tensor:
    """Cosines, then sines, of each frequency of a discrete Fourier transform under a Hann window.

    Returns:
        Weights of a convolution, float [2 * (length // 2 + 1), 1, length].
    """
    times = torch.arange(length, dtype=torch.float64)
    frequencies = torch.arange(length // 2 + 1, dtype=torch.float64).unsqueeze(1)
    angles = 2 * math.pi * frequencies * times / length
    waves = torch.cat([angles.cos(), angles.sin()]) * torch.hann_window(length, dtype=torch.float64)
    return waves.float().unsqueeze(1)


def frames_of(samples: int, sample_rate: int) -> int:
    """The number of frames in this number of samples."""
    window, hop = round(sample_rate * WINDOW_SECONDS), round(sample_rate * HOP_SECONDS)
    return (samples - window) // hop + 1
