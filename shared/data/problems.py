"""What is wrong with the files a user brought: found first, then said all at once."""

from collections import defaultdict
from collections.abc import Sequence

_NAMED_AT_MOST = 5


class Problems:
    """What is wrong with a folder or table: by kind, each file or line named."""

    def __init__(self) -> None:
        self._found: defaultdict[str, list[str]] = defaultdict(list)

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, kind: str, name: str) -> None:
        """Note one file or line."""
        self._found[kind].append(name)

    def __str__(self) -> str:
        return "; ".join(f"{kind}: {len(names)} ({named(names)})" for kind, names in self._found.items())


def named(names: Sequence[str]) -> str:
    """The first few names in one line."""
    return ", ".join(names[:_NAMED_AT_MOST]) + (", ..." if len(names) > _NAMED_AT_MOST else "")
