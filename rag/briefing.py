"""What a language model is given: the question and the quotes, within its tokens.

Only evidence leaves: the question, the quotes of the answer, and the name and date of the report
that each stands in. Each quote has a mark of three or four digits that follows from all quotes
together, so that no report can hold the mark of another's quote, and that is no number of theirs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rag.dates import date_in_words
from rag.languagemodel import Message
from rag.orders import gives_orders, plain
from rag.prompts import COMPARISON, COMPARISON_QUESTION, DECIDED, REPORT, REPORT_QUESTION
from rag.records import Answer, Citation, Coverage, Sentence
from rag.sentences import sentence_spans
from rag.terms import stems
from rag.tokens import count_tokens

_MARGIN = 1.35
"""Tokens of another model for each of tiktoken's cl100k: SmolLM2 takes 1.2 on our quotes."""
_AROUND_MESSAGES = 60
"""Tokens that a model's template puts around two messages."""
_FEW_MARKS = 400
"""More citations than this get marks of four digits."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is said to a model in one call."""

    messages: Sequence[Message]
    marks: Sequence[int]
    """The marks that stand in it, and that may be cited."""
    findings: Sequence[Sentence] = ()
    """For a comparison: the sentences that it compares."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The citations of an answer as a model may see them."""

    answer: Answer
    by_mark: Mapping[int, Citation]
    """Those that are handed over."""
    withheld: tuple[int, ...]
    """Numbers of those that are not, because their report gives orders to programs."""
    names: tuple[str, ...]
    """What the reports that speak are called in the prompts."""
    stems_of_names: frozenset[str]
    asked: frozenset[int]
    """How many reports were asked, and how many councils these are about."""
    _marks: Mapping[int, int] = field(repr=False)
    """Mark by number of the citation."""
    _of: Mapping[str, Sequence[Citation]] = field(repr=False)
    """Those that are handed over, by report."""

    def mark(self, n: int) -> int:
        """The mark of a citation."""
        return self._marks[n]

    def cited(self, n: int) -> Citation:
        """The citation with a number that is handed over."""
        return self.by_mark[self._marks[n]]

    def of(self, report: str) -> Sequence[Citation]:
        """The citations of one report that are handed over, in order."""
        return self._of.get(report, ())


def evidence_of(answer: Answer) -> Evidence:
    """The citations of an answer with their marks: the same answer has the same marks."""
    withheld = _with_orders(answer.citations)
    kept_back = frozenset(withheld)
    handed = [c for c in answer.citations if c.n not in kept_back]
    marks = dict(zip((c.n for c in handed), _marks(answer.question, handed), strict=True))
    speaking = [row for row in answer.coverage if row.status == "evidence"]
    names = [name for row in speaking for name in (report_title(row), row.council) if name]
    said = frozenset(stem for name in names for stem in stems(name))
    by_mark = {marks[c.n]: c for c in handed}
    of: dict[str, list[Citation]] = {}
    for citation in handed:
        of.setdefault(citation.report, []).append(citation)
    councils = [row.council for row in answer.coverage if row.status != "not asked"]
    asked = frozenset({len(councils), len(set(councils))})
    return Evidence(answer, by_mark, withheld, tuple(names), said, asked, marks, of)


def _with_orders(cited: Sequence[Citation]) -> tuple[int, ...]:
    """Numbers of the quotes of reports that give orders to programs, in one quote or across two.

    All quotes of such a report are withheld: not every order in it can be recognised.
    """
    found = {c.report for c in cited if gives_orders(c.passage)}
    told = sorted(cited, key=lambda c: (c.report, c.start))
    for one, following in pairwise(told):
        if one.report == following.report and gives_orders(f"{one.quote} {following.quote}"):
            found.add(one.report)
    return tuple(c.n for c in cited if c.report in found)


def _marks(question: str, cited: Sequence[Citation]) -> list[int]:
    said = "\n".join([question, *(c.quote for c in cited)])
    few = len(cited) <= _FEW_MARKS
    digits, seed = (3, said) if few else (4, hashlib.sha256(said.encode()).hexdigest())
    taken = {int(n) for n in re.findall(r"\d{1,6}", said)}
    free = [n for n in range(10 ** (digits - 1), 10**digits) if n not in taken]
    return sorted(free, key=lambda n: hashlib.sha256(f"{n}\n{seed}".encode()).digest())[
        : len(cited)
    ]


def about_report(evidence: Evidence, row: Coverage, tokens: int) -> Prompt:
    """The prompt for one report within so many tokens, and the marks in it.

    Quotes go in by rank, each cut at a sentence's end where it must be; the first always goes in.
    """
    filled = {
        "question": evidence.answer.question,
        "council": _called(row),
        "date": date_in_words(row.date),
    }

    def prompt(lines: Sequence[str], marks: Sequence[int]) -> list[Message]:
        said = REPORT_QUESTION.format(**filled, quotes="\n".join(lines), mark=marks[0])
        return [("system", REPORT), ("user", said)]

    lines: list[str] = []
    marks: list[int] = []
    room: float | None = None
    for citation in evidence.of(row.report):
        mark = evidence.mark(citation.n)
        if room is None:
            room = tokens - _needed(prompt([""], [mark]))
        quote = _cut(plain(citation.quote), int(room / _MARGIN) - 12, at_least=not lines)
        if quote:
            lines.append(f"[{mark}] {quote}")
            marks.append(mark)
            room -= (count_tokens(lines[-1]) + 1) * _MARGIN
    return Prompt(prompt(lines, marks), marks)


def _cut(text: str, tokens: int, *, at_least: bool) -> str:
    """As many sentences of a text as fit; the first one's beginning if nothing else may go."""
    if count_tokens(text) <= tokens:
        return text
    ends = [end for _, end in sentence_spans(text) if count_tokens(text[:end]) <= tokens]
    if ends:
        return text[: ends[-1]]
    return text[: 3 * max(tokens, 20)].rsplit(" ", 1)[0] if at_least else ""


def comparisons(
    evidence: Evidence, findings: Sequence[Sequence[Sentence]], tokens: int
) -> list[Prompt]:
    """The prompts that join findings: one where all fit, else several.

    ``findings`` holds the kept sentences of each report. Every report's first sentence goes into
    one of the prompts; into a single one also second and third sentences, while there is room.
    """
    told = {said[0].report for said in findings}
    names = {
        row.report: report_title(row) for row in evidence.answer.coverage if row.report in told
    }
    lines: dict[int, str] = {}

    def line(said: Sentence) -> str:
        if id(said) not in lines:
            lines[id(said)] = _finding(evidence, said, names.get(said.report or ""))
        return lines[id(said)]

    def cost(said: Sentence) -> float:
        return (count_tokens(line(said)) + 1) * _MARGIN

    room = tokens - _needed(_comparing(evidence.answer, [], ["[0000]", "[0000]"]))
    groups: list[list[Sentence]] = [[]]
    left = float(room)
    for first, *_ in findings:
        if groups[-1] and cost(first) > left:
            groups.append([])
            left = room
        groups[-1].append(first)
        left -= cost(first)
    if len(groups) == 1:
        for extra in [s for rank in (1, 2) for said in findings for s in said[rank : rank + 1]]:
            if cost(extra) <= left:
                groups[0].append(extra)
                left -= cost(extra)
    order = {id(s): n for n, s in enumerate(s for said in findings for s in said)}
    found = []
    for group in groups:
        group.sort(key=lambda s: order[id(s)])
        marks = [evidence.mark(n) for s in group for n in s.citations]
        shown = [f"[{evidence.mark(s.citations[0])}]" for s in group[:2]]
        messages = _comparing(evidence.answer, list(map(line, group)), shown)
        found.append(Prompt(messages, marks, group))
    return found


def _comparing(answer: Answer, lines: Sequence[str], marks: Sequence[str]) -> list[Message]:
    said = COMPARISON_QUESTION.format(
        question=answer.question,
        decided=_decided(answer),
        findings="\n".join(lines),
        marks="".join(marks),
    )
    return [("system", COMPARISON), ("user", said)]


def _finding(evidence: Evidence, said: Sentence, name: str | None) -> str:
    marks = "".join(f"[{evidence.mark(n)}]" for n in said.citations)
    return f"{name}: {plain(said.text)} {marks}" if name else f"{plain(said.text)} {marks}"


def report_title(row: Coverage) -> str:
    """A report as prompts name it."""
    return f"{_called(row)}, {date_in_words(row.date)}"


def _called(row: Coverage) -> str:
    """Council, else title, else id; what gives orders is no name."""
    names = (plain(name) for name in (row.council, row.title, row.report) if name)
    return next((name for name in names if not gives_orders(name)), "this report")


def _decided(answer: Answer) -> str:
    asked = [row for row in answer.coverage if row.status != "not asked"]
    speaking = sum(row.status == "evidence" for row in asked)
    return DECIDED.format(asked=len(asked), speaking=speaking)


def _needed(messages: Sequence[Message]) -> int:
    """Tokens that a prompt takes, with a margin for models that count otherwise."""
    return int(sum(count_tokens(text) for _, text in messages) * _MARGIN) + _AROUND_MESSAGES
