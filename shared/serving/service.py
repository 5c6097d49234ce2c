"""What a project gives the server: its endpoints, its facts and its page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shared.errors import UserError

EXAMPLES_FILE = "examples.json"  # what an export puts beside its network for the page
JsonObject = dict[str, Any]
"""Plain types that JSON has; no NaN."""


class RefusedError(Exception):
    """An item cannot be used; the message says why in a few words and repeats nothing of the item."""


@dataclass(frozen=True)
class Endpoint:
    """What `POST /<name>` does.

    A request holds one element as its raw body, or several as JSON (`{"images": ["<base64>", ...]}`,
    `{"recordings": [...]}`, `{"texts": [...]}`) or as files of a form. `decode` and `predict` are called from one
    thread.
    """

    name: str
    summary: str
    kind: Literal["images", "texts", "recordings"]
    """What elements are: files as bytes, or strings. It is also the key of the list in JSON."""
    decode: Callable[..., Any]
    """From the elements of one item (and the `fields` by name) to what `predict` takes; or `RefusedError`."""
    predict: Callable[[list[Any]], list[JsonObject]]
    """From decoded items of any requests to their predictions, in the same order. If it fails on several, it is called
    again for each alone; one that changes something has a `batch_size` of 1."""
    example: str
    """An element for the interface's description: a text, or a file in base64."""
    example_result: JsonObject
    elements_per_item: int = 1
    """2 for a comparison of two images."""
    fields: tuple[str, ...] = ()
    """Names of short texts that a request gives beside its elements, for all of its items."""
    batch_size: int = 32
    """The largest number of items that `predict` is given at once; 1 where they cannot be stacked."""

    @property
    def takes_raw_body(self) -> bool:
        """Whether one element as the body is a whole item."""
        return self.elements_per_item == 1 and not self.fields


@dataclass(frozen=True)
class Service:
    """A project as the server sees it."""

    title: str
    metadata: Mapping[str, Any]
    """The facts that the exported network carries; `GET /model` shows them."""
    endpoints: Sequence[Endpoint]
    page: Path | None = None
    """The folder of the page for people: `index.html` and what it loads."""
    network_dir: Path | None = None
    """The folder of the exported network, whose examples the page offers to click."""

    def __post_init__(self) -> None:
        if self.page and not (self.page / "index.html").is_file():
            raise UserError(f"there is no {self.page / 'index.html'}; the server shows it to people, so put it back.")
