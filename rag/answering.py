"""Hits to an answer: every report decided on, exact quotes, or a refusal. No language model.

For each report that is asked, its best passages are looked at and one decision is made: evidence,
or no mention, with the reason in words. What is quoted is a slice of the report, chosen sentence
by sentence; nothing is rewritten. When no report has evidence the question is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.places import place_in_words, report_name
from rag.question import Question
from rag.records import Answer, Citation, Coverage, Passage, ReportInfo, Status
from rag.reranking import Reranker
from rag.retrieval import FEW, Candidate, Retrieved
from rag.sentences import sentence_spans
from rag.settings import SearchSettings
from rag.stance import fits
from rag.terms import stems

EVIDENCE = -4.0
"""Least score of a report's best passage that counts as evidence, when all reports are asked."""
EVIDENCE_WHEN_FEW = -8.0
"""The same when the question names its council: then an answer is expected."""
MARGIN, MARGIN_WHEN_FEW = 2.0, 3.0
"""Further passages are quoted when they score at most this much below the best."""
COVERAGE_WEIGHT, COSINE_WEIGHT = 4.0, 4.0
"""Weights of concept coverage (0 to 1) and cosine beside the cross-encoder's logit.

All were chosen on the development half of the gold questions; see evals/LOG.md.
"""
_MOST_NAMED = 12
"""Reports named when a refusal says what the shelf holds."""
_ANAPHORA = re.compile(
    r"(?:this|that|these|those|they|it|its|their|he|she|such|however|therefore|similarly|also"
    r"|in addition|additionally|as a result|for example|for instance|nevertheless)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A candidate with how well it answers."""

    candidate: Candidate
    score: float

    @property
    def passage(self) -> Passage:
        return self.candidate.passage


@dataclass(frozen=True, slots=True)
class _Choice:
    """A quote within a passage, as offsets of the report's text."""

    judged: _Judged
    start: int
    end: int


def answer(
    retrieved: Retrieved, reranker: Reranker, settings: SearchSettings, *, id: str | None = None
) -> Answer:
    """Decide on every report and put the answer together; ``seconds`` is left at zero."""
    question = retrieved.question
    judged = _judge(retrieved, reranker)
    chosen = _choose(question, judged, reranker, settings)
    infos = {info.report: info for info in retrieved.shelf}
    citations: list[Citation] = []
    numbers: dict[str, tuple[int, ...]] = {}
    for report, choices in chosen.items():
        first = len(citations) + 1
        citations += [_citation(infos[report], c, n) for n, c in enumerate(choices, start=first)]
        numbers[report] = tuple(range(first, first + len(choices)))
    coverage: list[Coverage] = []
    for info in retrieved.shelf:
        if info.report not in question.asked:
            coverage.append(_coverage(info, "not asked", f"left out: {question.why_left_out}"))
        elif info.report in chosen:
            reason = _why_evidence(question, chosen[info.report][0])
            coverage.append(_coverage(info, "evidence", reason, numbers[info.report]))
        else:
            reason = _why_silent(question, judged.get(info.report, ()))
            coverage.append(_coverage(info, "no mention", reason))
    refused = not citations
    reason = _why_refused(question, coverage) if refused else _summary(question, coverage)
    return Answer(
        id=id,
        question=question.text,
        refused=refused,
        reason=reason,
        text=_text(reason, coverage, citations, question),
        citations=tuple(citations),
        coverage=tuple(coverage),
        seconds=0.0,
        understood=question.understood,
    )


def _coverage(
    info: ReportInfo, status: Status, reason: str, citations: tuple[int, ...] = ()
) -> Coverage:
    return Coverage(info.report, info.title, info.council, info.date, status, reason, citations)


# --- the decision ---------------------------------------------------------------------------


def _judge(retrieved: Retrieved, reranker: Reranker) -> dict[str, tuple[_Judged, ...]]:
    """The candidates of each report, best first, by cross-encoder, words and meaning together."""
    question = retrieved.question
    flat = [c for candidates in retrieved.candidates.values() for c in candidates]
    texts = [f"{c.passage.lead} {c.passage.text}".strip() for c in flat]
    logits = reranker.score(question.topic, texts)
    judged: dict[str, list[_Judged]] = {report: [] for report in retrieved.candidates}
    for candidate, logit in zip(flat, logits, strict=True):
        score = (
            float(logit) + COVERAGE_WEIGHT * candidate.coverage + COSINE_WEIGHT * candidate.cosine
        )
        judged[candidate.passage.report].append(_Judged(candidate, round(score, 4)))
    return {
        report: tuple(sorted(found, key=lambda j: (-j.score, j.passage.start)))
        for report, found in judged.items()
    }


def _choose(
    question: Question,
    judged: Mapping[str, Sequence[_Judged]],
    reranker: Reranker,
    settings: SearchSettings,
) -> dict[str, list[_Choice]]:
    """The quotes of every report that has evidence, the best report and quote first."""
    few = len(judged) <= FEW
    least, margin = (EVIDENCE_WHEN_FEW, MARGIN_WHEN_FEW) if few else (EVIDENCE, MARGIN)
    most = settings.quotes_when_few if few else settings.quotes_per_report
    if not question.concepts:
        return {}
    picked: list[_Judged] = []
    for candidates in sorted(judged.values(), key=lambda c: -c[0].score if c else 0.0):
        ranked = [j for j in candidates if fits(j.passage, question.understood.role)]
        if ranked and ranked[0].score >= least:
            near = [j for j in ranked if j.score >= ranked[0].score - margin]
            picked += near[:most]
    chosen: dict[str, list[_Choice]] = {}
    for choice in _quotes(question, picked, reranker):
        mine = chosen.setdefault(choice.judged.passage.report, [])
        if all(_slice(choice) != _slice(other) for other in mine):
            mine.append(choice)
    return chosen


def _quotes(question: Question, picked: Sequence[_Judged], reranker: Reranker) -> list[_Choice]:
    """For each passage the sentence that answers best, with the one before it if it needs it."""
    spans = [sentence_spans(j.passage.text) or [(0, len(j.passage.text))] for j in picked]
    sentences = [
        j.passage.text[a:b] for j, found in zip(picked, spans, strict=True) for a, b in found
    ]
    logits = iter(reranker.score(question.topic, sentences))
    choices: list[_Choice] = []
    for judged, found in zip(picked, spans, strict=True):
        text = judged.passage.text
        telling = [
            float(next(logits)) + COVERAGE_WEIGHT * question.coverage(frozenset(stems(text[a:b])))
            for a, b in found
        ]
        best = max(range(len(found)), key=lambda i: (telling[i], -i))
        first = best
        if first > 0 and _ANAPHORA.match(text[found[first][0] :]):
            first -= 1
        offset = judged.passage.start
        choices.append(_Choice(judged, offset + found[first][0], offset + found[best][1]))
    return choices


def _slice(choice: _Choice) -> str:
    passage = choice.judged.passage
    return passage.text[choice.start - passage.start : choice.end - passage.start]


# --- in words -------------------------------------------------------------------------------


def _citation(info: ReportInfo, choice: _Choice, n: int) -> Citation:
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
        quote=_slice(choice),
        passage=passage.text,
        start=choice.start,
        end=choice.end,
        score=choice.judged.score,
        place=place_in_words(info, passage),
    )


def _met(question: Question, passage: Passage) -> list[str]:
    present = frozenset([*stems(passage.text), *stems(" ".join([*passage.section, passage.lead]))])
    return [c.name for c in question.concepts if c.strength(present) > 0]


def _why_evidence(question: Question, choice: _Choice) -> str:
    names = _met(question, choice.judged.passage)
    return f"speaks of {_listed(names)}" if names else "is close in meaning to the question"


def _why_silent(question: Question, judged: Sequence[_Judged]) -> str:
    wanted = [c.name for c in question.concepts]
    met = _met(question, judged[0].passage) if judged else []
    if not wanted:
        return "the question names nothing to look for"
    if not met:
        return f"nothing on {_listed(wanted)}"
    missing = [name for name in wanted if name not in met]
    if not missing:
        return f"mentions {_listed(met)}, but not in the sense of the question"
    return f"mentions {_listed(met)}, but not together with {_listed(missing)}"


def _why_refused(question: Question, coverage: list[Coverage]) -> str:
    if not coverage:
        return "The shelf is empty. Add reports with: rag add PATH"
    asked = [c for c in coverage if c.status != "not asked"]
    if not asked:
        return _why_none_asked(question, coverage)
    wanted = [c.name for c in question.concepts]
    if not wanted:
        return "The question names nothing to look for. Name a topic, for example: direct payments."
    searched = "the report" if len(asked) == 1 else f"the {len(asked)} reports"
    return f"Nothing in {searched} searched answers this. Looked for: {_listed(wanted)}."


def _why_none_asked(question: Question, coverage: list[Coverage]) -> str:
    understood = question.understood
    about = understood.councils or understood.absent
    what = f" about {_listed(list(about))}" if about else ""
    when = f" of {_listed(list(understood.years))}" if understood.councils else ""
    shelf = "; ".join(report_name(c.council, c.date, c.report) for c in coverage[:_MOST_NAMED])
    more = len(coverage) - _MOST_NAMED
    shelf += f" and {more} more" if more > 0 else ""
    return f"There is no report{when}{what} on this shelf. It holds: {shelf}."


def _summary(question: Question, coverage: list[Coverage]) -> str:
    speaking = sum(c.status == "evidence" for c in coverage)
    asked = sum(c.status != "not asked" for c in coverage)
    left_out = len(coverage) - asked
    speak, do = _plural(speaking, "speaks", "speak"), _plural(asked - speaking, "does", "do")
    text = f"Searched {asked} {_plural(asked, 'report')}: {speaking} {speak} of it"
    text += f", {asked - speaking} {do} not."
    if left_out:
        text += f" {left_out} {_plural(left_out, 'was', 'were')} not asked."
    if question.understood.absent:
        text += f" There is no report about {_listed(list(question.understood.absent))}."
    return text


def _plural(count: int, one: str, many: str | None = None) -> str:
    return one if count == 1 else many or f"{one}s"


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _text(
    reason: str, coverage: list[Coverage], citations: list[Citation], question: Question
) -> str:
    """The answer as plain text: summary, quotes by report, then the reports that are silent."""
    lines = [reason]
    understood = question.understood
    lines += [f"“{typed}” was read as “{meant}”." for typed, meant in understood.corrections]
    lines += [f"{short} was also looked for as {long}." for short, long in understood.expansions]
    report = None
    for c in citations:
        if c.report != report:
            lines += ["", report_name(c.council, c.date, c.report)]
            report = c.report
        lines.append(f"“{c.quote}” [{c.n}: {c.place}]")
    silent = [row for row in coverage if row.status == "no mention"]
    if silent:
        lines += ["", "No mention found:"]
        for row in silent:
            name = report_name(row.council, row.date, row.report)
            lines.append(f"- {name}: {row.reason}")
    return "\n".join(lines)
