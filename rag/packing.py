"""Records to rows of the store and back, with checksums of what was stored.

What is shown to a reader (a report's description, a passage) is checked whenever it is read, so
that a byte that turned over on the disk is an error and never another quote.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.embedding import Vectors
from rag.records import Block, Metadata, Passage, Report, ReportInfo

if TYPE_CHECKING:
    import sqlite3

Row = tuple[Any, ...]

REPORTS = """
SELECT id, title, council, date, kind, publisher, source, form, judgement, digest, origin,
    catalogued, words, pages, notes, described
FROM reports ORDER BY council IS NULL, council, coalesce(date, ''), id
"""
"""A description and its checksum."""

PASSAGES = """
SELECT report, seq, start_at, end_at, text, section, paragraph, ordinal, page, role, lead, kind,
    checksum, id
FROM passages WHERE id IN (SELECT value FROM json_each(?))
"""
"""A passage as it is shown, its checksum, and its id."""

BLOCKS = """
SELECT kind, start_at, end_at, section, paragraph, ordinal, page
FROM blocks WHERE report = ? ORDER BY seq
"""

CONTENT = (
    "SELECT described, text FROM reports WHERE id = ?",
    "SELECT * FROM blocks WHERE report = ? ORDER BY seq",
    "SELECT * FROM passages WHERE report = ? ORDER BY seq",
    "SELECT * FROM acronyms WHERE report = ? ORDER BY short, long",
    "SELECT * FROM words WHERE report = ? ORDER BY word",
)
"""Everything that is stored of one report, vectors excepted: they have their own checksums."""


@dataclass(frozen=True, slots=True)
class Known:
    """What tells whether a file is on the shelf already."""

    report: str
    digest: str
    origin: str
    metadata: Metadata
    catalogued: str
    """The catalogue's entry as it was given to ``put``; empty when there was none."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A passage as the store takes it: with its searchable terms and its vector's key."""

    passage: Passage
    stems: str
    prefix_stems: str
    vector_key: bytes


def packed(row: Row) -> bytes:
    """A row as bytes, the same on every machine."""
    return json.dumps(row, default=bytes.hex).encode() + b"\n"


def checksum(row: Row) -> int:
    """CRC-32 of a row."""
    return zlib.crc32(packed(row))


def content_checksum(database: sqlite3.Connection, report: str) -> str:
    """SHA-256 of everything that is stored of one report, as it comes out of the file."""
    hashed = hashlib.sha256()
    for sql in CONTENT:
        for row in database.execute(sql, (report,)):
            hashed.update(packed(row))
    return hashed.hexdigest()


def description_row(report: Report, catalogued: str) -> Row:
    """What is known of a report, in the order of the table's first columns."""
    m = report.metadata
    return (
        *(report.id, m.title, m.council, m.date, m.kind, m.publisher, m.source, m.form),
        *(m.judgement, report.digest, report.origin, catalogued, len(report.text.split())),
        *(report.pages, json.dumps(report.notes)),
    )


def info(row: Row, passages: int) -> ReportInfo:
    """A line of the shelf from a description."""
    report, title, council, date, kind, publisher, source, form, judgement = row[:9]
    words, pages, notes = row[12:]
    return ReportInfo(
        *(report, title, council, date, kind, publisher, source, form, passages, words),
        *(judgement, pages, tuple(json.loads(notes))),
    )


def known(row: Row) -> Known:
    """What tells a file that is known, from a description."""
    report, title, council, date, kind, publisher, source, form, judgement = row[:9]
    digest, origin, catalogued = row[9:12]
    metadata = Metadata(title, council, date, kind, publisher, source, form, None, judgement)
    return Known(report, digest, origin, metadata, catalogued)


def block_row(report: str, seq: int, block: Block) -> Row:
    """A row of the table of blocks."""
    return (
        *(report, seq, block.kind, block.start, block.end, json.dumps(block.section)),
        *(block.paragraph, block.ordinal, block.page),
    )


def block(row: Row) -> Block:
    """A block from a row of ``BLOCKS``."""
    kind, start, end, section, *rest = row
    return Block(kind, start, end, tuple(json.loads(section)), *rest)


def passage_row(report: str, p: Passage) -> Row:
    """A passage as it is shown; ``report`` is the id that the report got on the shelf."""
    return (
        *(report, p.seq, p.start, p.end, p.text, json.dumps(p.section), p.paragraph),
        *(p.ordinal, p.page, p.role, p.lead, p.kind),
    )


def passage(row: Row) -> Passage:
    """A passage from what ``passage_row`` made."""
    report, seq, start, end, text, section, *rest = row
    return Passage(report, seq, start, end, text, tuple(json.loads(section)), *rest)


def vectors(keys: Sequence[bytes], rows: Vectors) -> dict[bytes, bytes]:
    """Vectors as they are stored, little-endian float32, each by its key."""
    return {key: row.astype("<f4").tobytes() for key, row in zip(keys, rows, strict=True)}
