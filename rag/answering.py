"""Hits to an answer: every report decided on, exact quotes, or a refusal. No language model.

For each report that is asked, its best passages are looked at and one decision is made: evidence,
or no mention, with the reason in words. What is quoted is a slice of the report, chosen sentence
by sentence; nothing is rewritten. When no report has evidence the question is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.places import place_in_words, report_name
from rag.question import Question
from rag.records import Answer, Citation, Coverage, Passage, ReportInfo, Role, Status
from rag.retrieval import Candidate, Retrieved
from rag.sentences import sentence_spans
from rag.settings import SearchSettings
from rag.terms import stems

EVIDENCE_THRESHOLD = 0.8
"""Least sum of cosine and concept coverage of a report's best passage that counts as evidence.

Chosen on the development half of the gold questions; see evals/LOG.md.
"""
SECOND_QUOTE = 0.9
"""A second passage is quoted when it scores at least this share of the first."""
_ANAPHORA = re.compile(
    r"(?:this|that|these|those|they|it|its|their|he|she|such|however|therefore|similarly|also"
    r"|in addition|additionally|as a result|for example|for instance|nevertheless)\b",
    re.IGNORECASE,
)
_ADVISING = re.compile(
    r"\b(?:recommend\w*|suggest\w*|consider(?!ed|able|ably)\w*|should|may wish|might wish|need to"
    r"|needs to|could|would benefit|advise\w*|address|ensure|review)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A quote within a passage, as offsets of the report's text."""

    candidate: Candidate
    start: int
    end: int
    score: float


def answer(
    retrieved: Retrieved, settings: SearchSettings, *, id: str | None, seconds: float
) -> Answer:
    """Decide on every report and put the answer together."""
    question = retrieved.question
    citations: list[Citation] = []
    coverage: list[Coverage] = []
    for info in retrieved.shelf:
        if question.asked and info.report not in question.asked:
            coverage.append(_coverage(info, "not asked", f"left out: {question.why_asked}"))
            continue
        candidates = retrieved.candidates.get(info.report, ())
        choices = _choose(question, candidates, settings.quotes_per_report)
        if not choices:
            coverage.append(_coverage(info, "no mention", _why_silent(question, candidates)))
            continue
        numbers = []
        for choice in choices:
            citations.append(_citation(info, choice, len(citations) + 1))
            numbers.append(len(citations))
        reason = _why_evidence(question, choices[0])
        coverage.append(_coverage(info, "evidence", reason, tuple(numbers)))
    refused = not citations
    reason = _why_refused(question, coverage) if refused else _summary(coverage)
    return Answer(
        id=id,
        question=question.text,
        refused=refused,
        reason=reason,
        text=_text(reason, coverage, citations, question),
        citations=tuple(citations),
        coverage=tuple(coverage),
        seconds=round(seconds, 3),
        understood=question.understood,
    )


def _coverage(
    info: ReportInfo, status: Status, reason: str, citations: tuple[int, ...] = ()
) -> Coverage:
    return Coverage(info.report, info.title, info.council, info.date, status, reason, citations)


# --- the decision ---------------------------------------------------------------------------


def _choose(question: Question, candidates: Iterable[Candidate], most: int) -> list[_Choice]:
    """The quotes of one report, best first; none when it has no evidence."""
    ranked = sorted(
        _of_role(candidates, question.understood.role),
        key=lambda c: (-_score(c), c.passage.start),
    )
    if not ranked or _score(ranked[0]) < EVIDENCE_THRESHOLD or not question.concepts:
        return []
    chosen: list[_Choice] = []
    texts: set[str] = set()
    for candidate in ranked:
        if _score(candidate) < SECOND_QUOTE * _score(ranked[0]):
            break
        choice = _quote(question, candidate)
        text = candidate.passage.text[
            choice.start - candidate.passage.start : choice.end - candidate.passage.start
        ]
        if text not in texts:
            texts.add(text)
            chosen.append(choice)
        if len(chosen) == most:
            break
    return chosen


def _score(candidate: Candidate) -> float:
    return candidate.cosine + candidate.coverage


def _of_role(candidates: Iterable[Candidate], role: Role | None) -> list[Candidate]:
    """Leave out what stands under the opposite heading: praise for advice, advice for praise."""
    against: tuple[Role, ...] = ()
    if role == "strength":
        against = ("consideration", "recommendation")
    elif role == "recommendation":
        against = ("strength",)
    return [c for c in candidates if c.passage.role not in against]


def _quote(question: Question, candidate: Candidate) -> _Choice:
    """The sentence that expresses most of the question, with the one before it if it needs it."""
    passage = candidate.passage
    spans = sentence_spans(passage.text) or [(0, len(passage.text))]

    def telling(i: int) -> float:
        sentence = passage.text[slice(*spans[i])]
        score = question.coverage(frozenset(stems(sentence)))
        if question.understood.role == "recommendation" and _ADVISING.search(sentence):
            score += 0.1
        return score

    best = max(range(len(spans)), key=lambda i: (telling(i), -i))
    first = best
    if first > 0 and _ANAPHORA.match(passage.text[spans[first][0] :]):
        first -= 1
    start, end = spans[first][0], spans[best][1]
    return _Choice(candidate, passage.start + start, passage.start + end, _score(candidate))


# --- in words -------------------------------------------------------------------------------


def _citation(info: ReportInfo, choice: _Choice, n: int) -> Citation:
    passage = choice.candidate.passage
    quote = passage.text[choice.start - passage.start : choice.end - passage.start]
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
        quote=quote,
        passage=passage.text,
        start=choice.start,
        end=choice.end,
        score=round(choice.score, 4),
        place=place_in_words(info, passage),
    )


def _met(question: Question, passage: Passage) -> list[str]:
    present = frozenset([*stems(passage.text), *stems(" ".join([*passage.section, passage.lead]))])
    return [c.name for c in question.concepts if c.strength(present) > 0]


def _why_evidence(question: Question, choice: _Choice) -> str:
    names = _met(question, choice.candidate.passage)
    return f"speaks of {_listed(names)}" if names else "is close in meaning to the question"


def _why_silent(question: Question, candidates: tuple[Candidate, ...]) -> str:
    wanted = [c.name for c in question.concepts]
    best = max(candidates, key=_score, default=None)
    met = _met(question, best.passage) if best else []
    if not wanted:
        return "the question names nothing to look for"
    if not met:
        return f"looked for {_listed(wanted)}: none of it is mentioned near the question's meaning"
    missing = [name for name in wanted if name not in met]
    if not missing:
        return f"mentions {_listed(met)}, but nothing close to what is asked"
    return f"mentions {_listed(met)}, but not together with {_listed(missing)}"


def _why_refused(question: Question, coverage: list[Coverage]) -> str:
    if not coverage:
        return "The shelf is empty. Add reports with: rag add PATH"
    wanted = [c.name for c in question.concepts]
    asked = [c for c in coverage if c.status != "not asked"]
    if not wanted:
        return "The question names nothing to look for. Name a topic, for example: direct payments."
    searched = "the report" if len(asked) == 1 else f"the {len(asked)} reports"
    return f"Nothing in {searched} searched answers this. Looked for: {_listed(wanted)}."


def _summary(coverage: list[Coverage]) -> str:
    speaking = sum(c.status == "evidence" for c in coverage)
    asked = sum(c.status != "not asked" for c in coverage)
    left_out = len(coverage) - asked
    speak, do = _plural(speaking, "speaks", "speak"), _plural(asked - speaking, "does", "do")
    text = f"Searched {asked} {_plural(asked, 'report')}: {speaking} {speak} of it"
    text += f", {asked - speaking} {do} not."
    if left_out:
        text += f" {left_out} {_plural(left_out, 'was', 'were')} not asked."
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
    for short, long in question.understood.expansions:
        lines.append(f"{short} was also looked for as {long}.")
    numbered = {c.n: c for c in citations}
    for row in coverage:
        if row.status == "evidence":
            lines += ["", report_name(row.council, row.date, row.report)]
            for n in row.citations:
                citation = numbered[n]
                lines.append(f"“{citation.quote}” [{n}: {citation.place}]")
    silent = [row for row in coverage if row.status == "no mention"]
    if silent:
        lines += ["", "No mention found:"]
        for row in silent:
            name = report_name(row.council, row.date, row.report)
            lines.append(f"- {name}: {row.reason}")
    return "\n".join(lines)
