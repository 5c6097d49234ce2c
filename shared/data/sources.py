"""Where data comes from: what lies on the disk, else a download, else the built-in sample with a warning."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from shared.console import log
from shared.data.download import DownloadError
from shared.data.packed import opened
from shared.data.problems import Problems, named
from shared.errors import UserError


@dataclass(frozen=True)
class DataRecord:
    """Which data a run used; it goes into every result, report and exported model, and names no path."""

    source: str
    """The name of the data set: that of a published one, `folder`, or `sample`."""
    description: str
    """One line for people: what it is, and where it comes from."""
    license: str
    substituted: str = ""
    """Why the built-in sample was used in place of the configured data; empty where it was not."""
    skipped_files: Problems = field(default_factory=Problems)
    """The files and folders that were not read, by reason; results have their numbers only."""


class Described(Protocol):
    """What every source says of the data that it gives."""

    @property
    def description(self) -> str:
        """One line for people."""

    @property
    def license(self) -> str:
        """The terms of use."""


D = TypeVar("D", bound=Described)


@dataclass(frozen=True)
class DataSource(Generic[D]):
    """One place that data can come from."""

    load: Callable[[Path], D]
    """Reads it; a published data set downloads what is missing and raises `DownloadError` without a network."""
    present: Callable[[Path], bool] = lambda _: False
    """Whether it lies below this folder already; the built-in sample never does."""
    skipped_files: Callable[[Path], Problems] = lambda _: Problems()
    """What lies below this folder and is not read."""


def load_present(root: Path, sources: Mapping[str, DataSource[D]]) -> tuple[D, DataRecord]:
    """Load what lies in `root`; nothing is downloaded, and nothing stands in for it.

    Raises:
        UserError: there is nothing, or none of the sources.
    """
    root = opened(root)
    if not root.exists():
        raise UserError(f"there is no {root}; correct the path.")
    name = _present(root, sources)
    if not name:
        raise UserError(_no_layout(root, sources))
    found = sources[name].load(root)
    return found, DataRecord(name, found.description, found.license)


def is_empty(root: Path, published: str) -> bool:
    """Whether a folder holds nothing but hidden files, empty folders, and an unfinished download of `published`."""
    return root.is_dir() and all(
        path.name.startswith(".") or path.name == published or (path.is_dir() and is_empty(path, published))
        for path in root.iterdir()
    )


def load_source(
    wanted: str, root: Path, sources: Mapping[str, DataSource[D]], published: str = ""
) -> tuple[D, DataRecord]:
    """Load the wanted source; `auto` takes what lies in `root`, else downloads `published`, else the sample.

    Args:
        wanted: `auto` or a key of `sources`, which has `sample`.
        sources: in the order in which `auto` looks for them.
        published: the key of the data set that `auto` downloads into the folder of that name below `root`; empty where
            nothing is downloaded unasked.

    Raises:
        UserError: `root` holds something that is none of the sources, or the source named by `wanted` fails.
    """
    if wanted != "sample" and not root.exists():
        raise UserError(f"data.root {root} does not exist; make it, or correct the path.")
    name, substituted = wanted if wanted != "auto" else _choose(root, sources, published), ""
    try:
        found = sources[name].load(root)
    except DownloadError as error:
        if wanted != "auto" or name != published:
            raise UserError(f"{error}; put the files into {root}, or use --data.source sample.") from error
        substituted = f"{error}, so the built-in sample stands in for {published}"
        log.warning(f"{substituted}; its scores are not those of {published}.")
        name, found = "sample", sources["sample"].load(root)
    skipped = sources[name].skipped_files(root)
    for sentence in skipped.sentences():
        log.warning(f"not read: {sentence}")
    return found, DataRecord(name, found.description, found.license, substituted, skipped)


def _choose(root: Path, sources: Mapping[str, DataSource[D]], published: str) -> str:
    """The name of the source that `auto` stands for."""
    name = _present(root, sources)
    if name:
        log.info(f"data: {name}, found in {root}")
        return name
    if not is_empty(root, published):
        raise UserError(_no_layout(root, sources))
    if not published:
        log.info(f"data: {root} is empty, so the built-in sample is used")
        return "sample"
    log.info(f"data: {root} is empty, so {published} is downloaded; --data.source sample needs no network")
    return published


def _present(root: Path, sources: Mapping[str, DataSource[D]]) -> str:
    """The first source that is in `root`; empty where none is."""
    return next((name for name, source in sources.items() if source.present(root)), "")


def _no_layout(root: Path, sources: Mapping[str, DataSource[D]]) -> str:
    inside = (
        [f"{path.name}/" if path.is_dir() else path.name for path in sorted(root.iterdir())] if root.is_dir() else []
    )
    found = f", but {named(inside)}" if inside else ""
    return f"{root} holds none of the known data layouts ({', '.join(sources)}){found}; see the README's data section."


def require_same_classes(trained: Sequence[str], found: Sequence[str]) -> None:
    """Raise a UserError where the classes or their order are not those that the network tells apart."""
    if list(trained) == list(found):
        return
    missing, new = sorted(set(trained) - set(found)), sorted(set(found) - set(trained))
    differences = [f"without {named(missing)}"] * bool(missing) + [f"with {named(new)}"] * bool(new)
    raise UserError(
        f"the data has other classes than the network was trained on ({', '.join(differences) or 'in another order'}); "
        "use data of the same classes, or train again."
    )


def warn_if_other_data(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Warn where the records of two data sets (`Data.as_dict`) have different training splits."""
    if before["digest"] != now["digest"]:
        log.warning(
            f"the network was trained on other data ({before['source']}, {before['counts']['train']} examples) than "
            f"is read now ({now['source']}, {now['counts']['train']}); the test split may hold examples it has seen. "
            "To score every example of other data, use `python main.py evaluate --on PATH`."
        )
