"""Pack a folder into shards that are read in its place, also from an S3-compatible address (see `shared.data.packed`).

python -m shared.data.pack data/raw data/packed
"""

import hashlib
import io
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.console import log, track
from shared.data.folders import HIDDEN, visit
from shared.data.packed import COLUMNS, INDEX
from shared.errors import UserError
from shared.files import atomic_write, write_csv

SHARD_BYTES = 1 << 26
"""Large enough that opening costs nothing, small enough that a worker fetches one in a second."""


def pack(folder: Path, target: Path, shard_bytes: int = SHARD_BYTES) -> int:
    """Write the files below a folder into shards and an index, which is written last; gives the number of files.

    Raises:
        UserError: there are no files, the target is not empty, or it cannot be written.
    """
    if target.exists() and any(target.iterdir()):
        raise UserError(f"{target} is not empty; name a new folder for the shards, or delete it.")
    found = [*visit(folder)] if folder.is_dir() else []
    files = [path for path, reason in found if not reason]
    rows: list[tuple[Any, ...]] = []
    if not files:
        raise UserError(f"{folder} holds no files; name the folder that would be data.root.")
    for left, reason in found:
        if reason and reason != HIDDEN:
            log.warning(f"not packed: {left} ({reason})")
    pending, number = iter(track(files, "pack files")), 0
    while len(rows) < len(files):
        shard = f"shard-{number:06}.tar"
        with (
            atomic_write(target / shard) as file,
            tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for path in pending:
                content, modified = path.read_bytes(), path.stat().st_mtime_ns
                name = path.relative_to(folder).as_posix()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime = len(content), modified // 1_000_000_000
                tar.addfile(entry, io.BytesIO(content))
                padded = -(-len(content) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                digest = hashlib.sha256(content).hexdigest()
                rows.append((name, shard, file.tell() - padded, len(content), modified, digest))
                if file.tell() >= shard_bytes:
                    break
        number += 1
    write_csv(target / INDEX, COLUMNS, rows)
    log.info(f"packed {len(rows):,} files in {number:,} shards in {target}; use it with --data.root {target}")
    return len(rows)


def main(words: Sequence[str]) -> int:
    """Pack a folder; gives the exit code."""
    if len(words) != 2:
        print("usage: python -m shared.data.pack FOLDER NEW_FOLDER", file=sys.stderr)
        return 2
    try:
        pack(Path(words[0]), Path(words[1]))
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
