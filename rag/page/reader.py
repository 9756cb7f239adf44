"""One quote in its surroundings, as a page of its own or as the pane beside the answer.

A PDF's page is shown as a picture with the quote marked, where its file is at hand. A link to the
source leads to the page of a PDF, and to the words themselves of a web page.
"""

from __future__ import annotations

from urllib.parse import quote as quoted
from urllib.parse import urlsplit

from rag.dates import date_in_words
from rag.errors import RagError
from rag.page.links import PICTURE, READ, digest_of, link_to
from rag.places import report_name
from rag.records import ReportInfo, Surroundings
from rag.rendering import Markup, render

_FIRST_WORDS = 8
"""Words of the quote that a browser looks for in a web page."""


def passage_page(around: Surroundings, *, picture: bool, page: int | None) -> Markup:
    """A whole page for one quote, to be opened and bookmarked by itself."""
    name = report_name(around.info.council, around.info.date, around.report)
    passage = _passage(around, "h1", picture=picture, page=page)
    return render("alone.html", title=name, main=passage)


def gone(error: RagError, *, alone: bool) -> Markup:
    """Told instead, when a link's report or words are no longer on the shelf."""
    told = render("gone.html", error=error)
    return render("alone.html", title="Not there", main=told) if alone else told


def passage_pane(around: Surroundings, *, picture: bool, page: int | None) -> Markup:
    """The quote in its surroundings; ``page`` is the page of the PDF file, from 1, if known."""
    return _passage(around, "h2", picture=picture, page=page)


def _passage(around: Surroundings, heading: str, *, picture: bool, page: int | None) -> Markup:
    info = around.info
    passage = around.passage
    quote = around.quote
    return render(
        "passage.html",
        around=around,
        heading=heading,
        info=info,
        name=report_name(info.council, info.date, info.report),
        date=date_in_words(info.date),
        before_quote=passage[: around.quote_start],
        quote=quote,
        after_quote=passage[around.quote_end :],
        previous=_step(around, around.previous),
        following=_step(around, around.next),
        here=_here(around, READ),
        picture=_here(around, PICTURE) if picture else None,
        page=page,
        source=source_link(info, quote, page),
    )


def _step(around: Surroundings, span: tuple[int, int] | None) -> str | None:
    """Address of a neighbouring passage; it is not a quote, so it carries no digest."""
    return None if span is None else link_to(around.report, *span, "")


def _here(around: Surroundings, base: str) -> str:
    """Address of the quote itself, to be read or as a picture."""
    return link_to(around.report, around.start, around.end, digest_of(around.quote), base)


def source_link(info: ReportInfo, quote: str, page: int | None) -> str | None:
    """Where the report is published, at the right place as far as that can be said."""
    source = info.source
    if source is None or urlsplit(source).scheme not in ("http", "https"):
        return None
    if "#" in source or info.form == "brief":
        return source
    if urlsplit(source).path.lower().endswith(".pdf"):
        return f"{source}#page={page}" if page else source
    words = " ".join(quote.split()[:_FIRST_WORDS])
    return f"{source}#:~:text={quoted(words, safe='').replace('-', '%2D')}"
