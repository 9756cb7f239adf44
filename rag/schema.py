"""The tables of an index file, and opening one: created, recognised, or refused in words."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rag.errors import DamagedIndexError, IndexMismatchError, RagError
from rag.settings import IndexSettings

WAIT_SECONDS = 60
"""How long one process waits for another that is writing."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reports (
    id TEXT PRIMARY KEY, title TEXT, council TEXT, date TEXT, kind TEXT, publisher TEXT,
    source TEXT, form TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, origin TEXT NOT NULL,
    text TEXT NOT NULL, words INTEGER NOT NULL
);
CREATE TABLE blocks (
    report TEXT NOT NULL REFERENCES reports(id) ON DELETE CASCADE, seq INTEGER NOT NULL,
    kind TEXT NOT NULL, start_at INTEGER NOT NULL, end_at INTEGER NOT NULL,
    section TEXT NOT NULL, paragraph TEXT, ordinal INTEGER NOT NULL, page INTEGER,
    PRIMARY KEY (report, seq)
) WITHOUT ROWID;
CREATE TABLE vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    report TEXT NOT NULL REFERENCES reports(id) ON DELETE CASCADE, seq INTEGER NOT NULL,
    start_at INTEGER NOT NULL, end_at INTEGER NOT NULL, section TEXT NOT NULL, paragraph TEXT,
    ordinal INTEGER NOT NULL, page INTEGER, role TEXT, lead TEXT NOT NULL,
    stems TEXT NOT NULL, prefix_stems TEXT NOT NULL, vector_key BLOB NOT NULL,
    UNIQUE (report, seq)
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
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (terms, 'row');
"""


@contextmanager
def errors_in_words(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours; a busy or full disk is told apart from damage."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "malformed" in str(error) or "no such" in str(error):
            raise _damaged(path, error) from None
        raise RagError(
            f"The index {path} cannot be used now: {error}.",
            "Nothing was changed. Check that the disk is not full, and try again.",
        ) from None
    except sqlite3.DatabaseError as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: sqlite3.Error) -> DamagedIndexError:
    return DamagedIndexError(
        f"The index {path} is damaged: {error}.",
        "Restore a copy of it, or delete its folder and run: rag add PATH",
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
        known = _has_schema(database)
        if not known and create:
            _create(database, settings)
    if not known and not create:
        database.close()
        raise DamagedIndexError(
            f"The index {path} holds nothing.", "Delete its folder and run: rag add PATH"
        )
    _check(database, path, settings)
    return database


def _has_schema(database: sqlite3.Connection) -> bool:
    found = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'vocabulary'").fetchone()
    return found is not None


def _create(database: sqlite3.Connection, settings: IndexSettings) -> None:
    _use_write_ahead_log(database)
    database.execute("BEGIN IMMEDIATE")
    if not _has_schema(database):
        for statement in _SCHEMA.split(";\n"):
            database.execute(statement)
        values = {name: str(value) for name, value in asdict(settings).items()}
        values |= {"store": uuid.uuid4().hex[:12], "generation": "0"}
        database.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
    database.execute("COMMIT")


def _use_write_ahead_log(database: sqlite3.Connection) -> None:
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


def _check(database: sqlite3.Connection, path: Path, settings: IndexSettings) -> None:
    with errors_in_words(path):
        built = dict(database.execute("SELECT key, value FROM meta").fetchall())
    different = [
        f"{name} {built.get(name, 'unknown')}, now {value}"
        for name, value in asdict(settings).items()
        if built.get(name) != str(value)
    ]
    if different:
        database.close()
        raise IndexMismatchError(
            f"The index {path.parent} was built with other settings ({'; '.join(different)}).",
            "Nothing was changed. Build a new one: rag add PATH --index NEW_FOLDER",
        )
