"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from shared.bounds import (
    Bounds,
    ClosedUnitInterval,
    HalfOpenUnitInterval,
    NonNegativeInt,
    OpenUnitInterval,
    PositiveFloat,
    PositiveInt,
)
from shared.config import load, require_range
from shared.data.settings import PreparedDataConfig
from shared.settings import BaseConfig, model_path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class DataConfig(PreparedDataConfig):
    """Which photos, and how faces are split, cropped and augmented."""

    source: Literal["auto", "lfw", "folder", "sample"] = "auto"
    """auto: the data in data.root, else the built-in sample; lfw: also downloads Labeled Faces in the Wild"""
    root: Path = Path("data/raw")
    """folder of one folder per person; pairs.txt beside these folders gives the protocol of LFW"""
    value_range: list[float] = field(default_factory=list)
    """the two values that become black and white in gray photos of more than 8 bits a pixel; a wider range leaves fewer
    levels for each photo; empty: measured on the training photos"""
    validation_fraction: OpenUnitInterval = 0.15
    """fraction of the training people that become the validation split"""
    test_fraction: OpenUnitInterval = 0.2
    """fraction of the people that become the test split, where no pairs.txt names them"""
    test_fold: NonNegativeInt = 0
    """number of the fold of pairs.txt that is the test split, counted from 1; 0 takes the last fold"""
    pairs: PositiveInt = 3000
    """largest number of same and of different pairs that are measured without pairs.txt; more narrow the intervals"""
    photos_per_person: Annotated[int, Bounds(ge=2)] = 2
    """number of photos of each person in a training batch; a person with fewer photos gets augmented copies"""
    flip: bool = True
    """true: training crops are mirrored left to right at random"""
    shift: HalfOpenUnitInterval = 0.06
    """largest random shift of a training crop as a fraction of its side; 0: none"""
    zoom: HalfOpenUnitInterval = 0.1
    """largest random change of a training crop's scale as a fraction; 0: none"""
    turn: Annotated[float, Bounds(ge=0, le=180)] = 8.0
    """largest random rotation of a training crop in degrees; 0: none"""
    light: HalfOpenUnitInterval = 0.25
    """largest random change of a training crop's brightness and contrast as a fraction; 0: none"""
    erase: ClosedUnitInterval = 0.3
    """fraction of the training crops from which a random rectangle is erased; 0: none"""

    def __post_init__(self) -> None:
        require_range("data.value_range", self.value_range)


@dataclass
class DetectorConfig:
    """How faces are found."""

    min_face: Annotated[int, Bounds(ge=20)] = 40
    """side of the smallest face that is found, in pixels of the searched image; twice the value is much faster"""
    max_side: Annotated[int, Bounds(ge=64)] = 1024
    """largest side of the image that is searched, in pixels; larger images are scaled down; higher values find smaller
    faces and take longer"""
    min_confidence: ClosedUnitInterval = 0.9
    """smallest confidence of the detector; higher values find fewer faces and fewer false ones"""


@dataclass
class ModelConfig:
    """Which embedder."""

    name: Literal["dlib_resnet", "inception_resnet_v1", "small"] = "dlib_resnet"
    """dlib_resnet: pretrained, in an installed package; small: trained here; inception_resnet_v1: pretrained weights by
    download, or trained here"""
    weights: Literal["auto", "none"] = "auto"
    """auto: pretrained weights, or (small) principal components of the training crops; none: random weights"""
    head: Literal["none", "linear"] = "none"
    """linear: train a matrix behind the pretrained network, which starts as identity (see training.freeze_epochs)"""
    views: Literal[1, 2, 4] = 4
    """number of views of a face whose mean embedding is taken; 1: the crop; 2: also its mirror image; 4: also both a
    little closer. More views are more accurate and take longer"""


@dataclass
class LossConfig:
    """What training minimizes."""

    name: Literal["arcface", "triplet"] = "arcface"
    """arcface: classify the training people with an angular margin (Deng et al. 2019); triplet: compare each photo with
    one of the same person and one of another person (Schroff et al. 2015)"""
    margin: Annotated[float, Bounds(gt=0, lt=3)] = 0.5
    """arcface: margin in radians; triplet: smallest difference of distances; higher values push people further apart
    and are harder to learn"""
    scale: PositiveFloat = 32.0
    """arcface: factor of the cosines before the softmax; higher values make it sharper"""


@dataclass
class DecisionConfig:
    """The errors that the verb calibrate allows."""

    false_accept: OpenUnitInterval = 0.01
    """largest fraction of pairs of different people that are declared `same`; lower values ask for more similarity"""
    false_reject: OpenUnitInterval = 0.05
    """largest fraction of pairs of one person that are declared `different`; in between the answer is `can't tell`"""
    confidence: OpenUnitInterval = 0.95
    """probability that both fractions hold on new photos; higher values need more photos"""


@dataclass
class GalleryConfig:
    """Where enrolled people are stored, and how they are searched."""

    file: Path = Path("outputs/gallery.sqlite")
    """SQLite file of names and embeddings; it holds no images"""
    approximate_above: PositiveInt = 1_000_000
    """number of embeddings above which identification searches an approximate index; else it compares all of them"""


@dataclass
class Config(BaseConfig):
    """All settings of this project."""

    NOT_TRAINED = (*BaseConfig.NOT_TRAINED, "gallery", "decision")

    data: DataConfig = field(default_factory=DataConfig)
    detector: DetectorConfig = field(default_factory=DetectorConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    gallery: GalleryConfig = field(default_factory=GalleryConfig)


load_config = partial(load, Config, PROJECT)
"""`load_config()`, or `load_config(file, "--training.epochs", "3")`: read a configuration as the command line does"""
export_path = partial(model_path, PROJECT)
"""`export_path(config)`: where the exported model is"""
