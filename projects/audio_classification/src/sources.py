"""Where the recordings come from: one function per source; each returns `SourceData`."""

import re
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from shared.console import log
from shared.data.class_folders import read_class_folders, read_splits
from shared.data.download import download
from shared.data.examples import Examples, SourceData
from shared.data.folders import RECORDINGS, LabeledFiles
from shared.data.groups import find_groups
from shared.data.prepared import Reading
from shared.data.problems import named
from shared.errors import UserError
from src.config import DataConfig
from src.preparation import fit, read_file
from src.sample import VOWELS, make_sample

FSDD_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")
SUBSETS = {"train": "training", "validation": "validation", "test": "testing"}
"""What Speech Commands calls its splits."""
SPEECH_COMMANDS = Path("SpeechCommands", "speech_commands_v0.02")


def load_folder(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own recordings: one folder per class (see `read_class_folders`), with their speakers where known."""
    found = read_class_folders(root, "samples", _reading(settings), settings, RECORDINGS, classes)
    if classes:  # nothing is cut, so that it does not matter who speaks
        return found
    groups = find_groups(root, found.train.names, settings.group_pattern, RECORDINGS.nouns)
    return replace(found, train=replace(found.train, groups=groups))


def _reading(settings: DataConfig) -> Reading:
    return Reading(read_file, {"sample_rate": settings.sample_rate, "seconds": settings.seconds})


def find_fsdd(root: Path) -> list[Path]:
    """The files of the Free Spoken Digit Dataset: in `root` itself, or where its repository has them."""
    for folder in (root, root / "recordings", root / "free-spoken-digit-dataset" / "recordings"):
        if folder.is_dir():
            found = sorted(path for path in folder.glob("*.wav") if FSDD_NAME.fullmatch(path.name))
            if found:
                return found
    return []


def load_fsdd(settings: DataConfig, root: Path) -> SourceData:
    """Free Spoken Digit Dataset: `<digit>_<speaker>_<take>.wav`."""
    files = find_fsdd(root)
    if not files:
        raise UserError(f"{root} holds no files like 7_theo_0.wav; put those of the Free Spoken Digit Dataset there.")
    classes = sorted({path.name[0] for path in files})
    labeled = LabeledFiles(files, [classes.index(path.name[0]) for path in files], classes, RECORDINGS)
    found = read_splits(root, {"train": labeled}, "samples", _reading(settings), settings)
    return replace(
        found,
        train=_spoken_by(found.train, lambda name: Path(name).name.split("_")[1]),
        description="Free Spoken Digit Dataset (Z. Jackson and others): spoken English digits, cut by speaker",
        license="CC BY-SA 4.0",
    )


def _spoken_by(examples: Examples, speaker: Callable[[str], str]) -> Examples:
    """The clips with their speakers as groups, told from a file's name."""
    return replace(examples, groups=[speaker(name) for name in examples.names])


def find_commands(root: Path) -> Path | None:
    """The folder that torchaudio's class takes as its root."""
    for folder in (root, root / "speech_commands"):
        if (folder / SPEECH_COMMANDS / "testing_list.txt").is_file():
            return folder
    return None


def load_commands(settings: DataConfig, root: Path) -> SourceData:
    """Speech Commands 0.02 (Warden 2018) with its own validation and test splits, which share no speaker."""
    folder = find_commands(root) or _download_commands(root / "speech_commands")
    listed = {name: _listed(folder, subset) for name, subset in SUBSETS.items()}
    classes = sorted({label for _, label, _ in listed["train"]})
    labeled, speakers = {}, {}
    for name, all_rows in listed.items():
        rows = _of_classes(all_rows, classes)
        labels = [classes.index(word) for _, word, _ in rows]
        labeled[name] = LabeledFiles([path for path, *_ in rows], labels, classes, RECORDINGS)
        speakers |= {path.relative_to(folder).as_posix(): speaker for path, _, speaker in rows}
    found = read_splits(folder, labeled, "samples", _reading(settings), settings)
    return replace(
        found,
        **{name: _spoken_by(getattr(found, name), speakers.__getitem__) for name in listed},
        description="Speech Commands 0.02 (Warden 2018), English words, with its own validation and test splits",
        license="CC BY 4.0",
    )


def _of_classes(rows: list[tuple[Path, str, str]], classes: list[str]) -> list[tuple[Path, str, str]]:
    """The rows whose word is in `classes`: the lists of the other splits also name words without a folder."""
    kept = [row for row in rows if row[1] in classes]
    if len(kept) < len(rows):
        log.warning(f"left out {len(rows) - len(kept)} listed recordings of words without training recordings.")
    if not kept:
        raise UserError(f"the lists name no recording of {named(classes)}; restore the folders of more words.")
    return kept


def _listed(folder: Path, subset: str) -> list[tuple[Path, str, str]]:
    """File, word and speaker of each recording in a split."""
    from torchaudio.datasets import SPEECHCOMMANDS

    recordings = SPEECHCOMMANDS(folder, subset=subset)
    rows = [recordings.get_metadata(index) for index in range(len(recordings))]
    if not rows:
        raise UserError(f"{folder / SPEECH_COMMANDS} has no {subset} split; delete it, so that it is downloaded again.")
    return [(folder / SPEECH_COMMANDS.parts[0] / path, word, speaker) for path, _, word, speaker, _ in rows]


def _download_commands(folder: Path) -> Path:
    from torchaudio.datasets.speechcommands import _CHECKSUMS

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


def load_sample(settings: DataConfig, seed: int, _: Path) -> SourceData:
    """The built-in sample: vowels of made-up speakers, drawn from the seed."""
    clips = make_sample(seed, settings.sample_rate)
    columns = {
        "samples": np.stack([fit(samples, settings.samples, settings.sample_rate) for *_, samples in clips]),
        "labels": np.array([VOWELS.index(vowel) for _, vowel, _, _ in clips], dtype=np.int64),
    }
    return SourceData(
        list(VOWELS),
        Examples(columns, [name for name, *_ in clips], [speaker for _, _, speaker, _ in clips]),
        None,
        None,
        "the built-in sample: ten vowels of 48 made-up speakers by formant synthesis (Peterson and Barney 1952)",
        "made by this program from published figures",
    )
