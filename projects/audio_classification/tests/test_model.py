"""The networks: their size, their input, their features, and that they can learn by heart."""

import pytest
import torch
from torchaudio.transforms import MelSpectrogram

from models.features import LogMel, frames_of
from models.model import AudioClassifier, RandomColor, SpecAugment
from shared.testing.contract import loss_by_heart

NETWORKS = ("cnn", "gru", "transformer")
SOURCE = torch.Generator().manual_seed(0)
NOISE = torch.randint(-3000, 3000, (8, 4000), dtype=torch.int16, generator=SOURCE)
TONES = torch.stack([torch.sin(torch.arange(4000) * (0.2 + 0.3 * index)) * 9000 for index in range(8)]).short()


def make(name: str) -> AudioClassifier:
    torch.manual_seed(0)
    return AudioClassifier(name, 8000, 4000, 10, dropout=0.0, hide=False, color=0.0)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("rate", "samples"), [(8000, 1600), (8000, 8000), (16000, 16000), (11025, 9000)])
def test_raw_samples_become_logits(name: str, rate: int, samples: int) -> None:
    model = AudioClassifier(name, rate, samples, 7, dropout=0.3, hide=True, color=0.2).eval()
    with torch.no_grad():
        assert model(torch.zeros(2, samples, dtype=torch.int16)).shape == (2, 7)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_learns_one_batch_by_heart(name: str) -> None:
    learning_rate = 0.01 if name == "cnn" else 0.003
    assert loss_by_heart(make(name), TONES + NOISE // 9, torch.arange(8), learning_rate) < 0.1


@pytest.mark.parametrize("rate", [8000, 16000])
def test_the_features_are_those_of_torchaudio(rate: int) -> None:
    features = LogMel(rate, 40)
    theirs = MelSpectrogram(rate, n_fft=features.window, hop_length=features.hop, f_min=40, n_mels=40, center=False)(
        NOISE.float() / 32_768
    )
    ours = features.mel(NOISE)
    assert ours.shape == theirs.shape == (8, 40, frames_of(4000, rate))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_how_loud_a_clip_is_does_not_matter() -> None:
    features = LogMel(8000, 40)
    torch.testing.assert_close(features(NOISE), features(NOISE.float() / 7), rtol=0, atol=1e-4)
    assert features(NOISE).max() == pytest.approx(1)


def test_features_of_silence_are_finite() -> None:
    assert torch.isfinite(LogMel(8000, 40)(torch.zeros(1, 4000, dtype=torch.int16))).all()


def test_spectrograms_are_hidden_in_training_only() -> None:
    hide, features = SpecAugment(8, 10), torch.rand(4, 40, 50)
    assert torch.equal(hide.eval()(features), features)
    torch.manual_seed(0)
    hidden = hide.train()(features)
    assert 0 < (hidden != features).float().mean() < 0.5


def test_colors_are_smooth_differ_by_clip_and_are_of_training_only() -> None:
    color, features = RandomColor(0.2), torch.zeros(6, 40, 50)
    assert torch.equal(color.eval()(features), features)
    torch.manual_seed(0)
    raised = color.train()(features)
    assert torch.equal(raised, raised[:, :, :1].expand_as(raised))
    assert raised[:, 1:].sub(raised[:, :-1]).abs().max() < 0.2
    assert raised[:, :, 0].std(0).min() > 0.02
