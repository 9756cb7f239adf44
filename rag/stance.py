"""Praise and advice in reports: which texts fit a question that asks for one of them.

A heading decides where it tells ("Strengths", "For consideration"); elsewhere the wording does.
Leaving this out costs: see evals/LOG.md.
"""

from __future__ import annotations

import re

from rag.records import Role

_PRAISES = re.compile(
    r"""\b(?:good | strong(?:ly)? | impress\w* | positive(?:ly)? | excellent | outstanding | well
    | welcome[ds]? | pleased | commend\w* | effective | robust | asset | clear | great | best
    | innovative | success\w* | passionate | valued? | improv(?:ed|ing) | proud | exemplar
    | strengths? | leading | thriving | praise\w* | supportive)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ADVISES = re.compile(
    r"""\b(?:recommend\w* | suggest\w* | consider(?!ed|able|ably)\w* | should | (?:may|might)\ wish
    | needs?\ to | need\ for | (?:would|could)\ benefit | advise\w* | would\ like\ to\ see
    | helpful | important\ to | must | opportunity\ to)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ADVICE_ROLES: tuple[Role, ...] = ("consideration", "recommendation")


def fits(text: str, heading: Role | None, role: Role | None) -> bool:
    """True when a text under a heading holds what is asked for: any, praise, or advice."""
    if role == "strength":
        return heading == "strength" or (
            heading not in _ADVICE_ROLES and bool(_PRAISES.search(text))
        )
    if role == "recommendation":
        return heading in _ADVICE_ROLES or (heading != "strength" and bool(_ADVISES.search(text)))
    return True
