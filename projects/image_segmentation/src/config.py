"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shared.config import load, require
from shared.export.settings import ExportConfig
from shared.serving.settings import ServeConfig
from shared.training.settings import TrainingConfig

PROJECT = Path(__file__).resolve().parents[1]

Network = Literal["small_unet", "unet", "fpn", "deeplabv3plus", "linknet", "manet", "unetplusplus", "upernet"]


@dataclass
class DataConfig:
    """Which images and masks, and how they are cut and changed for training."""

    source: Literal["auto", "pets", "folder", "sample"] = "auto"
    """auto: what lies in root, else Oxford-IIIT Pet by download, else the built-in sample"""
    root: Path = PROJECT / "data" / "raw"
    """the folder of images/ and masks/ (also below train/, val/ and test/, or as train/ beside trainannot/)"""
    classes: list[str] = field(default_factory=list)
    """the names of the classes in the order of their ids; without it they are numbered as the masks number them"""
    palette: list[str] = field(default_factory=list)
    """the color of each class in the masks, as '#rrggbb'; without it masks hold 0 and 255, or class ids"""
    ignore: str = ""
    """the value (or, with a palette, the color) of mask pixels that count for nothing; 255 is usual for class ids"""
    broken: Literal["refuse", "leave_out"] = "refuse"
    """what is done about images and masks that do not fit: both ways they are named and counted"""
    max_side: int = 2048
    """images whose longer side has more pixels are scaled down as they are read"""
    sample_images: int = 320
    """so many training images are drawn for the built-in sample, and a fifth as many for each other split"""
    group_size: int = 1
    """so many neighboring files, by name, stay in one split: frames of a film; a column group in index.csv wins"""
    strata: str = ""
    """a column of index.csv of which every split gets its share of each value: the kind of microscope, the camera"""
    validation_fraction: float = 0.15
    """the share of the training split that is kept for validation"""
    test_fraction: float = 0.2
    """the share kept for the test where the data brings no part of its own for it"""
    crop_height: int = 256
    """training sees cuts of this height in pixels"""
    crop_width: int = 256
    """and of this width"""
    zoom: float = 1.5
    """training images are scaled at random between 1/zoom and zoom; 1 leaves their size"""
    flip: Literal["none", "sideways", "all"] = "sideways"
    """all: also upside down and by quarter turns, for images without an up and down"""
    color: float = 0.3
    """brightness, contrast and saturation change at random by up to this share"""
    rare_crops: float = 0.0
    """the share of cuts that are laid around a pixel of a class drawn at random, so that rare ones are seen often"""

    def __post_init__(self) -> None:
        for name in ("crop_height", "crop_width"):
            value = getattr(self, name)
            require(value >= 32 and value % 32 == 0, f"data.{name}", value, "a multiple of 32")
        for name in ("validation_fraction", "test_fraction"):
            value = getattr(self, name)
            require(0 < value < 1, f"data.{name}", value, "between 0 and 1")
        require(len(self.classes) != 1, "data.classes", self.classes, "two names or more")
        require(
            not self.palette or len(self.palette) == len(self.classes),
            "data.palette",
            self.palette,
            "as long as data.classes, one color a class",
        )
        require(
            not self.ignore or bool(self.palette) or self.ignore.isdigit(),
            "data.ignore",
            self.ignore,
            "a whole number, or a color where data.palette is given",
        )
        require(self.max_side >= 32, "data.max_side", self.max_side, "32 or more")
        require(self.sample_images >= 20, "data.sample_images", self.sample_images, "20 or more")
        require(self.group_size >= 1, "data.group_size", self.group_size, "1 or more")
        require(self.zoom >= 1, "data.zoom", self.zoom, "1 or more")
        require(0 <= self.color < 1, "data.color", self.color, "at least 0 and below 1")
        require(0 <= self.rare_crops <= 1, "data.rare_crops", self.rare_crops, "between 0 and 1")


@dataclass
class ModelConfig:
    """Which network, and where its first weights come from."""

    name: Network = "unet"
    """small_unet is written out in models/model.py; the others are segmentation-models-pytorch's"""
    encoder: str = "tf_efficientnet_lite0"
    """any of timm's networks that give feature maps"""
    weights: Literal["auto", "none"] = "auto"
    """auto: ImageNet weights from an installed package, else from timm's hub, else none, said loudly"""


@dataclass
class LossConfig:
    """What is minimized: a weighted sum of losses, each of which can be switched off with 0."""

    cross_entropy: float = 1.0
    """the usual loss, pixel by pixel"""
    dice: float = 1.0
    """one minus the Dice overlap, class by class (Milletari et al. 2016): small classes weigh as much as large ones"""
    focal: float = 0.0
    """cross-entropy that looks away from what is already right (Lin et al. 2017)"""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            require(value >= 0, f"loss.{name}", value, "0 or more")
        require(any(vars(self).values()), "loss", "nothing", "at least one loss above 0")


@dataclass
class BaselineConfig:
    """How much the classical models see."""

    train_pixels: int = 40_000
    """drawn from the training split"""
    every: int = 2
    """they answer every so-manieth pixel of every so-manieth row"""

    def __post_init__(self) -> None:
        require(self.train_pixels >= 100, "baseline.train_pixels", self.train_pixels, "100 or more")
        require(self.every >= 1, "baseline.every", self.every, "1 or more")


@dataclass
class PredictConfig:
    """How images of any size are answered."""

    tile: int = 512
    """images are cut into overlapping tiles of this side in pixels; smaller ones stay whole"""
    overlap: int = 128
    """so many pixels two neighboring tiles share; they are blended there"""
    coco: bool = False
    """also write the outlines of all regions as COCO JSON"""

    def __post_init__(self) -> None:
        require(self.tile >= 64 and self.tile % 32 == 0, "predict.tile", self.tile, "a multiple of 32, at least 64")
        require(0 <= self.overlap < self.tile, "predict.overlap", self.overlap, "at least 0 and below predict.tile")


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
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    baseline: BaselineConfig = field(default_factory=BaselineConfig)
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
