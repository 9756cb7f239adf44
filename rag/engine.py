"""What the house needs of where reports are kept and searched: a file here, or Milvus elsewhere.

``Engine`` is the store of reports; ``rag.store`` is the one in a file. ``Searcher`` searches one
generation of it. One suite of tests holds every implementation to the same laws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.embedding import Vectors
from rag.packing import Indexed, Known
from rag.records import Block, Passage, Report, ReportInfo

Within = NDArray[np.bool_]
"""Which reports to search, shape (reports,), as in ``Searcher.reports``."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Passages, best first; three arrays of one length."""

    ids: NDArray[np.int64]
    reports: NDArray[np.int32]
    """The report of each, as its place in ``Searcher.reports``."""
    scores: NDArray[np.float64]
    """Rounded to six places, so that ties are the same however the scores were summed."""

    def __len__(self) -> int:
        return len(self.ids)


class Searcher(Protocol):
    """Search over one generation of a shelf; it does not change when the shelf does."""

    generation: int
    reports: tuple[str, ...]
    """Ids of the reports, ascending."""
    passages: int
    """How many passages the shelf has."""

    def keyword(self, stems: Iterable[str], k: int, within: Within | None = None) -> Ranking:
        """The ``k`` best of the passages that hold any of ``stems``, by BM25.

        k1 is 1.2 and b is 0.75; a stem in the headings counts half of one in the text. Ties go to
        the report whose id comes first, then to the passage that does.
        """
        ...

    def nearest(self, query: Vectors, k: int, within: Within | None = None) -> Ranking:
        """The ``k`` passages nearest to a unit vector (shape (dimension,)), ties as above.

        On a large shelf some of them may be missed; ``rag verify`` says how it is searched.
        """
        ...

    def cosines(self, query: Vectors, ids: Sequence[int]) -> list[float]:
        """Cosine of each of these passages to a unit vector, exact, rounded to six places."""
        ...

    def frequency(self, stem: str) -> int:
        """In how many passages (text or headings) a stem occurs."""
        ...

    def holding(self, stems: Iterable[str]) -> Within:
        """Which reports hold any of ``stems`` anywhere, shape (reports,)."""
        ...


class Engine(Protocol):
    """Reports with their passages, blocks, vectors and acronyms; safe for threads and processes.

    Raises RagErrors in words: InputError, IndexMismatchError when built with other settings,
    DamagedIndexError when what is stored is not what was.
    """

    def close(self) -> None:
        """Let go of it; it cannot be used afterwards."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """One change of the shelf: readers see all of it or nothing."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """What is read inside is of one generation, where the engine can promise it."""
        ...

    def built_with(self) -> dict[str, str]:
        """The settings it was built with, ``store`` (its own name) and ``generation``."""
        ...

    def generation(self) -> int:
        """How many changes the shelf has seen. Raises IndexMismatchError when built anew."""
        ...

    def reports(self) -> list[ReportInfo]:
        """The shelf, by council, date and id; unknown councils last."""
        ...

    def known(self) -> list[Known]:
        """Digest, origin, metadata and catalogue entry of every report, in the same order."""
        ...

    def with_digest(self, digest: str) -> Known | None:
        """The report whose file has this digest (SHA-256 of its bytes)."""
        ...

    def related(self, report: Report) -> list[Known]:
        """What adding ``report`` has to be held against: the reports with its digest or its origin,
        with its id, or with its id and a number behind it.
        """
        ...

    def report_text(self, report: str) -> str | None:
        """The whole text of a report; None when it is not on the shelf."""
        ...

    def blocks(self, report: str) -> list[Block]:
        """The blocks of a report, in order."""
        ...

    def origin(self, report: str) -> tuple[str, str] | None:
        """Where a report was read from and the digest of that file."""
        ...

    def passages_of(self, report: str) -> list[Passage]:
        """The passages of a report, in order."""
        ...

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """The passages with these ids, each as it was stored."""
        ...

    def stems(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Stems of the text and of the prefix of these passages, blank-separated."""
        ...

    def count_phrase(self, stems: Sequence[str]) -> tuple[int, int]:
        """In how many reports, and how many passages, these stems stand side by side."""
        ...

    def words(self) -> list[str]:
        """Every word on the shelf in small letters; those of most reports first, then by letter."""
        ...

    def acronyms(self) -> list[tuple[str, str]]:
        """Short and long forms defined on the shelf, most often defined first, then by letter."""
        ...

    def missing_vectors(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""
        ...

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

        ``vectors`` are those that were missing, by key, little-endian float32.
        """
        ...

    def recatalogue(self, report: str, catalogued: str) -> None:
        """Keep what the catalogue says now of a report that it does not change; in ``writing``."""
        ...

    def remove(self, report: str) -> bool:
        """Take a report off the shelf; False when it is not there."""
        ...

    def problems(self, dimension: int) -> list[str]:
        """What does not agree with itself; empty when all is well."""
        ...
