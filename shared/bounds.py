"""Ranges of numbers, stated in the type of a setting: `epochs: PositiveInt = 10`."""

import dataclasses
import math
import typing
from typing import Annotated, Any

from shared.config import require


@dataclasses.dataclass(frozen=True, repr=False)
class Bounds:
    """The range of a finite number in a dataclass, by pydantic's names: `epochs: Annotated[int, Bounds(ge=1)] = 10`."""

    gt: float = -math.inf
    ge: float = -math.inf
    lt: float = math.inf
    le: float = math.inf

    def contains(self, value: float) -> bool:
        """Whether the value is in the range; infinity and NaN never are."""
        return self.gt < value < self.lt and self.ge <= value <= self.le

    def __repr__(self) -> str:
        words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
        limits = [f"{words[name]} {limit}" for name, limit in vars(self).items() if math.isfinite(limit)]
        return " and ".join(limits) or "finite"


PositiveInt = Annotated[int, Bounds(ge=1)]
NonNegativeInt = Annotated[int, Bounds(ge=0)]
PositiveFloat = Annotated[float, Bounds(gt=0)]
NonNegativeFloat = Annotated[float, Bounds(ge=0)]
OpenUnitInterval = Annotated[float, Bounds(gt=0, lt=1)]
ClosedUnitInterval = Annotated[float, Bounds(ge=0, le=1)]
HalfOpenUnitInterval = Annotated[float, Bounds(ge=0, lt=1)]


def check_bounds(config: Any, prefix: str = "") -> None:
    """Raise a UserError for the first setting in a dataclass of dataclasses that is out of its `Bounds`."""
    hints = typing.get_type_hints(type(config), include_extras=True)
    for field in dataclasses.fields(config):
        value, key = getattr(config, field.name), f"{prefix}{field.name}"
        if dataclasses.is_dataclass(value):
            check_bounds(value, f"{key}.")
        for bounds in getattr(hints[field.name], "__metadata__", ()):
            wanted = f"{bounds}" if math.isfinite(value) else f"finite, and {bounds}"
            require(bounds.contains(value), key, value, wanted)
