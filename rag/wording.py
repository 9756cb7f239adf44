"""What an answer says besides its quotes: reasons, summary, refusal, and the whole as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rag.kinds import KIND_NAMES, holds
from rag.places import report_name
from rag.question import Question
from rag.records import Answer, Citation, Coverage, Passage, Sentence, Written
from rag.terms import Said, stems

_MOST_NAMED = 12
"""Reports named when a refusal says what the shelf holds."""
TOGETHER = "Taken together"
"""Heading of what a language model wrote on several reports."""
CHECKED = "Every sentence was checked against the quotes that it cites."
OWN_WORDS = "The answer in the reports’ own words"


def _met(question: Question, passage: Passage) -> list[str]:
    said = Said.of([*stems(passage.text), *stems(" ".join([*passage.section, passage.lead]))])
    return [c.name for c in question.concepts if c.strength(said) > 0]


def why_evidence(question: Question, passage: Passage) -> str:
    names = _met(question, passage)
    return f"speaks of {listed(names)}" if names else "is close in meaning to the question"


def why_silent(question: Question, passages: Sequence[Passage]) -> str:
    wanted = [c.name for c in question.concepts]
    met = max((_met(question, p) for p in passages), key=len, default=[])
    if not wanted:
        return "the question names nothing to look for"
    if not met:
        return f"nothing on {listed(wanted)}"
    missing = [name for name in wanted if name not in met]
    kind = question.understood.wants
    if kind is not None and not missing and not any(holds(p.text, kind) for p in passages):
        return f"mentions {listed(met)}, but gives no {KIND_NAMES[kind]}"
    if not missing:
        return f"mentions {listed(met)}, but not in the sense of the question"
    return f"mentions {listed(met)}, but not together with {listed(missing)}"


def why_refused(question: Question, coverage: list[Coverage]) -> str:
    if not coverage:
        return "The shelf is empty. Add reports with: rag add PATH"
    asked = [c for c in coverage if c.status != "not asked"]
    if not asked:
        return _why_none_asked(question, coverage)
    wanted = [c.name for c in question.concepts]
    if not wanted:
        return "The question names nothing to look for. Name a topic, for example: direct payments."
    searched = "the report" if len(asked) == 1 else f"the {len(asked)} reports"
    kind = question.understood.wants
    looked = f"{listed(wanted)}, with a {KIND_NAMES[kind]}" if kind else listed(wanted)
    return f"Nothing in {searched} searched answers this. Looked for: {looked}."


def _why_none_asked(question: Question, coverage: list[Coverage]) -> str:
    understood = question.understood
    about = understood.councils or understood.absent
    what = f" about {listed(list(about))}" if about else ""
    when = f" of {listed(list(understood.years))}" if understood.councils else ""
    shelf = "; ".join(report_name(c.council, c.date, c.report) for c in coverage[:_MOST_NAMED])
    more = len(coverage) - _MOST_NAMED
    shelf += f" and {more} more" if more > 0 else ""
    return f"There is no report{when}{what} on this shelf. It holds: {shelf}."


def summary(question: Question, coverage: list[Coverage]) -> str:
    speaking = sum(c.status == "evidence" for c in coverage)
    asked = sum(c.status != "not asked" for c in coverage)
    left_out = len(coverage) - asked
    speak, do = _plural(speaking, "speaks", "speak"), _plural(asked - speaking, "does", "do")
    text = f"Searched {asked} {_plural(asked, 'report')}: {speaking} {speak} of it"
    text += f", {asked - speaking} {do} not."
    if left_out:
        text += f" {left_out} {_plural(left_out, 'was', 'were')} not asked."
    if question.understood.absent:
        text += f" There is no report about {listed(list(question.understood.absent))}."
    return text


def _plural(count: int, one: str, many: str | None = None) -> str:
    return one if count == 1 else many or f"{one}s"


def listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def as_text(
    reason: str,
    coverage: list[Coverage],
    citations: Sequence[Citation],
    closest: Sequence[Citation],
    question: Question,
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
        lines += [f"  Nearly the same: {place}" for place in c.also]
    if closest:
        lines += ["", "Closest, though not an answer:"]
        lines += [f"“{c.quote}” [{c.place}]" for c in closest]
    if closest or (coverage and not citations):
        lines += ["", f"The shelf covers: {_titles(coverage)}."]
    silent = [row for row in coverage if row.status == "no mention"]
    if silent:
        lines += ["", "No mention found:"]
        for row in silent:
            name = report_name(row.council, row.date, row.report)
            lines.append(f"- {name}: {row.reason}")
    return "\n".join(lines)


def written_by_report(found: Answer) -> list[tuple[str, tuple[Sentence, ...]]]:
    """What a language model wrote, under the name of each report; what joins several comes first.

    Reports stand in the order of the citations.
    """
    if found.written is None:
        return []
    names = {row.report: report_name(row.council, row.date, row.report) for row in found.coverage}
    groups: dict[str | None, list[Sentence]] = {}
    for sentence in found.written.sentences:
        groups.setdefault(sentence.report, []).append(sentence)
    return [
        (TOGETHER if report is None else names.get(report, report), tuple(said))
        for report, said in groups.items()
    ]


def as_written(found: Answer, *, show_failed: bool = False) -> str:
    """What a language model wrote, as plain text to stand before the answer; empty if nothing."""
    written = found.written
    if written is None:
        return ""
    if written.note:
        return f"{written.note} This is the answer without it.\n\n"
    lines = [f"Written by {written.model}. {CHECKED}"]
    for name, said in written_by_report(found):
        shown = [s for s in said if s.kept or show_failed]
        lines += ["", name] if shown else []
        lines += [_as_line(sentence) for sentence in shown]
    if written.failed and not show_failed:
        lines += ["", f"{left_out(written)}."]
    lines += [f"{withheld(n)}." for n in written.withheld]
    return "\n".join([*lines, "", OWN_WORDS, "", ""])


def _as_line(sentence: Sentence) -> str:
    marks = "".join(f" [{n}]" for n in sentence.citations)
    if not sentence.kept:
        return f"(failed: {sentence.reason}) {sentence.text}{marks}"
    if sentence.by == "report":
        return f"“{sentence.text}”{marks} (the report’s own words)"
    return f"{sentence.text}{marks}"


def left_out(written: Written) -> str:
    """How many sentences failed, in words."""
    count = len(written.failed)
    were = _plural(count, "was", "were")
    return f"{count} {_plural(count, 'sentence')} failed the checks and {were} left out"


def withheld(n: int) -> str:
    """Why a quote was not handed to a language model."""
    return f"Quote [{n}] was not handed over: its report seems to give orders to programs"


def _titles(coverage: Sequence[Coverage]) -> str:
    """The titles on the shelf, the commonest first, with how often each occurs."""
    written = {(row.title or row.report).lower(): row.title or row.report for row in coverage}
    found = Counter((row.title or row.report).lower() for row in coverage).most_common()
    counts = [(written[title], count) for title, count in found]
    named = [f"{title} ({count})" if count > 1 else title for title, count in counts[:_MOST_NAMED]]
    more = len(counts) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")
