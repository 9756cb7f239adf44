"""Links to sources at the right place, and to passages that say when their words have gone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from made_answers import answer_of, report

from rag.assistant import Assistant
from rag.page.examples import examples
from rag.page.links import digest_of, read_link
from rag.page.reader import source_link
from rag.records import Form, ReportInfo

QUOTE = "Trams run at night – most of them; buses well-nigh never do, as we heard."


def info(source: str | None, form: Form = "full") -> ReportInfo:
    return ReportInfo("r", "T", "C", "2022", None, None, source, form, 1, 2)


@pytest.mark.parametrize(
    ("source", "form", "page", "link"),
    [
        (None, "full", 7, None),
        ("ftp://example.org/r.pdf", "full", 7, None),
        ("javascript:alert(1)", "full", None, None),
        ("https://example.org/r.pdf", "full", 7, "https://example.org/r.pdf#page=7"),
        ("https://example.org/R.PDF?v=2", "full", 7, "https://example.org/R.PDF?v=2#page=7"),
        ("https://example.org/r.pdf", "full", None, "https://example.org/r.pdf"),
        ("https://example.org/r.pdf", "brief", 7, "https://example.org/r.pdf"),
        ("https://example.org/r#top", "full", None, "https://example.org/r#top"),
    ],
)
def test_a_source_opens_at_its_page_where_there_is_one(
    source: str | None, form: Form, page: int | None, link: str | None
) -> None:
    assert source_link(info(source, form), QUOTE, page) == link


def test_a_web_page_opens_at_the_first_words_of_the_quote() -> None:
    link = source_link(info("https://example.org/r"), QUOTE, None)
    assert link is not None
    start, words = link.split("#:~:text=")
    assert start == "https://example.org/r"
    assert words == "Trams%20run%20at%20night%20%E2%80%93%20most%20of%20them%3B"
    hyphened = source_link(info("https://example.org/r"), "well-nigh never", None)
    assert hyphened is not None
    assert hyphened.endswith("well%2Dnigh%20never")


def test_the_link_to_a_passage_names_its_place_and_its_words() -> None:
    (cited,) = answer_of(report("Sefton Council", "2022", QUOTE, id="sefton 2022/é")).citations
    link = urlsplit(read_link(cited))
    assert link.path == "/read/sefton%202022%2F%C3%A9"
    assert parse_qs(link.query) == {
        "start": [str(cited.start)],
        "end": [str(cited.end)],
        "of": [digest_of(QUOTE)],
    }


def test_examples_are_answered_and_the_same_every_time(brief_shelf: Assistant) -> None:
    made = examples(brief_shelf, most=2)
    assert len(made) == 2
    assert made == examples(brief_shelf, most=2)
    assert not any(brief_shelf.ask(question).refused for question in made)
