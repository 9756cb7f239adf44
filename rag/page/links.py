"""Addresses of passages on the page: the same for ever, and told when the report has changed.

A link names the report, the quote's place in its text and a digest of the quote, so that a link
kept in a document never opens other words than those that were quoted.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlencode

from rag.records import Citation

READ = "/read"
PICTURE = "/picture"


def digest_of(text: str) -> str:
    """Eight hexadecimal digits that tell whether a quote still stands where it stood."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def read_link(citation: Citation) -> str:
    """Address, from the root of the site, of a citation in its surroundings."""
    return link_to(citation.report, citation.start, citation.end, digest_of(citation.quote))


def link_to(report: str, start: int, end: int, digest: str, base: str = READ) -> str:
    """Address of a stretch of a report's text."""
    return (
        f"{base}/{quote(report, safe='')}?{urlencode({'start': start, 'end': end, 'of': digest})}"
    )
