"""The shelf: add, remove, verify, and the caches that follow the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from rag.adding import Adding, Progress, collect_files
from rag.caches import Checks, IsSound, is_sound
from rag.embedding import Encoder, MiniLM
from rag.engine import Engine, Searcher
from rag.errors import InputError
from rag.milvus import MilvusStore, is_milvus
from rag.queryencoder import QuestionEncoder
from rag.records import Added, ReportInfo
from rag.searching import FileSearcher
from rag.segments import bring_up
from rag.settings import MODEL_NAME, IndexSettings, ReadingLimits
from rag.store import FILE_NAME, Store
from rag.terms import stems

_TRIED = 50
"""Passages whose vectors are looked for when an index is verified."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What asking needs of one generation of the shelf, in memory; one is like no other."""

    reports: tuple[ReportInfo, ...]
    acronyms: tuple[tuple[str, str], ...]
    words: Callable[[], Sequence[str]]
    """Every word on the shelf, read from the store when it is first asked for."""
    searcher: Searcher

    @cached_property
    def infos(self) -> Mapping[str, ReportInfo]:
        """The reports by their ids."""
        return {info.report: info for info in self.reports}


class Index:
    """A store of reports with what searches it: a folder on this machine, or Milvus."""

    def __init__(
        self,
        place: str | Path,
        *,
        create: bool = False,
        settings: IndexSettings | None = None,
        encoder: Encoder | None = None,
        limits: ReadingLimits | None = None,
    ) -> None:
        self.limits = limits or ReadingLimits()
        settings = settings or IndexSettings()
        if encoder is not None and settings.model == MODEL_NAME:
            settings = replace(settings, model=encoder.name)
        self.settings = settings
        self._encoder = encoder
        self._snapshot: Snapshot | None = None
        self.store: Engine
        self._search: Callable[[IsSound], Searcher]
        if is_milvus(str(place)):
            dimension = self.encoder.dimension
            milvus = MilvusStore(str(place), self.settings, create=create, dimension=dimension)
            self.folder, self.store = milvus.folder, milvus
            self._search = lambda _: milvus.searcher()
        else:
            self.folder = Path(place)
            self.store = file = _file_store(self.folder, self.settings, create=create)
            self._search = lambda checks: self._search_file(file, checks)

    @property
    def file(self) -> Store:
        """The store of an index in a folder; raises InputError for one that is elsewhere."""
        if not isinstance(self.store, Store):
            raise InputError("This index is not in a folder.", "Give --index a folder.")
        return self.store

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    @cached_property
    def encoder(self) -> Encoder:
        """The embedding model; its weights are read when the first text is encoded."""
        return self._encoder or MiniLM()

    @cached_property
    def query_encoder(self) -> Encoder:
        """The same model for questions; see ``rag.queryencoder``."""
        return self._encoder or QuestionEncoder()

    # --- changing -------------------------------------------------------------------------

    def add(
        self,
        paths: Iterable[Path],
        *,
        replacing: bool = False,
        progress: Progress | None = None,
        ray: str | None = None,
        workers: int | None = None,
    ) -> Iterator[Added]:
        """Add files and folders, one outcome a file as it happens; see ``rag.adding``.

        ``ray`` is the address of a Ray cluster to read and embed on, ``workers`` how many files
        are read at a time on this machine. What is searched is brought up to date at the end.
        Raises InputError for a path that does not exist or a catalogue that cannot be used,
        before anything is read.
        """
        files = collect_files(paths)
        adding = Adding(
            self.store,
            self.encoder,
            self.settings,
            self.limits,
            replacing=replacing,
            progress=progress,
            ray=ray,
            workers=workers,
        )
        changed = False
        for outcome in adding.run(files):
            changed |= outcome.outcome in ("added", "replaced")
            yield outcome
        if changed:
            self.snapshot()

    def remove(self, report: str) -> None:
        """Take a report off the shelf; raises InputError when it is not there."""
        if not self.store.remove(report):
            known = ", ".join(info.report for info in self.store.reports()) or "none"
            raise InputError(f"There is no report {report!r} on the shelf.", f"Reports: {known}.")

    # --- searching ------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The present generation; what is searched comes from its caches or is built again."""
        store = self.store
        with store.reading():
            generation = store.generation()
            last = self._snapshot
            if last is None or last.searcher.generation != generation:
                checks = Checks(self.folder) if last is None else is_sound
                reports, acronyms = tuple(store.reports()), tuple(store.acronyms())
                searcher = self._search(checks)
                words = searcher.words if isinstance(searcher, FileSearcher) else store.words
                self._snapshot = last = Snapshot(reports, acronyms, lru_cache(words), searcher)
        return last

    def _search_file(self, store: Store, checks: IsSound) -> FileSearcher:
        last = None if self._snapshot is None else self._snapshot.searcher
        before = last.segments if isinstance(last, FileSearcher) else None
        held, dimension = store.held(), self.encoder.dimension
        segments = bring_up(self.folder, store, held, dimension, before, is_sound=checks)
        return FileSearcher(store, held, segments, store.generation(), dimension)

    def problems(self) -> list[str]:
        """What does not agree in store and caches; empty when all is well."""
        dimension = self.encoder.dimension
        found = self.store.problems(dimension)
        if found or not isinstance(self.store, Store):
            return found
        texts = self.store.texts_and_stems()
        changed = sum(" ".join(stems(text)) != kept for text, kept in texts)
        if changed:
            return [f"{changed} passages do not hold the words that are searched for them."]
        with self.store.reading():
            searcher = self.snapshot().searcher
            held = self.store.held()
            for some in held[:: max(1, len(held) // _TRIED)]:
                vector = self.store.vectors_of([some.first], dimension)[0]
                scores = searcher.nearest(vector, 1).scores
                if len(scores) == 0 or abs(float(scores[0]) - 1) > 1e-3:
                    return ["The FAISS cache does not agree with the stored vectors."]
        return []


def folder_of(place: str | Path) -> Path:
    """The folder of an index; raises InputError where it is not in one."""
    if is_milvus(str(place)):
        raise InputError(
            f"The index {place} is not in a folder.",
            "This is done to folders only. Milvus has tools of its own, see docs/milvus.md.",
        )
    return Path(place)


def is_there(place: str | Path) -> bool:
    """True when there is an index to open, as far as can be told without opening it."""
    return is_milvus(str(place)) or (Path(place) / FILE_NAME).is_file()


def _file_store(folder: Path, settings: IndexSettings, *, create: bool) -> Store:
    path = folder / FILE_NAME
    if not path.is_file() and not create:
        raise InputError(f"There is no index in {folder}.", "Build one with: rag add PATH")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be used as an index: {error.strerror}.") from None
    return Store(path, settings, create=create)
