"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from shared.bounds import (
    Bounds,
    ClosedUnitInterval,
    HalfOpenUnitInterval,
    PositiveInt,
)
from shared.config import load, require
from shared.data.settings import ImageDataConfig
from shared.export.settings import ExportConfig
from shared.inference.settings import PredictConfig
from shared.settings import BaseConfig, model_path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class DataConfig(ImageDataConfig):
    """Which photos, and how they are split and prepared."""

    source: Literal["auto", "folder", "sample"] = "auto"
    """auto: the photos in data.root, else the built-in sample"""
    root: Path = Path("data/raw")
    """folder of one folder per class (also below train/, validation/ and test/), or of photos and a table of labels"""
    labels: Literal["auto", "one", "several"] = "auto"
    """how many labels a photo has; several: any number, each with its own probability and threshold; auto: several
    where a table gives some photo more than one or, with a column for each label, none"""
    label_columns: list[str] = field(default_factory=list)
    """columns of the table with the labels: one of names, joined by | where there are several, or one for each label,
    of 0 and 1; empty: the column label or labels, else all columns of 0 and 1"""
    image_size: Annotated[int, Bounds(ge=32)] = 260
    """height and width of the network's input in pixels; larger inputs show more detail and take longer"""
    fit: Literal["crop", "pad", "stretch"] = "crop"
    """how a photo becomes square; crop: its middle, which may lose what is at the ends; pad: the whole photo between
    gray bars; stretch: the whole photo, squeezed"""


@dataclass
class AugmentationConfig:
    """How training photos are changed at random, each time that they are used."""

    crop: Annotated[float, Bounds(gt=0, le=1)] = 0.5
    """smallest share of a photo's area that a random crop keeps; lower values change more; 1: no crops"""
    flip: bool = True
    """true: half of the photos are mirrored left to right; not for signs or letters"""
    color: HalfOpenUnitInterval = 0.2
    """largest random change of brightness, contrast and saturation as a fraction; 0: none"""
    policy: Literal["none", "trivial", "randaugment"] = "none"
    """further random changes: trivial applies one of 14 (TrivialAugment, Müller & Hutter 2021), randaugment two (Cubuk
    et al. 2020)"""
    erase: ClosedUnitInterval = 0.0
    """fraction of the photos in which a random rectangle becomes gray (Zhong et al. 2020)"""
    mix: Literal["none", "mixup", "cutmix"] = "none"
    """mixup blends two photos and their labels (Zhang et al. 2018), cutmix puts a part of one into the other (Yun et
    al. 2019); for model.tuning full"""
    mix_alpha: Annotated[float, Bounds(gt=0)] = 0.2
    """strength of mix: the shares are drawn from Beta(alpha, alpha); higher values mix more"""


@dataclass
class ModelConfig:
    """Which network, its first weights, and what of it is trained."""

    name: str = "tf_efficientnet_lite2"
    """name of one of timm's networks; larger ones are more accurate and slower"""
    weights: Literal["auto", "none"] = "auto"
    """auto: ImageNet weights from an installed package, else from timm's hub, else random weights with a warning"""
    tuning: Literal["head", "full"] = "head"
    """what is trained; head: only the new last layer, on features that are computed once; full: the whole network"""
    views: PositiveInt = 1
    """number of times that the features of each training photo are computed for tuning head, each time with another
    augmentation, the first time without; higher values take longer"""
    dropout: HalfOpenUnitInterval = 0.0
    """fraction of the features that are set to zero at random in training; higher values counter overfitting"""


@dataclass
class PhotoPredictConfig(PredictConfig):
    """How sure a prediction must be, and whether it is explained."""

    explain: bool = False
    """true: the contact sheet shows where the network looked"""


@dataclass
class Config(BaseConfig):
    """All settings of this project."""

    data: DataConfig = field(default_factory=DataConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    predict: PhotoPredictConfig = field(default_factory=PhotoPredictConfig)
    export: ExportConfig = field(default_factory=ExportConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        full = self.model.tuning == "full"
        require(
            full or self.augmentation.mix == "none", "augmentation.mix", self.augmentation.mix, "none with tuning head"
        )
        for name in ("freeze_epochs", "unfreeze_epochs"):
            epochs = getattr(self.training, name)
            require(full or not epochs, f"training.{name}", epochs, "0 with head")


load_config = partial(load, Config, PROJECT)
"""`load_config()`, or `load_config(file, "--training.epochs", "3")`: read a configuration as the command line does"""
export_path = partial(model_path, PROJECT)
"""`export_path(config)`: where the exported model is"""
