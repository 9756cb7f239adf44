"""A question to hits: keyword and embedding search, joined, overall and within each report.

Reciprocal rank fusion (G. Cormack, C. Clarke and S. Büttcher, SIGIR 2009): a passage's score is
the sum of 1 / (k + rank) over the rankings it appears in. Fusing again within each report asks
every report, not only those that win overall.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.decision import unread
from rag.embedding import Vectors
from rag.index import Index, Snapshot
from rag.question import Question, Shelf, understand
from rag.records import Hit, Passage, ReportInfo
from rag.settings import SearchSettings
from rag.signals import Signals, signals_of
from rag.store import Store
from rag.terms import Said

PREFIX_WEIGHT = 0.5
"""Weight of a term in the headings against one in the text, in BM25."""

_PROSE = ("paragraph", "item")
"""What is boilerplate when it stands in another report too; two may well have the same grades."""


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
    """For every report that is asked, its likeliest passages, likeliest first."""


def fuse(rankings: Iterable[Sequence[int]], k: int) -> dict[int, float]:
    """Reciprocal rank fusion of rankings of passage ids; ranks count from 1."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, start=1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (k + rank)
    return scores


def candidates_each(question: Question, settings: SearchSettings) -> int:
    """How many passages of each report that is asked are looked at closely."""
    reports = max(len(question.asked), 1)
    if question.narrow:
        return settings.candidates_when_few // reports
    return max(2, min(settings.candidates // reports, settings.candidates_per_report))


def shelf_of(store: Store) -> Shelf:
    """What reading a question needs to know of a store; within ``reading``."""
    return Shelf(tuple(store.reports()), store.acronyms(), store.document_frequency, store.words)


def retrieve(
    index: Index,
    text: str,
    settings: SearchSettings,
    k: int = 10,
    without: Iterable[str] = (),
) -> Retrieved:
    """Find the k best passages overall, and the best of every report that is asked."""
    store = index.store
    embedded: dict[str, Vectors] = {}
    while True:
        with store.reading():
            known = shelf_of(store)
            question = understand(text, known, without)
            if not question.asked or question.topic in embedded:
                found = _Found.search(index, question, embedded)
                overall = found.fused(settings.rrf_k)
                best = found.order(overall)[:k]
                most = candidates_each(question, settings)
                within = {
                    report: found.order(found.fused(settings.rrf_k, report))[:most]
                    for report in sorted(question.asked)
                }
                wanted = sorted({*best, *(i for ids in within.values() for i in ids)})
                passages, stems = store.passages(wanted), store.stems(wanted)
                break
        # Embedded outside of the transaction, so that others can read the store meanwhile.
        embedded = {question.topic: index.encoder.encode([question.topic])}
    shelf = tuple(known.reports)
    infos = {info.report: info for info in shelf}
    few = question.narrow
    words = {id_: Said.of(" ".join(both).split()) for id_, both in stems.items()}

    texts = Counter(text for _, text in {(p.report, p.text) for p in passages.values()})

    def candidates(report: str, ids: list[int]) -> tuple[Candidate, ...]:
        mine = [passages[i] for i in ids]
        signals = signals_of(
            question,
            infos[report],
            mine,
            [words[i] for i in ids],
            cosines=[found.cosine.get(i, 0.0) for i in ids],
            common=[p.kind in _PROSE and texts[p.text] > 1 for p in mine],
        )
        pairs = zip(mine, signals, strict=True)
        return tuple(sorted((Candidate(p, s, unread(s, few=few)) for p, s in pairs), key=likeliest))

    each = {report: candidates(report, ids) for report, ids in within.items()}
    ranked = sorted((c for several in each.values() for c in several), key=likeliest)
    hits = {c.passage: c.probability for c in ranked}
    rest = min(hits.values(), default=1.0) / max(overall.values(), default=1.0)
    hits |= {passages[i]: rest * overall[i] for i in best if passages[i] not in hits}
    return Retrieved(
        question,
        shelf,
        tuple(_hit(p, infos[p.report], score) for p, score in list(hits.items())[:k]),
        each,
    )


def likeliest(candidate: Candidate) -> tuple[float, str, int]:
    """Sorts the likeliest first; ties by report and place."""
    return (-candidate.probability, candidate.passage.report, candidate.passage.start)


def nearest(snapshot: Snapshot, query: Vectors) -> dict[int, float]:
    """Cosine of every passage to a query, shape (1, dimension), by its id, nearest first."""
    cosines, positions = snapshot.vectors.search(query[0], len(snapshot.vectors))
    return {int(snapshot.ids[p]): float(c) for p, c in zip(positions, cosines, strict=True)}


@dataclass(frozen=True, slots=True)
class _Found:
    """Two rankings of the passages of the reports that are asked, best first."""

    snapshot: Snapshot
    keyword: list[int]
    nearest: list[int]
    cosine: dict[int, float]

    @classmethod
    def search(cls, index: Index, question: Question, embedded: Mapping[str, Vectors]) -> _Found:
        """Search by words and by meaning."""
        snapshot = index.snapshot()
        if not question.asked:
            return cls(snapshot, [], [], {})
        keyword = index.store.search_terms(question.stems, PREFIX_WEIGHT)
        near = nearest(snapshot, embedded[question.topic])

        def is_asked(id_: int) -> bool:
            return snapshot.reports[snapshot.position[id_]] in question.asked

        return cls(
            snapshot,
            [i for i, _ in keyword if is_asked(i)],
            [i for i in near if is_asked(i)],
            near,
        )

    def fused(self, k: int, report: str | None = None) -> dict[int, float]:
        """Reciprocal rank fusion of both rankings, overall or within one report."""
        if report is None:
            return fuse((self.keyword, self.nearest), k)
        of = self.snapshot.position
        reports = self.snapshot.reports
        return fuse(
            (
                [i for i in ranking if reports[of[i]] == report]
                for ranking in (self.keyword, self.nearest)
            ),
            k,
        )

    def order(self, scores: Mapping[int, float]) -> list[int]:
        """Ids by score; ties in the order of the shelf."""
        return sorted(scores, key=lambda i: (-scores[i], self.snapshot.position[i]))


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
