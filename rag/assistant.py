"""The one object that people use: open a shelf, add reports, search, ask."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rag.adding import Progress
from rag.answering import answer
from rag.embedding import Encoder, MiniLM
from rag.errors import InputError
from rag.followups import FollowUp, follow_up
from rag.generation import Writer
from rag.index import Index, folder_of
from rag.languagemodel import LanguageModel
from rag.model import Model
from rag.modelwatch import Stopped
from rag.originals import Originals, PagePicture
from rag.places import place_in_words
from rag.question import understand
from rag.records import (
    Added,
    Answer,
    Citation,
    Hit,
    ReportInfo,
    ShelfVersion,
    Surroundings,
    Understood,
)
from rag.reindexing import Reindexed, reindex
from rag.reranking import CrossEncoder, Reranker
from rag.retrieval import retrieve, shelf_of
from rag.settings import VERSION, SearchSettings
from rag.standalone import standing_alone
from rag.upkeep import BackedUp, Restored, backup, restore
from rag.vectors import EXACT
from rag.vocabulary import sector_topics

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
        model: Model | None = None,
    ) -> None:
        self._index = index
        self._settings = settings or SearchSettings()
        self._reranker = reranker or CrossEncoder()
        self._originals = Originals(index.folder, index.limits)
        self.model = model
        """The language model that may write answers up; None when there is none."""
        self._language_model = None if model is None else LanguageModel(model)

    @classmethod
    def open(
        cls,
        index: str | Path = "index",
        *,
        create: bool = False,
        encoder: Encoder | None = None,
        reranker: Reranker | None = None,
        model: Model | None = None,
    ) -> Assistant:
        """Open the index in a folder, or at an address of Milvus, see ``rag.milvus``; with
        ``create`` an empty one is made if there is none.

        With a ``model`` answers can be written up; it is asked for nothing before that. Raises
        InputError when there is no index, IndexMismatchError when another version or model built
        it, DamagedIndexError when it cannot be read.
        """
        found = Index(index, create=create, encoder=encoder)
        return cls(found, reranker=reranker, model=model)

    @staticmethod
    def reindex(
        index: str | Path,
        progress: Callable[[str, int, int], None] | None = None,
        encoder: Encoder | None = None,
    ) -> Reindexed:
        """Cut and embed all reports of an index anew; see ``rag.reindexing``."""
        return reindex(folder_of(index), encoder or MiniLM(), progress=progress)

    @staticmethod
    def backup(index: str | Path, file: str | Path, *, overwrite: bool = False) -> BackedUp:
        """Copy an index, of any known format, into one checked file; see ``rag.upkeep``."""
        return backup(folder_of(index), Path(file), overwrite=overwrite)

    @staticmethod
    def restore(index: str | Path, file: str | Path) -> Restored:
        """Put a backup in the folder of an index that nobody has open; see ``rag.upkeep``."""
        return restore(folder_of(index), Path(file))

    def close(self) -> None:
        """Close the index, and end the process that draws pages."""
        self._originals.close()
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
        ray: str | None = None,
        workers: int | None = None,
    ) -> list[Added]:
        """Add files and folders; one outcome a file. Failures are outcomes, not exceptions.

        A changed or second version of a report stands beside the older one, unless
        ``replace_older``. Each file is read in a process of its own, ``workers`` at a time, see
        ``rag.workers``; with ``ray`` on the Ray cluster of that address, see ``rag.cluster``.
        """
        found = self.adding(paths, progress, replace_older=replace_older, ray=ray, workers=workers)
        return list(found)

    def adding(
        self,
        paths: Iterable[str | Path] | str | Path,
        progress: Progress | None = None,
        *,
        replace_older: bool = False,
        ray: str | None = None,
        workers: int | None = None,
    ) -> Iterator[Added]:
        """As ``add``, one outcome at a time as each file is committed."""
        several = [paths] if isinstance(paths, str | Path) else list(paths)
        chosen = [Path(path) for path in several]
        return self._index.add(
            chosen, replacing=replace_older, progress=progress, ray=ray, workers=workers
        )

    def adding_dropped(
        self,
        files: Iterable[str | Path],
        progress: Progress | None = None,
        *,
        replace_older: bool = False,
    ) -> Iterator[Added]:
        """As ``adding``, of files that will not stay where they are: copies are kept beside the
        index, so that their pages can be shown, for as long as their reports are on the shelf.
        """
        store = self._index.store
        kept = [self._originals.keep(Path(file)) for file in files]
        before = {known.origin for known in store.known()} | set(map(str, kept))
        try:
            yield from self.adding(kept, progress, replace_older=replace_older)
        finally:
            used = {_kept_as(known.origin) for known in store.known()}
            for origin in sorted(before):
                if _kept_as(origin) not in used:
                    self._originals.forget(origin)

    def remove(self, report: str) -> None:
        """Take a report off the shelf; raises InputError when it is not there."""
        origin = self._index.store.origin(report)
        self._index.remove(report)
        if origin is not None:
            self._originals.forget(origin[0])

    def reports(self) -> list[ReportInfo]:
        """The shelf, by council and date."""
        return self._index.store.reports()

    def topics(self) -> list[str]:
        """The sector's phrases that the reports use, those of most reports first.

        On a shelf of thousands: whose words they use, for counting phrases would take seconds.
        """
        searcher, store = self._index.snapshot().searcher, self._index.store
        counted: dict[str, tuple[int, int]] = {}
        for phrase, stems in sector_topics():
            if searcher.passages > EXACT:
                held = min(int(searcher.holding([stem]).sum()) for stem in stems)
                counted[phrase] = held, 0
            else:
                counted[phrase] = store.count_phrase(stems)
        used = [phrase for phrase, (reports, _) in counted.items() if reports]
        return sorted(used, key=lambda phrase: (*(-n for n in counted[phrase]), phrase))

    def search(self, question: str, k: int = 10) -> tuple[Hit, ...]:
        """The k passages that fit a question best, best first."""
        if k < 1:
            raise InputError(f"k is {k}.", "Ask for at least 1 passage.")
        few = max(k, self._settings.searched)
        text = self._checked(question)
        return retrieve(self._index, text, self._settings, k, reports=few).hits

    def ask(
        self,
        question: str,
        id: str | None = None,
        *,
        without: Iterable[str] = (),
        more: bool = False,
        write: bool = False,
    ) -> Answer:
        """Answer a question: every report on the shelf stands in the answer's coverage.

        ``without`` takes parts out of what is understood, by the keys that
        ``Answer.understood.parts`` gives; ``more`` quotes every passage that speaks, not only the
        best of each report; ``write`` has the language model write the answer up, see ``writing``.
        Raises InputError for a question or a key that cannot be read, and when there is no model.
        """
        if write:
            self._writer()
        started = time.perf_counter()
        taken = tuple(without)
        text = self._checked(question)
        retrieved = retrieve(self._index, text, self._settings, without=taken)
        found = answer(retrieved, self._reranker, self._settings, id=id, without=taken, more=more)
        found = replace(found, seconds=round(time.perf_counter() - started, 3))
        if write:
            *_, found = self.writing(found)
        return found

    def writing(self, found: Answer, stopped: Stopped = lambda: False) -> Generator[Answer]:
        """An answer with more and more of what the language model writes; the last is whole.

        Nothing of the answer changes but ``written``. It never fails for the model: what went wrong
        stands in ``written.note``. A refused answer is not handed over and comes back as it is.
        Work ends when ``stopped`` says so, or the iterator is closed. Raises InputError when
        there is no model.
        """
        writer = self._writer()
        if found.refused:
            yield found
        for written in writer.write(found, stopped):
            yield replace(found, written=written)

    def _writer(self) -> Writer:
        if self._language_model is None:
            raise InputError(
                "There is no language model to write the answer up.",
                "Name one: --model NAME --model-address URL, or RAG_MODEL.",
            )
        return Writer(self._language_model)

    def understand(self, question: str, without: Iterable[str] = ()) -> Understood:
        """How a question is read, without looking for an answer: quick."""
        with self._index.store.reading():
            shelf = shelf_of(self._index.snapshot())
            return understand(self._checked(question), shelf, without).understood

    def follow_up(
        self, question: str, before: str | Sequence[str], *, write: bool = False
    ) -> FollowUp:
        """A question asked after others, the oldest first, as one that stands alone.

        By the rules of ``rag.followups``; with ``write``, where they find nothing to carry over,
        by the language model, see ``rag.standalone``. Raises InputError when there is none then.
        """
        model = self._writer().model if write else None
        asked = [before] if isinstance(before, str) else list(before)
        with self._index.store.reading():
            last = asked[-1] if asked else ""
            found = follow_up(self._checked(question), last, shelf_of(self._index.snapshot()))
        if model is None:
            return found
        return standing_alone(model, found, [text for text in asked if text])

    def warm_up(self) -> None:
        """Load the models now, so that the first question does not wait for them."""
        self._index.snapshot()
        self._index.query_encoder.encode(["warm up"])
        self._reranker.score("warm", ["up"])

    # --- reading on -----------------------------------------------------------------------

    def surroundings(self, citation: Citation) -> Surroundings:
        """The text around a citation, for reading on; raises InputError when it is gone."""
        found = self.read(citation.report, citation.start, citation.end)
        if found.quote != citation.quote:
            raise changed(citation.report)
        return found

    def read(self, report: str, start: int, end: int) -> Surroundings:
        """A stretch of a report within its passage; raises InputError when there is none."""
        store = self._index.store
        with store.reading():
            info = next((i for i in self._index.snapshot().reports if i.report == report), None)
            text = store.report_text(report)
            passages = store.passages_of(report)
        if info is None or text is None:
            raise InputError(
                f"There is no report {report!r} on the shelf.", "It may have been removed."
            )
        at = next((n for n, p in enumerate(passages) if p.start <= start < end <= p.end), None)
        if at is None:
            raise changed(report)
        passage = passages[at]
        first = text.rfind("\n\n", 0, max(0, passage.start - _SURROUNDINGS)) + 2
        last = text.find("\n\n", passage.end + _SURROUNDINGS)
        before = passages[at - 1] if at else None
        after = passages[at + 1] if at + 1 < len(passages) else None
        return Surroundings(
            report=report,
            heading=passage.section,
            before=text[first if first > 1 else 0 : passage.start],
            passage=passage.text,
            quote_start=start - passage.start,
            quote_end=end - passage.start,
            after=text[passage.end : last if last > 0 else len(text)],
            start=start,
            end=end,
            info=info,
            paragraph=passage.paragraph,
            page=passage.page,
            place=place_in_words(info, passage),
            previous=None if before is None else (before.start, before.end),
            next=None if after is None else (after.start, after.end),
        )

    def picture(self, around: Surroundings) -> PagePicture | None:
        """The page of a PDF with the quote marked; None when its file is not at hand."""
        found = self._index.store.origin(around.report)
        if found is None:
            return None
        return self._originals.picture(*found, around.passage, around.quote, around.page)

    def has_picture(self, around: Surroundings) -> bool:
        """True when the file of a report is at hand and has pages."""
        found = self._index.store.origin(around.report)
        return (
            found is not None
            and around.info.pages is not None
            and self._originals.find(*found) is not None
        )

    def page_of(self, around: Surroundings) -> int | None:
        """The page of the file, from 1, on which a quote of a PDF stands; None when unknown."""
        found = self._index.store.origin(around.report)
        if found is None:
            return None
        return self._originals.page_of(*found, around.passage, around.quote, around.page)

    # --- the shelf --------------------------------------------------------------------------

    def shelf_version(self) -> ShelfVersion:
        """What answers are given from now: the same shelf has the same digest anywhere."""
        store = self._index.store
        with store.reading():
            known, shelf = store.known(), store.reports()
        content = sorted((k.report, k.digest, asdict(replace(k.metadata, id=None))) for k in known)
        text = json.dumps([self._index.settings.fingerprint(), content], sort_keys=True)
        return ShelfVersion(
            program=VERSION,
            reports=len(shelf),
            passages=sum(info.passages for info in shelf),
            digest=hashlib.sha256(text.encode()).hexdigest()[:12],
        )

    def storage(self) -> tuple[int, int]:
        """Bytes of the index and of the files kept beside it."""
        folder = self._index.folder
        return sum(f.stat().st_size for f in folder.glob("rag.*")), self._originals.size()

    def verify(self) -> list[str]:
        """What does not agree in the index; empty when all is well."""
        return self._index.problems()

    def built_with(self) -> dict[str, str]:
        """Format version, model, settings and generation of the index."""
        return self._index.store.built_with()

    def searched_by(self) -> str:
        """How the nearest vectors are found, in words."""
        return str(self._index.snapshot().searcher)

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


def _kept_as(origin: str) -> tuple[str, ...]:
    """Folder, digest and name of a kept file: the same when the index was moved."""
    return Path(origin).parts[-3:]


def changed(report: str) -> InputError:
    """Other words stand now where a quote stood."""
    return InputError(f"{report} has changed since this answer.", "Ask the question again.")
