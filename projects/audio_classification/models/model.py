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
            nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Cnn(nn.Module):
    """Convolutions over the spectrogram as over an image; what each frequency holds is averaged over time."""

    def __init__(self, classes: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Convolution(1, 24, kernel=5, stride=2),  # 40 -> 20 bands
            Convolution(24, 48, stride=2),  # -> 10
            Convolution(48, 64),
            Convolution(64, 96, stride=2),  # -> 5
            Convolution(96, 96),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * 96 * math.ceil(BANDS / 8), classes)

    def forward(self, features: Tensor) -> Tensor:
        """From features [N, bands, frames] to logits [N, classes]."""
        places = self.features(features.unsqueeze(1)).flatten(1, 2)  # [N, channels * bands, frames]
        over_time = torch.cat([places.mean(2), places.amax(2)], 1)
        logits: Tensor = self.head(self.dropout(over_time))
        return logits


class Recurrent(nn.Module):
    """Reads the frames forwards and backwards, and keeps mean and maximum of what it had in mind."""

    def __init__(self, classes: int, dropout: float, width: int = 96) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(BANDS)
        self.gru = nn.GRU(BANDS, width, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(4 * width, classes)

    def forward(self, features: Tensor) -> Tensor:
        """From features [N, bands, frames] to logits [N, classes]."""
        states = self.gru(self.norm(features).transpose(1, 2))[0]
        logits: Tensor = self.head(self.dropout(torch.cat([states.mean(1), states.amax(1)], 1)))
        return logits


class Transformer(nn.Module):
    """An encoder on pieces of four frames, with the norms first (Vaswani et al. 2017, Xiong et al. 2020)."""

    def __init__(self, classes: int, frames: int, dropout: float, width: int = 96, layers: int = 3) -> None:
        super().__init__()
        self.pieces = nn.Conv1d(BANDS, width, kernel_size=5, stride=4, padding=2)
        self.positions = nn.Parameter(torch.randn(math.ceil(frames / 4), width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, features: Tensor) -> Tensor:
        """From features [N, bands, frames] to logits [N, classes]."""
        pieces = self.pieces(features).transpose(1, 2) + self.positions
        logits: Tensor = self.head(self.dropout(self.encoder(pieces).mean(1)))
        return logits


class SpecAugment(nn.Module):
    """Hides random bands and times of each clip while training (Park et al. 2019), by torchaudio's transforms."""

    def __init__(self, bands: int, frames: int) -> None:
        super().__init__()
        self.bands = FrequencyMasking(bands, iid_masks=True)
        self.frames = TimeMasking(frames, iid_masks=True)

    def forward(self, features: Tensor) -> Tensor:
        """Features [N, bands, frames] with a band and a stretch of each clip set to the mean."""
        if not self.training:
            return features
        mean = float(features.mean())
        hidden: Tensor = self.frames(self.bands(features.unsqueeze(1), mean), mean)
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
        places = torch.linspace(0, 1, bands, device=features.device)
        raised = torch.zeros(count, bands, device=features.device)
        for waves in range(1, 5):
            height = self.strength / math.sqrt(waves) * torch.randn(count, 1, device=features.device)
            phase = 2 * torch.rand(count, 1, device=features.device)
            raised += height * torch.cos(math.pi * (waves * places + phase))
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
