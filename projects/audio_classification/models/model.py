"""The networks: raw samples in, logits out. Their first layer makes the features, so no caller can forget them."""

import math

import torch
from torch import Tensor, nn
from torchaudio.transforms import FrequencyMasking, TimeMasking

from models.features import LogMel, frames_of
from shared.training.checkpoint import Checkpoint
from src.config import Config

BANDS = 40


class Convolution(nn.Sequential):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            # No bias: batch norm subtracts the mean of each channel, and a bias with it.
            nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Cnn(nn.Module):
    """Convolutions over the spectrogram as over an image; what each frequency holds is averaged over time."""

    def __init__(self, classes: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Convolution(1, 24, kernel=5, stride=2),  # [N, 1, 40, T] -> [N, 24, 20, T / 2]
            Convolution(24, 48, stride=2),  # -> [N, 48, 10, T / 4]
            Convolution(48, 64),  # -> [N, 64, 10, T / 4]
            Convolution(64, 96, stride=2),  # -> [N, 96, 5, T / 8]
            Convolution(96, 96),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * 96 * math.ceil(BANDS / 8), classes)

    def forward(self, features: Tensor) -> Tensor:
        """From features [N, bands, T frames] to logits [N, classes]."""
        maps = self.features(features.unsqueeze(1))  # [N, 1, 40, T] -> [N, 96, 5, T / 8]
        # A word is the same wherever it begins, so time is averaged out. A pitch is not, so the bands stay apart.
        maps = maps.flatten(1, 2)  # [N, 96 * 5, T / 8]
        over_time = torch.cat([maps.mean(2), maps.amax(2)], 1)  # the maximum keeps short sounds: [N, 2 * 96 * 5]
        logits: Tensor = self.head(self.dropout(over_time))
        return logits


class Recurrent(nn.Module):
    """A GRU reads the frames forwards and backwards; the mean and the maximum of its states tell the class."""

    def __init__(self, classes: int, dropout: float, width: int = 96) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(BANDS)  # gates saturate on large inputs, so each band gets mean 0 and variance 1
        self.gru = nn.GRU(BANDS, width, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(4 * width, classes)

    def forward(self, features: Tensor) -> Tensor:
        """From features [N, bands, frames] to logits [N, classes]."""
        frames = self.norm(features).transpose(1, 2)  # [N, bands, T] -> [N, T, bands]: a step of the GRU is a frame
        states = self.gru(frames)[0]  # [N, T, 2 * width], both directions side by side
        # Not the last state alone, which is of silence where a word ends early.
        over_time = torch.cat([states.mean(1), states.amax(1)], 1)  # [N, 4 * width]
        logits: Tensor = self.head(self.dropout(over_time))
        return logits


class Transformer(nn.Module):
    """An encoder on patches of four frames, with the norms first (Vaswani et al. 2017, Xiong et al. 2020)."""

    def __init__(self, classes: int, frames: int, dropout: float, width: int = 96, layers: int = 3) -> None:
        super().__init__()
        # Attention compares each patch with each other one: a quarter as many take a sixteenth of the time.
        self.patches = nn.Conv1d(BANDS, width, kernel_size=5, stride=4, padding=2)
        # Attention sees no order, so each position adds a learned vector; 0.02 is the usual scale (BERT, ViT).
        self.positions = nn.Parameter(torch.randn(math.ceil(frames / 4), width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, features: Tensor) -> Tensor:
        """From features [N, bands, frames] to logits [N, classes]."""
        patches = self.patches(features).transpose(1, 2) + self.positions  # [N, bands, T] -> [N, T / 4, width]
        encoded = self.encoder(patches)  # [N, T / 4, width]
        logits: Tensor = self.head(self.dropout(encoded.mean(1)))  # the mean of all patches in place of a class token
        return logits


class SpecAugment(nn.Module):
    """Hides random bands and times of each clip while training (Park et al. 2019), by torchaudio's transforms."""

    def __init__(self, bands: int, frames: int) -> None:
        super().__init__()
        self.bands = FrequencyMasking(bands, iid_masks=True)  # iid: another mask for each clip of the batch
        self.frames = TimeMasking(frames, iid_masks=True)

    def forward(self, features: Tensor) -> Tensor:
        """Features [N, bands, frames] with a band and a stretch of each clip set to the mean."""
        if not self.training:
            return features
        mean = float(features.mean())  # a hidden part looks like no sound in particular, and batch norm keeps its mean
        hidden: Tensor = self.frames(self.bands(features.unsqueeze(1), mean), mean)  # the masks want [N, 1, bands, T]
        return hidden.squeeze(1)


class RandomColor(nn.Module):
    """Makes some pitches louder and others softer while training, smoothly and anew for each clip.

    So do other microphones, rooms and voices, which a few speakers do not teach.
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, features: Tensor) -> Tensor:
        """Features [N, bands, frames], each band raised or lowered by the same amount in all frames of a clip."""
        if not self.training:
            return features
        count, bands, _ = features.shape
        positions = torch.linspace(0, 1, bands, device=features.device)  # [bands]
        raised = torch.zeros(count, bands, device=features.device)
        # A sum of four cosines over the bands, the slower the higher: smooth, as the response of a microphone is.
        for waves in range(1, 5):
            height = self.strength / math.sqrt(waves) * torch.randn(count, 1, device=features.device)
            phase = 2 * torch.rand(count, 1, device=features.device)
            raised += height * torch.cos(math.pi * (waves * positions + phase))  # [N, bands]
        # Features are logarithms, so adding is a gain; -1 is the floor of `LogMel`.
        return (features + raised.unsqueeze(2)).clamp_min(-1)


class AudioClassifier(nn.Module):
    """Features, then the network of that name."""

    def __init__(
        self, name: str, sample_rate: int, samples: int, classes: int, dropout: float, hide: bool, color: float
    ) -> None:
        super().__init__()
        frames = frames_of(samples, sample_rate)
        self.features = LogMel(sample_rate, BANDS)
        self.color = RandomColor(color) if color else nn.Identity()
        self.hide = SpecAugment(BANDS // 5, frames // 5) if hide else nn.Identity()
        self.network: nn.Module
        if name == "gru":
            self.network = Recurrent(classes, dropout)
        elif name == "transformer":
            self.network = Transformer(classes, frames, dropout)
        else:
            self.network = Cnn(classes, dropout)

    def forward(self, samples: Tensor) -> Tensor:
        """From int16 samples [N, samples] to logits, float [N, classes]."""
        logits: Tensor = self.network(self.hide(self.color(self.features(samples))))
        return logits


def make_model(config: Config, classes: list[str]) -> AudioClassifier:
    """The network of the configuration, with random weights."""
    data, model = config.data, config.model
    return AudioClassifier(
        model.name, data.sample_rate, data.samples, len(classes), model.dropout, model.hide, model.color
    )


def restore_model(config: Config, checkpoint: Checkpoint) -> AudioClassifier:
    """The network of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config, checkpoint.metadata["classes"])
    checkpoint.load_into(model)
    return model.eval()
