"""What a web page states of itself: title, date of publication, publisher, address.

Only what the page marks as such is taken; a date of last change is not the report's date.
"""

from __future__ import annotations

import datetime
import re

from rag.reading.labels import is_leftover
from rag.reading.markup import Node
from rag.records import Metadata

_DATES = (
    "article:published_time",
    "dcterms.issued",
    "dcterms.date.issued",
    "dc.date.issued",
    "dcterms.date",
    "dc.date",
    "dcterms.created",
    "citation_publication_date",
)
_PUBLISHERS = ("dcterms.publisher", "dc.publisher", "og:site_name")
_SITE = re.compile(r"\s+[|\-–—:·»]\s+[^|–—·»]{2,60}$")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?!\d)")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_SLASHED = re.compile(r"(\d\d)/(\d\d)/(\d{4})")


def stated_by(root: Node) -> Metadata:
    """Metadata that the page states; None for whatever it does not."""
    named: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property", "") or meta.get("name", "")).strip().lower()
        named.setdefault(name, _joined(meta.get("content", "")))
    dates = (_date(named.get(name, "")) for name in _DATES)
    publishers = (named.get(name) for name in _PUBLISHERS)
    return Metadata(
        title=_title(root, named.get("og:title", "")),
        date=next((date for date in dates if date), None),
        publisher=next((name for name in publishers if name), None),
        source=_address(root, named.get("og:url", "")),
    )


def _title(root: Node, social: str) -> str | None:
    """The only heading of the first level, else what the page calls itself without its site."""
    tops = [_joined("".join(_texts(h))) for h in root.iter("h1")]
    tops = [top for top in tops if not is_leftover(top)]
    if len(tops) == 1:
        return tops[0]
    title = next((_joined("".join(_texts(t))) for t in root.iter("title")), "")
    whole = social or title
    name = _SITE.sub("", whole) or whole
    return None if is_leftover(name) else name


def _texts(node: Node) -> list[str]:
    pieces = [node.text or ""]
    for child in node.iter():
        if child is not node:
            pieces += [child.text or "", child.tail or ""]
    return pieces


def _date(text: str) -> str | None:
    if match := _ISO.match(text):
        parts = match.groups()
    elif match := _SLASHED.fullmatch(text):
        parts = match.groups()[::-1]
    else:
        return text if _MONTH.fullmatch(text) else None
    try:
        return datetime.date(*map(int, parts)).isoformat()
    except ValueError:
        return None


def _address(root: Node, social: str) -> str | None:
    """The address that the page gives as its own, if it is a safe one."""
    links = [link for link in root.iter("link") if link.get("rel", "").lower() == "canonical"]
    for address in (*(link.get("href", "") for link in links), social):
        if re.fullmatch(r"https://[^\s<>\"']{4,500}", address.strip()):
            return address.strip()
    return None


def _joined(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
