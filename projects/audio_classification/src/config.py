"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from shared.bounds import Bounds, ClosedUnitInterval, HalfOpenUnitInterval, NonNegativeFloat, OpenUnitInterval
from shared.config import load, require, require_pattern
from shared.data.settings import PreparedDataConfig
from shared.export.settings import ExportConfig
from shared.inference.settings import PredictConfig
from shared.settings import BaseConfig, model_path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class DataConfig(PreparedDataConfig):
    """Which recordings, and how they are split, prepared and augmented."""

    source: Literal["auto", "speech_commands", "fsdd", "folder", "sample"] = "auto"
    """auto: the data in data.root, else the built-in sample; speech_commands: also downloads it (2.3 GB)"""
    root: Path = Path("data/raw")
    """folder of one folder per class (also below train/, validation/ and test/), or of a published data set"""
    sample_rate: Annotated[int, Bounds(ge=4000, le=48000)] = 8000
    """samples per second of the network's input, a multiple of 25; recordings with another rate are resampled; higher
    rates keep higher pitches and take longer"""
    seconds: Annotated[float, Bounds(ge=0.2, le=60)] = 1.0
    """length of the network's input in seconds; longer recordings are cut to their loudest part, shorter ones padded"""
    group_pattern: str = ""
    """regular expression whose first group finds the speaker in a file name, as in ^([0-9a-f]+)_nohash; empty: none"""
    test_groups: list[str] = field(default_factory=list)
    """speakers of the test split; empty: a fraction of all speakers, see data.test_fraction"""
    validation_by: Literal["group", "clip"] = "group"
    """group: no validation speaker is trained on; clip: recordings of one speaker may be in both splits, which leaves
    more to train on and makes the validation score too high"""
    validation_fraction: OpenUnitInterval = 0.2
    """fraction of the training split that becomes the validation split"""
    test_fraction: OpenUnitInterval = 0.2
    """fraction of the data that becomes the test split, where the data has none"""
    speed: Annotated[float, Bounds(ge=0, lt=0.5)] = 0.15
    """largest random change of a training clip's speed as a fraction; pitch and formants change with it; 0: none"""
    shift: NonNegativeFloat = 0.1
    """largest random shift of a training clip in seconds, below data.seconds; 0 shifts none"""
    noise: ClosedUnitInterval = 0.1
    """largest level of the random noise that is added to a training clip, as a fraction of the clip's level; 0: none"""

    def __post_init__(self) -> None:
        # A resampler for rates without a common factor would take gigabytes.
        require(self.sample_rate % 25 == 0, "data.sample_rate", self.sample_rate, "a multiple of 25")
        require(self.shift < self.seconds, "data.shift", self.shift, "below data.seconds")
        require_pattern("data.group_pattern", self.group_pattern, "the speaker")

    @property
    def samples(self) -> int:
        """The length of the network's input in samples."""
        return round(self.sample_rate * self.seconds)


@dataclass
class ModelConfig:
    """Which network, and what it hides and changes in training."""

    name: Literal["cnn", "gru", "transformer"] = "cnn"
    """cnn: convolutions over the spectrogram; gru: a recurrent network over its frames; transformer: attention over
    its frames"""
    dropout: HalfOpenUnitInterval = 0.3
    """fraction of the features that are set to zero at random before the last layer; higher counters overfitting"""
    hide: bool = True
    """true: random frequency bands and time spans of training clips are hidden (SpecAugment)"""
    color: ClosedUnitInterval = 0.15
    """largest random change of the balance between low and high pitches of training clips, as other microphones make;
    0: none"""


@dataclass
class Config(BaseConfig):
    """All settings of this project."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    predict: PredictConfig = field(default_factory=PredictConfig)
    export: ExportConfig = field(default_factory=ExportConfig)


load_config = partial(load, Config, PROJECT)
"""`load_config()`, or `load_config(file, "--training.epochs", "3")`: read a configuration as the command line does"""
export_path = partial(model_path, PROJECT)
"""`export_path(config)`: where the exported model is"""
