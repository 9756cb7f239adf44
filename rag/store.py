"""Reports, passages, full text and vectors in one SQLite file: the source of truth.

One transaction a report: a reader sees the shelf before or after it, never in between. Vectors
are kept by the hash of the text that was embedded, so text that did not change is not embedded
again. ``generation`` counts the commits that changed the shelf; caches are kept under it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.embedding import Vectors
from rag.errors import RagError
from rag.records import Block, Metadata, Passage, Report, ReportInfo
from rag.schema import errors_in_words, open_database
from rag.settings import IndexSettings
from rag.terms import words

FILE_NAME = "rag.sqlite"

_PASSAGES = """
SELECT p.id, p.report, p.seq, p.start_at, p.end_at,
    substr(r.text, p.start_at + 1, p.end_at - p.start_at), p.section, p.paragraph, p.ordinal,
    p.page, p.role, p.lead
FROM passages p JOIN reports r ON r.id = p.report
WHERE p.id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A passage as the store takes it: with its searchable terms and its vector's key."""

    passage: Passage
    stems: str
    prefix_stems: str
    vector_key: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What tells whether a file is on the shelf already."""

    report: str
    digest: str
    origin: str
    metadata: Metadata


class Store:
    """One SQLite file. Safe to use from several threads and processes."""

    def __init__(self, path: Path, settings: IndexSettings, *, create: bool) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._db = open_database(path, settings, create=create)

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One write transaction: all of it is committed, or none of it."""
        with self._lock, errors_in_words(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One read transaction: every query inside sees the same shelf."""
        with self._lock, errors_in_words(self.path):
            nested = self._db.in_transaction
            if not nested:
                self._db.execute("BEGIN")
            try:
                yield
            finally:
                if not nested:
                    with suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock, errors_in_words(self.path):
            return self._db.execute(sql, values).fetchall()

    # --- what the shelf holds -------------------------------------------------------------

    def built_with(self) -> dict[str, str]:
        """What the index was built with, and its generation."""
        return dict(self._rows("SELECT key, value FROM meta"))

    def generation(self) -> int:
        """How many commits have changed the shelf."""
        return int(self._rows("SELECT value FROM meta WHERE key = 'generation'")[0][0])

    def reports(self) -> list[ReportInfo]:
        """The shelf, by council, date and id; unknown councils last."""
        rows = self._rows(
            """SELECT id, title, council, date, kind, publisher, source, form,
                      (SELECT count(*) FROM passages p WHERE p.report = r.id), words
               FROM reports r
               ORDER BY council IS NULL, council, coalesce(date, ''), id"""
        )
        return [ReportInfo(*row) for row in rows]

    def known(self) -> list[Known]:
        """Digest, origin and metadata of every report."""
        rows = self._rows(
            "SELECT id, digest, origin, title, council, date, kind, publisher, source, form"
            " FROM reports"
        )
        return [Known(i, digest, origin, Metadata(*rest)) for i, digest, origin, *rest in rows]

    def report_text(self, report: str) -> str | None:
        """The whole text of a report; None when it is not on the shelf."""
        rows = self._rows("SELECT text FROM reports WHERE id = ?", (report,))
        return rows[0][0] if rows else None

    def blocks(self, report: str) -> list[Block]:
        """The blocks of a report, in order."""
        rows = self._rows(
            "SELECT kind, start_at, end_at, section, paragraph, ordinal, page FROM blocks"
            " WHERE report = ? ORDER BY seq",
            (report,),
        )
        return [Block(k, s, e, tuple(json.loads(path)), *rest) for k, s, e, path, *rest in rows]

    def passage_rows(self) -> list[tuple[int, str]]:
        """Id and report of every passage, in the order that positions follow."""
        return [
            (i, r) for i, r in self._rows("SELECT id, report FROM passages ORDER BY report, seq")
        ]

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """The passages with these ids."""
        rows = self._rows(_PASSAGES, (json.dumps(list(ids)),))
        return {row[0]: _passage(row[1:]) for row in rows}

    def stems(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Stems of the text and of the prefix of these passages, blank-separated."""
        rows = self._rows(
            "SELECT id, stems, prefix_stems FROM passages"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {i: (text, prefix) for i, text, prefix in rows}

    def texts_and_stems(self) -> Iterator[tuple[str, str]]:
        """Every passage's text, cut from its report, and the stems that are searched for it."""
        rows = self._rows(
            "SELECT substr(r.text, p.start_at + 1, p.end_at - p.start_at), p.stems"
            " FROM passages p JOIN reports r ON r.id = p.report"
        )
        yield from ((text, kept) for text, kept in rows)

    def vectors(self, dimension: int) -> Vectors:
        """All vectors, shape (n, dimension), in the order of ``passage_rows``."""
        rows = self._rows(
            "SELECT v.vector FROM passages p JOIN vectors v ON v.key = p.vector_key"
            " ORDER BY p.report, p.seq"
        )
        flat = np.frombuffer(b"".join(row[0] for row in rows), dtype="<f4")
        return flat.reshape(-1, dimension).astype(np.float32)

    def missing_vectors(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""
        return {
            key
            for key in set(keys)
            if not self._rows("SELECT 1 FROM vectors WHERE key = ?", (key,))
        }

    # --- full text ------------------------------------------------------------------------

    def search_terms(self, stems: Iterable[str], prefix_weight: float) -> list[tuple[int, float]]:
        """Ids and BM25 scores (higher is better) of passages with any of ``stems``, best first."""
        query = " OR ".join(f'"{stem}"' for stem in sorted(set(stems)) if stem.isalnum())
        if not query:
            return []
        rows = self._rows(
            """SELECT p.id, -bm25(terms, 1.0, ?) AS score
               FROM terms JOIN passages p ON p.id = terms.rowid
               WHERE terms MATCH ? ORDER BY round(score, 6) DESC, p.report, p.seq""",
            (prefix_weight, query),
        )
        return [(i, score) for i, score in rows]

    def document_frequency(self, stem: str) -> int:
        """In how many passages (text or prefix) a stem occurs."""
        rows = self._rows("SELECT doc FROM vocabulary WHERE term = ?", (stem,))
        return int(rows[0][0]) if rows else 0

    def words(self) -> list[str]:
        """Every word on the shelf in small letters; those of most reports first."""
        rows = self._rows("SELECT word FROM words GROUP BY word ORDER BY count(*) DESC, word")
        return [row[0] for row in rows]

    def acronyms(self) -> list[tuple[str, str]]:
        """Short and long forms defined anywhere on the shelf, most often defined first."""
        rows = self._rows(
            "SELECT short, long FROM acronyms GROUP BY short, lower(long)"
            " ORDER BY count(*) DESC, short, long"
        )
        return [(short, long) for short, long in rows]

    # --- changes --------------------------------------------------------------------------

    def put(
        self,
        report: Report,
        indexed: Sequence[Indexed],
        vectors: Mapping[bytes, bytes],
        acronyms: Sequence[tuple[str, str]],
        *,
        replaces: str | None = None,
    ) -> None:
        """Put a report on the shelf, in place of another one if asked; within ``writing``."""
        m = report.metadata
        if replaces is not None:
            self._delete(replaces)
        self._db.execute(
            "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(report.id, m.title, m.council, m.date, m.kind, m.publisher, m.source),
                *(m.form, report.digest, report.origin, report.text),
                len(report.text.split()),
            ),
        )
        self._db.executemany(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(report.id, seq, b.kind, b.start, b.end, json.dumps(b.section)),
                    *(b.paragraph, b.ordinal, b.page),
                )
                for seq, b in enumerate(report.blocks)
            ),
        )
        self._db.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", vectors.items())
        for item in indexed:
            p = item.passage
            cursor = self._db.execute(
                "INSERT INTO passages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(report.id, p.seq, p.start, p.end, json.dumps(p.section), p.paragraph),
                    *(p.ordinal, p.page, p.role, p.lead),
                    *(item.stems, item.prefix_stems, item.vector_key),
                ),
            )
            self._db.execute(
                "INSERT INTO terms (rowid, stems, prefix_stems) VALUES (?, ?, ?)",
                (cursor.lastrowid, item.stems, item.prefix_stems),
            )
        self._db.executemany(
            "INSERT OR IGNORE INTO acronyms VALUES (?, ?, ?)",
            ((report.id, short, long) for short, long in acronyms),
        )
        self._db.executemany(
            "INSERT INTO words VALUES (?, ?)",
            ((report.id, word) for word in sorted({w.lower() for w in words(report.text)})),
        )
        self._changed()

    def remove(self, report: str) -> bool:
        """Take a report off the shelf; False when it is not there."""
        with self.writing():
            there = self._db.execute("SELECT 1 FROM reports WHERE id = ?", (report,)).fetchone()
            if there:
                self._delete(report)
                self._changed()
        return there is not None

    def _delete(self, report: str) -> None:
        rows = self._db.execute(
            "SELECT id, stems, prefix_stems FROM passages WHERE report = ?", (report,)
        ).fetchall()
        self._db.executemany(
            "INSERT INTO terms (terms, rowid, stems, prefix_stems) VALUES ('delete', ?, ?, ?)", rows
        )
        self._db.execute("DELETE FROM reports WHERE id = ?", (report,))

    def _changed(self) -> None:
        self._db.execute("DELETE FROM vectors WHERE key NOT IN (SELECT vector_key FROM passages)")
        self._db.execute(
            "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'"
        )

    # --- checking -------------------------------------------------------------------------

    def problems(self, dimension: int) -> list[str]:
        """What does not agree with itself; empty when all is well."""
        found = [f"SQLite: {row[0]}" for row in self._rows("PRAGMA quick_check") if row[0] != "ok"]
        found += [
            f"Broken reference in {row[0]}." for row in self._rows("PRAGMA foreign_key_check")
        ]
        try:
            with self.writing():
                self._db.execute("INSERT INTO terms (terms, rank) VALUES ('integrity-check', 1)")
        except RagError:
            found.append("The full text does not agree with the passages.")
        checks = {
            "passages without a vector": "SELECT count(*) FROM passages WHERE vector_key NOT IN"
            " (SELECT key FROM vectors)",
            "vectors of a wrong size": "SELECT count(*) FROM vectors WHERE length(vector) != ?",
            "passages outside their report": "SELECT count(*) FROM passages p JOIN reports r"
            " ON r.id = p.report WHERE p.start_at < 0 OR p.start_at >= p.end_at"
            " OR p.end_at > length(r.text)",
            "reports without passages": "SELECT count(*) FROM reports WHERE id NOT IN"
            " (SELECT report FROM passages)",
        }
        for what, sql in checks.items():
            count = self._rows(sql, (4 * dimension,) if "?" in sql else ())[0][0]
            if count:
                found.append(f"{count} {what}.")
        return found


def _passage(row: Sequence[Any]) -> Passage:
    report, seq, start, end, text, section, paragraph, ordinal, page, role, lead = row
    return Passage(
        report,
        seq,
        start,
        end,
        text,
        tuple(json.loads(section)),
        paragraph,
        ordinal,
        page,
        role,
        lead,
    )
