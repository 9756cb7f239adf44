"""The checks that a sentence of a language model must pass before it is part of an answer.

The model writes, this decides. The checks go from the plainest to the dearest and the first that
fails gives the reason: the sentence is whole and holds no link; it cites quotes that it was given;
the councils that it names are those that it cites, and it says nothing of "all" that is not true
of all; its numbers, dates and names stand in the cited quotes; the quotes support it. What counts
and names mean to each other inside one quote is left to the last check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rag.acronyms import find_acronyms
from rag.briefing import Evidence
from rag.councils import PLACES, place_of, places_named
from rag.dates import date_in_words
from rag.dictation import Dictated, without_label
from rag.figures import dates, figures, years
from rag.names import strange_names
from rag.records import Citation, Sentence
from rag.support import SUPPORTED, support, why_unsupported
from rag.vocabulary import sector_acronyms

_LINK = re.compile(
    r"https?:|www\.|\b[a-z0-9-]+\.(?:com|org|net|info|io|co|uk|eu|example)\b|!\[|\]\(|<[a-z/!]"
    r"|&[a-z#]\w*;|\bjavascript:|data:\w+/",
    re.IGNORECASE,
)
_SPEAKERS = r"(?:councils?|authorit(?:y|ies)|reports?|reviews?|peer reviews?|areas?)"
_NUMBER = r"\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_COUNTED = re.compile(
    rf"\b(?P<n>{_NUMBER})(?: of the (?P<of>{_NUMBER}))?(?: \w+)? {_SPEAKERS}\b", re.IGNORECASE
)
_BOTH = re.compile(rf"\bboth(?: of)?(?: the)?(?: \w+)? {_SPEAKERS}\b|\bboth\b(?=.*\band\b)", re.I)
_EVERY = re.compile(
    rf"\b(?:all|every|each|most|none|no(?: other)?|only)(?: of)?(?: the)?(?: \w+)? {_SPEAKERS}\b"
    r"|^(?:all|none|most|each) (?:of them )?(?:have|has|are|is|report|say|show|do|does)\b"
    r"|\bthey all\b|^only\b|\bthe only (?:one|place)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks sentences against the evidence of one answer."""

    evidence: Evidence

    def check(self, said: Dictated, report: str | None, marks: Sequence[int]) -> Sentence:
        """One sentence about one report, or about several, with the verdict.

        ``marks`` are those that stood in the prompt.
        """
        cited = self.cited(said, marks)
        reason = next(self._faults(said, report, marks, cited), "")
        numbers = tuple(c.n for c in cited)
        return Sentence(said.text, numbers, report, kept=not reason, reason=reason)

    def cited(self, said: Dictated, marks: Sequence[int]) -> list[Citation]:
        """The citations whose marks a sentence bears, of those that stood in the prompt."""
        return [self.evidence.by_mark[m] for m in said.marks if m in marks]

    def _faults(
        self, said: Dictated, report: str | None, marks: Sequence[int], cited: Sequence[Citation]
    ) -> Iterator[str]:
        text = said.text
        if not said.whole:
            yield "it breaks off"
        if _LINK.search(text):
            yield "it holds a link or markup"
        if not said.marks:
            yield "it cites nothing"
        if any(mark not in marks for mark in said.marks):
            yield "it cites a quote that was not given"
        yield from self.unsupported(text, report, cited)

    def unsupported(
        self, text: str, report: str | None, cited: Sequence[Citation]
    ) -> Iterator[str]:
        """Reasons why citations do not bear a sentence out, the plainest first; none if they do."""
        yield from _wrong_council(text, report, cited)
        yield from self._wrong_count(text, report, cited)
        quotes = [c.quote for c in cited]
        yield from _strange_figures(text, quotes, cited)
        strange = strange_names(text, [*quotes, *map(_described, cited)], self._short_forms(quotes))
        if strange:
            yield f"“{strange[0]}” does not stand in the quote"
        told = without_label(text, self.evidence.names)
        if support(told, quotes) < SUPPORTED:
            yield why_unsupported(told, quotes)

    def _wrong_count(
        self, text: str, report: str | None, cited: Sequence[Citation]
    ) -> Iterator[str]:
        """A sentence on several reports that counts them must count right."""
        if report is not None:
            return
        if _EVERY.search(text):
            yield "it speaks for all reports, or for none, which no quote can show"
        right = {len({c.report for c in cited}), len({c.council for c in cited})}
        of = self.evidence.asked
        for match in _COUNTED.finditer(text):
            if _count(match["n"]) not in right or (match["of"] and _count(match["of"]) not in of):
                yield f"“{match.group()}” is not the number that it cites"
        if _BOTH.search(text) and 2 not in right:
            yield "it says “both”, but does not cite two"

    def _short_forms(self, quotes: Sequence[str]) -> list[tuple[str, str]]:
        defined = [pair for quote in quotes for pair in find_acronyms(quote)]
        expansions = self.evidence.answer.understood.expansions
        return [*expansions, *defined, *sector_acronyms()]


def _count(text: str) -> Decimal:
    return figures(text)[0].value


def _wrong_council(text: str, report: str | None, cited: Sequence[Citation]) -> Iterator[str]:
    """The places that a sentence names must be those that it cites, and the other way round."""
    own = {place_of(c.council): c for c in cited if c.council}
    named = places_named(text, tuple(dict.fromkeys([*own, *PLACES])))
    for place in named:
        if place not in own and not places_named(" ".join(c.quote for c in cited), [place]):
            yield f"it names {place}, but cites no quote about it"
    absent = [place for place in own if place not in named]
    if named and absent:
        yield f"it names {named[0]}, but cites a quote about {absent[0]}"
    if report is None and len(own) == 1 and not named:
        yield "it does not name the council that it cites"


def _strange_figures(text: str, quotes: Sequence[str], cited: Sequence[Citation]) -> Iterator[str]:
    """Numbers and dates that stand neither in the cited quotes nor are the date of their report."""
    of_report = [date_in_words(c.date) for c in cited if c.date]
    its_years = [year for told in of_report for year in years(told)]
    held = {figure.key for told in [*quotes, *its_years] for figure in figures(told)}
    counted = {n.lower() for match in _COUNTED.finditer(text) for n in match.groups() if n}
    told = [date for quote in [*quotes, *of_report] for date in dates(quote)]
    for date in dates(text):
        if not any(date.within(other) for other in told):
            yield f"“{date.text}” does not stand in the quote"
    for figure in figures(text):
        if figure.key not in held and figure.text.lower() not in counted:
            yield f"“{figure.text}” does not stand in the quote"


def _described(citation: Citation) -> str:
    """What is known of a cited report besides its words."""
    known = (citation.council, citation.title, date_in_words(citation.date))
    return " ".join(part for part in known if part)
