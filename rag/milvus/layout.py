"""The collections that a shelf has in Milvus, and records to their rows and back.

Every report that is put on the shelf gets an ``edition``, a number that is never used again; all
that is stored of it carries it. Ids of passages follow from it: edition · 2²⁰ + place in the
report. Four collections:

    NAME_passages   one row a passage: its words for BM25 and TEXT_MATCH, its vector, itself as a
                    packed row with a checksum; report, council and date for filters of your own
    NAME_parts      text, blocks, acronyms and words of a report, packed, in pieces, because a
                    VARCHAR of Milvus holds 65,535 bytes; and its terms, to tell which reports
                    hold a word
    NAME_reports    one row an edition: the report's description, checksums and sums
    NAME_meta       one row that says which editions are the shelf (``rag.milvus``), and a row of
                    the program that is writing

``searched`` holds the terms of a passage (``rag.postings.terms_of``) as ``T T | h | h``: those of
the text twice, those of the headings once, so that Milvus' BM25 counts a term in the headings half
of one in the text. The strokes keep a phrase from running over from one into the next.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag import packing
from rag.errors import RagError
from rag.milvus.client import Milvus, Row
from rag.packing import Indexed, Known
from rag.postings import terms_of
from rag.records import Passage, Report, ReportInfo
from rag.terms import words

COLLECTIONS = ("passages", "parts", "reports", "meta")
MOST_PASSAGES = 2**20
"""Of one report."""
_PIECE = 60_000
"""Bytes of a piece; all pieces are ASCII."""
_MOST = 65_535
"""Bytes of a VARCHAR."""
_SMALL = 1_000
_NEAR = {"index_type": "HNSW", "metric_type": "IP", "params": {"M": 16, "efConstruction": 200}}
_EXACT = {"index_type": "FLAT", "metric_type": "IP", "params": {}}
_BM25 = {
    "index_type": "SPARSE_INVERTED_INDEX",
    "metric_type": "BM25",
    "params": {"bm25_k1": 2.0, "bm25_b": 0.75},
}
"""The counts are doubled, so 2.4 would be our k1; Milvus documents 1.2 to 2.0. What it finds is
scored again with ours, so that this only moves who is found."""
_NO_VECTOR = [1.0, 0.0]
"""Milvus wants a vector in every collection."""


def make_collections(milvus: Milvus, dimension: int) -> None:
    """Make those that are not there yet."""
    from pymilvus import DataType, Function, FunctionType, MilvusClient

    def indexes(vector: str, kind: dict[str, Any], *scalars: str) -> Any:
        made = MilvusClient.prepare_index_params()
        made.add_index(vector, **kind)
        for name in () if milvus.lite else scalars:  # a plain file is small
            made.add_index(name, index_type="INVERTED")
        return made

    passages = _schema(
        milvus,
        *(DataType.INT64, "edition", "length", "checksum", "vector_checksum"),
        small=("report", "council", "date", "vector_key"),
        text=("searched", "row"),
    )
    passages.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    passages.add_field("dense", DataType.FLOAT_VECTOR, dim=dimension)
    passages.add_function(
        Function(
            "bm25", FunctionType.BM25, input_field_names=["searched"], output_field_names=["sparse"]
        )
    )
    near = indexes(
        *("dense", _EXACT if milvus.lite else _NEAR),
        *("edition", "vector_key", "report", "council", "date"),
    )
    near.add_index("sparse", **_BM25)
    others = {
        "parts": (
            _schema(
                milvus,
                DataType.INT64,
                "edition",
                "number",
                small=("kind",),
                text=("terms", "value"),
            ),
            ("edition", "kind"),
        ),
        "reports": (
            _schema(
                milvus,
                DataType.INT64,
                "checksum",
                small=("report", "council", "date"),
                text=("row",),
            ),
            ("report",),
        ),
        "meta": (_schema(milvus, DataType.VARCHAR, text=("value",)), ()),
    }
    milvus.make("passages", passages, near)
    for kind, (made, scalars) in others.items():
        made.add_field("nothing", DataType.FLOAT_VECTOR, dim=2)
        milvus.make(kind, made, indexes("nothing", _EXACT, *scalars))


def _schema(
    milvus: Milvus, key: Any, *numbers: str, text: Sequence[str] = (), small: Sequence[str] = ()
) -> Any:
    """Of a collection with fields of these names."""
    from pymilvus import DataType, MilvusClient

    analyser = {"tokenizer": "standard" if milvus.lite else "whitespace"}
    searchable = {"enable_analyzer": True, "enable_match": True, "analyzer_params": analyser}
    made = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    made.add_field(
        "id",
        key,
        is_primary=True,
        **({"max_length": _SMALL} if key == DataType.VARCHAR else {}),
    )
    for name in numbers:
        made.add_field(name, DataType.INT64)
    for name in small:
        made.add_field(name, DataType.VARCHAR, max_length=_SMALL)
    for name in text:
        options = searchable if name in ("searched", "terms") else {}
        # Kept on the disk of the server and mapped, not held in its memory.
        made.add_field(name, DataType.VARCHAR, max_length=_MOST, mmap_enabled=True, **options)
    return made


# --- a report's description -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a report on the shelf, and the sums of what is stored of it."""

    edition: int
    row: packing.Row
    """As ``packing.description_row`` made it."""
    passages: int
    terms: int
    """Of all passages with their headings."""
    parts: int
    """Rows that its parts have."""
    content: str
    """SHA-256 of text, blocks, passages, acronyms and words."""

    @property
    def report(self) -> str:
        """The id."""
        return str(self.row[0])

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return str(self.row[9])

    @property
    def origin(self) -> str:
        """Where it was read from."""
        return str(self.row[10])

    @property
    def order(self) -> tuple[bool, str, str, str]:
        """By council, date and id; unknown councils last."""
        report, _, council, date = self.row[:4]
        return council is None, council or "", date or "", report

    @property
    def known(self) -> Known:
        """What tells whether a file is on the shelf already."""
        return packing.known(self.row)

    @property
    def info(self) -> ReportInfo:
        """A line of the shelf."""
        return packing.info(self.row, self.passages)

    def as_row(self) -> Row:
        """A row of ``reports``."""
        values = (self.edition, self.row, self.passages, self.terms, self.parts, self.content)
        packed = _fitting(packing.packed(values).decode(), f"the description of {self.report}")
        return {
            "id": self.edition,
            "row": packed,
            "checksum": zlib.crc32(packed.encode()),
            "report": _short(self.report),
            "nothing": _NO_VECTOR,
            "council": _short(self.row[2]),
            "date": _short(self.row[3]),
        }


def described(milvus: Milvus, row: Row) -> Described:
    """From a row of ``reports``; raises DamagedIndexError when it is not what was stored."""
    packed = row["row"]
    if zlib.crc32(packed.encode()) != row["checksum"]:
        raise milvus.damaged("a row is not what was stored")
    edition, description, *sums = json.loads(packed)
    return Described(edition, tuple(description), *sums)


def with_catalogue_entry(report: Described, catalogued: str) -> Described:
    """The same with what the catalogue says now."""
    row = (*report.row[:11], catalogued, *report.row[12:])
    return Described(
        report.edition, row, report.passages, report.terms, report.parts, report.content
    )


def content_of(
    text: str,
    blocks: Iterable[packing.Row],
    passages: Iterable[packing.Row],
    acronyms: object,
    of_words: object,
) -> str:
    """SHA-256 of all that is stored of one report; passages as ``stored_passage`` made them."""
    hashed = hashlib.sha256(packing.packed((text, acronyms, of_words)))
    for row in (*blocks, *passages):
        hashed.update(packing.packed(row))
    return hashed.hexdigest()


# --- passages -----------------------------------------------------------------------------------


def stored_passage(report: str, item: Indexed) -> packing.Row:
    """A passage as it is shown, and the stems of its text and of its headings."""
    return (*packing.passage_row(report, item.passage), item.stems, item.prefix_stems)


def passage_row(report: Described, seq: int, item: Indexed, vector: bytes) -> Row:
    """A row of ``passages``; ``vector`` is little-endian float32."""
    stored = stored_passage(report.report, item)
    name = f"a passage of {report.report}"
    text, headings = terms_of(item.stems), terms_of(item.prefix_stems)
    searched = " ".join((*text, "|", *text, *(part for term in headings for part in ("|", term))))
    return {
        "id": report.edition * MOST_PASSAGES + seq,
        "edition": report.edition,
        "report": _short(report.report),
        "council": _short(report.row[2]),
        "date": _short(report.row[3]),
        "length": len(text) + len(headings),
        "row": _fitting(packing.packed(stored).decode(), name),
        "checksum": packing.checksum(stored),
        "searched": _fitting(searched, name),
        "vector_key": item.vector_key.hex(),
        "vector_checksum": zlib.crc32(vector),
        "dense": np.frombuffer(vector, dtype="<f4"),
    }


def stored_of(milvus: Milvus, row: Row) -> packing.Row:
    """What ``stored_passage`` made; raises DamagedIndexError when it is something else."""
    if zlib.crc32(row["row"].encode()) != row["checksum"]:
        raise milvus.damaged("a passage is not what was stored")
    return tuple(json.loads(row["row"]))


def passage_of(stored: packing.Row) -> Passage:
    """The passage as it is shown."""
    return packing.passage(stored[:-2])


def length_of(item: Indexed) -> int:
    """Terms of a passage and its headings."""
    return len(terms_of(item.stems)) + len(terms_of(item.prefix_stems))


def edition_of(id_: int) -> int:
    """Of the passage with this id."""
    return id_ // MOST_PASSAGES


# --- parts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parts:
    """What is stored of a report besides its passages, as it is packed."""

    text: str
    blocks: list[packing.Row]
    acronyms: list[tuple[str, str]]
    words: list[str]
    terms: list[str]

    @classmethod
    def of(
        cls, report: Report, indexed: Sequence[Indexed], acronyms: Iterable[tuple[str, str]]
    ) -> Parts:
        """Of a report with its passages."""
        terms = {
            t for item in indexed for s in (item.stems, item.prefix_stems) for t in terms_of(s)
        }
        return cls(
            report.text,
            [packing.block_row(report.id, seq, block) for seq, block in enumerate(report.blocks)],
            sorted(set(acronyms)),
            sorted({word.lower() for word in words(report.text)}),
            sorted(terms),
        )

    def rows(self, edition: int) -> list[Row]:
        """Rows of ``parts``."""
        pieces = [
            (kind, number, "", piece)
            for kind in ("text", "blocks", "acronyms", "words")
            for number, piece in enumerate(_cut(_squeezed(getattr(self, kind))))
        ]
        pieces += [("terms", n, piece, "") for n, piece in enumerate(_lines(self.terms))]
        return [
            {
                "id": edition * MOST_PASSAGES + place,
                "edition": edition,
                "kind": kind,
                "number": number,
                "terms": terms,
                "value": value,
                "nothing": _NO_VECTOR,
            }
            for place, (kind, number, terms, value) in enumerate(pieces)
        ]


def part_of(milvus: Milvus, rows: Iterable[Row]) -> Any:
    """One part from all of its rows; raises DamagedIndexError when it is not whole."""
    packed = "".join(row["value"] for row in sorted(rows, key=lambda row: int(row["number"])))
    try:
        return json.loads(zlib.decompress(base64.b85decode(packed)))
    except (ValueError, zlib.error):
        raise milvus.damaged("a part of a report is not what was stored") from None


def _squeezed(value: object) -> str:
    """As ASCII; its end tells whether it is whole."""
    return base64.b85encode(zlib.compress(json.dumps(value).encode())).decode()


def _cut(packed: str) -> Iterator[str]:
    for start in range(0, len(packed), _PIECE):
        yield packed[start : start + _PIECE]


def _lines(terms: Sequence[str]) -> Iterator[str]:
    """The terms, blank-separated, in pieces that fit."""
    line: list[str] = []
    size = 0
    for term in terms:
        size += len(term.encode()) + 1
        if line and size > _PIECE:
            yield " ".join(line)
            line, size = [], len(term.encode()) + 1
        line.append(term)
    if line:
        yield " ".join(line)


def meta_row(key: str, value: object) -> Row:
    """A row of ``meta``."""
    return {"id": key, "value": json.dumps(value), "nothing": _NO_VECTOR}


def _fitting(value: str, name: str) -> str:
    if len(value.encode()) > _MOST:
        raise RagError(
            f"What is stored of {name} is longer than Milvus takes ({_MOST} bytes).",
            "Keep this report in a folder: rag add FILE --index FOLDER",
        )
    return value


def _short(value: str | None) -> str:
    """For filters only: nothing is read back from it."""
    return (value or "").encode()[:_SMALL].decode(errors="ignore")
