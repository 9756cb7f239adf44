"""A copy of an index in one file, and the way back from it.

A backup is taken by SQLite itself while others read and add, checked, and only then given its
name. Restoring destroys nothing: what is in the folder is kept beside the restored index, with
its log, under a name that says so.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rag import caches
from rag.errors import DamagedIndexError, InputError, RagError
from rag.reindexing import check_room, delete_database, only_one
from rag.schema import damaged, errors_in_words, new_store, open_known, use_write_ahead_log
from rag.settings import FORMAT_VERSION, IndexSettings
from rag.store import FILE_NAME, Store

_LOCK_BYTES = (0x40000000, 512)
"""Where SQLite locks a file, https://www.sqlite.org/fileformat2.html#the_lock_byte_page: whoever
has an index open holds a lock there, also on a file that is damaged."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds."""

    file: Path
    reports: int
    passages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    reports: int
    passages: int
    kept: Path | None
    """Where the index that was in the folder is now; None when there was none."""
    outdated: bool
    """True when ``rag reindex`` has to run before the index can be asked."""


def backup(folder: Path, file: Path, *, overwrite: bool = False) -> BackedUp:
    """Copy the index in ``folder``, of any known format, into one checked file.

    Others may read and add meanwhile; the copy is the index at one moment. Raises InputError for
    a file that is there already (unless ``overwrite``) or cannot be written, DamagedIndexError
    when the index does not pass its checks, RagError when the disk is too small.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise InputError(f"There is no index in {folder}.", "Build one with: rag add PATH")
    _check_target(path, file, overwrite=overwrite)
    source, _ = open_known(path)
    with (
        closing(source),
        errors_in_words(path),
        _refusals(file.parent),
        _unfinished(file) as part,
    ):
        reports, passages = _copy(source, path, part)
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
        _sync(part)
        if overwrite:
            part.replace(file)
        else:
            _check_target(path, file, overwrite=False)
            part.rename(file)
        _sync(file.parent)
    return BackedUp(file, reports, passages, file.stat().st_size)


def restore(folder: Path, file: Path) -> Restored:
    """Put a backup in ``folder``; an index that is there, damaged or not, is kept aside.

    Raises InputError when there is no such file or it is the index itself, DamagedIndexError when
    it is no sound backup, IndexMismatchError when it is of a later format, RagError when another
    program has the index open or the disk is too small. Nothing in the folder has changed then.
    """
    path = folder / FILE_NAME
    if path.exists() and file.exists() and file.samefile(path):
        raise InputError(f"{file} is the index itself.", "Name a backup of it.")
    source, built = open_known(file, read_only=True)
    with _refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with (
        closing(source),
        errors_in_words(file),
        only_one(folder),
        _refusals(folder),
        _unfinished(path) as part,
    ):
        reports, passages = _copy(source, file, part)
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            new_store(copy)
            use_write_ahead_log(copy)
        _sync(part)
        with _nobody_else(path):
            kept = _keep_aside(path)
            part.replace(path)
            _sync(folder)
        caches.drop(folder)
    outdated = built["format_version"] != str(FORMAT_VERSION)
    return Restored(reports, passages, kept, outdated)


def _check_target(path: Path, file: Path, *, overwrite: bool) -> None:
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.", "Make it, or name another file.")
    if file.is_dir() or (file.exists() and file.samefile(path)):
        raise InputError(f"A backup cannot be written to {file}.", "Name another file.")
    if file.exists() and not overwrite:
        raise InputError(f"{file} is there already.", "Name another file, or ask to overwrite it.")


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """A name beside ``file`` to write to; nothing of it stays behind."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield part
    finally:
        with suppress(OSError):
            delete_database(part)


def _copy(source: sqlite3.Connection, path: Path, part: Path) -> tuple[int, int]:
    """Copy an open index to ``part`` and check the copy; its reports and passages."""
    source.execute("BEGIN")  # the copy and the counts are of the same moment
    counted = _counts(source)
    pages, size = (source.execute(f"PRAGMA {p}").fetchone()[0] for p in ("page_count", "page_size"))
    check_room(part.parent, int(1.1 * pages * size))
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.backup(copy)
            found = [row[0] for row in copy.execute("PRAGMA integrity_check")]
            if found != ["ok"] or _counts(copy) != counted:
                raise damaged(path, found[0])
    except sqlite3.OperationalError as error:
        raise RagError(
            f"{part.parent} cannot take a copy of the index: {error}.",
            "Nothing was changed. Check that the disk is not full, and try again.",
        ) from None
    source.execute("ROLLBACK")
    _check_contents(path, part)
    return counted


def _counts(database: sqlite3.Connection) -> tuple[int, int]:
    sql = "SELECT (SELECT count(*) FROM reports), (SELECT count(*) FROM passages)"
    reports, passages = database.execute(sql).fetchone()
    return reports, passages


def _check_contents(path: Path, part: Path) -> None:
    """Hold the copy against its checksums; formats before the third have none."""
    database, built = open_known(part)
    database.close()
    if built["format_version"] != str(FORMAT_VERSION):
        return
    settings = IndexSettings(
        model=built["model"],
        model_sha256=built["model_sha256"],
        passage_tokens=int(built["passage_tokens"]),
        prefix_tokens=int(built["prefix_tokens"]),
    )
    with closing(Store(part, settings, create=False)) as store:
        try:
            found = store.changed_since_stored()
        except DamagedIndexError as error:
            found = [error.what]
    if found:
        raise damaged(path, found[0].rstrip("."))


# --- restoring --------------------------------------------------------------------------------


@contextmanager
def _nobody_else(path: Path) -> Iterator[None]:
    """Hold the index file alone; a file that is moved while it is open would be damaged."""
    if not path.is_file():
        yield
        return
    start, length = _LOCK_BYTES
    handle = os.open(path, os.O_RDWR)
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except OSError:
            raise RagError(
                f"Another program has the index {path} open.",
                "Nothing was changed. Stop the page and every rag command on it, and try again.",
            ) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    """What the system refuses (no right, no room), as one sentence."""
    try:
        yield
    except OSError as error:
        raise RagError(
            f"{error.filename or folder} cannot be written: {error.strerror}.",
            "Nothing was changed. Check that the disk is not full and the folder is yours.",
        ) from None


def _keep_aside(path: Path) -> Path | None:
    """Keep what has the index's name under another one, with its log, and clear the log."""
    ends = [end for end in ("", "-wal", "-shm", "-journal") if _sibling(path, end).exists()]
    if not ends:
        return None
    number = 1
    while (kept := path.with_name(f"{path.name}.before-restore-{number}")).exists():
        number += 1
    if path.is_dir():
        path.rename(kept)
        return kept
    for end in ends:
        old, new = _sibling(path, end), _sibling(kept, end)
        try:
            os.link(old, new)
        except OSError:  # a file system without links
            shutil.copy2(old, new)
    # The old log must be gone before the new file has its name, or SQLite would play it back.
    for end in ends:
        if end:
            _sibling(path, end).unlink()
    _sync(path.parent)
    return kept


def _sibling(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _sync(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
