"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from shared.bounds import Bounds, ClosedUnitInterval, NonNegativeInt, OpenUnitInterval
from shared.config import load, require, require_pattern, require_range
from shared.data.settings import CACHE_SETTINGS, PreparedDataConfig
from shared.export.settings import ExportConfig
from shared.settings import BaseConfig, model_path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class DataConfig(PreparedDataConfig):
    """Which images, and how they are split, prepared and augmented."""

    source: Literal["auto", "mnist", "folder", "sample"] = "auto"
    """auto: the data in data.root, else MNIST by download, else the built-in sample"""
    root: Path = Path("data/raw")
    """folder of MNIST's four files, or of one folder per class (also below train/, validation/ and test/)"""
    image_size: Annotated[int, Bounds(ge=28)] = 28
    """height and width of the network's input in pixels; larger inputs show more detail and take longer"""
    value_range: list[float] = field(default_factory=list)
    """the two values that become black and white in gray images of more than 8 bits a pixel; a wider range leaves fewer
    levels for each image; empty: measured on the training images"""
    group_pattern: str = ""
    """regular expression whose first group finds in a file's name which images stay together in one split, such as
    copies of one image; empty: the column group of index.csv in data.root, where there is one"""
    validation_fraction: OpenUnitInterval = 0.1
    """fraction of the training split that becomes the validation split"""
    test_fraction: OpenUnitInterval = 0.2
    """fraction of the data that becomes the test split, where the data has none"""
    shift: NonNegativeInt = 2
    """largest random shift of a training image in pixels; 0 shifts none"""

    def __post_init__(self) -> None:
        require(self.shift < self.image_size, "data.shift", self.shift, "below data.image_size")
        require_range("data.value_range", self.value_range)
        require_pattern("data.group_pattern", self.group_pattern)


@dataclass
class ModelConfig:
    """Which network."""

    name: Literal["cnn", "mlp"] = "cnn"
    """cnn: three convolutions, fast on a CPU; mlp: two hidden layers, to compare with"""


@dataclass
class PredictConfig:
    """How sure a prediction must be."""

    min_probability: ClosedUnitInterval = 0.5
    """smallest probability of the best class; below it the prediction is "unsure"; higher values give more of these"""


@dataclass
class Config(BaseConfig):
    """All settings of this project."""

    NOT_TRAINED = (*BaseConfig.NOT_TRAINED, *CACHE_SETTINGS)

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    predict: PredictConfig = field(default_factory=PredictConfig)
    export: ExportConfig = field(default_factory=ExportConfig)


load_config = partial(load, Config, PROJECT)
"""`load_config()`, or `load_config(file, "--training.epochs", "3")`: read a configuration as the command line does"""
export_path = partial(model_path, PROJECT)
"""`export_path(config)`: where the exported model is"""
