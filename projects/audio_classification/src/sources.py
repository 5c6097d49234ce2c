"""Where the recordings come from: one function per source; each returns `SourceData`."""

import re
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from shared.console import log
from shared.data.class_folders import find_splits, read_splits
from shared.data.download import download
from shared.data.examples import Examples, SourceData
from shared.data.folders import RECORDINGS, LabeledFiles, class_folders, list_files
from shared.data.groups import find_groups
from shared.data.prepared import Reading
from shared.errors import UserError
from src.config import DataConfig
from src.preparation import fit, read_file
from src.sample import VOWELS, make_sample

FSDD_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")
SPEECH_COMMANDS = Path("SpeechCommands", "speech_commands_v0.02")
LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}
NOHASH = "_nohash_"  # between the speaker and the number of the take in a file's name


def load_folder(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own recordings: one folder per class (see `find_splits`), with their speakers where known."""
    found = read_splits(root, find_splits(root, RECORDINGS, classes), "samples", _reading(settings), settings)
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
    labels = [classes.index(path.name[0]) for path in files]
    labeled = LabeledFiles(files, labels, classes, RECORDINGS, groups=[path.name.split("_")[1] for path in files])
    return replace(
        read_splits(root, {"train": labeled}, "samples", _reading(settings), settings),
        description="Free Spoken Digit Dataset (Z. Jackson and others): spoken English digits, cut by speaker",
        license="CC BY-SA 4.0",
    )


def find_commands(root: Path) -> Path | None:
    """The folder that holds the data set, as torchaudio would put it there."""
    for folder in (root, root / "speech_commands"):
        if (folder / SPEECH_COMMANDS / "testing_list.txt").is_file():
            return folder
    return None


def load_commands(settings: DataConfig, root: Path) -> SourceData:
    """Speech Commands 0.02 (Warden 2018) with its own validation and test splits, which share no speaker."""
    folder = (find_commands(root) or _download_commands(root / "speech_commands")) / SPEECH_COMMANDS
    clips = [path for word in class_folders(folder) for path in list_files(word, RECORDINGS) if NOHASH in path.name]
    found = {f"{path.parent.name}/{path.name}": path for path in clips}  # as the lists call them
    listed = {split: (folder / file).read_text(encoding="utf-8").split() for split, file in LISTS.items()}
    names = {"train": sorted(found.keys() - set().union(*listed.values())), **listed}
    classes = sorted({name.partition("/")[0] for name in names["train"]})
    labeled = {}
    for split, own in names.items():
        kept = [name for name in own if name in found and name.partition("/")[0] in classes]
        if len(kept) < len(own):  # the lists also name words without a folder
            log.warning(f"left out {len(own) - len(kept)} listed recordings of words without training recordings.")
        if not kept:
            raise UserError(f"{folder} has no recording of the {split} split; restore the folders of more words.")
        labels = [classes.index(name.partition("/")[0]) for name in kept]
        speakers = [found[name].name.partition(NOHASH)[0] for name in kept]
        labeled[split] = LabeledFiles([found[name] for name in kept], labels, classes, RECORDINGS, groups=speakers)
    return replace(
        read_splits(folder, labeled, "samples", _reading(settings), settings),
        description="Speech Commands 0.02 (Warden 2018), English words, with its own validation and test splits",
        license="CC BY 4.0",
    )


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
