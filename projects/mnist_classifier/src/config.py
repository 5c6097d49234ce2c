"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from shared.bounds import Bounds, NonNegativeInt
from shared.config import load, require
from shared.data.settings import ImageDataConfig
from shared.export.settings import ExportConfig
from shared.inference.settings import PredictConfig
from shared.settings import BaseConfig, model_path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class DataConfig(ImageDataConfig):
    """Which images, and how they are split, prepared and augmented."""

    source: Literal["auto", "mnist", "folder", "sample"] = "auto"
    """auto: the data in data.root, else MNIST by download, else the built-in sample"""
    root: Path = Path("data/raw")
    """folder of MNIST's four files, or of one folder per class (also below train/, validation/ and test/)"""
    image_size: Annotated[int, Bounds(ge=28)] = 28
    """height and width of the network's input in pixels; larger inputs show more detail and take longer"""
    shift: NonNegativeInt = 2
    """largest random shift of a training image in pixels; 0 shifts none"""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.shift < self.image_size, "data.shift", self.shift, "below data.image_size")


@dataclass
class ModelConfig:
    """Which network."""

    name: Literal["cnn", "mlp"] = "cnn"
    """cnn: three convolutions, fast on a CPU; mlp: two hidden layers, to compare with"""


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
