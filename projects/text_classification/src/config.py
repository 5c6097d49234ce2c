"""The settings of this project; `configs/config.yaml` holds the values of the default run."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from shared.bounds import (
    Bounds,
    HalfOpenUnitInterval,
    NonNegativeInt,
    OpenUnitInterval,
    PositiveInt,
)
from shared.config import load, require, require_pattern
from shared.export.settings import ExportConfig
from shared.inference.settings import PredictConfig as ClassifierPredictConfig
from shared.settings import BaseConfig, model_path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class DataConfig:
    """Which texts, and how they are split."""

    source: Literal["auto", "csv", "folder", "ag_news", "imdb", "sst2", "sample"] = "auto"
    """auto: CSV files or class folders in data.root, else AG News by download, else the built-in sample"""
    root: Path = Path("data/raw")
    """CSV, TSV, Parquet or JSON lines file to split; or folder of one such file, of train.csv and optional
    validation.csv, test.csv, or of one folder per class with a .txt file for each text"""
    text_column: str = "text"
    """name of the column with the texts"""
    label_column: str = "label"
    """name of the column with the classes"""
    group_column: str = ""
    """name of a column, such as the author, whose texts of one value stay in one split; empty: none"""
    group_pattern: str = ""
    """regular expression whose part in parentheses is the group in a .txt file's name; texts of one group stay in one
    split; empty: the column group of index.csv, if there is one"""
    clean_labels: bool = False
    """true: classes whose names differ in capitals, blanks, the form of letters or of numbers (1 and 1.0) alone are
    one, and rows whose class says that it is missing (nan, null, N/A) are left out"""
    cache: Literal["auto", "memory", "disk"] = "auto"
    """memory: texts are read and tokenized when a command starts; disk: once, into data.processed, where they are too
    many for the memory; auto: disk for tables of more than 32 MB"""
    processed: Path = Path("data/processed")
    """folder of what is read and tokenized once; it can be deleted at any time"""
    max_train: NonNegativeInt = 20_000
    """largest number of training texts, drawn at random with some of every class; more texts take longer and usually
    score higher; 0: all"""
    validation_fraction: OpenUnitInterval = 0.1
    """fraction of the training split that becomes the validation split"""
    test_fraction: OpenUnitInterval = 0.2
    """fraction of the data that becomes the test split, where the data has none"""

    def __post_init__(self) -> None:
        require_pattern("data.group_pattern", self.group_pattern)


@dataclass
class TokenizerConfig:
    """How a text becomes numbers."""

    max_tokens: Annotated[int, Bounds(ge=4)] = 128
    """largest number of tokens (words or parts of words) that are read of a text; the rest is cut; higher values take
    longer"""
    vocabulary: Annotated[int, Bounds(ge=300)] = 8000
    """largest number of different tokens, learned from the training split; a pretrained network has its own"""


@dataclass
class ModelConfig:
    """Which network."""

    name: Literal["auto", "ngrams", "lstm", "gru", "transformer", "pretrained"] = "auto"
    """auto: pretrained, or ngrams where the pretrained network cannot read the texts; ngrams: the mean of embedded
    words and pairs of words; lstm, gru: recurrent networks in both directions; transformer: attention, trained from
    scratch; pretrained: a Transformer that is pretrained on other texts"""
    width: Annotated[int, Bounds(ge=8)] = 128
    """length of the hidden vectors, not for pretrained; higher values fit more and take longer"""
    layers: PositiveInt = 2
    """number of the transformer's blocks; more blocks fit more and take longer"""
    heads: PositiveInt = 4
    """number of attention heads in each of the transformer's blocks, a divisor of model.width"""
    dropout: HalfOpenUnitInterval = 0.1
    """fraction of the features that are set to zero at random in training; higher values counter overfitting"""
    pretrained: str = "all-MiniLM-L6-v2"
    """name of the pretrained network; this one is in an installed package, any other comes from Hugging Face's hub"""
    tuning: Literal["full", "frozen", "lora"] = "full"
    """what is trained of a pretrained network; full: all but its embeddings; frozen: only a new last layer; lora: small
    matrices beside its weights (Hu et al. 2021)"""
    lora_rank: PositiveInt = 16
    """rank of lora's matrices; higher values fit more and take more memory"""

    def __post_init__(self) -> None:
        divides = self.heads < 1 or self.width % self.heads == 0
        require(divides, "model.heads", self.heads, "a divisor of model.width")


@dataclass
class PredictConfig(ClassifierPredictConfig):
    """How sure a prediction must be, and whether it is explained."""

    explain: bool = False
    """true: predictions also name the words that changed them most"""


@dataclass
class Config(BaseConfig):
    """All settings of this project."""

    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    predict: PredictConfig = field(default_factory=PredictConfig)
    export: ExportConfig = field(default_factory=ExportConfig)


load_config = partial(load, Config, PROJECT)
"""`load_config()`, or `load_config(file, "--training.epochs", "3")`: read a configuration as the command line does"""
export_path = partial(model_path, PROJECT)
"""`export_path(config)`: where the exported model is"""


def tokenizer_path(config: Config) -> Path:
    """Where the exported model's tokenizer is, in the format of Hugging Face's `tokenizers`."""
    return config.output_dir / "export" / "tokenizer.json"
