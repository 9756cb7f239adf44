"""What an answer says besides its quotes: reasons, summary, refusal, and the whole as text.

Of very many reports without a quote, those that share a reason stand in one line with it; each of
them is still named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rag.kinds import KIND_NAMES, holds
from rag.places import report_name
from rag.question import Question
from rag.records import (
    Answer,
    Citation,
    Coverage,
    Decided,
    Passage,
    Sentence,
    Status,
    Written,
)
from rag.terms import Said, stems

OUTCOMES: dict[Status, str] = {
    "evidence": "Speaks",
    "not read": "Not read closely",
    "no mention": "No mention found",
    "not asked": "Not asked",
}
"""What a report has to say to a question, in words, in the order in which it is told."""
MOST_LISTED = 40
"""Reports without a quote that have a line each; more are told by the reason that they share."""
_MOST_NAMED = 12
"""Reports named when a refusal says what the shelf holds."""
_EVERY_REPORT_READ = Decided()
_LESS = "too little to answer"
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


def why_weak() -> str:
    """Why a report that was not read closely is said to have no mention."""
    return f"mentions some of it, but {_LESS}"


def why_unread(before: int) -> str:
    """Why a report that may speak was not read closely: ``before`` others were, in its place."""
    come = _plural(before, "report comes", "reports come")
    return (
        f"may speak: mentions some of it; not read closely, because {before:,} {come} before it."
        " Name a council or a year to narrow the question"
    )


def decided_in_words(decided: Decided) -> str:
    """How many reports were decided on what; empty where every report was read closely."""
    if not decided.silent + decided.weak + decided.unread:
        return ""
    close, speak = decided.close, decided.speak
    speaking = f"{speak:,} of them {_plural(speak, 'speaks', 'speak')}" if speak else "none speaks"
    parts = (
        (
            decided.silent,
            "holds",
            "hold",
            "none of the words looked for, nor anything near in meaning",
        ),
        (decided.weak, "holds", "hold", f"some of it, but {_LESS}"),
        (close, "was", "were", f"read closely and {speaking}"),
        (decided.unread, "may", "may", "speak, but were not read closely, for others come first"),
    )
    told = [f"{n:,} {_plural(n, one, many)} {what}" for n, one, many, what in parts if n]
    searched = f"{decided.searched:,} {_plural(decided.searched, 'report was', 'reports were')}"
    return f"{searched} searched: {'; '.join(told)}."


def why_refused(
    question: Question, coverage: list[Coverage], decided: Decided = _EVERY_REPORT_READ
) -> str:
    if not coverage:
        return "The shelf is empty. Add reports with: rag add PATH"
    asked = [c for c in coverage if c.status != "not asked"]
    if not asked:
        return _why_none_asked(question, coverage)
    wanted = [c.name for c in question.concepts]
    if not wanted:
        return "The question names nothing to look for. Name a topic, for example: direct payments."
    unread = sum(c.status == "not read" for c in asked)
    searched = "the report" if len(asked) == 1 else f"the {len(asked) - unread:,} reports"
    searched += " decided on" if unread else " searched"
    kind = question.understood.wants
    looked = f"{listed(wanted)}, with a {KIND_NAMES[kind]}" if kind else listed(wanted)
    text = f"Nothing in {searched} answers this. Looked for: {looked}."
    return f"{text} {decided_in_words(decided)}".rstrip()


def _why_none_asked(question: Question, coverage: list[Coverage]) -> str:
    understood = question.understood
    about = understood.councils or understood.absent
    what = f" about {listed(list(about))}" if about else ""
    when = f" of {listed(list(understood.years))}" if understood.councils else ""
    shelf = "; ".join(report_name(c.council, c.date, c.report) for c in coverage[:_MOST_NAMED])
    more = len(coverage) - _MOST_NAMED
    shelf += f" and {more} more" if more > 0 else ""
    return f"There is no report{when}{what} on this shelf. It holds: {shelf}."


def summary(
    question: Question, coverage: list[Coverage], decided: Decided = _EVERY_REPORT_READ
) -> str:
    left_out = sum(c.status == "not asked" for c in coverage)
    text = decided_in_words(decided) or _searched(coverage)
    if left_out:
        text += f" {left_out:,} {_plural(left_out, 'was', 'were')} not asked."
    if question.understood.absent:
        text += f" There is no report about {listed(list(question.understood.absent))}."
    return text


def _searched(coverage: Sequence[Coverage]) -> str:
    counts = Counter(row.status for row in coverage)
    speaking, silent, unread = counts["evidence"], counts["no mention"], counts["not read"]
    asked = speaking + silent + unread
    speak, do = _plural(speaking, "speaks", "speak"), _plural(silent, "does", "do")
    text = f"Searched {asked:,} {_plural(asked, 'report')}: {speaking:,} {speak} of it"
    text += f", {silent:,} {do} not."
    if unread:
        text += f" {unread:,} {_plural(unread, 'was', 'were')} not read closely."
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
    """The answer as plain text: summary, quotes by report, then the reports without a quote."""
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
    for heading, rows in without_quotes(coverage):
        lines += ["", f"{heading}:", *(f"- {name}: {told}" for name, told in listed_rows(rows))]
    return "\n".join(lines)


def without_quotes(coverage: Sequence[Coverage]) -> list[tuple[str, list[Coverage]]]:
    """The reports that were asked and have no quote: those not read closely, and the silent."""
    statuses: tuple[Status, ...] = ("not read", "no mention")
    told = [(s, [row for row in coverage if row.status == s]) for s in statuses]
    return [(OUTCOMES[status], rows) for status, rows in told if rows]


def listed_rows(rows: Sequence[Coverage], most: int = MOST_LISTED) -> list[tuple[str, str]]:
    """Each report's name with its reason; of more than ``most``, each reason with its reports."""
    if len(rows) <= most:
        return [(report_name(row.council, row.date, row.report), row.reason) for row in rows]
    names = dict(zip((row.report for row in rows), names_of(rows), strict=True))
    return [
        (f"{reason} ({len(alike):,} {_plural(len(alike), 'report')})", "; ".join(alike))
        for reason, sharing in by_reason(rows)
        for alike in [[names[row.report] for row in sharing]]
    ]


def by_reason(rows: Iterable[Coverage]) -> list[tuple[str, list[Coverage]]]:
    """Reports by the reason that they share, the commonest first; each in the order given."""
    found: dict[str, list[Coverage]] = {}
    for row in rows:
        found.setdefault(row.reason, []).append(row)
    return sorted(found.items(), key=lambda group: -len(group[1]))


def names_of(rows: Sequence[Coverage]) -> list[str]:
    """What each report is called; with its id where several are called alike."""
    names = [report_name(row.council, row.date, row.report) for row in rows]
    times = Counter(names)
    return [
        f"{name} ({row.report})" if times[name] > 1 else name
        for name, row in zip(names, rows, strict=True)
    ]


def written_by_report(found: Answer) -> list[tuple[str, tuple[Sentence, ...]]]:
    """What a language model wrote, under the name of each report; what joins several comes first.

    Reports stand in the order of the citations.
    """
    if found.written is None:
        return []
    groups: dict[str | None, list[Sentence]] = {}
    for sentence in found.written.sentences:
        groups.setdefault(sentence.report, []).append(sentence)
    names = {
        row.report: report_name(row.council, row.date, row.report)
        for row in found.coverage
        if row.report in groups
    }
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
