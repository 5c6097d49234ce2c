"""Tables of texts as people save them: CSV, TSV, Parquet and JSON lines; what is none is told what to do."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from shared.data.folders import FileKind
from shared.data.index import OFFICE, PACKED, encoding_of, open_table, table_rows
from shared.data.problems import Problems, named
from shared.errors import UserError
from src.config import DataConfig
from src.stored import Row

TEXTS = FileKind("text", (".txt",))
OTHER_KINDS = {
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".numbers"), OFFICE),
    **dict.fromkeys((".gz", ".zip", ".bz2", ".xz", ".7z", ".tar"), PACKED),
    ".json": """holds no table; convert it: python -c "import pandas; pandas.read_json('{path}', dtype=False)"""
    """.to_csv('{csv}', index=False)\"""",
}
"""What a file is that is no table, and what to do, by its ending."""
NAME_COLUMNS = "name the right ones with data.text_column and data.label_column"


def clean(text: str) -> str:
    """The text without NUL bytes and halves of characters, which no tokenizer reads, and without blanks around it."""
    return text.replace("\0", " ").encode(errors="replace").decode().strip()


def refuse_other_kinds(settings: DataConfig) -> None:
    """Raise a UserError that says what to do with what `data.root` holds, where that is neither table nor folders."""
    root, wanted = settings.root, [settings.text_column, settings.label_column]
    if settings.source not in ("auto", "csv") or not root.exists():
        return
    for path in sorted(root.glob("[!.]*")) if root.is_dir() else [root]:
        if kind := OTHER_KINDS.get(path.suffix.lower()):
            raise UserError(f"{path} {kind.format(path=path, csv=path.with_suffix('.csv'))}.")
        # A file that is no text at all has no columns either.
        with suppress(UnicodeError, csv.Error, IsADirectoryError), open_table(path, wanted) as table:
            if set(wanted) <= set(table.fieldnames or []):
                raise UserError(f"{path} is a table by another name; rename it to {path.stem}.csv.")
    if root.is_file():
        raise UserError(f"{root} is no CSV or TSV file; save it as CSV in UTF-8, with a header and one text per row.")


def read_text(path: Path) -> tuple[str, str]:
    """The text of a whole file in UTF-8 or UTF-16, cleaned; and why it cannot be read, in a few words."""
    try:
        return clean(path.read_text(encoding_of(path))), ""
    except (OSError, UnicodeError):
        return "", "not UTF-8"


def usable_rows(path: Path, columns: Sequence[str], problems: Problems) -> Iterator[Row]:
    """The rows of a table that have a text and a class; the others go into `problems`.

    Raises:
        UserError: there is none; or see `table_rows`.
    """
    used = 0
    for line, cells, torn in table_rows(path, columns, NAME_COLUMNS):
        text, label, *group = (clean(cells[name]) for name in columns)
        if text and label and not torn:
            used += 1
            yield text, label, line, group[0] if group else ""
        else:
            lack = "with more cells than the header" if torn else f"without a {'class' if text else 'text'}"
            problems.add(f"rows {lack}", f"{path.name} line {line}")
    if not used:
        raise UserError(f"{path} holds no row with a text and a class; add some, or set data.root to another file.")


def read_column(path: Path, column: str) -> list[str]:
    """The texts alone of a table.

    Raises:
        UserError: the file is missing or no such table, or a row has more cells than the header.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}; correct the path.")
    rows = [*table_rows(path, [column], NAME_COLUMNS)]
    if torn := [str(line) for line, _, torn in rows if torn]:
        raise UserError(f"{path} has more cells than its header in line {named(torn)}; put texts into quotes.")
    return [clean(cells[column]) for _, cells, _ in rows]
