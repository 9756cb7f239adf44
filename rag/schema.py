"""The tables of an index file, and opening one: created, recognised, or refused in words."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rag.errors import DamagedIndexError, IndexMismatchError, InputError, RagError
from rag.settings import FORMAT_VERSION, IndexSettings

PAGE = 16_384
"""Bytes of a page of a new file. A vector fits in one with others: with SQLite's own 4,096 bytes it
takes two of its own, which makes a large file twice as large and five times as slow."""

CACHE = 1 << 26
"""Bytes of a file's pages that SQLite keeps at most. Its own 2 MB do not hold the inner pages of a
large file, so that each row would be looked up in the file from the top."""

WAIT_SECONDS = 60
"""How long one process waits for another that is writing."""

KNOWN_FORMATS = ("1", "2", str(FORMAT_VERSION))
"""Those that can be brought up to date without reading the files again."""

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reports (
    id TEXT PRIMARY KEY, title TEXT, council TEXT, date TEXT, kind TEXT, publisher TEXT,
    source TEXT, form TEXT NOT NULL, judgement TEXT, digest TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL, catalogued TEXT NOT NULL, words INTEGER NOT NULL, pages INTEGER,
    notes TEXT NOT NULL, described INTEGER NOT NULL, checksum TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE blocks (
    report TEXT NOT NULL REFERENCES reports(id) ON DELETE CASCADE, seq INTEGER NOT NULL,
    kind TEXT NOT NULL, start_at INTEGER NOT NULL, end_at INTEGER NOT NULL,
    section TEXT NOT NULL, paragraph TEXT, ordinal INTEGER NOT NULL, page INTEGER,
    PRIMARY KEY (report, seq)
) WITHOUT ROWID;
CREATE TABLE vectors (
    key BLOB PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    report TEXT NOT NULL REFERENCES reports(id) ON DELETE CASCADE, seq INTEGER NOT NULL,
    start_at INTEGER NOT NULL, end_at INTEGER NOT NULL, text TEXT NOT NULL,
    section TEXT NOT NULL, paragraph TEXT, ordinal INTEGER NOT NULL, page INTEGER, role TEXT,
    lead TEXT NOT NULL, kind TEXT NOT NULL, stems TEXT NOT NULL, prefix_stems TEXT NOT NULL,
    vector_key BLOB NOT NULL, checksum INTEGER NOT NULL, UNIQUE (report, seq)
);
CREATE INDEX passages_vector_key ON passages (vector_key);
CREATE TABLE acronyms (
    report TEXT NOT NULL REFERENCES reports(id) ON DELETE CASCADE,
    short TEXT NOT NULL, long TEXT NOT NULL, PRIMARY KEY (report, short, long)
) WITHOUT ROWID;
CREATE TABLE words (
    report TEXT NOT NULL REFERENCES reports(id) ON DELETE CASCADE,
    word TEXT NOT NULL, PRIMARY KEY (report, word)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE terms USING fts5 (
    stems, prefix_stems, content = 'passages', content_rowid = 'id', tokenize = 'unicode61'
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (terms, 'row')
"""
"""``described`` and the ``checksum`` of passages and vectors are checked whenever a row is read,
the ``checksum`` of reports (over all that is stored of it) when the index is verified. A report's
text stands last in its row: what stands in front of it is read without it."""


@contextmanager
def errors_in_words(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours; a busy or full disk is told apart from damage."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if any(sign in str(error) for sign in ("malformed", "no such", "Could not decode")):
            raise damaged(path, str(error)) from None
        raise RagError(
            f"The index {path} cannot be used now: {error}.",
            "Nothing was changed. Check that the disk is not full, and try again.",
        ) from None
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from None
    except UnicodeDecodeError:  # SQLite's own message quotes what it could not read
        raise damaged(path, "it holds text that is no text") from None


def damaged(path: Path, why: str) -> DamagedIndexError:
    """The error that says so, with both ways back."""
    return DamagedIndexError(
        f"The index {path} is damaged: {why}.",
        f"Run: rag restore FILE --index {path.parent} (FILE is a backup),"
        " or move the folder away and run: rag add PATH",
    )


def open_database(path: Path, settings: IndexSettings, *, create: bool) -> sqlite3.Connection:
    """Open an index file, made anew if asked; its settings must be ``settings``.

    Raises DamagedIndexError when it is no index, IndexMismatchError when it was built with
    other settings.
    """
    with errors_in_words(path):
        database = sqlite3.connect(
            path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA cache_size = -{CACHE // 1024}")
        database.create_function("bytes_of", 1, bytes.fromhex, deterministic=True)
        known = _has_schema(database)
        if not known and create:
            _create(database, settings)
        elif known and database.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            use_write_ahead_log(database)  # a backup that was copied here by hand
    try:
        if not known and not create:
            raise damaged(path, "it holds nothing")
        check_settings(database, path, settings)
    except RagError:
        database.close()
        raise
    return database


def open_known(path: Path, *, read_only: bool = False) -> tuple[sqlite3.Connection, dict[str, str]]:
    """Open an index file of any known format as it is, with what it was built with.

    Raises DamagedIndexError when it is no index, IndexMismatchError when it is of a later format.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    with errors_in_words(path):
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}",
            uri=True,
            timeout=WAIT_SECONDS,
            isolation_level=None,
        )
        try:
            known = _has_schema(database)
            built = dict(database.execute("SELECT key, value FROM meta") if known else [])
        except sqlite3.Error:
            database.close()
            raise
    version = built.get("format_version")
    if version in KNOWN_FORMATS and str(built.get("generation")).isdecimal():
        return database, built
    database.close()
    if version is None or not version.isdecimal():
        raise damaged(path, "it holds no index")
    raise IndexMismatchError(
        f"{path} was built by a later version of this program (format {version}).",
        f"This one knows the formats {', '.join(KNOWN_FORMATS)}. Use that version.",
    )


def _has_schema(database: sqlite3.Connection) -> bool:
    found = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'vocabulary'").fetchone()
    return found is not None


def _create(database: sqlite3.Connection, settings: IndexSettings) -> None:
    database.execute(f"PRAGMA page_size = {PAGE}")  # of a file that has no page yet
    use_write_ahead_log(database)
    database.execute("BEGIN IMMEDIATE")
    if not _has_schema(database):
        for statement in SCHEMA.split(";\n"):
            database.execute(statement)
        database.executemany("INSERT INTO meta VALUES (?, ?)", identity(settings, 0).items())
    database.execute("COMMIT")


def identity(settings: IndexSettings, generation: int) -> dict[str, str]:
    """What an index says of itself. A new ``store`` parts it from every cache made before."""
    values = {name: str(value) for name, value in asdict(settings).items()}
    return values | {"store": _store_name(), "generation": str(generation)}


def new_store(database: sqlite3.Connection) -> None:
    """Part an index from every cache that was made of it."""
    database.execute("UPDATE meta SET value = ? WHERE key = 'store'", (_store_name(),))


def _store_name() -> str:
    return uuid.uuid4().hex[:12]


def use_write_ahead_log(database: sqlite3.Connection) -> None:
    """Changing the journal does not wait for another writer, so it is tried again."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def check_settings(database: sqlite3.Connection, path: Path, settings: IndexSettings) -> None:
    """Raise IndexMismatchError unless the index is of ``settings``. Cheap: one small table."""
    with errors_in_words(path):
        built = dict(database.execute("SELECT key, value FROM meta").fetchall())
    wanted = {name: str(value) for name, value in asdict(settings).items()}
    different = [
        f"{name} {built.get(name, 'unknown')}, now {value}"
        for name, value in wanted.items()
        if built.get(name) != value
    ]
    if not different:
        return
    version = built.get("format_version", "")
    if version.isdigit() and int(version) > settings.format_version:
        what = "by a later version of this program"
        next_step = "Use that version, or build another index: rag add PATH --index NEW_FOLDER"
    elif version != wanted["format_version"]:
        what = "by an earlier version of this program"
        next_step = (
            f"Nothing was changed. Bring it up to date with: rag reindex --index {path.parent}"
        )
    else:
        what = "with other settings"
        next_step = f"Nothing was changed. Embed it anew with: rag reindex --index {path.parent}"
    raise IndexMismatchError(
        f"The index {path.parent} was built {what} ({'; '.join(different)}).", next_step
    )
