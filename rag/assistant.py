"""The one object that people use: open a shelf, add reports, search, ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from rag.adding import Progress
from rag.answering import answer
from rag.embedding import Encoder, MiniLM
from rag.errors import InputError
from rag.index import Index
from rag.records import Added, Answer, Citation, Hit, ReportInfo, Surroundings
from rag.reindexing import Reindexed, reindex
from rag.reranking import CrossEncoder, Reranker
from rag.retrieval import retrieve
from rag.settings import SearchSettings
from rag.upkeep import BackedUp, Restored, backup, restore

_SURROUNDINGS = 800
"""At least so many characters before and after a passage, up to the next paragraph's end."""


class Assistant:
    """Questions over a shelf of reports, answered with exact quotes.

    >>> with Assistant.open("index") as assistant:          # doctest: +SKIP
    ...     assistant.ask("how did councils handle DoLS backlogs?").coverage
    """

    def __init__(
        self,
        index: Index,
        settings: SearchSettings | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._index = index
        self._settings = settings or SearchSettings()
        self._reranker = reranker or CrossEncoder()

    @classmethod
    def open(
        cls,
        index: str | Path = "index",
        *,
        create: bool = False,
        encoder: Encoder | None = None,
        reranker: Reranker | None = None,
    ) -> Assistant:
        """Open the index in a folder; with ``create`` an empty one is made if there is none.

        Raises InputError when there is no index, IndexMismatchError when another version or
        model built it, DamagedIndexError when it cannot be read.
        """
        return cls(Index(Path(index), create=create, encoder=encoder), reranker=reranker)

    @staticmethod
    def reindex(
        index: str | Path,
        progress: Callable[[str, int, int], None] | None = None,
        encoder: Encoder | None = None,
    ) -> Reindexed:
        """Cut and embed all reports of an index anew; see ``rag.reindexing``."""
        return reindex(Path(index), encoder or MiniLM(), progress=progress)

    @staticmethod
    def backup(index: str | Path, file: str | Path, *, overwrite: bool = False) -> BackedUp:
        """Copy an index, of any known format, into one checked file; see ``rag.upkeep``."""
        return backup(Path(index), Path(file), overwrite=overwrite)

    @staticmethod
    def restore(index: str | Path, file: str | Path) -> Restored:
        """Put a backup in the folder of an index that nobody has open; see ``rag.upkeep``."""
        return restore(Path(index), Path(file))

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(
        self,
        paths: Iterable[str | Path] | str | Path,
        progress: Progress | None = None,
        *,
        replace_older: bool = False,
    ) -> list[Added]:
        """Add files and folders; one outcome a file. Failures are outcomes, not exceptions.

        A changed or second version of a report stands beside the older one, unless
        ``replace_older``. Each file is read in a process of its own, see ``rag.workers``.
        """
        return list(self.adding(paths, progress, replace_older=replace_older))

    def adding(
        self,
        paths: Iterable[str | Path] | str | Path,
        progress: Progress | None = None,
        *,
        replace_older: bool = False,
    ) -> Iterator[Added]:
        """As ``add``, one outcome at a time as each file is committed."""
        several = [paths] if isinstance(paths, str | Path) else list(paths)
        chosen = [Path(path) for path in several]
        return self._index.add(chosen, replacing=replace_older, progress=progress)

    def remove(self, report: str) -> None:
        """Take a report off the shelf; raises InputError when it is not there."""
        self._index.remove(report)

    def reports(self) -> list[ReportInfo]:
        """The shelf, by council and date."""
        return self._index.store.reports()

    def search(self, question: str, k: int = 10) -> tuple[Hit, ...]:
        """The k passages that fit a question best, best first."""
        if k < 1:
            raise InputError(f"k is {k}.", "Ask for at least 1 passage.")
        return retrieve(self._index, self._checked(question), self._settings, k).hits

    def ask(self, question: str, id: str | None = None) -> Answer:
        """Answer a question: every report on the shelf stands in the answer's coverage."""
        started = time.perf_counter()
        retrieved = retrieve(self._index, self._checked(question), self._settings)
        found = answer(retrieved, self._reranker, self._settings, id=id)
        return replace(found, seconds=round(time.perf_counter() - started, 3))

    def warm_up(self) -> None:
        """Load the models now, so that the first question does not wait for them."""
        self._index.encoder.encode(["warm up"])
        self._reranker.score("warm", ["up"])

    def surroundings(self, citation: Citation) -> Surroundings:
        """The text around a citation, for reading on; raises InputError when it is gone."""
        text = self._index.store.report_text(citation.report)
        if text is None or text[citation.start : citation.end] != citation.quote:
            raise InputError(
                f"{citation.report} has changed since this answer.", "Ask the question again."
            )
        start = text.find(citation.passage, max(0, citation.start - len(citation.passage)))
        end = start + len(citation.passage)
        first = text.rfind("\n\n", 0, max(0, start - _SURROUNDINGS)) + 2
        last = text.find("\n\n", end + _SURROUNDINGS)
        return Surroundings(
            report=citation.report,
            heading=citation.section,
            before=text[first if first > 1 else 0 : start],
            passage=citation.passage,
            quote_start=citation.start - start,
            quote_end=citation.end - start,
            after=text[end : last if last > 0 else len(text)],
        )

    def verify(self) -> list[str]:
        """What does not agree in the index; empty when all is well."""
        return self._index.problems()

    def built_with(self) -> dict[str, str]:
        """Format version, model, settings and generation of the index."""
        return self._index.store.built_with()

    def _checked(self, question: str) -> str:
        text = " ".join(question.encode("utf-8", "replace").decode().split())
        if not text:
            raise InputError(
                "The question is empty.", "Ask, for example: who uses direct payments?"
            )
        limit = self._settings.longest_question
        if len(text) > limit:
            raise InputError(
                f"The question has {len(text)} characters; at most {limit} are read.", "Shorten it."
            )
        return text
