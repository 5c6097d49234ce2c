"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

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
    """Which images, and how they are cut and prepared."""

    source: Literal["auto", "mnist", "folder", "sample"] = "auto"
    """auto: what lies in root, else MNIST by download, else the built-in sample"""
    root: Path = PROJECT / "data" / "raw"
    """the folder of MNIST's four files, or of one folder a class (also below train/, validation/ and test/)"""
    image_size: int = 28
    """height and width of the network's input in pixels"""
    channels: int = 1
    """1: gray, 3: color"""
    preparation: Literal["digit", "photo"] = "digit"
    """of image files: digit centers the ink as MNIST does; photo cuts out the middle square and scales it"""
    validation_fraction: float = 0.1
    """the share of the training split that is kept for validation"""
    test_fraction: float = 0.2
    """the share kept for the test where the data brings no test split of its own"""
    shift: int = 2
    """training images are moved at random by up to so many pixels"""
    flip: bool = False
    """training images are mirrored left to right at random (not for digits or letters)"""

    def __post_init__(self) -> None:
        require(self.image_size >= 28, "data.image_size", self.image_size, "28 or more")
        require(self.channels in (1, 3), "data.channels", self.channels, "1 or 3")
        for name in ("validation_fraction", "test_fraction"):
            value = getattr(self, name)
            require(0 < value < 1, f"data.{name}", value, "between 0 and 1")
        require(0 <= self.shift < self.image_size, "data.shift", self.shift, "0 or more, and below data.image_size")


@dataclass
class ModelConfig:
    """Which network."""

    name: Literal["cnn", "mlp"] = "cnn"
    """cnn: three convolutions, fast on a CPU; mlp: two hidden layers, to compare with"""


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
