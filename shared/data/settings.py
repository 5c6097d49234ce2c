"""The settings of data that is prepared from files: a project's `DataConfig` adds its own to them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shared.bounds import OpenUnitInterval
from shared.config import require_pattern, require_range


@dataclass
class PreparedDataConfig:
    """Where examples are kept once they are decoded."""

    cache: Literal["auto", "memory", "disk", "none"] = "auto"
    """memory: files are decoded when a command starts; disk: once, into data.processed; none: whenever a batch needs
    them, by worker processes; auto: memory for few files, else disk where it has room for twice as much, else none"""
    processed: Path = Path("data/processed")
    """folder of what is prepared once; it can be deleted at any time"""


@dataclass
class ImageFileConfig:
    """How image files are read, and cut into splits."""

    value_range: list[float] = field(default_factory=list)
    """the two values that become black and white in gray images of more than 8 bits a pixel; a wider range leaves fewer
    levels for each image; empty: measured on the training images"""
    group_pattern: str = ""
    """regular expression whose first group finds in a file's name which images stay together in one split, such as
    copies of one image or shots of one object; empty: the column group of index.csv in data.root, where there is one"""
    validation_fraction: OpenUnitInterval = 0.15
    """fraction of the training split that becomes the validation split"""
    test_fraction: OpenUnitInterval = 0.2
    """fraction of the data that becomes the test split, where the data has none"""

    def __post_init__(self) -> None:
        require_range("data.value_range", self.value_range)
        require_pattern("data.group_pattern", self.group_pattern)


@dataclass
class ImageDataConfig(PreparedDataConfig, ImageFileConfig):
    """How labeled images are read, prepared, and cut into splits."""
