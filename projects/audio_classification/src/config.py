"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shared.config import load, require
from shared.export.settings import ExportConfig
from shared.serving.settings import ServeConfig
from shared.training.settings import TrainingConfig

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class DataConfig:
    """Which recordings, and how they are cut and prepared."""

    source: Literal["auto", "speech_commands", "fsdd", "folder", "sample"] = "auto"
    """auto: what lies in root, else the built-in sample; speech_commands (2.3 GB) is downloaded when it is asked for"""
    root: Path = PROJECT / "data" / "raw"
    """the folder of one folder a class (also below train/, validation/ and test/), or of a published data set"""
    sample_rate: int = 8000
    """samples a second of the network's input; recordings of other rates are resampled"""
    seconds: float = 1.0
    """of the network's input: longer recordings are cut to their loudest stretch, shorter ones filled up"""
    group_pattern: str = ""
    """a regular expression for file names, whose first parentheses hold the speaker: ^([0-9a-f]+)_nohash"""
    test_groups: list[str] = field(default_factory=list)
    """these speakers are the test split; without names a share of all is"""
    validation_by: Literal["group", "clip"] = "group"
    """group: validation speakers are not trained on; clip: they are, which leaves more to learn from but tells less"""
    validation_fraction: float = 0.2
    """the share of the training split that is kept for validation"""
    test_fraction: float = 0.2
    """the share kept for the test where the data brings no test split of its own"""
    speed: float = 0.15
    """training clips are played faster or slower at random by up to this share; pitch and formants go with it"""
    shift: float = 0.1
    """training clips are moved at random by up to so many seconds"""
    noise: float = 0.1
    """training clips get random noise of up to this share of their level"""

    def __post_init__(self) -> None:
        rate = self.sample_rate  # a resampler for rates without a common factor would take gigabytes
        fits = 4000 <= rate <= 48000 and rate % 25 == 0
        require(fits, "data.sample_rate", rate, "a multiple of 25 between 4000 and 48000")
        require(0.2 <= self.seconds <= 60, "data.seconds", self.seconds, "between 0.2 and 60")
        for name in ("validation_fraction", "test_fraction"):
            value = getattr(self, name)
            require(0 < value < 1, f"data.{name}", value, "between 0 and 1")
        require(0 <= self.speed < 0.5, "data.speed", self.speed, "at least 0 and below 0.5")
        require(0 <= self.shift < self.seconds, "data.shift", self.shift, "at least 0 and below data.seconds")
        require(0 <= self.noise <= 1, "data.noise", self.noise, "between 0 and 1")
        require(
            is_pattern(self.group_pattern),
            "data.group_pattern",
            self.group_pattern,
            "empty, or a regular expression with parentheses around the speaker",
        )

    @property
    def samples(self) -> int:
        """The length of the network's input."""
        return round(self.sample_rate * self.seconds)


def is_pattern(text: str) -> bool:
    """Whether the text is empty, or a regular expression that has a group."""
    try:
        return not text or re.compile(text).groups > 0
    except re.error:
        return False


@dataclass
class ModelConfig:
    """Which network."""

    name: Literal["cnn", "gru", "transformer"] = "cnn"
    """cnn: convolutions over the spectrogram; gru: a recurrent network, transformer: attention, both over its frames"""
    dropout: float = 0.3
    """the share of features that are left out at random before the last layer"""
    hide: bool = True
    """SpecAugment: hide random bands and times of training clips"""
    color: float = 0.15
    """raise and lower the pitches of training clips at random, as other microphones would; 0 leaves them"""

    def __post_init__(self) -> None:
        require(0 <= self.dropout < 1, "model.dropout", self.dropout, "at least 0 and below 1")
        require(0 <= self.color <= 1, "model.color", self.color, "between 0 and 1")


@dataclass
class PredictConfig:
    """How answers are given."""

    min_probability: float = 0.5
    """below it the answer is "unsure": the other classes together are then as likely"""

    def __post_init__(self) -> None:
        require(0 <= self.min_probability <= 1, "predict.min_probability", self.min_probability, "between 0 and 1")


@dataclass
class Config:
    """All settings of this project."""

    seed: int = 0
    """decides the split, the first weights, the order and the augmentation"""
    output_dir: Path = PROJECT / "outputs"
    """where results go"""
    log_dir: Path = PROJECT / "logs" / "tensorboard"
    """where TensorBoard finds the curves"""
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    predict: PredictConfig = field(default_factory=PredictConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)

    def __post_init__(self) -> None:
        require(0 <= self.seed < 2**32, "seed", self.seed, "at least 0 and below 4294967296")


def load_config(file: Path = PROJECT / "configs" / "config.yaml", *overrides: str) -> Config:
    """Read a configuration, as the command line does: `load_config(file, "--training.epochs", "3")`."""
    return load(Config, file, overrides, base=PROJECT)


def export_path(config: Config) -> Path:
    """Where the exported network lies; it is named after the project's folder."""
    return config.output_dir / "export" / f"{PROJECT.name}.onnx"
