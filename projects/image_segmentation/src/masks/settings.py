"""How mask files are read; a project's settings of its data have these too."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from shared.bounds import Bounds
from shared.config import require, require_range


@dataclass
class MaskConfig:
    """What the values in masks mean; without settings, the values themselves say it, or the program asks."""

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

    value_range: list[float] = field(default_factory=list)
    """the two values that become black and white in gray images of more than 8 bits a pixel; a wider range leaves fewer
    levels for each image; empty: measured on the training images"""

    def __post_init__(self) -> None:
        require_range("data.value_range", self.value_range)
        require(len(self.classes) != 1, "data.classes", self.classes, "two names or more")
        fits = not self.palette or len(self.palette) == len(self.classes)
        require(fits, "data.palette", self.palette, "as long as data.classes, one color per class")
        decided = self.threshold > 0 or self.foreground == "above_zero"
        require(
            not (decided and self.palette), "data.palette", self.palette, "empty beside data.foreground or threshold"
        )
        fits = not decided or len(self.classes) in (0, 2)
        require(fits, "data.classes", self.classes, "two names, beside data.foreground above_zero or data.threshold")
        readable = not self.ignore or bool(self.palette) or self.ignore.isdigit()
        require(readable, "data.ignore", self.ignore, "a whole number, or a color where data.palette is given")
