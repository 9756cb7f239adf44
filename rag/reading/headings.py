"""What headings mean: their depth in a plain text, and the role they give to what follows."""

from __future__ import annotations

import re

from rag.reading.elements import Element
from rag.records import Role

_STRENGTH = re.compile(
    r"\b(?:strengths?|good practice|what works well|what is working well|achievements?)\b", re.I
)
_CONSIDERATION = re.compile(
    r"\b(?:for consideration|considerations?|areas? (?:for|of) (?:improvement|development)"
    r"|what needs to improve|improvements? needed|opportunities|challenges)\b",
    re.I,
)
_RECOMMENDATION = re.compile(
    r"^(?:\d+[.:]?\s*)?(?:[\w-]+ ){0,2}recommendations?\b|\bactions? (?:required|needed)\b", re.I
)
_CONTEXT = re.compile(
    r"^(?:\d+[.:]?\s*)?(?:background|context|introduction|scope|methodology|immediate next steps"
    r"|next steps|contacts?(?: details)?|appendix|appendices|annex|further information"
    r"|supporting documentation|about this report|acknowledge?ments?)\b",
    re.I,
)
_SELF_ASSESSMENT = re.compile(r"self[- ]assessment", re.I)
_NAMES = re.compile(
    r"^(?:executive summary|summary|brief summary|key (?:messages|findings)|main findings"
    r"|conclusions?|findings|overview|recommendations.*)$",
    re.I,
)
_SUMMARY = re.compile(r"^(?:executive )?summary$", re.I)
_CLAIM = re.compile(r"^[A-Z][\w,' ]{3,70}?(?<!self)(?<!co)(?:\s[-–—]\s?|[-–—]\s)\S", re.A)
_LONGEST_CLAIM = 260


def role_of(section: tuple[str, ...]) -> Role | None:
    """The role that the nearest telling heading gives, or None.

    A heading about a self-assessment tells nothing: under "strengths you identified" stands
    what the council said and what others thought of it.
    """
    if any(_SELF_ASSESSMENT.search(heading) for heading in section):
        return None
    for heading in reversed(section):
        if _CONTEXT.search(heading):
            return "context"
        if _RECOMMENDATION.search(heading):
            return "recommendation"
        if _CONSIDERATION.search(heading):
            return "consideration"
        if _STRENGTH.search(heading):
            return "strength"
    return None


def is_role_heading(text: str) -> bool:
    """True for headings that recur under every theme: "Strengths", "For consideration"."""
    return len(text) <= 90 and bool(_STRENGTH.search(text) or _CONSIDERATION.search(text))


def is_heading_name(text: str) -> bool:
    """True for names that are headings wherever they stand alone on a line."""
    return bool(_NAMES.match(text) or _CONTEXT.match(text)) or is_role_heading(text)


def set_levels(elements: list[Element]) -> None:
    """Give the headings of a plain text their depth, and turn claims into headings.

    Theme 1, role heading (Strengths) 2, a self-assessed claim under it 3. Where there are
    capital headings they stand above indented ones, and those above the rest; the themes
    repeated in an executive summary stand under it; of two headings in a row the first is the
    parent; a run-in title stands under its heading.
    """
    headings = [e for e in elements if e.kind == "heading"]
    capitals = sum(is_capitals(e.text) for e in headings) >= 3
    last_seen = {e.text.rstrip(": ").lower(): i for i, e in enumerate(elements) if e in headings}
    in_summary, in_claims, themed = False, False, False
    previous: Element | None = None
    parent = 0
    for i, element in enumerate(elements):
        if element.kind == "paragraph" and in_claims and _is_claim(element):
            element.kind, element.level, element.label = "heading", 3, None
            previous = element
            continue
        if element.kind != "heading":
            previous = element
            continue
        if element.label is not None:
            element.level = parent + 1
            continue
        repeated = last_seen[element.text.rstrip(": ").lower()] > i
        if is_role_heading(element.text) and themed:
            element.level = 2
            in_claims = bool(_SELF_ASSESSMENT.search(element.text))
        elif in_claims and _CLAIM.match(element.text):
            element.level = 3
        elif capitals:
            element.level = 1 if is_capitals(element.text) else 2 if element.indented else 3
            themed = True
        elif in_summary and repeated:
            element.level = 2
        elif previous is not None and previous.kind == "heading" and previous.level == 1:
            element.level, in_claims = 2, False
        else:
            element.level = 1
            in_summary = bool(_SUMMARY.match(element.text))
            in_claims, themed = False, True
        parent = element.level
        previous = element


def is_capitals(text: str) -> bool:
    """True for headings in capitals; what stands in brackets or answers them does not count."""
    return re.sub(r"\(.*?\)|\?\s.*$", "", text).strip().isupper()


def _is_claim(element: Element) -> bool:
    return (
        element.label is None
        and len(element.text) <= _LONGEST_CLAIM
        and bool(_CLAIM.match(element.text))
    )
