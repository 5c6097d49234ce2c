"""Data sets, splits and loaders: from files to batches of int16 samples."""

import hashlib
import re
import tarfile
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader
from torchaudio.datasets import SPEECHCOMMANDS
from torchaudio.datasets.speechcommands import _CHECKSUMS

from shared.console import log
from shared.data.audio import read_audio
from shared.data.batches import fitting_batch_size
from shared.data.download import download
from shared.data.folders import RECORDINGS, LabeledFiles, find_labeled, has_class_files, read_all, split_folders
from shared.data.index import read_index
from shared.data.memory import Batch, TensorBatches, ordered_loader, shuffled_loader
from shared.data.problems import Problems, named
from shared.data.sources import DataRecord, DataSource, load_source
from shared.data.splits import Splits, grouped_split, stratified_split
from shared.errors import UserError
from src.augmentation import make_augmentation
from src.config import Config, DataConfig
from src.preparation import fit
from src.sample import VOWELS, make_sample

FSDD_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")
SPEECH_COMMANDS = Path("SpeechCommands", "speech_commands_v0.02")


@dataclass(frozen=True)
class Examples:
    """Clips, int16 [N, samples], their class ids, int64 [N], their names, and who speaks."""

    samples: np.ndarray
    labels: np.ndarray
    names: list[str]
    groups: list[str]
    """Clips of one group never lie in two splits; empty strings where it is not known."""

    def at(self, indices: np.ndarray) -> "Examples":
        """The examples at these indices."""
        names, groups = ([column[index] for index in indices] for column in (self.names, self.groups))
        return Examples(self.samples[indices], self.labels[indices], names, groups)


@dataclass(frozen=True)
class Loaded:
    """What a source gives: a train split, and validation and test splits where it has its own."""

    classes: list[str]
    train: Examples
    validation: Examples | None
    test: Examples | None
    description: str
    license: str
    problems: Problems = field(default_factory=Problems)
    """The files that were left out."""


@dataclass(frozen=True)
class Data:
    """The three splits as batches of `samples` (int16 [N, samples]) and `labels` (int64 [N])."""

    splits: Splits[Batch]
    classes: list[str]
    record: DataRecord
    digest: str
    """SHA-256 of the training split: tells whether two runs trained on the same clips."""
    names: Splits[list[str]]
    """Of the clips in each split."""
    speakers: Splits[int]
    """How many speakers each split has; 0 where it is not known."""
    problems: Problems
    """The files that were left out."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of examples in each split."""
        return {name: len(split["labels"]) for name, split in vars(self.splits).items()}

    def as_dict(self) -> dict[str, object]:
        """The record for results, as plain types."""
        return self.record.as_dict() | {"counts": self.counts, "digest": self.digest, "speakers": vars(self.speakers)}


def load_data(config: Config) -> Data:
    """Find the data (see `DataConfig.source`) and cut it into its three splits.

    Raises:
        UserError: the data is not there, damaged, or too small to be cut.
    """
    settings = config.data
    sources = {
        "speech_commands": DataSource(
            lambda root: _find_speech_commands(root) is not None, partial(_load_commands, settings)
        ),
        "fsdd": DataSource(lambda root: bool(_find_fsdd(root)), partial(_load_fsdd, settings)),
        "folder": DataSource(partial(has_class_files, kind=RECORDINGS), partial(_load_folder, settings)),
        "sample": DataSource(lambda _: False, lambda _: _load_sample(config)),
    }
    name, loaded, substituted = load_source(settings.source, settings.root, sources, published="")
    splits = _cut_all(loaded, settings, config.seed)
    require_all_classes(splits.train, loaded.classes)
    record = DataRecord(name, loaded.description, loaded.license, substituted)
    train = splits.train
    return Data(
        Splits(*(_tensors(split) for split in vars(splits).values())),
        loaded.classes,
        record,
        hashlib.sha256(train.samples.tobytes() + train.labels.tobytes()).hexdigest(),
        Splits(*(split.names for split in vars(splits).values())),
        Splits(*(len(set(filter(None, split.groups))) for split in vars(splits).values())),
        loaded.problems,
    )


def make_loaders(data: Data, config: Config) -> Splits[DataLoader[Batch]]:
    """Loaders of whole batches; only the train split is shuffled and augmented."""
    size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    train = TensorBatches(data.splits.train, make_augmentation(config.data), config.seed)
    return Splits(
        shuffled_loader(train, size, config.training.workers),
        ordered_loader(TensorBatches(data.splits.validation), 256),
        ordered_loader(TensorBatches(data.splits.test), 256),
    )


def _cut_all(loaded: Loaded, settings: DataConfig, seed: int) -> Splits[Examples]:
    """The splits that the source has; those that it lacks are cut off its train split, the test first."""
    train, validation, test = loaded.train, loaded.validation, loaded.test
    if test is not None and settings.test_groups:
        raise UserError(
            "the data brings a test split of its own, which data.test_groups cannot change; leave that out."
        )
    if settings.test_groups:
        train, test = _named_groups(train, settings.test_groups)
    elif test is None:
        train, test = _cut(train, settings.test_fraction, seed)
    if validation is None:
        train, validation = _cut(train, settings.validation_fraction, seed, settings.validation_by)
    return Splits(train, validation, test)


def _cut(whole: Examples, fraction: float, seed: int, by: str = "group") -> tuple[Examples, Examples]:
    if by == "group" and any(whole.groups):
        groups = [group or name for group, name in zip(whole.groups, whole.names, strict=True)]
        first, second = grouped_split(groups, fraction, seed, [str(label) for label in whole.labels])
    else:
        first, second = stratified_split(whole.labels, fraction, seed)
    return whole.at(first), whole.at(second)


def _named_groups(whole: Examples, wanted: list[str]) -> tuple[Examples, Examples]:
    """All others, and the clips of these speakers."""
    unknown = set(wanted) - set(whole.groups)
    if unknown:
        known = ", ".join(group for group, _ in Counter(filter(None, whole.groups)).most_common(5)) or "none"
        raise UserError(f"data.test_groups names {named(sorted(unknown))}, who speaks nowhere; known are {known}.")
    chosen = np.isin(whole.groups, wanted)
    if chosen.all():
        raise UserError(f"data.test_groups names every speaker ({named(wanted)}); leave one to learn from.")
    return whole.at(np.flatnonzero(~chosen)), whole.at(np.flatnonzero(chosen))


def require_all_classes(train: Examples, classes: list[str]) -> None:
    """Refuse a training split without some class.

    Raises:
        UserError: it lacks one: all its speakers went into the other splits.
    """
    lacking = [name for label, name in enumerate(classes) if label not in train.labels]
    if lacking:
        raise UserError(
            f"no clip of {named(lacking)} is left to train on, because so few speakers have them; "
            "add speakers, remove these classes, or try another --seed."
        )


def _tensors(examples: Examples) -> Batch:
    return {"samples": torch.from_numpy(examples.samples), "labels": torch.from_numpy(examples.labels)}


def _read(root: Path, labeled: LabeledFiles, settings: DataConfig, problems: Problems) -> Examples:
    """The clips of files, without speakers."""

    def clip(path: Path) -> np.ndarray:
        return fit(read_audio(path, settings.sample_rate), settings.samples)

    samples, labels, files = read_all(labeled, clip, problems)
    names = [file.relative_to(root).as_posix() for file in files]
    return Examples(samples, labels, names, [""] * len(names))


def _with_groups(examples: Examples, groups: list[str]) -> Examples:
    return Examples(examples.samples, examples.labels, examples.names, groups)


def _load_folder(settings: DataConfig, root: Path) -> Loaded:
    """One folder a class in `root`, or in `root/train` beside `root/validation` and `root/test`."""
    problems = Problems()
    folders = split_folders(root)
    classes = find_labeled(folders["train"], kind=RECORDINGS).classes
    labeled = {split: find_labeled(folder, classes, RECORDINGS) for split, folder in folders.items()}
    splits = {split: _read(root, files, settings, problems) for split, files in labeled.items()}
    train = splits["train"]
    return Loaded(
        classes,
        _with_groups(train, find_groups(root, train.names, settings.group_pattern)),
        splits.get("validation"),
        splits.get("test"),
        "the user's own recordings, one folder a class",
        "the user's own",
        problems,
    )


def find_groups(root: Path, names: list[str], pattern: str) -> list[str]:
    """Who speaks in each file: by the pattern, else by `root/index.csv`; empty strings where neither says it.

    Raises:
        UserError: the table lacks a column, or the pattern fits no file.
    """
    index = root / "index.csv"
    if index.is_file() and not pattern:
        of_file = {row["id"]: row["group"] for row in read_index(index, ("id", "group"))}
        unnamed = [name for name in names if name not in of_file]
        if len(unnamed) == len(names):
            raise UserError(f"{index} names none of the recordings, such as {names[0]}: id is the path below {root}.")
        if unnamed:
            log.warning(f"{len(unnamed)} of {len(names)} recordings are not in {index}: {named(unnamed)}.")
        return [of_file.get(name, "") for name in names]
    if not pattern:
        return [""] * len(names)
    found = [re.search(pattern, Path(name).name) for name in names]
    if not any(found):
        raise UserError(f"data.group_pattern {pattern!r} fits no file name, such as {Path(names[0]).name}; correct it.")
    return [match[1] or "" if match else "" for match in found]


def _find_fsdd(root: Path) -> list[Path]:
    """The files of the Free Spoken Digit Dataset: in `root` itself, or where its repository has them."""
    for folder in (root, root / "recordings", root / "free-spoken-digit-dataset" / "recordings"):
        if folder.is_dir():
            found = sorted(path for path in folder.glob("*.wav") if FSDD_NAME.fullmatch(path.name))
            if found:
                return found
    return []


def _load_fsdd(settings: DataConfig, root: Path) -> Loaded:
    """Free Spoken Digit Dataset: `<digit>_<speaker>_<take>.wav`."""
    files = _find_fsdd(root)
    if not files:
        raise UserError(f"{root} holds no files like 7_theo_0.wav; put those of the Free Spoken Digit Dataset there.")
    classes = sorted({path.name[0] for path in files})
    problems = Problems()
    labeled = LabeledFiles(files, [classes.index(path.name[0]) for path in files], classes, RECORDINGS)
    examples = _read(root, labeled, settings, problems)
    return Loaded(
        classes,
        _with_groups(examples, [Path(name).name.split("_")[1] for name in examples.names]),
        None,
        None,
        "Free Spoken Digit Dataset (Z. Jackson and others): spoken English digits, cut by speaker",
        "CC BY-SA 4.0",
        problems,
    )


def _find_speech_commands(root: Path) -> Path | None:
    """The folder that torchaudio's class takes as its root."""
    for folder in (root, root / "speech_commands"):
        if (folder / SPEECH_COMMANDS / "testing_list.txt").is_file():
            return folder
    return None


def _load_commands(settings: DataConfig, root: Path) -> Loaded:
    """Speech Commands 0.02 (Warden 2018) with its own validation and test splits, which share no speaker."""
    folder = _find_speech_commands(root) or _download_commands(root / "speech_commands")
    problems = Problems()
    listed = [_listed(folder, subset) for subset in ("training", "validation", "testing")]
    classes = sorted({label for _, label, _ in listed[0]})
    listed = [_of_classes(rows, classes) for rows in listed]
    splits = []
    for rows in listed:
        labeled = LabeledFiles(
            [path for path, _, _ in rows], [classes.index(row[1]) for row in rows], classes, RECORDINGS
        )
        speakers = {path.relative_to(folder).as_posix(): speaker for path, _, speaker in rows}
        examples = _read(folder, labeled, settings, problems)
        splits.append(_with_groups(examples, [speakers[name] for name in examples.names]))
    description = "Speech Commands 0.02 (Warden 2018), English words, with its own validation and test splits"
    return Loaded(classes, *splits, description, "CC BY 4.0", problems)


def _of_classes(rows: list[tuple[Path, str, str]], classes: list[str]) -> list[tuple[Path, str, str]]:
    """Those of words that are there to learn from: the lists of the other splits name all words, whatever was kept."""
    kept = [row for row in rows if row[1] in classes]
    if len(kept) < len(rows):
        log.warning(f"left out {len(rows) - len(kept)} listed recordings of words without training recordings.")
    if not kept:
        raise UserError(f"the lists name no recording of {named(classes)}; restore the folders of more words.")
    return kept


def _listed(folder: Path, subset: str) -> list[tuple[Path, str, str]]:
    """File, word and speaker of each recording in a split."""
    recordings = SPEECHCOMMANDS(folder, subset=subset)
    rows = [recordings.get_metadata(index) for index in range(len(recordings))]
    if not rows:
        raise UserError(f"{folder / SPEECH_COMMANDS} has no {subset} split; delete it, so that it is downloaded again.")
    return [(folder / SPEECH_COMMANDS.parts[0] / path, word, speaker) for path, _, word, speaker, _ in rows]


def _download_commands(folder: Path) -> Path:
    url, digest = next((url, digest) for url, digest in _CHECKSUMS.items() if SPEECH_COMMANDS.name in url)
    archive = folder / url.rsplit("/", 1)[1]
    download([url], archive, digest)
    target = folder / SPEECH_COMMANDS
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary, tarfile.open(archive) as packed:
        whole = Path(temporary) / "whole"
        packed.extractall(whole, filter="data")
        whole.rename(target)
    return folder


def _load_sample(config: Config) -> Loaded:
    clips = make_sample(config.seed, config.data.sample_rate)
    examples = Examples(
        np.stack([fit(samples, config.data.samples) for *_, samples in clips]),
        np.array([VOWELS.index(vowel) for _, vowel, _, _ in clips], dtype=np.int64),
        [name for name, *_ in clips],
        [speaker for _, _, speaker, _ in clips],
    )
    return Loaded(
        list(VOWELS),
        examples,
        None,
        None,
        "the built-in sample: ten vowels of 48 made-up speakers by formant synthesis (Peterson and Barney 1952)",
        "made by this program from published figures",
    )
