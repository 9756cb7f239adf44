"""Hits to an answer: every report decided on, exact quotes, or a refusal. No language model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rag.decision import of_report
from rag.judging import Choice, Judged, best_first, choose, judge, quotes, slice_of
from rag.places import place_in_words
from rag.question import Question
from rag.records import Answer, Citation, Coverage, Decided, ReportInfo, Status
from rag.reranking import Reranker
from rag.retrieval import Passed, Retrieved
from rag.settings import SearchSettings
from rag.wording import (
    as_text,
    summary,
    why_evidence,
    why_refused,
    why_silent,
    why_unread,
    why_weak,
)

_CLOSEST = 2
"""Passages shown beside a refusal."""


def answer(
    retrieved: Retrieved,
    reranker: Reranker,
    settings: SearchSettings,
    *,
    id: str | None = None,
    without: Iterable[str] = (),
    more: bool = False,
) -> Answer:
    """Decide on every report and put the answer together; ``seconds`` is left at zero.

    With ``more`` every passage that speaks is quoted, not only the best of each report.
    """
    question = retrieved.question
    judged = judge(retrieved, reranker, settings, more=more)
    chosen = choose(question, judged, reranker, settings, more=more)
    infos = {info.report: info for info in retrieved.shelf}
    citations: list[Citation] = []
    numbers: dict[str, tuple[int, ...]] = {}
    for report, choices in chosen.items():
        first = len(citations) + 1
        citations += [_citation(infos[report], c, n) for n, c in enumerate(choices, start=first)]
        numbers[report] = tuple(range(first, first + len(choices)))
    coverage: list[Coverage] = []
    passed: dict[Passed, tuple[Status, str]] = {
        "silent": ("no mention", why_silent(question, [])),
        "weak": ("no mention", why_weak()),
        "unread": ("not read", why_unread(len(retrieved.candidates))),
    }
    for info in retrieved.shelf:
        mine = judged.get(info.report, ())
        likely = round(of_report(mine[0].score, few=question.narrow), 4) if mine else 0.0
        if info.report not in question.asked:
            coverage.append(_coverage(info, "not asked", f"left out: {question.why_left_out}"))
        elif info.report in chosen:
            reason = why_evidence(question, chosen[info.report][0].judged.passage)
            coverage.append(_coverage(info, "evidence", reason, numbers[info.report], likely))
        elif info.report in retrieved.passed:
            coverage.append(_coverage(info, *passed[retrieved.passed[info.report]]))
        else:
            found = retrieved.candidates.get(info.report, ())
            reason = why_silent(question, [c.passage for c in found])
            coverage.append(_coverage(info, "no mention", reason, (), likely))
    decided = _decided(retrieved, judged, len(chosen))
    refused = not citations
    closest = _closest(question, judged, reranker, infos) if refused else ()
    if refused:
        reason = why_refused(question, coverage, decided)
    else:
        reason = summary(question, coverage, decided)
    return Answer(
        id=id,
        question=question.text,
        refused=refused,
        reason=reason,
        text=as_text(reason, coverage, citations, closest, question),
        citations=tuple(citations),
        coverage=tuple(coverage),
        seconds=0.0,
        understood=question.understood,
        decided=decided,
        closest=closest,
        without=tuple(sorted(set(without))),
        more=more,
    )


def _decided(retrieved: Retrieved, judged: Mapping[str, Sequence[Judged]], speak: int) -> Decided:
    passed = Counter(retrieved.passed.values())
    return Decided(
        searched=len(retrieved.question.asked),
        silent=passed["silent"],
        weak=passed["weak"],
        close=len(retrieved.candidates),
        read=sum(any(j.read for j in found) for found in judged.values()),
        speak=speak,
        unread=passed["unread"],
    )


def _coverage(
    info: ReportInfo,
    status: Status,
    reason: str,
    citations: tuple[int, ...] = (),
    likely: float = 0.0,
) -> Coverage:
    return Coverage(
        info.report, info.title, info.council, info.date, status, reason, citations, likely
    )


def _closest(
    question: Question,
    judged: Mapping[str, Sequence[Judged]],
    reranker: Reranker,
    infos: Mapping[str, ReportInfo],
) -> tuple[Citation, ...]:
    """For a refusal: the best quotes of the reports that came nearest, if they share anything."""
    best = [found[0] for found in judged.values() if found and found[0].candidate.signals.met > 0]
    nearest = sorted(best, key=best_first)[:_CLOSEST]
    choices = quotes(question, nearest, reranker) if question.concepts else []
    return tuple(
        _citation(infos[c.judged.passage.report], c, n) for n, c in enumerate(choices, start=1)
    )


def _citation(info: ReportInfo, choice: Choice, n: int) -> Citation:
    passage = choice.judged.passage
    return Citation(
        n=n,
        report=info.report,
        title=info.title,
        council=info.council,
        date=info.date,
        form=info.form,
        source=info.source,
        section=passage.section,
        paragraph=passage.paragraph,
        ordinal=passage.ordinal,
        page=passage.page,
        quote=slice_of(choice),
        passage=passage.text,
        start=choice.start,
        end=choice.end,
        score=choice.judged.score,
        place=place_in_words(info, passage),
        also=tuple(place_in_words(info, other) for other in choice.also),
    )
