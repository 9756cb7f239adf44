"""An index built anew from what it holds: another model, other passages, or an older format.

No file is read or parsed again. The new index grows beside the old one, a report at a time, and
then takes its place in one transaction of the old file: whoever has it open sees the old shelf
until the new one is whole. The file itself is never swapped, because SQLite's log belongs to the
name of the file, not to the file. Killed or out of disk, the old index is as it was and the next
run goes on where this one stopped. What is added or removed meanwhile is taken along.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rag import caches, packing
from rag.acronyms import find_acronyms
from rag.embedding import Encoder
from rag.errors import DamagedIndexError, IndexMismatchError, RagError
from rag.indexing import indexed
from rag.records import Metadata, Report
from rag.schema import SCHEMA, damaged, errors_in_words, identity, open_known, use_write_ahead_log
from rag.settings import FORMAT_VERSION, IndexSettings
from rag.store import FILE_NAME, Store

SIDE_NAME = "rag.reindex.sqlite"
"""Where the new index grows; an index like any other, deleted when it has been moved."""

_BATCH = 256
"""Texts that are embedded between two commits: what a kill can cost."""

_ROUNDS = 5
"""After so many rounds of following another writer, it waits while the last reports are done."""

_REPORT = """
SELECT title, council, date, kind, publisher, source, form, digest, origin, text, {}
FROM main.reports WHERE id = ?
"""
_VECTOR = "SELECT vector, {} FROM main.vectors WHERE key = ?"
_COPY = "INSERT INTO main.{0} SELECT * FROM fresh.{0}"
_SIZE = ("page_count", "page_size")
_REST = ("vectors", "reports", "meta")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What a rebuilt index holds."""

    reports: int
    passages: int
    embedded: int
    """Texts that went through the model in this run; the others had their vectors."""


@dataclass(slots=True)
class _Work:
    """The old index, the new one that grows, and what fills it."""

    old: sqlite3.Connection
    """The old file, with the new one attached as ``fresh``, which is first read for the move: a
    transaction that looked into it before would not see what was put there since."""
    path: Path
    built: dict[str, str]
    side: Store
    grown: sqlite3.Connection
    """The file of ``side``, for reading."""
    encoder: Encoder
    settings: IndexSettings
    progress: Progress
    embedded: int = 0


def reindex(
    folder: Path,
    encoder: Encoder,
    settings: IndexSettings | None = None,
    progress: Progress | None = None,
) -> Reindexed:
    """Build the index in ``folder`` anew for ``encoder`` and ``settings``, of any known format.

    ``progress`` is told a report, how many of its passages are embedded, and how many there are.
    Programs that have the index open go on with the old one until the end; then those of other
    settings are told to start again. Raises InputError when there is no index, DamagedIndexError,
    IndexMismatchError for a later format, RagError when another reindex runs or the disk is full.
    """
    settings = replace(settings or IndexSettings(), model=encoder.name)
    path, side_path = folder / FILE_NAME, folder / SIDE_NAME
    with only_one(folder):
        old, built = open_known(path)
        with (
            closing(old),
            errors_in_words(path),
            closing(_side(side_path, settings)) as side,
            closing(open_known(side_path)[0]) as grown,
            _rolled_back(old),
        ):
            use_write_ahead_log(old)  # readers of an old shelf must not be locked out either
            old.execute("PRAGMA synchronous = FULL")
            old.execute("ATTACH ? AS fresh", (str(side_path.absolute()),))
            work = _Work(old, path, built, side, grown, encoder, settings, progress or _silent)
            _follow(work)
            held = side.reports()
            pages, size = (grown.execute(f"PRAGMA {p}").fetchone()[0] for p in _SIZE)
            check_room(folder, 2 * pages * size)
            _move_in(old, settings, int(_meta(old)["generation"]) + 1)
            old.execute("COMMIT")
        delete_database(side_path)
        caches.drop(folder)
    return Reindexed(len(held), sum(info.passages for info in held), work.embedded)


def _silent(_name: str, _done: int, _total: int) -> None:
    pass


@contextmanager
def _rolled_back(database: sqlite3.Connection) -> Iterator[None]:
    """Leave no transaction open behind an error."""
    try:
        yield
    finally:
        if database.in_transaction:
            with suppress(sqlite3.Error):
                database.execute("ROLLBACK")


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder against another reindex or restore; a killed holder lets go of it."""
    if not folder.is_dir():
        raise RagError(f"There is no folder {folder}.")
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RagError(
                f"Another reindex or restore of {folder} is running.",
                "Nothing was changed. Wait for it, or stop it: it goes on where it stopped.",
            ) from None
        yield
    finally:
        os.close(handle)


def delete_database(path: Path) -> None:
    """Delete an SQLite file, its log first: a log without its file does no harm."""
    for end in ("-wal", "-shm", "-journal", ""):
        path.with_name(path.name + end).unlink(missing_ok=True)


def check_room(folder: Path, needed: int) -> None:
    """Raise RagError unless ``needed`` bytes are free where ``folder`` is."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise RagError(
            f"{folder} has {free / 2**20:.0f} MiB free; {needed / 2**20:.0f} MiB are needed.",
            "Nothing was changed. Make room, and run the command again.",
        )


def _side(path: Path, settings: IndexSettings) -> Store:
    """The new index as far as an earlier run got; begun again when it cannot be used."""
    with suppress(IndexMismatchError, DamagedIndexError):
        side = Store(path, settings, create=True)
        try:
            if not side.changed_since_stored():
                return side
        except BaseException:
            side.close()
            raise
        side.close()
    delete_database(path)
    return Store(path, settings, create=True)


# --- following the old index ------------------------------------------------------------------


def _follow(work: _Work) -> None:
    """Bring the new index level with the old one, and return with the old one locked."""
    for number in range(_ROUNDS + 1):
        if number == _ROUNDS:
            _lock(work.old)
        seen = _meta(work.old)
        _catch_up(work)
        if number < _ROUNDS:
            _lock(work.old)
        if _meta(work.old) == seen:
            return
        work.old.execute("ROLLBACK")


def _lock(old: sqlite3.Connection) -> None:
    """Keep other writers out of the old file. BEGIN IMMEDIATE would lock the new one too."""
    old.execute("BEGIN")
    old.execute("UPDATE main.meta SET value = value WHERE key = 'generation'")


def _meta(old: sqlite3.Connection) -> dict[str, str]:
    return dict(old.execute("SELECT key, value FROM main.meta"))


def _catch_up(work: _Work) -> None:
    wanted = [id_ for (id_,) in work.old.execute("SELECT id FROM main.reports ORDER BY id")]
    there = {known.report for known in work.side.known()}
    for gone in sorted(there - set(wanted)):
        work.side.remove(gone)
    todo = []
    for id_ in wanted:
        if id_ not in there:
            todo.append(id_)
        elif _read(work, id_, work.grown) != _read(work, id_, work.old):
            work.side.remove(id_)  # at once: another report may have its content now
            todo.append(id_)
    for id_ in todo:
        found = _read(work, id_, work.old)
        if found is not None:
            _put(work, *found)


def _read(work: _Work, id_: str, file: sqlite3.Connection) -> tuple[Report, str] | None:
    """A report and its catalogue entry, out of the old file or the new one."""
    nested = file.in_transaction
    if not nested:
        file.execute("BEGIN")
    try:
        latest = file is work.grown or work.built["format_version"] == str(FORMAT_VERSION)
        columns = "judgement, catalogued, pages, notes" if latest else "NULL, '', NULL, '[]'"
        row = file.execute(_REPORT.format(columns), (id_,)).fetchone()
        if row is None:
            return None
        if latest and file is work.old:
            _check_content(work, id_)
        blocks = tuple(packing.block(b) for b in file.execute(packing.BLOCKS, (id_,)))
        *names, digest, origin, text, judgement, catalogued, pages, notes = row
        metadata = replace(Metadata(*names), judgement=judgement)
        notes = tuple(json.loads(notes))
        return Report(id_, metadata, text, blocks, digest, origin, pages, notes), catalogued
    except (TypeError, ValueError):
        raise damaged(work.path, f"the report {id_} is not what was stored") from None
    finally:
        if not nested:
            file.execute("ROLLBACK")


def _check_content(work: _Work, id_: str) -> None:
    """A new checksum must not be put on a text that changed on the disk."""
    kept = work.old.execute("SELECT checksum FROM main.reports WHERE id = ?", (id_,)).fetchone()
    if packing.content_checksum(work.old, id_) != kept[0]:
        raise damaged(work.path, f"the report {id_} is not what was stored")


def _put(work: _Work, report: Report, catalogued: str) -> None:
    """Cut, embed and store one report in the new index; vectors are committed as they come."""
    cut, texts = indexed(report, work.settings)
    missing = sorted(work.side.missing_vectors(texts))
    reused = _vectors_of_old(work, missing)
    with work.side.writing():
        work.side.keep_vectors(reused)
    missing = [key for key in missing if key not in reused]
    finished = len(texts) - len(missing)
    work.progress(report.id, finished, len(texts))
    for first in range(0, len(missing), _BATCH):
        keys = missing[first : first + _BATCH]
        packed = packing.vectors(keys, work.encoder.encode([texts[key] for key in keys]))
        with work.side.writing():
            work.side.keep_vectors(packed)
        finished += len(keys)
        work.embedded += len(keys)
        work.progress(report.id, finished, len(texts))
    with work.side.writing():
        work.side.put(report, cut, {}, find_acronyms(report.text), catalogued=catalogued)


def _vectors_of_old(work: _Work, keys: list[bytes]) -> dict[bytes, bytes]:
    """What the old index has of the same model, of the right size and unchanged."""
    if any(work.built.get(k) != getattr(work.settings, k) for k in ("model", "model_sha256")):
        return {}
    latest = work.built["format_version"] == str(FORMAT_VERSION)
    sql = _VECTOR.format("checksum" if latest else "NULL")
    found = {}
    for key in keys:
        row = work.old.execute(sql, (key,)).fetchone()
        sound = row and len(row[0]) == 4 * work.encoder.dimension
        if sound and row[1] in (None, zlib.crc32(row[0])):
            found[key] = row[0]
    return found


# --- the move ---------------------------------------------------------------------------------


def _move_in(old: sqlite3.Connection, settings: IndexSettings, generation: int) -> None:
    """Put the new tables in the old file, within the transaction that holds it."""
    for table in ("vocabulary", "terms", "words", "acronyms", "passages", "blocks", *_REST):
        old.execute(f"DROP TABLE IF EXISTS main.{table}")
    for statement in SCHEMA.split(";\n"):
        old.execute(statement)
    for table in ("reports", "blocks", "passages", "acronyms", "words"):
        old.execute(_COPY.format(table))
    old.execute(
        "INSERT INTO main.vectors SELECT * FROM fresh.vectors"
        " WHERE key IN (SELECT vector_key FROM main.passages)"
    )
    old.execute("INSERT INTO main.terms (terms) VALUES ('rebuild')")
    values = identity(settings, generation)
    old.executemany("INSERT INTO main.meta VALUES (?, ?)", values.items())
