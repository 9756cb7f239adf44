"""The shelf: add, remove, verify, and the caches that follow the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.adding import Adding, Progress, collect_files
from rag.embedding import Encoder, MiniLM
from rag.errors import InputError
from rag.records import Added
from rag.settings import MODEL_NAME, IndexSettings, ReadingLimits
from rag.store import FILE_NAME, Store
from rag.terms import stems
from rag.vectors import VectorIndex


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What searching needs of one generation of the shelf, in memory."""

    generation: int
    ids: NDArray[np.int64]
    """Passage id at each position, shape (n,)."""
    reports: tuple[str, ...]
    """Report at each position."""
    position: dict[int, int]
    vectors: VectorIndex


class Index:
    """An index folder: one SQLite file and the FAISS cache beside it."""

    def __init__(
        self,
        folder: Path,
        *,
        create: bool = False,
        settings: IndexSettings | None = None,
        encoder: Encoder | None = None,
        limits: ReadingLimits | None = None,
    ) -> None:
        self.folder = folder
        self.limits = limits or ReadingLimits()
        settings = settings or IndexSettings()
        if encoder is not None and settings.model == MODEL_NAME:
            settings = replace(settings, model=encoder.name)
        self.settings = settings
        path = folder / FILE_NAME
        if not path.is_file() and not create:
            raise InputError(f"There is no index in {folder}.", "Build one with: rag add PATH")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder} cannot be used as an index: {error.strerror}.") from None
        self.store = Store(path, self.settings, create=create)
        self._encoder = encoder
        self._snapshot: Snapshot | None = None

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    @cached_property
    def encoder(self) -> Encoder:
        """The embedding model; its weights are read when the first text is encoded."""
        return self._encoder or MiniLM()

    # --- changing -------------------------------------------------------------------------

    def add(
        self, paths: Iterable[Path], *, replacing: bool = False, progress: Progress | None = None
    ) -> Iterator[Added]:
        """Add files and folders, one outcome a file as it happens; see ``rag.adding``.

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
        )
        yield from adding.run(files)

    def remove(self, report: str) -> None:
        """Take a report off the shelf; raises InputError when it is not there."""
        if not self.store.remove(report):
            known = ", ".join(info.report for info in self.store.reports()) or "none"
            raise InputError(f"There is no report {report!r} on the shelf.", f"Reports: {known}.")

    # --- searching ------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The current generation in memory; FAISS comes from its cache or is built again."""
        with self.store.reading():
            generation = self.store.generation()
            if self._snapshot is None or self._snapshot.generation != generation:
                rows = self.store.passage_rows()
                shape = (len(rows), self.encoder.dimension)
                cache = f"{self.store.built_with()['store']}-{generation}"
                vectors = VectorIndex.load(self.folder, cache, shape)
                if vectors is None:
                    vectors = VectorIndex.build(self.store.vectors(self.encoder.dimension))
                    vectors.save(self.folder, cache)
                self._snapshot = Snapshot(
                    generation,
                    np.array([i for i, _ in rows], dtype=np.int64),
                    tuple(report for _, report in rows),
                    {i: position for position, (i, _) in enumerate(rows)},
                    vectors,
                )
        return self._snapshot

    def problems(self) -> list[str]:
        """What does not agree in store and cache; empty when all is well."""
        found = self.store.problems(self.encoder.dimension)
        changed = sum(" ".join(stems(text)) != kept for text, kept in self.store.texts_and_stems())
        if changed:
            found.append(f"{changed} passages do not hold the words that are searched for them.")
        if found:
            return found
        snapshot = self.snapshot()
        stored = self.store.vectors(self.encoder.dimension)
        for position in range(0, len(stored), max(1, len(stored) // 50)):
            scores, _ = snapshot.vectors.search(stored[position], 1)
            if abs(float(scores[0]) - 1) > 1e-3:
                found.append("The FAISS cache does not agree with the stored vectors.")
                break
        return found
