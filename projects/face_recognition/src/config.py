"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shared.config import load, require
from shared.serving.settings import ServeConfig
from shared.training.settings import TrainingConfig

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class DataConfig:
    """Which faces, and how they are cut and changed for training."""

    source: Literal["auto", "lfw", "folder", "sample"] = "auto"
    """auto: what lies in root, else the built-in sample; lfw is downloaded only where it is asked for by name"""
    root: Path = PROJECT / "data" / "raw"
    """the folder of one folder a person, with pairs.txt beside them for the protocol of LFW"""
    processed: Path = PROJECT / "data" / "processed"
    """where the detector's finds are kept, so that no photo is searched twice"""
    validation_fraction: float = 0.15
    """the share of the training people that are kept for validation"""
    test_fraction: float = 0.2
    """the share of the people kept for the test where no pairs.txt names them"""
    test_fold: int = 0
    """the fold of pairs.txt that is the test split, counted from 1; 0 takes the last one"""
    pairs: int = 3000
    """at most so many pairs of the same person are measured, and as many of different ones (without pairs.txt)"""
    photos_per_person: int = 2
    """so many photos, or views of them, of each person stand in a training batch"""
    flip: bool = True
    """training crops are mirrored left to right at random"""
    shift: float = 0.06
    """they are moved at random by up to this share of their side"""
    zoom: float = 0.1
    """they grow or shrink at random by up to this share"""
    turn: float = 8.0
    """they are turned at random by up to so many degrees"""
    light: float = 0.25
    """brightness and contrast change at random by up to this share"""
    erase: float = 0.3
    """the share of crops from which a random rectangle is taken out"""

    def __post_init__(self) -> None:
        for name in ("validation_fraction", "test_fraction"):
            value = getattr(self, name)
            require(0 < value < 1, f"data.{name}", value, "between 0 and 1")
        for name in ("shift", "zoom", "light"):
            value = getattr(self, name)
            require(0 <= value < 1, f"data.{name}", value, "at least 0 and below 1")
        require(0 <= self.erase <= 1, "data.erase", self.erase, "between 0 and 1")
        require(0 <= self.turn <= 180, "data.turn", self.turn, "between 0 and 180")
        require(self.test_fold >= 0, "data.test_fold", self.test_fold, "0 or more")
        require(self.pairs >= 1, "data.pairs", self.pairs, "1 or more")
        require(self.photos_per_person >= 2, "data.photos_per_person", self.photos_per_person, "2 or more")


@dataclass
class DetectorConfig:
    """How faces are found."""

    min_face: int = 40
    """smaller faces, in pixels of the image as it is searched, are not looked for; doubling it is much faster"""
    max_side: int = 1024
    """images whose longer side has more pixels are scaled down for the search"""
    min_confidence: float = 0.9
    """what the detector calls a face with less confidence is none"""

    def __post_init__(self) -> None:
        require(self.min_face >= 20, "detector.min_face", self.min_face, "20 or more")
        require(self.max_side >= 64, "detector.max_side", self.max_side, "64 or more")
        require(0 <= self.min_confidence <= 1, "detector.min_confidence", self.min_confidence, "between 0 and 1")


@dataclass
class ModelConfig:
    """Which embedder."""

    name: Literal["dlib_resnet", "inception_resnet_v1", "small"] = "dlib_resnet"
    """dlib_resnet comes trained; small is trained here; inception_resnet_v1 downloads weights, or is trained here"""
    weights: Literal["auto", "none"] = "auto"
    """none: begin with random weights also where there are trained ones, or (small) ones from the training crops"""
    head: Literal["none", "linear"] = "none"
    """linear: train a matrix behind trained weights, which starts as identity (see training.freeze_epochs)"""
    views: Literal[1, 2, 4] = 4
    """embed so many views and take the mean. 1: the crop, 2: its mirror image too, 4: both a little closer too"""


@dataclass
class LossConfig:
    """What is minimized while training."""

    name: Literal["arcface", "triplet"] = "arcface"
    """arcface tells the training people apart with an angle to spare; triplet compares photos with mined ones"""
    margin: float = 0.5
    """arcface: the angle in radians (Deng et al. 2019); triplet: the least difference of distances"""
    scale: float = 32.0
    """arcface: what cosines are multiplied by before the softmax"""

    def __post_init__(self) -> None:
        require(0 < self.margin < 3, "loss.margin", self.margin, "above 0 and below 3")
        require(self.scale > 0, "loss.scale", self.scale, "above 0")


@dataclass
class DecisionConfig:
    """How sure an answer has to be; see the verb calibrate."""

    false_accept: float = 0.01
    """the wanted share of different people that are taken for the same, at most"""
    false_reject: float = 0.05
    """the wanted share of the same people that are answered `different`, at most; between the two: `can't tell`"""
    confidence: float = 0.95
    """of the promise that the shares are kept"""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            require(0 < value < 1, f"decision.{name}", value, "between 0 and 1")


@dataclass
class GalleryConfig:
    """Where enrolled people are kept, and how they are searched."""

    file: Path = PROJECT / "outputs" / "gallery.sqlite"
    """one SQLite file; it holds names and embeddings, no images"""
    approximate_above: int = 1_000_000
    """with more embeddings than this, identification searches an approximate index in place of all of them"""

    def __post_init__(self) -> None:
        require(self.approximate_above >= 1, "gallery.approximate_above", self.approximate_above, "1 or more")


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
    detector: DetectorConfig = field(default_factory=DetectorConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    gallery: GalleryConfig = field(default_factory=GalleryConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)

    def __post_init__(self) -> None:
        require(0 <= self.seed < 2**32, "seed", self.seed, "at least 0 and below 4294967296")


def load_config(file: Path = PROJECT / "configs" / "config.yaml", *overrides: str) -> Config:
    """Read a configuration, as the command line does: `load_config(file, "--training.epochs", "3")`."""
    return load(Config, file, overrides, base=PROJECT)


def export_path(config: Config) -> Path:
    """Where the exported network lies; it is named after the project's folder."""
    return config.output_dir / "export" / f"{PROJECT.name}.onnx"
