"""The settings of data that is prepared from files: a project's `DataConfig` adds its own to them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CACHE_SETTINGS = ("data.cache", "data.processed")
"""They do not affect what is trained."""


@dataclass
class PreparedDataConfig:
    """Where examples are kept once they are decoded."""

    cache: Literal["auto", "memory", "disk", "none"] = "auto"
    """memory: files are decoded when a command starts; disk: once, into data.processed; none: whenever a batch needs
    them, by worker processes; auto: memory for few files, else disk where it has room for twice as much, else none"""
    processed: Path = Path("data/processed")
    """folder of what is prepared once; it can be deleted at any time"""
