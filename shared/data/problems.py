"""Problems of the user's files: collected first, then reported together."""

from collections import defaultdict
from collections.abc import Sequence

_NAMED_AT_MOST = 5


class Problems:
    """What is wrong with a folder or table: by kind, each file or line named."""

    def __init__(self) -> None:
        self.by_kind: defaultdict[str, list[str]] = defaultdict(list)
        """The names of files or lines, by what is wrong with them."""

    def __bool__(self) -> bool:
        return bool(self.by_kind)

    def add(self, kind: str, name: str) -> None:
        """Note one file or line."""
        self.by_kind[kind].append(name)

    def update(self, others: "Problems") -> None:
        """Note all that others have found."""
        for kind, names in others.by_kind.items():
            self.by_kind[kind].extend(names)

    def __str__(self) -> str:
        return "; ".join(f"{kind}: {len(names)} ({named(names)})" for kind, names in self.by_kind.items())


def named(names: Sequence[str]) -> str:
    """The first few names in one line."""
    return ", ".join(names[:_NAMED_AT_MOST]) + (", ..." if len(names) > _NAMED_AT_MOST else "")
