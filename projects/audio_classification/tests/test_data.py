"""The data: three disjoint splits, fixed by the seed and cut by speaker, from each source."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from recordings import RATE, save, save_folder, tone

from shared.data.examples import Data
from shared.errors import UserError
from src.config import Config, DataConfig
from src.dataloader import load_data, make_loaders
from src.sample import VOWELS, make_sample
from src.sources import SPEECH_COMMANDS

BY_NAME = "^([0-9a-f]{8})_nohash"


def config(**settings: object) -> Config:
    return Config(data=DataConfig(**settings))  # type: ignore[arg-type]


def test_the_sample_has_all_vowels_in_every_split_and_no_speaker_in_two(data: Data) -> None:
    assert data.classes == list(VOWELS)
    assert sum(data.counts.values()) == 960
    speakers = [{name.split(" ", 1)[1].rsplit(" ", 1)[0] for name in part.names} for part in vars(data.splits).values()]
    assert sum(map(len, speakers)) == len(set().union(*speakers)) == sum(data.facts["speakers"].values()) == 48
    for split in vars(data.splits).values():
        assert (split["samples"].shape[1:], split["samples"].dtype) == ((4000,), torch.int16)
        assert set(split["labels"].tolist()) == set(range(10))


def test_a_child_has_higher_formants_than_a_man() -> None:
    heed = {name.split()[1]: samples for name, vowel, _, samples in make_sample(0, 8000) if vowel == "had"}
    centers = {
        kind: float((np.abs(np.fft.rfft(heed[kind])) * np.fft.rfftfreq(len(heed[kind]), 1 / 8000)).sum())
        / float(np.abs(np.fft.rfft(heed[kind])).sum())
        for kind in ("man", "child")
    }
    assert centers["child"] > centers["man"]


def test_speakers_named_in_the_files_are_never_in_two_splits(tmp_path: Path) -> None:
    data = load_data(config(root=save_folder(tmp_path, {"high": 30, "low": 20}), group_pattern=BY_NAME))
    assert data.facts["speakers"] == {"train": 3, "validation": 1, "test": 1}


@pytest.mark.parametrize("speakers", [2, 3])
def test_what_helps_against_too_few_speakers_is_said_and_works(speakers: int, tmp_path: Path) -> None:
    root = save_folder(tmp_path, {"high": 30, "low": 30}, speakers)
    with pytest.raises(UserError) as refusal:
        load_data(config(root=root, group_pattern=BY_NAME))
    advised = re.search(r"data.validation_by to clip and data.test_fraction to ([\d.]*\d)", str(refusal.value))
    assert advised
    followed = config(root=root, group_pattern=BY_NAME, validation_by="clip", test_fraction=float(advised[1]))
    assert load_data(followed).facts["speakers"]["test"] == 1


def test_speakers_named_in_a_table_are_never_in_two_splits(tmp_path: Path) -> None:
    root = save_folder(tmp_path, {"high": 30, "low": 20})
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.wav"))
    with (root / "index.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerows([["id", "group"], *([name, "ann" if "_nohash_1" in name else "bob"] for name in names)])
    data = load_data(config(root=root, test_groups=["ann"], validation_by="clip"))
    assert data.facts["speakers"] == {"train": 1, "validation": 1, "test": 1}
    assert all("_nohash_1" in name for name in data.splits.test.names)


def test_folders_named_train_and_test_are_kept_apart(tmp_path: Path) -> None:
    save_folder(tmp_path / "train", {"high": 20, "low": 20})
    save_folder(tmp_path / "test", {"high": 5, "low": 7})
    assert load_data(config(root=tmp_path)).counts == {"train": 32, "validation": 8, "test": 12}
    with pytest.raises(UserError, match=r"data\.test_groups"):
        load_data(config(root=tmp_path, group_pattern=BY_NAME, test_groups=["1"]))


def test_recordings_of_any_rate_channels_and_length_become_clips(tmp_path: Path) -> None:
    root = save_folder(tmp_path, {"high": 20, "low": 20})
    save(root / "low" / "stereo.wav", np.stack([tone(300, rate=48_000)] * 2, 1), 48_000)
    save(root / "low" / "long.wav", tone(300, 5.0))
    save(root / "low" / "one.wav", np.array([9], np.int16))
    (root / "low" / "empty.wav").write_bytes(b"")
    data = load_data(config(root=root, seconds=0.5))
    assert sum(data.counts.values()) == 43
    assert data.splits.train["samples"].shape[1:] == (4000,)
    (problem,) = data.problems.by_kind["unreadable recordings"]
    assert "empty.wav" in problem


def test_every_kind_of_recording_is_read_and_what_is_unusual_is_said_and_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = save_folder(tmp_path, {"high": 20, "low": 20})
    for kind in ("mp3", "aiff", "au", "opus"):
        soundfile.write(
            root / "low" / f"another.{kind}",
            tone(300),
            RATE,
            format="OGG" if kind == "opus" else None,
            subtype="OPUS" if kind == "opus" else None,
        )
    save(root / "low" / "canceled.wav", np.stack([tone(300), -tone(300)], 1))
    path = root / "high" / "integers.wav"
    soundfile.write(path, tone(700).astype(np.float32), RATE, subtype="FLOAT")
    save(root / "low" / "nothing.wav", np.full(4000, 300, np.int16))
    data = load_data(config(root=root))
    assert sum(data.counts.values()) == 47
    assert sorted(data.as_dict()["unusual"].values()) == [1, 1, 1]
    said = capsys.readouterr().err
    assert "silent: 1 (low/nothing.wav)" in said
    assert "high/integers.wav" in said
    assert "low/canceled.wav" in said
    clips = {
        name: clip
        for split in vars(data.splits).values()
        for name, clip in zip(split.names, split["samples"], strict=True)
    }
    for name, pitch in (("high/integers.wav", 700), ("low/canceled.wav", 300)):
        assert abs(np.abs(np.fft.rfft(clips[name].numpy())).argmax() - pitch) < 4
        assert clips[name].abs().max() == pytest.approx(np.abs(tone(pitch)).max(), abs=1)


def test_spoken_digits_are_cut_by_speaker(tmp_path: Path) -> None:
    for speaker in range(4):
        for digit in range(3):
            for take in range(6):
                name = f"{digit}_{'abcd'[speaker]}_{take}.wav"
                save(tmp_path / name, tone(300 + 200 * digit + 9 * speaker + take))
    data = load_data(config(root=tmp_path))
    assert data.record.source == "fsdd"
    assert data.classes == ["0", "1", "2"]
    assert data.counts == {"train": 36, "validation": 18, "test": 18}
    left_out = load_data(config(root=tmp_path, test_groups=["b"]))
    assert all("_b_" in name for name in left_out.splits.test.names)
    assert not any("_b_" in name for name in left_out.splits.train.names + left_out.splits.validation.names)


@pytest.mark.parametrize("gone", ["", "backward/00000001_nohash_1.wav\n"])
def test_speech_commands_keeps_its_own_splits_of_the_words_that_are_there(
    gone: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / SPEECH_COMMANDS
    save_folder(root, {"no": 10, "yes": 10})
    save(root / "_background_noise_" / "hum.wav", tone(100))
    (root / "validation_list.txt").write_text(f"no/00000001_nohash_1.wav\nyes/00000001_nohash_1.wav\n{gone}")
    (root / "testing_list.txt").write_text(f"no/00000002_nohash_2.wav\nyes/00000002_nohash_7.wav\n{gone}")
    data = load_data(config(root=tmp_path))
    assert data.record.source == "speech_commands"
    assert data.classes == ["no", "yes"]
    assert data.counts == {"train": 16, "validation": 2, "test": 2}
    assert data.facts["speakers"]["test"] == 1
    assert ("left out 1 listed recordings" in capsys.readouterr().err) == bool(gone)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"test_groups": ["nobody"]}, "data.test_groups names nobody"),
        ({"group_pattern": "^(x+)_"}, r"fits no file name, such as .*nohash_0\.wav"),
    ],
)
def test_speakers_that_are_not_there_are_refused(settings: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        load_data(config(root=save_folder(tmp_path, {"high": 20, "low": 20}), **settings))


def test_tables_and_speakers_that_leave_nothing_are_refused(tmp_path: Path) -> None:
    root = save_folder(tmp_path, {"high": 20, "low": 20})
    (root / "index.csv").write_text("id,group\n0.wav,ann\n")
    with pytest.raises(UserError, match=r"index\.csv names none of the recordings, such as high/"):
        load_data(config(root=root))
    (root / "index.csv").write_text(
        "id,group\n" + "".join(f"{path.relative_to(root).as_posix()},ann\n" for path in root.rglob("*.wav"))
    )
    with pytest.raises(UserError, match=r"data\.test_groups names every speaker \(ann\)"):
        load_data(config(root=root, test_groups=["ann"]))


def test_a_class_of_one_speaker_alone_is_refused(tmp_path: Path) -> None:
    save_folder(tmp_path, {"high": 10, "low": 10})
    for path in (tmp_path / "low").iterdir():
        path.rename(path.with_name(f"only_{path.name}"))
    with pytest.raises(UserError, match="no clip of low is left"):
        load_data(config(root=tmp_path, group_pattern="^([a-z0-9]+)_", test_groups=["only"]))


def test_only_training_clips_are_changed(data: Data, smoke: Config) -> None:
    loaders = make_loaders(data, smoke)
    for name in ("validation", "test"):
        loaded = torch.cat([batch["samples"] for batch in getattr(loaders, name)])
        assert torch.equal(loaded, getattr(data.splits, name)["samples"])
    changed, before = next(iter(loaders.train))["samples"], data.splits.train["samples"]
    assert not any((clip == before).all(1).any() for clip in changed)
