"""The settings of the export, the same in every project."""

from dataclasses import dataclass
from typing import Literal

Wanted = Literal["auto", "fp32", "int8"]


@dataclass
class ExportConfig:
    """What the exported file computes with."""

    precision: Wanted = "auto"
    """auto: int8 if that is faster by a quarter on this machine and costs less than half a point of validation score"""
