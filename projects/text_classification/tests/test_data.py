"""From files to splits: what is read, what is refused, and that no text is in two splits."""

import io
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from models.build import build_model
from shared.data.batches import BucketedBatches
from shared.data.download import DownloadError
from shared.data.examples import Data, Examples
from shared.data.labels import normalized
from shared.data.memory import shuffled_loader
from shared.data.problems import Problems
from shared.errors import UserError
from shared.files import write_csv
from src import sources, stored
from src.config import PROJECT, Config, DataConfig, TokenizerConfig, load_config
from src.dataloader import TokenBatches, load_data, make_loaders, padding_share
from src.documents import load_texts, read_table
from src.predict import collect_texts
from src.splits import at_most
from src.stored import Texts, stored_tokens
from src.tables import read_column
from src.tokens import Tokens, learn_tokenizer

SETTINGS = DataConfig()
SMOKE = PROJECT / "configs" / "smoke.yaml"


def table(path: Path, rows: list[str], header: str = "text,label") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def spam(count: int = 40) -> list[str]:
    return [
        f"text number {index} about {'money' if index % 2 else 'tea'},{'spam' if index % 2 else 'ham'}"
        for index in range(count)
    ]


def load(root: Path, *flags: str, source: str = "csv") -> Data:
    return load_data(load_config(SMOKE, "--data.root", str(root), "--data.source", source, *flags))


def different_texts(data: Data) -> list[set[str]]:
    """Of each split."""
    return [set(map(normalized, split["texts"])) for split in vars(data.splits).values()]


def examples(texts: list[str], labels: list[int]) -> Examples:
    return Examples({"texts": Texts.of(texts), "labels": np.array(labels)}, list(map(str, range(len(texts)))))


def test_one_table_is_cut_into_three_splits_that_share_no_text(tmp_path: Path) -> None:
    root = table(tmp_path / "mine.csv", [*spam(), *spam(10)])
    data = load(root)
    assert sum(data.counts.values()) == 50
    assert len(set.union(*different_texts(data))) == sum(map(len, different_texts(data))) == 40
    assert data.classes == ["ham", "spam"]


def test_near_copies_across_splits_are_named_and_the_advised_column_keeps_them_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = np.random.default_rng(0).integers(0, 26, (40, 30, 5))  # made-up words: no two texts are alike by chance
    texts = [" ".join("".join(chr(97 + letter) for letter in word) for word in text) for text in words]
    rows = [
        f"{text}{end},{'a' if index % 2 else 'b'},{index}" for index, text in enumerate(texts) for end in ("", "!", "?")
    ]
    root = table(tmp_path / "mine.csv", rows, "text,label,author")
    found = load(root).as_dict()["near_copies"]
    assert found["found"] > 20
    assert "--data.group_column" in capsys.readouterr().err
    data = load(root, "--data.group_column", "author")
    assert data.as_dict()["near_copies"]["found"] == 0
    assert sum(data.counts.values()) == 120
    assert all(set(split["labels"].tolist()) == {0, 1} for split in vars(data.splits).values())
    assert "are copies" not in capsys.readouterr().err


def test_own_splits_are_used_and_what_they_share_is_left_out_of_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table(tmp_path / "train.csv", spam(30))
    table(tmp_path / "validation.csv", ["a new one,spam", "an old one,ham"])
    table(tmp_path / "test.csv", ["TEXT number 0  about tea,ham", "another,spam"])
    data = load(tmp_path)
    assert data.counts == {"train": 29, "validation": 2, "test": 2}
    (note,) = data.as_dict()["notes"]
    assert note.startswith("1 training texts")
    assert f"left out {note}" in capsys.readouterr().err


def test_no_text_of_the_test_is_in_the_validation_that_is_cut_from_training(tmp_path: Path) -> None:
    table(tmp_path / "train.csv", spam(30))
    table(tmp_path / "test.csv", spam(15))
    train, validation, test = different_texts(load(tmp_path))
    assert validation
    assert not (train | validation) & test


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ("The room was cold.,bad\nIt was lovely.,good\nThe food was late.,bad\n", "text,label"),
        ("ham\tSee you at eight.\nspam\tYou have won a prize.\nham\tOk.\n", "label\ttext"),
        ("1;bad;The room was cold and dark.\n2;good;It was lovely.\n3;bad;Late.\n", "column_0;label;text"),
        ("The waiter was rude and the soup was cold.,rude\nIt was lovely.,good\n", "text,label"),
    ],
)
def test_a_table_without_a_header_is_told_the_line_that_it_lacks(rows: str, header: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(rows)
    with pytest.raises(UserError, match=r"has no header: .* names the columns \((.*)\)") as refusal:
        read_table(path, SETTINGS, Problems())
    assert f"({header})." in str(refusal.value)
    path.write_text(f"{header}\n{rows}")
    assert len(read_table(path, SETTINGS, Problems())) == rows.count("\n")


def test_a_json_file_is_told_the_command_that_converts_it(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "x.json"
    frame = pandas.DataFrame({"text": [f"text {index}" for index in range(40)], "label": ["01", "x"] * 20})
    frame.to_json(path, orient="records")
    with pytest.raises(UserError, match=r"x\.\w+ holds no table; convert it: ") as refusal:
        load(path, source="auto")
    code = str(refusal.value).split('python -c "')[1].removesuffix('".')
    exec(code)
    assert load(path.with_suffix(".csv")).classes == ["01", "x"]


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "x.parquet"])
def test_json_lines_and_parquet_are_read_as_a_csv_file_is(name: str, tmp_path: Path) -> None:
    texts, labels = [f"text {number}, and\nmore" for number in range(50)], [number % 3 for number in range(50)]
    path = tmp_path / name
    if path.suffix == ".parquet":
        parquet.write_table(pa.table({"label": [*labels, None], "id": [*texts, "x"], "text": [*texts, "x"]}), path)
    else:
        rows = [{"label": label, "text": text} for text, label in zip(texts, labels, strict=True)]
        path.write_text("\n".join(map(json.dumps, [*rows, {"text": "x"}])))
    problems = Problems()
    found = read_table(path, SETTINGS, problems)
    assert ([*found["texts"]], found["labels"]) == (texts, [str(label) for label in labels])
    assert problems.by_kind == {"rows without a class": [f"{name} line 51"]}
    assert read_column(path, "text") == [*texts, "x"]
    with pytest.raises(UserError, match=r"has no column txt, .*; did you mean text\?"):
        read_table(path, DataConfig(text_column="txt"), problems)
    path.write_bytes(b"PAR1 \xff")
    with pytest.raises(UserError, match=name):
        read_table(path, SETTINGS, problems)


def test_stored_texts_give_the_splits_and_batches_of_texts_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("src.stored", "src.tokens"):
        monkeypatch.setattr(f"{module}.BLOCK", 16)  # so that there are several
    root = table(tmp_path / "mine.csv", [*spam(100), *spam(20), "no class,"])
    tokens = learn_tokenizer([line.split(",")[0] for line in spam(100)], TokenizerConfig(max_tokens=4, vocabulary=300))
    found = {}
    for cache in ("memory", "disk", "disk"):
        where = ("--data.cache", cache, "--data.processed", str(tmp_path / "processed"))
        config = load_config(SMOKE, "--data.source", "csv", "--data.root", str(root), *where)
        data, problems = load_data(config), Problems()
        assert (tmp_path / "processed").exists() == (cache == "disk")
        loaders = make_loaders(data, tokens, config)
        batches = [
            [(batch["ids"].tolist(), batch["labels"].tolist()) for batch in loader] for loader in vars(loaders).values()
        ]
        whole: TokenBatches = loaders.train.dataset  # type: ignore[assignment]
        read_table(root, config.data, problems)
        names = [split.names for split in vars(data.splits).values()]
        facts = (data.digest, data.splits.test.fingerprints(), names, problems.by_kind, data.problems.by_kind)
        found[cache] = (batches, whole.rows.cuts.tolist(), tokens.unread(whole.rows).tolist(), facts)
    assert found["memory"] == found["disk"]
    assert data.problems.counts == {"rows without a class": 1}


def test_a_table_that_has_changed_is_read_again_and_one_that_has_not_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = DataConfig(cache="disk", processed=tmp_path / "processed")
    path = table(tmp_path / "a.csv", spam(20))
    for rows, reads in ((20, 1), (20, 0), (30, 1)):
        if rows == 30:
            table(path, spam(rows))
        found = read_table(path, settings, Problems())
        assert (len(found), found["texts"][3]) == (rows, "text number 3 about money")
        assert capsys.readouterr().out.count("is read once") == reads
    assert len(list(settings.processed.glob("texts-*/"))) == 1


def test_reading_a_table_goes_on_after_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.stored.BLOCK", 8)
    settings = DataConfig(cache="disk", processed=tmp_path / "processed")
    path = table(tmp_path / "a.csv", [*spam(30), "no class,", *spam(10)])
    written: list[int] = []
    encode = stored._encoded

    def stop(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        written.append(len(texts))
        if len(written) == 3:
            raise KeyboardInterrupt
        return encode(texts)

    monkeypatch.setattr("src.stored._encoded", stop)
    with pytest.raises(KeyboardInterrupt):
        read_table(path, settings, Problems())
    problems = Problems()
    found = read_table(path, settings, problems)
    assert written == [8] * 6  # two blocks before the stop, one lost to it, and three after it
    whole = read_table(path, DataConfig(cache="memory"), Problems())
    assert [*found["texts"]] == [*whole["texts"]]
    assert (found["labels"], found.names) == (whole["labels"], whole.names)
    assert problems.counts == {"rows without a class": 1}


def test_tokenizing_goes_on_after_a_stop_and_begins_anew_with_another_tokenizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.stored.BLOCK", 8)
    settings = DataConfig(cache="disk", processed=tmp_path)
    texts = read_table(table(tmp_path / "a.csv", spam(40)), settings, Problems())["texts"]
    tokens = learn_tokenizer(texts, TokenizerConfig(max_tokens=8, vocabulary=300))
    counts: list[int] = []

    def encode(some: Sequence[str], stop_at: int = 10**9) -> tuple[np.ndarray, np.ndarray]:
        if len(counts) == stop_at:
            raise KeyboardInterrupt
        counts.append(len(some))
        return tokens.flat(some)

    folder = tmp_path / "tokens"
    with pytest.raises(KeyboardInterrupt):
        stored_tokens(texts, partial(encode, stop_at=2), tokens.digest, folder)
    (folder / "000002-values.npy").write_bytes(b"torn")  # a kill after half of a block
    rows = stored_tokens(texts, encode, tokens.digest, folder)
    assert counts == [8] * 5
    assert [row.tolist() for row in rows] == [row.tolist() for row in tokens.ids(texts)]
    stored_tokens(texts, encode, "another", folder)
    assert counts == [8] * 10


def test_a_full_disk_is_said_before_texts_are_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    settings = DataConfig(cache="disk", processed=tmp_path / "processed")
    with pytest.raises(UserError, match=r"needs \S+ GB and the disk has 1e-08 GB; make room"):
        read_table(table(tmp_path / "a.csv", spam(20)), settings, Problems())
    assert not [*settings.processed.glob("texts-*/*.npy")]


def test_the_texts_and_classes_of_a_table_are_read_and_rows_without_them_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["good, really", 'say "hi"\ntwice', "   ", "no class", "bad", "\0"]
    rows = zip(range(6), ["yes", "no", "yes", "", "no", "no"], texts, strict=True)
    write_csv(tmp_path / "a.csv", ["id", "stars", "review"], rows)
    found = load_texts(DataConfig(text_column="review", label_column="stars"), tmp_path / "a.csv")
    assert ([*found.train["texts"]], found.classes) == (["good, really", 'say "hi"\ntwice', "bad"], ["no", "yes"])
    message = capsys.readouterr().err
    assert "rows without a text: 2 (a.csv line 5, a.csv line 8)" in message
    assert "rows without a class: 1 (a.csv line 6)" in message


def test_strange_texts_are_texts(tmp_path: Path) -> None:
    long = "word " * 2_000_000  # 10 MB in one line
    path = table(tmp_path / "a.csv", ["a\0b,x", "😀😀,y", f"{long},x", '"two\nlines",y'])
    texts = [*load_texts(SETTINGS, path).train["texts"]]
    assert texts[:2] == ["a b", "😀😀"]
    assert texts[3] == "two\nlines"
    tokens = learn_tokenizer(texts[3:], TokenizerConfig(max_tokens=16, vocabulary=300))
    lengths = [len(row) for row in tokens.ids(["", *texts])]
    assert min(lengths) >= 2
    assert max(lengths) == 16


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"x.xlsx": "PK"}, "is a file of Excel"),
        ({"x.ods": "PK"}, "is a file of Excel"),
        ({"x.csv.gz": ""}, "is compressed; unpack it first"),
        ({"x.txt": "text\tlabel\na\tham\n"}, r"rename it to x\.csv"),
        ({"x": "label,text\nham,a\n"}, r"rename it to x\.csv"),
        ({"x.txt": "only a text\n"}, "is no CSV or TSV file"),
        ({"x.dat": "text|label\na|ham\n"}, r"rename it to x\.csv"),
        ({"x.docx": "\0\xff"}, "is no CSV or TSV file"),
        ({"a.csv": "\n\ntext,label\n"}, "has nothing in its first line"),
        ({"a.csv": "text,text,label\na,b,x\n"}, "has 2 columns named text"),
        ({"a.csv": "PK\x03\x04\xff\xfe"}, "is a file of Excel"),
        ({"a.csv": "\xd0\xcf\x11\xe0\xa1"}, "is a file of Excel"),
        ({"a.csv": "\x1f\x8b\x08\x00\xff"}, "is compressed"),
        ({"a.csv": "text,label\n"}, "holds no row"),
        ({"a.csv": "text,label\na,x\nb,x\n"}, r"one class only \('x'\)"),
        ({"a.csv": 'text,label\n"Well then,x\nfine,y\n"Bad" acting,y\n'}, "at or before line 4"),
        ({"a.csv": [f"text {index},{index}" for index in range(50)]}, r"data\.label_column"),
        ({"train.csv": spam(), "test.csv": ["a,ham", "b,eggs"]}, r"test split has 1 texts .*\(eggs\)"),
        ({"train.csv": spam(), "test.csv": spam()}, r"all \d+ training texts are also in"),
        (
            {"train.csv": [*spam(), "one,eggs"], "test.csv": ["ONE,eggs", "b,ham"], "val.csv": ["c,ham"]},
            r"no training text is left: 1 \(eggs\)",
        ),
        ({"a.csv": spam(), "b.csv": spam()}, r"\(a.csv, b.csv\), none of them train.csv"),
    ],
)
def test_what_cannot_be_read_or_learned_from_is_refused(
    files: dict[str, str | list[str]], message: str, tmp_path: Path
) -> None:
    for name, content in files.items():
        text = content if isinstance(content, str) else "\n".join(["text,label", *content])
        (tmp_path / name).write_text(text, encoding="latin-1")
    root = tmp_path / name if len(files) == 1 else tmp_path
    for source in ("auto", "csv"):
        with pytest.raises(UserError, match=message):
            load(root, source=source)


def test_a_limit_draws_by_the_seed_and_keeps_every_class(tmp_path: Path) -> None:
    whole = examples(list(map(str, range(1000))), [0] * 600 + [1] * 391 + [2] * 6 + [3] * 3)
    drawn = at_most(whole, 100, seed=0)
    assert len(drawn) == 100
    assert drawn.names == at_most(whole, 100, seed=0).names != at_most(whole, 100, seed=1).names
    assert at_most(whole, 0, seed=0) is whole
    assert np.bincount(drawn["labels"])[2:].tolist() == [6, 3]
    assert np.bincount(at_most(whole, 4, seed=0)["labels"]).tolist() == [1, 1, 1, 1]
    rows = [f"text {index},{'abcd'[index % 4]}" for index in range(80)]
    root = table(tmp_path / "a.csv", rows)
    with pytest.raises(UserError, match=r"data.max_train 3 .* number of classes, 4; raise it") as refusal:
        load(root, "--data.max_train", "3")
    assert "set it to 0" in str(refusal.value)
    for helps in ("4", "0"):
        load(root, "--data.max_train", helps)


def test_many_small_classes_are_cut_and_too_small_ones_are_named(tmp_path: Path) -> None:
    rows = [f"request {index} about {index % 77},intent_{index % 77}" for index in range(770)]
    splits = load(table(tmp_path / "a.csv", rows)).splits
    assert all(len(set(split["labels"].tolist())) == 77 for split in vars(splits).values())
    for few in (["close it,cancel"], ["close it,cancel"] * 9, ["close it,cancel", "end it,cancel"]):
        root = table(tmp_path / "b.csv", [*spam(), *few])
        with pytest.raises(UserError, match=r"single example left.*\(cancel\); each class needs three"):
            load(root)
    root = table(tmp_path / "b.csv", [*spam(), "close it,cancel", "end it,cancel", "stop it,cancel"])
    splits = load(root).splits
    assert [split["labels"].tolist().count(0) for split in vars(splits).values()] == [1, 1, 1]


@pytest.mark.parametrize(
    "variants",
    [("Ham", "HAM ", "ham"), ("0", "0.0", "00"), ("caf\u00e9", "cafe\u0301", "CAF\u00c9"), ("a b", "a  b", "A\u00a0b")],
)
def test_one_setting_merges_the_spellings_of_a_class(
    variants: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = [variants[index % 6 // 2] if index % 2 else "other" for index in range(90)]
    table(tmp_path / "train.csv", [f"text {index},{label}" for index, label in enumerate(labels)])
    table(tmp_path / "test.csv", [f"new {index},{variants[-1]}" for index in range(9)] + ["one,other", "two,nan"])
    assert len(load(tmp_path / "train.csv").classes) == 4
    capsys.readouterr()
    data = load(tmp_path, "--data.clean_labels", "true")
    assert len(data.classes) == 2
    assert data.counts["test"] == 10
    assert data.problems.by_kind == {"rows whose class says that it is missing": ["test.csv line 12"]}
    assert "2 names of classes are merged" in capsys.readouterr().err


def test_a_test_split_that_spells_a_class_in_another_way_is_told_the_setting(tmp_path: Path) -> None:
    table(tmp_path / "train.csv", spam())
    table(tmp_path / "test.csv", ["a,Ham", "b,SPAM"])
    with pytest.raises(UserError, match=r"\(Ham, SPAM\); set data.clean_labels true"):
        load(tmp_path)
    found = load(tmp_path, "--data.clean_labels", "true")
    assert found.classes == ["ham", "spam"]


def test_the_sample_is_there_without_a_network() -> None:
    data = load_data(load_config(SMOKE, "--data.max_train", "0"))
    assert data.classes == ["business", "entertainment", "politics", "sports", "tech"]
    assert sum(data.counts.values()) + sum(int(note.split()[0]) for note in data.facts["notes"]) == 2225
    assert "£" in "".join(data.splits.train["texts"])
    assert "�" not in "".join(data.splits.train["texts"])


def test_a_download_that_fails_is_said_and_the_sample_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_network(*_: object) -> None:
        raise DownloadError("Hugging Face's hub cannot be reached")

    monkeypatch.setattr(sources, "_download", no_network)
    data = load(tmp_path, source="auto")
    assert data.record.source == "sample"
    assert "stands in for ag_news" in data.record.substituted
    assert "WARNING" in capsys.readouterr().err
    with pytest.raises(UserError, match="cannot be reached; put the files into"):
        load(tmp_path, source="imdb")


def test_what_was_downloaded_once_is_read_from_the_disk(tmp_path: Path) -> None:
    for split in ("train", "test"):
        rows = [f"{split} text {row},{('World', 'Sports')[row % 2]}" for row in range(40)]
        table(tmp_path / "ag_news" / f"{split}.csv", rows)
    data = load(tmp_path, source="auto")
    assert data.record.source == "ag_news"
    assert data.counts == {"train": 36, "validation": 4, "test": 40}


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return learn_tokenizer(["the cat sat on the mat", "a dog"], TokenizerConfig(max_tokens=12, vocabulary=300))


def test_a_text_is_cut_and_a_batch_is_padded(tokens: Tokens) -> None:
    rows = tokens.ids(["the cat", "the cat sat on the mat " * 50])
    batch = tokens.padded(rows)
    assert batch.shape == (2, 12)
    assert batch.dtype == np.int64
    assert (batch[0, len(rows[0]) :] == tokens.pad).all()
    assert (batch[1] != tokens.pad).all()


def test_texts_of_similar_length_share_a_batch(smoke: Config, data: Data) -> None:
    tokens = build_model(smoke, data).tokens
    whole = TokenBatches(data.splits.train, Tokens(tokens.content.replace('"max_length":48', '"max_length":512')))
    by_length, at_random = (
        padding_share(loader, whole.rows.lengths)
        for loader in (shuffled_loader(whole, 8, lengths=whole.rows.lengths), shuffled_loader(whole, 8))
    )
    assert by_length < 0.1 < at_random


def test_every_text_is_trained_on_and_the_order_changes() -> None:
    batches = BucketedBatches([1 + index % 7 for index in range(60)], 10, seed=0)
    first = [index for batch in batches for index in batch]
    batches.epoch = 1
    assert sorted(first) == list(range(60))
    assert first != [index for batch in batches for index in batch]


def test_rows_with_more_cells_than_the_header_are_left_out(tmp_path: Path) -> None:
    problems = Problems()
    path = table(tmp_path / "data.csv", [*(f"{row}," for row in spam(4)), "I like tea, not coffee,ham"])
    assert len(read_table(path, SETTINGS, problems)) == 4
    assert "rows with more cells than the header: 1 (data.csv line 6)" in str(problems)
    with pytest.raises(UserError, match=r"more cells than its header in line 6; put texts into quotes"):
        read_column(path, "text")


def test_a_file_is_a_text_and_a_line_of_the_input_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "one\x0cpage\r\ntwo\u2028lines\n"
    path = tmp_path / "texts" / "a.txt"
    path.parent.mkdir()
    path.write_bytes(lines.encode())
    (path.parent / "scan.pdf").write_bytes(b"%PDF")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    assert collect_texts(["-"], "text") == (["one\x0cpage", "two\u2028lines"], {})
    assert "is one text" not in capsys.readouterr().out
    assert collect_texts([str(path)], "text") == ([path], {})
    assert "`predict - < FILE` takes each line" in capsys.readouterr().out
    assert collect_texts([str(path.parent)], "text") == ([path], {"files of other kinds": 1})


def test_a_path_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "texts.json").write_text("[]")
    with pytest.raises(UserError, match="is a file of another kind"):
        collect_texts([str(tmp_path / "texts.json")], "text")
    assert collect_texts(["word " * 2000, ""], "text")[0] == [("word " * 2000).strip(), ""]


def text_folders(root: Path, counts: dict[str, int], encoding: str = "utf-8") -> Path:
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            text = f"Größe {index} of {root.name}\nsays {name}."
            (root / name / f"page{index // 2}_{index}.txt").write_text(text, encoding)
    return root


def test_a_folder_for_each_class_holds_one_text_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text_folders(tmp_path / "train", {"ham": 12, "spam": 12})
    text_folders(tmp_path / "test", {"ham": 4, "spam": 3}, "utf-16")
    (tmp_path / "train" / "ham" / "old.txt").write_bytes("Größe".encode("cp1252"))
    (tmp_path / "train" / "ham" / "none.txt").write_text(" \n")
    (tmp_path / "train" / "ham" / "scan.pdf").write_bytes(b"%PDF")
    data = load(tmp_path, source="auto")
    assert data.record.source == "folder"
    assert data.classes == ["ham", "spam"]
    assert sum(data.counts.values()) == 31
    assert data.splits.test["texts"][0] == "Größe 0 of test\nsays ham."
    assert data.problems.by_kind == {
        "files that are not UTF-8": ["train/ham/old.txt"],
        "files without a text": ["train/ham/none.txt"],
    }
    assert "scan.pdf" in capsys.readouterr().err


@pytest.mark.parametrize("by", ["pattern", "index"])
def test_text_files_of_one_group_stay_in_one_split(by: str, tmp_path: Path) -> None:
    text_folders(tmp_path, {"ham": 40, "spam": 40})
    if by == "index":
        rows = [f"{name}/page{index // 2}_{index}.txt,{index // 2}" for name in ("ham", "spam") for index in range(40)]
        table(tmp_path / "index.csv", rows, "id,group")
    flags = ["--data.group_pattern", "^(page[0-9]+)_"] if by == "pattern" else []
    splits = load(tmp_path, *flags, source="auto").splits
    pages = [{Path(name).name.split("_")[0] for name in split.names} for split in vars(splits).values()]
    assert not pages[0] & pages[1] | pages[0] & pages[2] | pages[1] & pages[2]


def test_labels_to_score_are_merged_with_those_of_the_network_as_training_merges_them(tmp_path: Path) -> None:
    path = table(tmp_path / "others.csv", ["a,Ham", "b,HAM", "c,Spam", "d,nan"])
    settings = DataConfig(clean_labels=True)
    assert load_texts(settings, path, ["ham", "spam"]).train["labels"].tolist() == [0, 0, 1]
    with pytest.raises(UserError, match="set data.clean_labels true"):
        load_texts(DataConfig(), path, ["ham", "spam", "nan"])
