"""Problems of the user's files: collected first, then reported together."""

from collections import defaultdict
from collections.abc import Sequence

_NAMED_AT_MOST = 5
REMEDY = "mend or remove them"


class Problems:
    """What is wrong with a folder or table: by kind, each file or line named."""

    def __init__(self) -> None:
        self.by_kind: defaultdict[str, list[str]] = defaultdict(list)
        """The names of files or lines, by what is wrong with them."""
        self.remedies: dict[str, str] = {}
        """What to do, by what is wrong; a sentence's end."""

    def __bool__(self) -> bool:
        return bool(self.by_kind)

    def add(self, kind: str, name: str, remedy: str = REMEDY) -> None:
        """Note one file or line, and what to do about all of its kind."""
        self.by_kind[kind].append(name)
        self.remedies[kind] = remedy

    def update(self, others: "Problems") -> None:
        """Note all that others have found."""
        for kind, names in others.by_kind.items():
            self.by_kind[kind].extend(names)
        self.remedies |= others.remedies

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        return {kind: len(names) for kind, names in self.by_kind.items()}

    def sentences(self) -> list[str]:
        """A sentence about each kind: how many, the first names, and what to do."""
        return [
            f"{kind}: {len(found)} ({named(found)}); {self.remedies[kind]}." for kind, found in self.by_kind.items()
        ]

    def __str__(self) -> str:
        return "; ".join(f"{kind}: {len(names)} ({named(names)})" for kind, names in self.by_kind.items())


def named(names: Sequence[str]) -> str:
    """The first few names in one line."""
    return ", ".join(names[:_NAMED_AT_MOST]) + (", ..." if len(names) > _NAMED_AT_MOST else "")
