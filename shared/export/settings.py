"""The settings of the export, the same in every project."""

from dataclasses import dataclass
from typing import Literal

from shared.bounds import NonNegativeInt

Precision = Literal["auto", "fp32", "int8"]


@dataclass
class ExportConfig:
    """The number format of the exported model, and what lies beside it."""

    precision: Precision = "auto"
    """fp32: 32-bit numbers; int8: 8-bit numbers, a smaller file and usually faster, at some cost in the score; auto:
    int8 if it is at least 25 % faster on this machine and loses less than half a point of the validation score"""
    examples: NonNegativeInt = 3
    """number of test examples that the page offers to click; they lie beside the exported model, so take 0 where nobody
    else may see them"""
