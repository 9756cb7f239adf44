"""The shelf: add, replace, remove, verify, and the caches that follow the store.

What is already there is told by content, not by name. A changed file replaces its report, a full
report replaces its brief, and the old one stays until the new one is committed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.acronyms import find_acronyms
from rag.embedding import Encoder, MiniLM
from rag.errors import InputError, RagError
from rag.passages import cut_passages, search_prefix
from rag.reading import CATALOGUE_NAME, load_catalogue, printable, read_file
from rag.records import Added, Metadata, Outcome, Report
from rag.settings import MODEL_NAME, IndexSettings
from rag.store import FILE_NAME, Indexed, Known, Store
from rag.terms import stems
from rag.vectors import VectorIndex

Progress = Callable[[str, int, int], None]
"""Called with a file's name, how many of its passages are embedded, and how many there are."""


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
    ) -> None:
        self.folder = folder
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

    # --- adding ---------------------------------------------------------------------------

    def add(self, paths: Iterable[Path], progress: Progress | None = None) -> Iterator[Added]:
        """Add files and folders, one outcome a file as it happens.

        Each report is committed by itself. A file that cannot be read is reported as failed and
        costs nothing else. Raises InputError for a path that does not exist or a catalogue that
        cannot be used, before anything is read.
        """
        for path, catalogued in collect_files(paths):
            try:
                yield self._add(path, catalogued, progress)
            except RagError as error:
                yield Added(printable(path), "failed", None, 0, str(error))

    def _add(self, path: Path, catalogued: Metadata | None, progress: Progress | None) -> Added:
        read = read_file(path, catalogued)
        name = printable(path)
        placed = _place(read, self.store.known(), name)
        if isinstance(placed, Added):
            return placed
        indexed, texts = self._indexed(read)
        vectors = self._embedded(texts, len(indexed), path.name, progress)
        with self.store.writing():
            # Another process may have changed the shelf while this one was embedding.
            placed = _place(read, self.store.known(), name)
            if isinstance(placed, Added):
                return placed
            stored = {key: text for key, text in texts.items() if key not in vectors}
            vectors |= self._embedded(stored, len(stored), path.name, None)
            report, replaces = placed
            self.store.put(report, indexed, vectors, find_acronyms(report.text), replaces=replaces)
        detail = f"in place of {replaces}" if replaces and replaces != report.id else ""
        outcome: Outcome = "replaced" if replaces else "added"
        return Added(name, outcome, report.id, len(indexed), detail)

    def _indexed(self, report: Report) -> tuple[list[Indexed], dict[bytes, str]]:
        """Passages with their terms, and the texts to embed by their keys."""
        indexed: list[Indexed] = []
        texts: dict[bytes, str] = {}
        for passage in cut_passages(report, self.settings.passage_tokens):
            prefix = search_prefix(passage, self.settings.prefix_tokens)
            embedded = f"{prefix}. {passage.text}" if prefix else passage.text
            key = hashlib.sha256(embedded.encode()).digest()[:16]
            texts[key] = embedded
            words = " ".join(stems(passage.text))
            indexed.append(Indexed(passage, words, " ".join(stems(prefix)), key))
        return indexed, texts

    def _embedded(
        self, texts: dict[bytes, str], total: int, name: str, progress: Progress | None
    ) -> dict[bytes, bytes]:
        """The vectors that the store does not have yet, packed, by their keys."""
        missing = sorted(self.store.missing_vectors(texts))
        finished = total - len(missing)

        def done(count: int) -> None:
            nonlocal finished
            finished += count
            if progress is not None:
                progress(name, finished, total)

        done(0)
        if not missing:
            return {}
        rows = self.encoder.encode([texts[key] for key in missing], done)
        return {key: row.astype("<f4").tobytes() for key, row in zip(missing, rows, strict=True)}

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


def collect_files(paths: Iterable[Path]) -> list[tuple[Path, Metadata | None]]:
    """The files to read, each with its catalogue entry; folders are walked in name order.

    In folders, hidden files, catalogues and README files are passed over: they describe the
    folder. Raises InputError for a path that does not exist.
    """
    chosen: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
                about = file.name == CATALOGUE_NAME or file.stem.lower() == "readme"
                if file.is_file() and not hidden and not about:
                    chosen[file] = None
        elif path.exists():
            chosen[path] = None
        else:
            raise InputError(f"{path} does not exist.", "Give a file or a folder.")
    catalogues: dict[Path, dict[Path, Metadata]] = {}
    for file in chosen:
        if file.parent not in catalogues:
            catalogues[file.parent] = load_catalogue(file.parent)
    return [(file, catalogues[file.parent].get(file.resolve())) for file in chosen]


def _place(report: Report, shelf: list[Known], path: str) -> tuple[Report, str | None] | Added:
    """Where a report goes: its final id and what it replaces, or why it is left out."""
    same = next((k for k in shelf if k.digest == report.digest), None)
    if same is not None:
        described_anew = same.origin == report.origin and _differs(same.metadata, report.metadata)
        if not described_anew:
            detail = "" if same.report == report.id else f"same content as {same.report}"
            return Added(path, "unchanged", same.report, 0, detail)
        return replace(report, id=_free_id(report.id, shelf, besides=same.report)), same.report
    before = next((k for k in shelf if k.origin == report.origin), None)
    if before is not None:
        return replace(report, id=_free_id(report.id, shelf, besides=before.report)), before.report
    namesake = next((k for k in shelf if k.report == report.id), None)
    if namesake is not None and report.metadata.form == "brief":
        if namesake.metadata.form == "full":
            return Added(path, "skipped", report.id, 0, "the full report is on the shelf")
        return report, namesake.report
    if namesake is not None and namesake.metadata.form == "brief":
        return report, namesake.report
    return replace(report, id=_free_id(report.id, shelf)), None


def _differs(stored: Metadata, read: Metadata) -> bool:
    return stored != replace(read, id=None)


def _free_id(wanted: str, shelf: list[Known], besides: str | None = None) -> str:
    taken = {k.report for k in shelf} - {besides}
    number, free = 2, wanted
    while free in taken:
        free = f"{wanted}-{number}"
        number += 1
    return free
