"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from shared.bounds import (
    Bounds,
    ClosedUnitInterval,
    HalfOpenUnitInterval,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
)
from shared.config import load, require
from shared.data.settings import ImageFileConfig
from shared.export.settings import ExportConfig
from shared.settings import BaseConfig, model_path

PROJECT = Path(__file__).resolve().parents[1]

Network = Literal["small_unet", "unet", "fpn", "deeplabv3plus", "linknet", "manet", "unetplusplus", "upernet"]
Side = Annotated[int, Bounds(ge=32)]


@dataclass
class DataConfig(ImageFileConfig):
    """Which images and masks, and how they are split, cropped and augmented."""

    source: Literal["auto", "pets", "folder", "sample"] = "auto"
    """auto: the data in data.root, else Oxford-IIIT Pet by download, else the built-in sample"""
    root: Path = Path("data/raw")
    """folder of images/ and masks/ (also below train/, val/ and test/, or as train/ beside trainannot/), or of images
    and JSON of COCO or labelme"""
    classes: list[str] = field(default_factory=list)
    """names of the classes in the order of their ids; empty: classes have the numbers that the masks give them"""
    palette: list[str] = field(default_factory=list)
    """color of each class in the masks, as '#rrggbb'; empty: masks hold 0 and 255, or class ids"""
    ignore: str = ""
    """value (or, with a palette, color) of mask pixels that are neither trained nor measured; 255 is usual for ids"""
    foreground: Literal["auto", "above_zero"] = "auto"
    """which mask pixels are foreground; auto: the masks' values say it (0 and 255, or class ids); above_zero: all
    values above 0 are one class, for masks that number the objects"""
    threshold: Annotated[int, Bounds(ge=0, le=65535)] = 0
    """gray level from which on mask pixels are foreground, for masks with soft edges, where 128 is usual; higher values
    make the foreground smaller; 0: none"""
    max_side: Annotated[int, Bounds(ge=32)] = 2048
    """largest side of an image in pixels; larger images are scaled down when they are read"""
    broken: Literal["refuse", "leave_out"] = "refuse"
    """what happens with images and masks that do not fit; refuse: the program names them and stops; leave_out: it names
    them and continues without them"""
    cache: Literal["auto", "memory", "none"] = "auto"
    """memory: images and masks are decoded when a command starts; none: whenever they are needed, by worker processes;
    auto: memory where they take up to 1 GB there, else none"""
    sample_images: Annotated[int, Bounds(ge=20)] = 320
    """number of training images in the built-in sample; each other split has a fifth of it"""
    group_size: PositiveInt = 1
    """number of neighboring files of a folder that stay in one split, such as frames of a film; numbers in names count
    as numbers (2 before 10); higher values keep more together; a column group in index.csv takes precedence"""
    strata: str = ""
    """column of index.csv, such as the microscope, whose values are spread evenly over the splits; empty: none"""
    crop_height: Side = 256
    """height of training crops in pixels, a multiple of 32; larger crops show more and need more memory"""
    crop_width: Side = 256
    """width of training crops in pixels, a multiple of 32"""
    zoom: Annotated[float, Bounds(ge=1)] = 1.5
    """training images are scaled at random between 1/zoom and zoom; 1 keeps their size"""
    flip: Literal["none", "sideways", "all"] = "sideways"
    """random mirroring of training images; all: also upside down and by quarter turns, for images without an up"""
    color: HalfOpenUnitInterval = 0.3
    """largest random change of brightness, contrast and saturation as a fraction; 0: none"""
    rare_crops: ClosedUnitInterval = 0.0
    """fraction of training crops around a pixel of a class that is drawn at random; higher values show rare classes
    more often"""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(len(self.classes) != 1, "data.classes", self.classes, "two names or more")
        decided = self.threshold > 0 or self.foreground == "above_zero"
        fits = len(self.palette) in (0, 0 if decided else len(self.classes))
        expected = "as long as data.classes, one color per class; empty beside data.foreground or data.threshold"
        require(fits, "data.palette", self.palette, expected)
        fits = not decided or len(self.classes) in (0, 2)
        require(fits, "data.classes", self.classes, "two names, beside data.foreground above_zero or data.threshold")
        readable = not self.ignore or bool(self.palette) or self.ignore.isdigit()
        require(readable, "data.ignore", self.ignore, "a whole number, or a color where data.palette is given")
        for name in ("crop_height", "crop_width"):
            require(getattr(self, name) % 32 == 0, f"data.{name}", getattr(self, name), "a multiple of 32")


@dataclass
class ModelConfig:
    """Which network, and where its first weights come from."""

    name: Network = "unet"
    """small_unet is written out in models/model.py; the others come from segmentation-models-pytorch"""
    encoder: str = "tf_efficientnet_lite0"
    """name of a timm network that gives feature maps; larger encoders are more accurate and slower"""
    weights: Literal["auto", "none"] = "auto"
    """auto: ImageNet weights from an installed package, else from timm's hub, else random weights with a warning"""


@dataclass
class LossConfig:
    """Weights of the losses whose sum training minimizes; 0 switches a loss off."""

    cross_entropy: NonNegativeFloat = 1.0
    """weight of the cross-entropy of each pixel"""
    dice: NonNegativeFloat = 1.0
    """weight of one minus the Dice overlap of each class (Milletari et al. 2016), in which small classes count as much
    as large ones"""
    focal: NonNegativeFloat = 0.0
    """weight of the focal loss, a cross-entropy that counts confident correct pixels less (Lin et al. 2017)"""

    def __post_init__(self) -> None:
        require(any(vars(self).values()), "loss", "nothing", "at least one loss above 0")


@dataclass
class BaselineConfig:
    """How many pixels the classical models see."""

    train_pixels: Annotated[int, Bounds(ge=100)] = 40_000
    """number of pixels drawn from the training split; more pixels take longer"""
    every: PositiveInt = 2
    """step between the rows, and between the columns, of pixels that are predicted; higher values are faster and
    coarser"""


@dataclass
class PredictConfig:
    """How images of any size are predicted."""

    tile: Annotated[int, Bounds(ge=64)] = 512
    """side of the overlapping tiles that large images are cut into, in pixels, a multiple of 32; larger tiles need more
    memory"""
    overlap: NonNegativeInt = 128
    """width of the overlap of two neighboring tiles in pixels; higher values hide the borders better and take longer"""
    coco: bool = False
    """true: also write the outlines of all regions as COCO JSON"""

    def __post_init__(self) -> None:
        require(self.tile % 32 == 0, "predict.tile", self.tile, "a multiple of 32")
        require(self.overlap < self.tile, "predict.overlap", self.overlap, "below predict.tile")


@dataclass
class Config(BaseConfig):
    """All settings of this project."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    baseline: BaselineConfig = field(default_factory=BaselineConfig)
    predict: PredictConfig = field(default_factory=PredictConfig)
    export: ExportConfig = field(default_factory=ExportConfig)


load_config = partial(load, Config, PROJECT)
"""`load_config()`, or `load_config(file, "--training.epochs", "3")`: read a configuration as the command line does"""
export_path = partial(model_path, PROJECT)
"""`export_path(config)`: where the exported model is"""
