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
    """Which texts, and how they are cut into splits."""

    source: Literal["auto", "csv", "ag_news", "imdb", "sst2", "sample"] = "auto"
    """auto: CSV files in root, else AG News by download, else the built-in sample"""
    root: Path = PROJECT / "data" / "raw"
    """a CSV or TSV file to cut into splits, or a folder of one, or of train.csv and perhaps validation.csv, test.csv"""
    text_column: str = "text"
    """the column of the texts"""
    label_column: str = "label"
    """the column of the classes"""
    max_train: int = 20_000
    """so many training texts at most, drawn by the seed, so that a large data set does not take all night; 0: all"""
    validation_fraction: float = 0.1
    """the share of the training split that is kept for validation"""
    test_fraction: float = 0.2
    """the share kept for the test where the data brings no test split of its own"""

    def __post_init__(self) -> None:
        require(self.max_train >= 0, "data.max_train", self.max_train, "0 or more")
        for name in ("validation_fraction", "test_fraction"):
            value = getattr(self, name)
            require(0 < value < 1, f"data.{name}", value, "between 0 and 1")


@dataclass
class TokenizerConfig:
    """How a text becomes numbers."""

    max_tokens: int = 128
    """longer texts are cut; a token is a word or a piece of one"""
    vocabulary: int = 8000
    """so many pieces at most are learned from the training split; a pretrained network brings its own"""

    def __post_init__(self) -> None:
        require(self.max_tokens >= 4, "tokenizer.max_tokens", self.max_tokens, "4 or more")
        require(self.vocabulary >= 300, "tokenizer.vocabulary", self.vocabulary, "300 or more")


@dataclass
class ModelConfig:
    """Which network."""

    name: Literal["ngrams", "lstm", "gru", "transformer", "pretrained"] = "pretrained"
    """ngrams: the mean of embedded words and pairs of words; lstm, gru: read in both directions; transformer: attention
    from scratch; pretrained: a Transformer that has read a great deal before"""
    width: int = 128
    """the length of the vectors inside (not of the pretrained network)"""
    layers: int = 2
    """how many blocks of attention the transformer has"""
    heads: int = 4
    """how many places each of its blocks attends to at once"""
    dropout: float = 0.1
    """the share of numbers that is set to zero at random while training"""
    pretrained: str = "all-MiniLM-L6-v2"
    """this one comes with an installed package; any other name is asked of Hugging Face's hub"""
    tuning: Literal["full", "frozen", "lora"] = "full"
    """of the pretrained network learns: all but its table of words; nothing but a new last layer; small additions"""
    lora_rank: int = 16
    """the size of these additions"""

    def __post_init__(self) -> None:
        require(self.width >= 8, "model.width", self.width, "8 or more")
        require(self.layers >= 1, "model.layers", self.layers, "1 or more")
        require(self.heads >= 1 and self.width % self.heads == 0, "model.heads", self.heads, "a divisor of model.width")
        require(0 <= self.dropout < 1, "model.dropout", self.dropout, "at least 0 and below 1")
        require(self.lora_rank >= 1, "model.lora_rank", self.lora_rank, "1 or more")


@dataclass
class PredictConfig:
    """How answers are given."""

    min_probability: float = 0.5
    """below it the answer is "unsure": the other classes together are then as likely"""
    explain: bool = False
    """also say which words moved the decision"""

    def __post_init__(self) -> None:
        require(0 <= self.min_probability <= 1, "predict.min_probability", self.min_probability, "between 0 and 1")


@dataclass
class Config:
    """All settings of this project."""

    seed: int = 0
    """decides the split, the first weights and the order"""
    output_dir: Path = PROJECT / "outputs"
    """where results go"""
    log_dir: Path = PROJECT / "logs" / "tensorboard"
    """where TensorBoard finds the curves"""
    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
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


def tokenizer_path(config: Config) -> Path:
    """Where its tokenizer lies, in the format of Hugging Face's `tokenizers`."""
    return config.output_dir / "export" / "tokenizer.json"
