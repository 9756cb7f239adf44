"""Reports, passages, full text and vectors in one SQLite file: the source of truth.

One transaction a report: a reader sees the shelf before or after it, never in between. Vectors
are kept by the hash of the text that was embedded, so text that did not change is not embedded
again. ``generation`` counts the commits that changed the shelf; caches are kept under it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag import packing
from rag.database import Database
from rag.embedding import Vectors
from rag.errors import DamagedIndexError, RagError
from rag.packing import Indexed, Known
from rag.records import Block, Passage, Report, ReportInfo
from rag.schema import SCHEMA, damaged
from rag.terms import words

__all__ = ["FILE_NAME", "Held", "Indexed", "Known", "Store"]

FILE_NAME = "rag.sqlite"

_WITH_DIGEST = f"SELECT * FROM ({packing.REPORTS}) WHERE digest = ?"  # noqa: S608 (constants)
_DESCRIBED = f"SELECT * FROM ({packing.REPORTS}) WHERE id = ?"  # noqa: S608 (constants)
_RELATED = f"""
SELECT * FROM ({packing.REPORTS})
WHERE digest = ?1 OR origin = ?2 OR id = ?3 OR (id > ?3 || '-' AND id < ?3 || '.')
"""  # noqa: S608 (constants); '.' comes next to '-': ids that begin with this one and '-'
_INSERT = "INSERT INTO {} VALUES ({})"
_VECTORS_OF = """
SELECT wanted.key, vectors.vector, vectors.checksum FROM json_each(?) wanted
JOIN passages ON passages.id = wanted.value JOIN vectors ON vectors.key = passages.vector_key
"""
_WORD_COUNTS = """
SELECT word, count(*) FROM words WHERE report IN (SELECT value FROM json_each(?)) GROUP BY word
ORDER BY count(*) DESC, word
"""
_REFERENCES = "PRAGMA foreign_key_check"
_COUNTS = {
    "passages without a vector": "SELECT count(*) FROM passages WHERE vector_key NOT IN"
    " (SELECT key FROM vectors)",
    "vectors of a wrong size": "SELECT count(*) FROM vectors WHERE length(vector) != ?",
    "reports without passages": "SELECT count(*) FROM reports WHERE id NOT IN"
    " (SELECT report FROM passages)",
}


@dataclass(frozen=True, slots=True)
class Held:
    """Where the passages of a report stand: they have the ids from ``first`` on."""

    report: str
    checksum: str
    """Of everything that is stored of the report: other content is another one."""
    first: int
    passages: int

    @property
    def ids(self) -> range:
        """Ids of its passages, in order."""
        return range(self.first, self.first + self.passages)


class Store(Database):
    """The reports of one file. Safe to use from several threads and processes."""

    # --- what the shelf holds -------------------------------------------------------------

    def generation(self) -> int:
        """How many commits have changed the shelf. Raises as ``check_settings`` does."""
        self.check_settings()
        return int(self.built_with()["generation"])

    def reports(self) -> list[ReportInfo]:
        """The shelf, by council, date and id; unknown councils last."""
        with self.reading():
            sql = "SELECT report, count(*) FROM passages GROUP BY report"
            passages = dict(self._rows(sql, (), str, int))
            return [packing.info(row, passages.get(row[0], 0)) for row in self._described()]

    def known(self) -> list[Known]:
        """Digest, origin, metadata and catalogue entry of every report."""
        return [packing.known(row) for row in self._described()]

    def with_digest(self, digest: str) -> Known | None:
        """The report whose file has this digest; None when it is not on the shelf."""
        rows = self._rows(_WITH_DIGEST, (digest,))
        return packing.known(self._whole(rows[0][:-1], rows[0][-1])) if rows else None

    def related(self, report: Report) -> list[Known]:
        """Reports with this digest or origin, with this id, or with it and a number behind it."""
        rows = self._rows(_RELATED, (report.digest, report.origin, report.id))
        found = [packing.known(self._whole(row[:-1], row[-1])) for row in rows]
        return [known for known in found if is_related(known, report)]

    def _described(self) -> list[packing.Row]:
        """What is known of every report, as ``description_row`` made it."""
        return [self._whole(row[:-1], row[-1]) for row in self._rows(packing.REPORTS)]

    def report_text(self, report: str) -> str | None:
        """The whole text of a report; None when it is not on the shelf."""
        found = self._rows("SELECT text FROM reports WHERE id = ?", (report,), str)
        return found[0][0] if found else None

    def blocks(self, report: str) -> list[Block]:
        """The blocks of a report, in order."""
        try:
            return [packing.block(row) for row in self._rows(packing.BLOCKS, (report,))]
        except (TypeError, ValueError):
            raise damaged(self.path, f"a block of {report} is not what was stored") from None

    def origin(self, report: str) -> tuple[str, str] | None:
        """Where a report was read from and the digest of that file; None when it is not there."""
        found = self._rows("SELECT origin, digest FROM reports WHERE id = ?", (report,), str, str)
        return (found[0][0], found[0][1]) if found else None

    def passages_of(self, report: str) -> list[Passage]:
        """The passages of a report, in order."""
        sql = "SELECT id FROM passages NOT INDEXED WHERE report = ? ORDER BY seq"
        found = self.passages([id_ for (id_,) in self._rows(sql, (report,), int)])
        return sorted(found.values(), key=lambda passage: passage.seq)

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """The passages with these ids."""
        found = {}
        for row in self._rows(packing.PASSAGES, (json.dumps(list(ids)),)):
            found[row[-1]] = packing.passage(self._whole(row[:-2], row[-2]))
        if len(found) < len(set(ids)):
            raise damaged(self.path, "it lacks passages that its full text knows")
        return found

    def stems(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Stems of the text and of the prefix of these passages, blank-separated."""
        found = self._rows(
            "SELECT id, stems, prefix_stems FROM passages"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
            *(int, str, str),
        )
        if len(found) < len(set(ids)):
            raise damaged(self.path, "a passage has no terms")
        return {i: (text, prefix) for i, text, prefix in found}

    def held(self) -> list[Held]:
        """Where the passages of each report stand, by the first of them."""
        sql = "SELECT report, min(id), max(id), count(*) FROM passages GROUP BY report"
        checksums = dict(self._rows("SELECT id, checksum FROM reports", (), str, str))
        found = []
        for report, first, last, count in self._rows(sql, (), str, int, int, int):
            if report not in checksums:
                raise damaged(self.path, "there are passages without their report")
            if last - first + 1 != count:
                raise damaged(self.path, f"passages of {report} are missing")
            found.append(Held(report, checksums[report], first, count))
        return sorted(found, key=lambda held: held.first)

    def vectors_of(self, ids: Sequence[int], dimension: int) -> Vectors:
        """The vectors of these passages, shape (len(ids), dimension), in their order."""
        wanted = np.asarray(ids, dtype=np.int64)
        matrix = np.zeros((len(wanted), dimension), dtype=np.float32)
        found = self._rows(_VECTORS_OF, (json.dumps(wanted.tolist()),), int, bytes, int)
        for row, vector, kept in found:
            if zlib.crc32(vector) != kept:
                raise damaged(self.path, "a vector is not what was stored")
            if len(vector) != 4 * dimension:
                raise damaged(self.path, "a vector is of a wrong size")
            matrix[row] = np.frombuffer(vector, dtype="<f4")
        if len(found) < len(wanted):
            raise damaged(self.path, "a passage has no vector")
        return matrix

    def texts_and_stems(self) -> Iterator[tuple[str, str]]:
        """Every passage's text and the stems that are searched for it."""
        found = self._rows("SELECT text, stems FROM passages", (), str, str)
        yield from ((text, kept) for text, kept in found)

    def missing_vectors(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""
        missing = set(keys)
        found = self._rows(
            "SELECT key FROM vectors WHERE key IN (SELECT bytes_of(value) FROM json_each(?))",
            (json.dumps([key.hex() for key in missing]),),
        )
        return missing - {row[0] for row in found}

    # --- full text ------------------------------------------------------------------------

    def count_phrase(self, stems: Sequence[str]) -> tuple[int, int]:
        """In how many reports, and how many passages, these stems stand side by side."""
        found = self._rows(
            "SELECT count(DISTINCT p.report), count(*) FROM terms JOIN passages p"
            " ON p.id = terms.rowid WHERE terms MATCH ?",
            (f'stems : "{" ".join(stems)}"',),
            *(int, int),
        )
        return found[0][0], found[0][1]

    def words(self) -> list[str]:
        """Every word on the shelf in small letters; those of most reports first."""
        sql = "SELECT word FROM words GROUP BY word ORDER BY count(*) DESC, word"
        found = self._rows(sql, (), str)
        return [row[0] for row in found]

    def word_counts(self, reports: Sequence[str]) -> dict[str, int]:
        """In how many of these reports each of their words stands, in the order of ``words``."""
        found = self._rows(_WORD_COUNTS, (json.dumps(list(reports)),), str, int)
        return {str(word): int(count) for word, count in found}

    def acronyms(self) -> list[tuple[str, str]]:
        """Short and long forms defined anywhere on the shelf, most often defined first."""
        found = self._rows(
            "SELECT short, long FROM acronyms GROUP BY short, lower(long)"
            " ORDER BY count(*) DESC, short, long",
            *((), str, str),
        )
        return [(short, long) for short, long in found]

    # --- changes --------------------------------------------------------------------------

    def put(
        self,
        report: Report,
        indexed: Sequence[Indexed],
        vectors: Mapping[bytes, bytes],
        acronyms: Sequence[tuple[str, str]],
        *,
        replaces: str | None = None,
        catalogued: str = "",
    ) -> None:
        """Put a report on the shelf, in place of another one if asked; within ``writing``.

        ``vectors`` are those that are not stored yet, packed as little-endian float32.
        ``catalogued`` is kept as it is, to tell later whether the catalogue says something else.
        """
        dropped = self._delete(replaces) if replaces is not None else []
        described = packing.description_row(report, catalogued)
        self._db.execute(
            _INSERT.format("reports", _marks(18)),
            (*described, packing.checksum(described), "", report.text),
        )
        self._db.executemany(
            _INSERT.format("blocks", _marks(9)),
            (packing.block_row(report.id, seq, b) for seq, b in enumerate(report.blocks)),
        )
        self.keep_vectors(vectors)
        self._put_passages(report.id, indexed)
        self._db.executemany(
            "INSERT OR IGNORE INTO acronyms VALUES (?, ?, ?)",
            ((report.id, short, long) for short, long in acronyms),
        )
        self._db.executemany(
            "INSERT INTO words VALUES (?, ?)",
            ((report.id, word) for word in sorted({w.lower() for w in words(report.text)})),
        )
        self._sign(report.id)
        self._drop_unused(dropped)
        self._changed()

    def keep_vectors(self, vectors: Mapping[bytes, bytes]) -> None:
        """Store packed vectors by their keys, each with a checksum; within ``writing``."""
        self._db.executemany(
            "INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)",
            ((key, vector, zlib.crc32(vector)) for key, vector in vectors.items()),
        )

    def _put_passages(self, report: str, indexed: Sequence[Indexed]) -> None:
        first = 1 + self._db.execute("SELECT coalesce(max(id), 0) FROM passages").fetchone()[0]
        made = []
        for id_, item in enumerate(indexed, first):
            shown = packing.passage_row(report, item.passage)
            searched = (item.stems, item.prefix_stems, item.vector_key)
            made.append((id_, *shown, *searched, packing.checksum(shown)))
        self._db.executemany(_INSERT.format("passages", _marks(17)), made)
        self._db.executemany(
            "INSERT INTO terms (rowid, stems, prefix_stems) VALUES (?, ?, ?)",
            ((id_, item.stems, item.prefix_stems) for id_, item in enumerate(indexed, first)),
        )

    def recatalogue(self, report: str, catalogued: str) -> None:
        """Keep what the catalogue says now of a report that it does not change; in ``writing``."""
        self._db.execute("UPDATE reports SET catalogued = ? WHERE id = ?", (catalogued, report))
        for row in self._rows(_DESCRIBED, (report,)):
            values = packing.checksum(row[:-1]), report
            self._db.execute("UPDATE reports SET described = ? WHERE id = ?", values)
        self._sign(report)

    def _sign(self, report: str) -> None:
        checksum = packing.content_checksum(self._db, report)
        self._db.execute("UPDATE reports SET checksum = ? WHERE id = ?", (checksum, report))

    def remove(self, report: str) -> bool:
        """Take a report off the shelf; False when it is not there."""
        with self.writing():
            there = self._db.execute("SELECT 1 FROM reports WHERE id = ?", (report,)).fetchone()
            if there:
                self._drop_unused(self._delete(report))
                self._changed()
        return there is not None

    def _delete(self, report: str) -> list[bytes]:
        """Delete a report; the keys of its vectors, which other passages may still use."""
        found = self._db.execute(
            "SELECT id, stems, prefix_stems, vector_key FROM passages WHERE report = ?", (report,)
        ).fetchall()
        self._db.executemany(
            "INSERT INTO terms (terms, rowid, stems, prefix_stems) VALUES ('delete', ?, ?, ?)",
            (row[:3] for row in found),
        )
        self._db.execute("DELETE FROM reports WHERE id = ?", (report,))
        return [row[3] for row in found]

    def _drop_unused(self, keys: Iterable[bytes]) -> None:
        self._db.executemany(
            "DELETE FROM vectors WHERE key = ?1"
            " AND NOT EXISTS (SELECT 1 FROM passages WHERE vector_key = ?1)",
            ((key,) for key in set(keys)),
        )

    def _changed(self) -> None:
        self._db.execute(
            "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'"
        )

    # --- checking -------------------------------------------------------------------------

    def problems(self, dimension: int) -> list[str]:
        """What does not agree with itself; empty when all is well."""
        checks: tuple[Callable[[], list[str]], ...] = (
            lambda: [f"SQLite: {row[0]}" for row in self._rows("PRAGMA integrity_check")],
            lambda: [f"Broken reference in {row[0]}." for row in self._rows(_REFERENCES)],
            self._full_text_problems,
            lambda: self._counted_problems(dimension),
            self.changed_since_stored,
        )
        found: list[str] = []
        for check in checks:
            try:
                found += check()
            except DamagedIndexError as error:
                found.append(error.what)
        return [problem for problem in dict.fromkeys(found) if problem != "SQLite: ok"]

    def _full_text_problems(self) -> list[str]:
        try:
            with self.writing():
                self._db.execute("INSERT INTO terms (terms, rank) VALUES ('integrity-check', 1)")
        except DamagedIndexError:
            return ["The full text does not agree with the passages."]
        except RagError as error:
            return [f"The full text cannot be checked. {error.what}"]
        return []

    def _counted_problems(self, dimension: int) -> list[str]:
        found = []
        for what, sql in _COUNTS.items():
            count = self._rows(sql, (4 * dimension,) if "?" in sql else ())[0][0]
            if count:
                found.append(f"{count} {what}.")
        return found

    def changed_since_stored(self) -> list[str]:
        """What is not what was stored, by the checksums."""
        found, outside, no_slice = [], 0, 0
        with self.reading():
            made = {row[0] for row in self._rows("SELECT sql FROM sqlite_master")}
            if not {statement.strip() for statement in SCHEMA.strip().split(";\n")} <= made:
                found.append("The tables are not as they were made.")
            self._described()
            for report, checksum in self._rows("SELECT id, checksum FROM reports ORDER BY id"):
                if packing.content_checksum(self._db, report) != checksum:
                    found.append(f"The report {report} is not what was stored.")
                text = self.report_text(report) or ""
                sql = "SELECT start_at, end_at, text FROM passages WHERE report = ?"
                for start, end, kept in self._rows(sql, (report,), int, int, str):
                    outside += not 0 <= start < end <= len(text)
                    no_slice += text[max(0, start) : max(0, end)] != kept
            vectors = self._rows("SELECT vector, checksum FROM vectors", (), bytes, int)
        changed = sum(zlib.crc32(vector) != checksum for vector, checksum in vectors)
        counts = {
            "passages outside their report": outside,
            "passages that are no slice of their report": no_slice,
            "vectors that are not what was stored": changed,
        }
        return found + [f"{count} {what}." for what, count in counts.items() if count]


def is_related(known: Known, report: Report) -> bool:
    """True when adding ``report`` has to be held against a report on the shelf."""
    number = known.report.removeprefix(f"{report.id}-")
    return (
        known.digest == report.digest
        or known.origin == report.origin
        or known.report == report.id
        or (number != known.report and number.isdecimal())
    )


def _marks(number: int) -> str:
    return ", ".join("?" * number)
