"""A question to hits: keyword and embedding search over all, then a close look at each report.

On a shelf of usual size every report is looked at closely. On one of thousands those are that could
speak by the terms they hold and their nearest passage; of the others it is known why they were not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rag.bounding import bounds, nearest_of_each
from rag.decision import unread
from rag.embedding import Vectors
from rag.engine import Engine, Ranking, Searcher, Within
from rag.fusion import Found
from rag.index import Index, Snapshot
from rag.question import Question, Shelf, understand
from rag.records import Hit, Passage, ReportInfo
from rag.settings import SearchSettings
from rag.signals import Signals, signals_of
from rag.terms import Said

NEAR = 0.5
"""Cosine from which a passage without any word of the question is told to be near in meaning."""
OPEN = 0.25
"""Where there are thousands of reports, those are looked at closely that could be as likely as this
to have evidence, by words and meaning; see ``rag.bounding``."""

_LEAST = 2
"""Passages of a report that are looked at, however many reports there are."""
_PROSE = ("paragraph", "item")
"""What is boilerplate when it stands in another report too; two may well have the same grades."""

Passed = Literal["silent", "weak", "unread"]
"""Why a report was not looked at: it holds nothing, too little, or its turn did not come."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage considered for one report, with the signals that decide on it."""

    passage: Passage
    signals: Signals
    probability: float
    """That it answers, from words and meaning alone."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Everything found for one question."""

    question: Question
    shelf: tuple[ReportInfo, ...]
    hits: tuple[Hit, ...]
    candidates: Mapping[str, tuple[Candidate, ...]]
    """For every report that was looked at closely, its likeliest passages, likeliest first."""
    passed: Mapping[str, Passed]
    """The reports that are asked and were not."""


Candidates = dict[str, tuple[Candidate, ...]]
"""Of each report that was looked at closely, its likeliest passages, likeliest first."""


def candidates_each(question: Question, settings: SearchSettings) -> int:
    """How many passages of each report that is asked are looked at closely."""
    reports = max(len(question.asked), 1)
    if question.narrow:
        return settings.candidates_when_few // reports
    return max(_LEAST, min(settings.candidates // reports, settings.candidates_per_report))


@lru_cache(maxsize=2)
def shelf_of(snapshot: Snapshot) -> Shelf:
    """What reading a question needs to know of a shelf; worked out once for each."""
    frequency = snapshot.searcher.frequency
    return Shelf(snapshot.reports, snapshot.acronyms, frequency, snapshot.words)


def retrieve(
    index: Index,
    text: str,
    settings: SearchSettings,
    k: int = 10,
    without: Iterable[str] = (),
    *,
    reports: int | None = None,
) -> Retrieved:
    """Find the k best passages overall, and the best of every report that may speak.

    With ``reports``, on a large shelf, only of so many that come first: quicker, for a search.
    """
    embedded: dict[str, Vectors] = {}
    before: Snapshot | None = None
    while True:
        with index.store.reading():
            snapshot = index.snapshot()
            if snapshot is not before:
                question, before = understand(text, shelf_of(snapshot), without), snapshot
            if not question.asked or question.topic in embedded:
                query = embedded[question.topic][0] if question.asked else None
                large = snapshot.searcher.passages > settings.ranked
                depth = settings.ranked_when_more if large else settings.ranked
                found = _search(snapshot.searcher, question, query, settings.rrf_k, depth)
                looking = _Looking(index.store, snapshot, question, found)
                passed: Mapping[str, Passed] = {}
                if reports is not None and large:
                    each = looking.first(reports, settings)
                else:
                    each, passed = looking.closely(settings)
                best = {int(found.ids[at]): float(found.overall[at]) for at in found.order[:k]}
                passages = index.store.passages(list(best))
                break
        # Embedded outside of the transaction, so that others can read the store meanwhile.
        embedded = {question.topic: index.query_encoder.encode([question.topic])}
    ranked = sorted((c for several in each.values() for c in several), key=likeliest)
    hits = {c.passage: c.probability for c in ranked}
    rest = min(hits.values(), default=1.0) / max(best.values(), default=1.0)
    hits |= {passages[i]: rest * s for i, s in best.items() if passages[i] not in hits}
    infos = snapshot.infos
    return Retrieved(
        question,
        snapshot.reports,
        tuple(_hit(p, infos[p.report], score) for p, score in list(hits.items())[:k]),
        each,
        passed,
    )


def likeliest(candidate: Candidate) -> tuple[float, str, int]:
    """Sorts the likeliest first; ties by report and place."""
    return (-candidate.probability, candidate.passage.report, candidate.passage.start)


def _search(
    searcher: Searcher, question: Question, query: Vectors | None, rrf_k: int, ranked: int
) -> Found:
    """Search by words and by meaning among the reports that are asked, ``ranked`` passages each."""
    if query is None:
        none = Ranking(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0))
        return Found.of(none, none, np.zeros(0, np.float32), rrf_k)
    within: Within | None = None
    if len(question.asked) < len(searcher.reports):
        within = np.array([report in question.asked for report in searcher.reports])
    with ThreadPoolExecutor(1) as other:  # both leave Python's lock for most of their time
        keyword = other.submit(searcher.keyword, question.stems, ranked, within)
        nearest = searcher.nearest(query, ranked, within)
        return Found.of(keyword.result(), nearest, query, rrf_k)


# --- looking closely --------------------------------------------------------------------------


class _Looking:
    """Passages with their signals, for some reports after others."""

    def __init__(self, store: Engine, snapshot: Snapshot, question: Question, found: Found) -> None:
        self._store = store
        self._searcher = snapshot.searcher
        self._question = question
        self._found = found
        self._infos = snapshot.infos

    def first(self, reports: int, settings: SearchSettings) -> Candidates:
        """The candidates of so many reports, those of the best passages, and few of each."""
        narrow = self._question.narrow
        most = candidates_each(self._question, settings) if narrow else _LEAST
        return self._candidates(self._found.best_of_each(most, reports))

    def closely(self, settings: SearchSettings) -> tuple[Candidates, dict[str, Passed]]:
        """The candidates of the reports that may speak, those of the best passages first; and why
        the others that are asked were not looked at.
        """
        most = candidates_each(self._question, settings)
        at_once = max(1, settings.candidates // most)
        chosen = self._found.best_of_each(most)
        names, asked = self._searcher.reports, self._question.asked
        if len(chosen) <= at_once and len(chosen) == len(asked):
            return self._candidates(chosen), {}
        nearest = nearest_of_each(self._searcher, self._found)
        bound, covered = bounds(self._searcher, self._question, nearest)
        if len(chosen) > at_once:
            likely = [report for report in chosen if bound[report] >= OPEN]
            looked = likely[: settings.rounds * at_once] or list(chosen)[:at_once]
            chosen = {report: chosen[report] for report in looked}
        passed: dict[str, Passed] = {}
        for n, name in enumerate(names):
            if name in asked and n not in chosen:
                some: Passed = "weak" if covered[n] > 0 or nearest[n] >= NEAR else "silent"
                passed[name] = "unread" if bound[n] >= OPEN else some
        return self._candidates(chosen), passed

    def _candidates(self, chosen: Mapping[int, NDArray[np.intp]]) -> Candidates:
        question, found = self._question, self._found
        if not chosen:
            return {}
        ids = [int(found.ids[at]) for group in chosen.values() for at in group]
        passages, stems = self._store.passages(ids), self._store.stems(ids)
        words = {id_: Said.of(" ".join(both).split()) for id_, both in stems.items()}
        texts = Counter(text for _, text in {(p.report, p.text) for p in passages.values()})
        cosines = self._cosines(np.concatenate(list(chosen.values())))
        each: Candidates = {}
        for report, group in chosen.items():
            name = self._searcher.reports[report]
            mine = [int(found.ids[at]) for at in group]
            those = [passages[i] for i in mine]
            signals = signals_of(
                question,
                self._infos[name],
                those,
                [words[i] for i in mine],
                cosines=[cosines[i] for i in mine],
                common=[p.kind in _PROSE and texts[p.text] > 1 for p in those],
            )
            several = [
                Candidate(p, s, unread(s, few=question.narrow))
                for p, s in zip(those, signals, strict=True)
            ]
            each[name] = tuple(sorted(several, key=likeliest))
        return each

    def _cosines(self, chosen: NDArray[np.intp]) -> dict[int, float]:
        """Cosines by passage id; those that the search by meaning did not reach are worked out."""
        found = self._found
        known = {int(found.ids[at]): float(found.cosines[at]) for at in chosen}
        missing = [id_ for id_, cosine in known.items() if np.isnan(cosine)]
        if missing:
            cosines = self._searcher.cosines(found.query, missing)
            known |= dict(zip(missing, cosines, strict=True))
        return known


def _hit(passage: Passage, info: ReportInfo, score: float) -> Hit:
    return Hit(
        report=info.report,
        title=info.title,
        council=info.council,
        date=info.date,
        form=info.form,
        section=passage.section,
        paragraph=passage.paragraph,
        ordinal=passage.ordinal,
        page=passage.page,
        role=passage.role,
        text=passage.text,
        start=passage.start,
        end=passage.end,
        score=round(score, 6),
    )
