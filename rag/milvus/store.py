"""Reports in Milvus instead of a file: an ``Engine`` for a shelf that one machine cannot hold.

What is stored is in ``layout``, which of it is the shelf in ``shelf``. A report is written under a
new edition, counted, and only then shown by one row; whatever breaks off before leaves the shelf as
it was, and the next writing deletes what it left. What is replaced or removed is hidden by the same
row and deleted at once: a reader that is still at it is told to ask again.

Left out, and only in a file: ``rag reindex``, backups (Milvus has its own) and questions while the
server is away.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rag import packing
from rag.engine import Searcher
from rag.errors import DamagedIndexError, IndexMismatchError, InputError, RagError
from rag.milvus import layout
from rag.milvus.client import Milvus, is_milvus, parse_address
from rag.milvus.contents import Contents, among
from rag.milvus.layout import Described, Parts
from rag.milvus.search import MilvusSearcher
from rag.milvus.shelf import Keeper, Shelf, State, begun, shown
from rag.packing import Indexed, Known
from rag.records import Block, Passage, Report, ReportInfo
from rag.settings import IndexSettings

__all__ = ["MilvusStore", "is_milvus", "parse_address"]

_BATCH = 500
"""Passages in one call: about 3 MB."""
_SETTLE = 2_000
"""New passages that a plain file searches row by row before they are indexed."""


@dataclass(slots=True)
class _Change:
    """What one ``writing`` has done so far."""

    state: State
    shelf: Shelf
    thread: int
    added: list[Described] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    catalogued: dict[int, Described] = field(default_factory=dict)


class MilvusStore:
    """See ``rag.engine.Engine``. Safe for threads; on a server for programs and machines too."""

    def __init__(
        self, address: str, settings: IndexSettings, *, create: bool, dimension: int
    ) -> None:
        self._settings = settings
        self._dimension = dimension
        self._change: _Change | None = None
        self._pinned = threading.local()
        self._unsettled = 0
        self._milvus = Milvus(parse_address(address))
        try:
            self._keeper = Keeper(self._milvus)
            self._contents = Contents(self._milvus, self._keeper, dimension)
            there = self._milvus.has("meta")
            if there:
                for kind in reversed(layout.COLLECTIONS):
                    if self._milvus.has(kind):
                        self._milvus.load(kind)
            if not there or self._keeper.state() is None:
                self._create(create=create)
            self._check_settings(self._keeper.now())
        except BaseException:
            self._milvus.close()
            raise

    def _create(self, *, create: bool) -> None:
        if not create:
            raise InputError(
                f"There is no index at {self._milvus.address.shown}.",
                "Build one with: rag add PATH --index ADDRESS",
            )
        layout.make_collections(self._milvus, self._dimension)
        with self._keeper.writing():
            if self._keeper.state() is None:
                built = {name: str(value) for name, value in self._wanted().items()}
                self._keeper.write(State(built | {"store": uuid.uuid4().hex[:12]}))

    @property
    def folder(self) -> Path:
        """Where this machine keeps files that were dropped on the page."""
        return self._milvus.address.files

    def close(self) -> None:
        """Let go of the server or the file."""
        self._milvus.close()

    # --- generations ----------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One change of the shelf: readers see all of it or nothing."""
        if self._change is not None and self._change.thread == threading.get_ident():
            yield
            return
        with self._keeper.writing():
            self._clean()
            shelf = self._keeper.shelf()
            self._check_settings(shelf.state)
            change = _Change(shelf.state, shelf, threading.get_ident())
            self._change = change
            try:
                yield
                self._commit(change)
            except BaseException:
                with suppress(RagError):  # it is hidden; the next writing deletes it
                    self._clean()
                raise
            finally:
                self._change = None

    def _commit(self, change: _Change) -> None:
        if not (change.added or change.gone or change.catalogued):
            return
        for report in change.catalogued.values():
            self._milvus.upsert("reports", report.as_row())
        written = {report.edition for report in change.added}
        state = replace(
            change.state,
            generation=change.state.generation + bool(change.added or change.gone),
            changes=change.state.changes + bool(change.catalogued),
            hidden=tuple(sorted((set(change.state.hidden) - written) | change.gone)),
            reports=len(change.shelf.reports),
        )
        self._keeper.write(state)
        self._unsettled += sum(report.passages for report in change.added)
        with suppress(RagError):  # committed; the next writing deletes what is hidden
            self._clean()
            if self._unsettled >= _SETTLE:
                self._unsettled = 0
                self._milvus.settle("passages")
                self._milvus.settle("parts")

    def _clean(self) -> None:
        """Delete what is hidden: written by half, replaced or removed."""
        state = self._keeper.now()
        if state.hidden:
            for where in among("edition", state.hidden):
                self._milvus.delete("passages", where)
                self._milvus.delete("parts", where)
            for where in among("id", state.hidden):
                self._milvus.delete("reports", where)
            self._keeper.write(replace(state, hidden=()))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is of one generation; what is deleted meanwhile is an error."""
        if getattr(self._pinned, "shelf", None) is not None:
            yield
            return
        self._pinned.shelf = self._shelf()
        try:
            yield
        finally:
            self._pinned.shelf = None

    def _shelf(self) -> Shelf:
        change = self._change
        if change is not None and change.thread == threading.get_ident():
            return change.shelf
        pinned: Shelf | None = getattr(self._pinned, "shelf", None)
        return pinned or self._keeper.shelf()

    def _wanted(self) -> dict[str, object]:
        return asdict(self._settings) | {"dimension": self._dimension}

    def _check_settings(self, state: State) -> None:
        different = [
            f"{name} {state.built.get(name, 'unknown')}, now {value}"
            for name, value in self._wanted().items()
            if state.built.get(name) != str(value)
        ]
        if different:
            raise IndexMismatchError(
                f"The index {self._milvus.address.shown} was built with other settings"
                f" ({'; '.join(different)}).",
                "Nothing was changed. Build another one under another NAME: rag add PATH",
            )

    def built_with(self) -> dict[str, str]:
        """Settings, dimension, ``store`` and ``generation``."""
        return shown(self._shelf().state)

    def generation(self) -> int:
        """How many changes the shelf has seen. Raises IndexMismatchError when built anew."""
        state = self._shelf().state
        self._check_settings(state)
        return state.generation

    def searcher(self) -> Searcher:
        """Search over the shelf as it is now."""
        return MilvusSearcher(self._milvus, self._shelf(), self._dimension)

    # --- what the shelf holds -------------------------------------------------------------

    def reports(self) -> list[ReportInfo]:
        """The shelf, by council, date and id; unknown councils last."""
        return [report.info for report in self._shelf().reports]

    def known(self) -> list[Known]:
        """Digest, origin, metadata and catalogue entry of every report."""
        return [report.known for report in self._shelf().reports]

    def with_digest(self, digest: str) -> Known | None:
        """The report whose file has this digest."""
        found = self._shelf().by_digest.get(digest)
        return found.known if found else None

    def related(self, report: Report) -> list[Known]:
        """The reports that adding ``report`` has to be held against."""
        numbered = re.compile(re.escape(report.id) + r"(-\d+)?")
        return [
            each.known
            for each in self._shelf().reports
            if each.digest == report.digest
            or each.origin == report.origin
            or numbered.fullmatch(each.report)
        ]

    def origin(self, report: str) -> tuple[str, str] | None:
        """Where a report was read from and the digest of that file."""
        found = self._shelf().by_id.get(report)
        return (found.origin, found.digest) if found else None

    def report_text(self, report: str) -> str | None:
        """The whole text of a report; None when it is not on the shelf."""
        found = self._shelf().by_id.get(report)
        return str(self._contents.part(found, "text")) if found else None

    def blocks(self, report: str) -> list[Block]:
        """The blocks of a report, in order."""
        found = self._shelf().by_id.get(report)
        return (
            [packing.block(row[2:]) for row in self._contents.part(found, "blocks")]
            if found
            else []
        )

    def passages_of(self, report: str) -> list[Passage]:
        """The passages of a report, in order."""
        found = self._shelf().by_id.get(report)
        return [layout.passage_of(row) for row in self._contents.stored(found)] if found else []

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """The passages with these ids, each as it was stored."""
        return {
            i: layout.passage_of(row) for i, row in self._contents.by_id(self._shelf(), ids).items()
        }

    def stems(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Stems of the text and of the prefix of these passages, blank-separated."""
        return {
            i: (row[-2], row[-1]) for i, row in self._contents.by_id(self._shelf(), ids).items()
        }

    def texts_and_stems(self) -> Iterator[tuple[str, str]]:
        """Every passage's text and the stems that are searched for it."""
        for report in self._shelf().reports:
            for row in self._contents.stored(report):
                yield layout.passage_of(row).text, row[-2]

    def count_phrase(self, stems: Sequence[str]) -> tuple[int, int]:
        """In how many reports, and how many passages, these stems stand side by side.

        In the text, not the headings. Milvus finds phrases itself; milvus-lite finds their words.
        """
        return self._contents.count_phrase(self._shelf(), stems)

    def words(self) -> list[str]:
        """Every word on the shelf in small letters; those of most reports first, then by letter."""
        counts = self._contents.counted(self._shelf(), "words", lambda part: part)
        return sorted(counts, key=lambda word: (-counts[word], word))

    def acronyms(self) -> list[tuple[str, str]]:
        """Short and long forms defined on the shelf, most often defined first, then by letter."""
        counts: Counter[tuple[str, str]] = Counter()
        forms: dict[tuple[str, str], tuple[str, str]] = {}
        counted = self._contents.counted(
            self._shelf(), "acronyms", lambda part: [(short, long) for short, long in part]
        )
        for (short, long), count in counted.items():
            same = (short, long.lower())
            counts[same] += count
            forms[same] = min(forms.get(same, (short, long)), (short, long))
        return sorted(forms.values(), key=lambda form: (-counts[form[0], form[1].lower()], *form))

    # --- changes --------------------------------------------------------------------------

    def missing_vectors(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""
        return self._contents.missing_vectors(self._shelf(), keys)

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
        """Put a report on the shelf, in place of another one if asked; within ``writing``."""
        change = self._changing()
        old = change.shelf.by_id.get(replaces) if replaces is not None else None
        left = change.shelf.changed([], [old.edition] if old else [])
        if report.id in left.by_id or report.digest in left.by_digest:
            raise InputError(f"The report {report.id} is on the shelf already.")
        if len(indexed) >= layout.MOST_PASSAGES:
            raise InputError(f"{report.id} has more passages than a report can have.")
        self._keeper.renew()
        change.state = begun(change.state)
        self._keeper.write(change.state)
        parts = Parts.of(report, indexed, acronyms)
        row = packing.description_row(report, catalogued)
        edition, rows = change.state.last, parts.rows(change.state.last)
        stored = [layout.stored_passage(report.id, item) for item in indexed]
        content = layout.content_of(parts.text, parts.blocks, stored, parts.acronyms, parts.words)
        length = sum(map(layout.length_of, indexed))
        new = Described(edition, row, len(indexed), length, len(rows), content)
        for start in range(0, len(rows), 100):
            self._milvus.insert("parts", rows[start : start + 100])
        self._put_passages(new, indexed, dict(vectors))
        where = f"edition == {edition}"
        for kind, count in (("passages", new.passages), ("parts", new.parts)):
            if self._milvus.count(kind, where) != count:
                raise RagError(
                    f"Milvus did not keep all of {report.id}.", "Nothing was changed. Try again."
                )
        self._milvus.insert("reports", [new.as_row()])
        change.added.append(new)
        if old is not None:
            self._take_off(change, old)
        change.shelf = left.changed([new], [])

    def _put_passages(
        self, report: Described, indexed: Sequence[Indexed], vectors: dict[bytes, bytes]
    ) -> None:
        wanted = {item.vector_key for item in indexed} - vectors.keys()
        vectors |= self._contents.vectors(self._shelf(), wanted)
        if not {item.vector_key for item in indexed} <= vectors.keys():
            raise RagError(f"A passage of {report.report} has no vector.", "Add the file again.")
        for start in range(0, len(indexed), _BATCH):
            self._milvus.insert(
                "passages",
                [
                    layout.passage_row(report, seq, item, vectors[item.vector_key])
                    for seq, item in enumerate(indexed[start : start + _BATCH], start)
                ],
            )

    def recatalogue(self, report: str, catalogued: str) -> None:
        """Keep what the catalogue says now of a report that it does not change; in ``writing``."""
        change = self._changing()
        found = change.shelf.by_id.get(report)
        if found is not None:
            new = layout.with_catalogue_entry(found, catalogued)
            change.catalogued[found.edition] = new
            change.shelf = change.shelf.changed([new], [found.edition])

    def remove(self, report: str) -> bool:
        """Take a report off the shelf; False when it is not there."""
        with self.writing():
            change = self._changing()
            found = change.shelf.by_id.get(report)
            if found is not None:
                self._take_off(change, found)
                change.shelf = change.shelf.changed([], [found.edition])
        return found is not None

    def _take_off(self, change: _Change, report: Described) -> None:
        change.gone.add(report.edition)
        change.catalogued.pop(report.edition, None)

    def _changing(self) -> _Change:
        if self._change is None or self._change.thread != threading.get_ident():
            raise RuntimeError("a shelf is changed within writing()")
        return self._change

    # --- checking -------------------------------------------------------------------------

    def problems(self, dimension: int) -> list[str]:
        """What does not agree with itself; empty when all is well."""
        try:
            return self._contents.problems(self._shelf(), dimension)
        except DamagedIndexError as error:
            return [error.what]
