"""What is stored of the reports in Milvus, read, checked against its checksums and counted."""

from __future__ import annotations

import json
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag import packing
from rag.errors import DamagedIndexError, RagError
from rag.milvus import layout
from rag.milvus.client import MOST_FOUND, Milvus, Row
from rag.milvus.layout import Described
from rag.milvus.shelf import Keeper, Shelf
from rag.postings import terms_of
from rag.terms import stems as stems_in

_AT_ONCE = 500
"""Values in one expression, and whole passages in one answer: about 2 MB."""


@dataclass(slots=True)
class _Tally:
    """A part of every report, counted, and of which editions."""

    editions: set[int] = field(default_factory=set)
    counts: Counter[Any] = field(default_factory=Counter)


class Contents:
    """Reads what a shelf holds. Raises RagErrors: damage, or that a report is gone meanwhile."""

    def __init__(self, milvus: Milvus, keeper: Keeper, dimension: int) -> None:
        self._milvus = milvus
        self._keeper = keeper
        self._dimension = dimension
        self._tallies: dict[str, _Tally] = {}
        self._tallying = threading.Lock()

    def part(self, report: Described, kind: str) -> Any:
        """Text, blocks, acronyms or words of a report, as they were packed."""
        where = f'edition == {report.edition} and kind == "{kind}"'
        rows = list(self._milvus.rows("parts", where, ["number", "value"]))
        if not rows:
            self._check_there([report.edition])
        return layout.part_of(self._milvus, rows)

    def stored(self, report: Described) -> list[packing.Row]:
        """The passages of a report as ``layout.stored_passage`` made them, in order."""
        fields = ["row", "checksum"]
        found = self._milvus.rows("passages", f"edition == {report.edition}", fields, _AT_ONCE)
        rows = sorted(found, key=lambda row: int(row["id"]))
        if len(rows) != report.passages:
            self._check_there([report.edition])
            raise self._milvus.damaged(f"{report.report} lacks passages")
        return [layout.stored_of(self._milvus, row) for row in rows]

    def by_id(self, shelf: Shelf, ids: Sequence[int]) -> dict[int, packing.Row]:
        """The passages with these ids, as they were stored."""
        found = {}
        for where in among("id", map(int, ids)):
            for row in self._milvus.rows("passages", where, ["row", "checksum"], _AT_ONCE):
                if layout.edition_of(row["id"]) in shelf.place:
                    found[int(row["id"])] = layout.stored_of(self._milvus, row)
        missing = set(ids) - found.keys()
        if missing:
            self._check_there(map(layout.edition_of, missing))
            raise self._milvus.damaged("it lacks passages that its full text knows")
        return found

    def _check_there(self, editions: Iterable[int]) -> None:
        """Raise that the shelf was changed, unless all of these editions are on it now."""
        if not set(editions) <= self._keeper.shelf().place.keys():
            raise gone(self._milvus)

    def vectors(self, shelf: Shelf, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Those of the vectors with these keys that are on the shelf."""
        found = {}
        fields = ["vector_key", "dense", "vector_checksum"]
        for where in among("vector_key", (key.hex() for key in sorted(keys))):
            for row in self._milvus.rows("passages", f"{where} and {shelf.where()}", fields):
                vector = stored_vector(self._milvus, row, self._dimension)
                found[bytes.fromhex(row["vector_key"])] = vector.tobytes()
        return found

    def missing_vectors(self, shelf: Shelf, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""
        missing = set(keys)
        for where in among("vector_key", (key.hex() for key in sorted(missing))):
            expression = f"{where} and {shelf.where()}"
            for row in self._milvus.rows("passages", expression, ["vector_key"], MOST_FOUND):
                missing.discard(bytes.fromhex(row["vector_key"]))
        return missing

    def count_phrase(self, shelf: Shelf, stems: Sequence[str]) -> tuple[int, int]:
        """In how many reports, and how many passages, these stems stand side by side."""
        terms = [term for stem in stems for term in terms_of(stem)]
        if not terms:
            return 0, 0
        sure = not self._milvus.lite and len(terms) > 1
        if sure:
            matches = f'phrase_match(searched, "{" ".join(terms)}", 0)'
        else:
            matches = " and ".join(matching("searched", [term]) for term in dict.fromkeys(terms))
        fields = ["edition"] if sure else ["edition", "row"]
        # milvus-lite looks at every passage for every page of an answer.
        batch = MOST_FOUND if sure or self._milvus.lite else _AT_ONCE
        held: Counter[int] = Counter()
        phrase = f" {' '.join(terms)} "
        for row in self._milvus.rows("passages", f"{shelf.where()} and {matches}", fields, batch):
            if row["edition"] in shelf.place and (sure or phrase in _text_terms(row)):
                held[row["edition"]] += 1
        return len(held), held.total()

    def counted(self, shelf: Shelf, kind: str, of: Callable[[Any], Iterable[Any]]) -> Counter[Any]:
        """In how many reports each thing of a part stands; only new reports are read."""
        with self._tallying:
            tally = self._tallies.setdefault(kind, _Tally())
            if not tally.editions <= shelf.place.keys():
                tally = self._tallies[kind] = _Tally()
            by_edition: dict[int, list[Row]] = {}
            new = sorted(shelf.place.keys() - tally.editions)
            for where in among("edition", new):
                expression = f'kind == "{kind}" and {where}'
                for row in self._milvus.rows("parts", expression, ["edition", "number", "value"]):
                    by_edition.setdefault(row["edition"], []).append(row)
            if by_edition.keys() != set(new):
                raise gone(self._milvus)
            for edition, rows in by_edition.items():
                tally.counts.update(of(layout.part_of(self._milvus, rows)))
                tally.editions.add(edition)
            return tally.counts.copy()

    def problems(self, shelf: Shelf, dimension: int) -> list[str]:
        """What does not agree with itself; empty when all is well."""
        found: list[str] = []
        for report in shelf.reports:
            try:
                found += self._problems_of(report, dimension)
            except DamagedIndexError as error:
                found.append(f"{report.report}: {error.what}")
        for kind, wanted in (
            ("passages", sum(report.passages for report in shelf.reports)),
            ("parts", sum(report.parts for report in shelf.reports)),
        ):
            there = self._milvus.count(kind, shelf.where())
            if there != wanted:
                found.append(f"There are {there} rows of {kind}, not {wanted}.")
        return found

    def _problems_of(self, report: Described, dimension: int) -> list[str]:
        found = []
        text, blocks, acronyms, words = (
            self.part(report, kind) for kind in ("text", "blocks", "acronyms", "words")
        )
        stored = self.stored(report)
        content = layout.content_of(text, blocks, stored, acronyms, words)
        if content != report.content:
            found.append(f"The report {report.report} is not what was stored.")
        passages = [layout.passage_of(row) for row in stored]
        if any(not 0 <= p.start < p.end <= len(text) for p in passages):
            found.append(f"{report.report} has passages outside of it.")
        elif any(text[p.start : p.end] != p.text for p in passages):
            found.append(f"{report.report} has passages that are no slice of it.")
        if any(
            " ".join(stems_in(p.text)) != row[-2] for p, row in zip(passages, stored, strict=True)
        ):
            found.append(f"{report.report} has passages with other words than are searched.")
        fields = ["dense", "vector_checksum", "searched", "row"]
        for row in self._milvus.rows("passages", f"edition == {report.edition}", fields):
            vector = np.asarray(row["dense"], dtype="<f4")
            if len(vector) != dimension or zlib.crc32(vector.tobytes()) != row["vector_checksum"]:
                found.append(f"{report.report} has a vector that is not what was stored.")
            if f" {row['searched']} ".split(" | ")[0].strip() != _text_terms(row).strip():
                found.append(f"{report.report} has words in the full text that it does not have.")
        return list(dict.fromkeys(found))


def matching(field: str, terms: Iterable[str]) -> str:
    """The expression for rows that hold any of these terms: letters and digits, so no quoting."""
    return f'text_match({field}, "{" ".join(terms)}")'


def among(name: str, values: Iterable[object]) -> Iterable[str]:
    """Expressions for rows with one of these values, a few hundred values each."""
    listed = list(dict.fromkeys(values))
    for start in range(0, len(listed), _AT_ONCE):
        some = ", ".join(
            f'"{value}"' if isinstance(value, str) else str(value)
            for value in listed[start : start + _AT_ONCE]
        )
        yield f"{name} in [{some}]"


def vectors_of(
    milvus: Milvus, ids: Sequence[int], dimension: int
) -> dict[int, NDArray[np.float32]]:
    """Vectors of passages by their ids, as they were stored."""
    found = {}
    for where in among("id", map(int, ids)):
        for row in milvus.rows("passages", where, ["dense", "vector_checksum"]):
            found[int(row["id"])] = stored_vector(milvus, row, dimension)
    return found


def stored_vector(milvus: Milvus, row: Row, dimension: int) -> NDArray[np.float32]:
    """A row's vector; raises DamagedIndexError when it is not what was stored."""
    vector = np.asarray(row["dense"], dtype="<f4")
    if len(vector) != dimension:
        raise milvus.damaged("a vector is of a wrong size")
    if zlib.crc32(vector.tobytes()) != row["vector_checksum"]:
        raise milvus.damaged("a vector is not what was stored")
    return vector


def gone(milvus: Milvus) -> RagError:
    """What is asked for was taken off the shelf meanwhile."""
    return RagError(
        f"The index {milvus.address.shown} was changed while it was being read.", "Ask again."
    )


def _text_terms(row: Row) -> str:
    """The terms of a passage's text, with a blank on either side."""
    return f" {' '.join(terms_of(json.loads(row['row'])[-2]))} "
