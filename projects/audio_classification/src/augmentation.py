"""Changes of a batch at random that leave each word what it is: another voice, another moment, other noise."""

import torch
from torch import Generator, Tensor

from shared.data.memory import Batch
from src.config import DataConfig


def augment(settings: DataConfig, batch: Batch, source: Generator) -> Batch:
    """Another speed and pitch, a shift and noise, for each clip of a batch."""
    most = round(settings.shift * settings.sample_rate)
    samples = random_speed_and_shift(batch["samples"], settings.speed, most, source)
    return {**batch, "samples": add_noise(samples, settings.noise, source)}


def random_speed_and_shift(samples: Tensor, most_speed: float, most_shift: int, source: Generator) -> Tensor:
    """Play each clip faster or slower, so that pitch and formants move as from a child to a man, and move it.

    Args:
        samples: int16 [N, samples].
        most_speed: the speed lies between 1 - most_speed and 1 + most_speed.
        most_shift: in samples; the gap is silent.
    """
    if most_speed == 0 and most_shift == 0:
        return samples
    count, length = samples.shape
    speeds = 1 + most_speed * (2 * torch.rand((count, 1), generator=source) - 1)
    shifts = most_shift * (2 * torch.rand((count, 1), generator=source) - 1)
    middle = (length - 1) / 2  # which stays where it is, so that no word is played out of the clip
    times = (torch.arange(length) - middle) * speeds + middle + shifts  # when each new sample was, [N, samples]
    # Between two samples lies their weighted mean. All clips in one operation: a loop takes longer than the network.
    before = times.floor().long()  # [N, samples]
    share = times - before
    padded = torch.nn.functional.pad(samples.float(), (1, 2))  # silence at -1 and beyond the end
    first = padded.gather(1, (before + 1).clamp(0, length + 1))
    second = padded.gather(1, (before + 2).clamp(0, length + 2))
    inside = (before >= -1) & (before < length)
    return (torch.where(inside, first + share * (second - first), 0.0)).round().to(torch.int16)


def add_noise(samples: Tensor, most: float, source: Generator) -> Tensor:
    """Add white noise, of up to `most` times the level (root mean square) of each clip; int16 [N, samples]."""
    if most == 0:
        return samples
    level = samples.float().square().mean(1, keepdim=True).sqrt()  # [N, 1]
    share = most * torch.rand((len(samples), 1), generator=source) ** 2  # squared: most clips get little noise
    noise = torch.randn(samples.shape, generator=source) * level * share
    return (samples + noise).round().clamp(-32_768, 32_767).to(torch.int16)
