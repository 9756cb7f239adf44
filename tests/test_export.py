"""Laws of what is taken away: the same bytes, every report, every quote, and nothing that acts."""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import docx
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT
from docx.document import Document
from docx.enum.section import WD_ORIENTATION
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from playwright.sync_api import Browser

from rag.assistant import Assistant
from rag.dates import date_in_words
from rag.errors import InputError
from rag.export import FORMATS, MOST_ROWS, Format, Taken, export, file_name, for_clipboard
from rag.records import (
    Answer,
    Citation,
    Coverage,
    Sentence,
    ShelfVersion,
    Status,
    Understood,
    Written,
)
from rag.word import plain
from rag.wording import OUTCOMES

SOFFICE = shutil.which("soffice")
ASKED = "2026-11-22T10:08+00:00"
SHELF = ShelfVersion("0.1.0", 4, 552, "3f2a9c01d4e8")
SOURCE = "https://www.example.gov.uk/reports/(peer)_review~5?a=1&b=*x*#top"
HOSTILE = (
    '=HYPERLINK("https://evil.example","x")',
    "+1+1",
    "-2-2",
    "@SUM(A1)",
    "\t=1+1",
    "\r\n=1+1",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</td></tr></table><a href='javascript:alert(1)'>x</a>",
    "[here](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example>",
    "https://evil.example www.evil.example evil.example mailto:a@evil.example a@evil.example",
    "| a | b |\n| --- | --- |\n# 1\n===\n---\n***\n- x\n1. y\n    code\n```\n~~~\n> z",
    "*a* _b_ **c** ~~d~~ `e` $f$ ^g^ [^1] [x]: y &amp; &#42; \\ \\| \\\\| {{ 7 * 7 }} {% x %}",
    "a\x00b\x01c\x08d\x1be\x7ff\x85g\ud800h\ufffei\uffffj\x0bk\x0cl\u2028m",
    "\u202egnidaer\u202c \u2066x\u2069 \u200fשלום\u200e مرحبا",
    "'; rm -rf ~; echo `id` $(id) \"'\"",
    "--help",
    "  two  spaces  and\u00a0others \u00a0",
    "x" * 10_000,
    "word " * 2_000,
    "]]>&lt;!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
)
TEXTS = st.text(max_size=60) | st.sampled_from(HOSTILE)


def citation(n: int, report: str, quote: str, **other: object) -> Citation:
    made = Citation(
        n=n,
        report=report,
        title="Peer challenge",
        council="Sefton Council",
        date="2022-07",
        form="full",
        source=SOURCE,
        section=("Working with people", "Advice"),
        paragraph="3.10",
        ordinal=2,
        page=4,
        quote=quote,
        passage=quote,
        start=100,
        end=100 + len(quote),
        score=1.0,
        place="Sefton Council, July 2022, “Working with people › Advice”, paragraph 3.10",
    )
    return replace(made, **other)  # type: ignore[arg-type]


def coverage(report: str, *numbers: int, **other: object) -> Coverage:
    status: Status = "evidence" if numbers else "no mention"
    reason = "speaks of backlogs" if numbers else "nothing on backlogs"
    made = Coverage(
        report, f"Review {report}", "Sefton Council", "2022-07", status, reason, numbers
    )
    return replace(made, **other)  # type: ignore[arg-type]


ANSWER = Answer(
    id=None,
    question="how did councils handle DoLS backlogs?",
    refused=False,
    reason="Searched 4 reports: 2 speak of it, 1 does not. 1 was not asked.",
    text="",
    citations=(
        citation(1, "a", "Waits for assessments grew to 12 weeks.", also=("Elsewhere, page 9",)),
        citation(2, "a", "The backlog of “authorisations” is monitored: 3 | 4 are *late*."),
        citation(3, "b", "One quote of another report.", form="brief", paragraph=None),
    ),
    coverage=(
        coverage("a", 1, 2),
        coverage("b", 3, council=None, date=None),
        coverage("c"),
        coverage("d", title=None, status="not asked", reason="left out: of another year"),
    ),
    seconds=0.5,
    understood=Understood(
        terms=("DoLS", "backlogs"),
        expansions=(("DoLS", "Deprivation of Liberty Safeguards"),),
        corrections=(("bakclogs", "backlogs"),),
        councils=("Sefton Council",),
        absent=("Leeds",),
        role="recommendation",
        wants="number",
        kinds=("peer challenge",),
        period="since 2022",
    ),
    without=("years: since 2024",),
    more=True,
)
TAKEN = Taken(ANSWER, ASKED, SHELF)
WRITTEN = Written(
    "scribe",
    "http://127.0.0.1:9/v1",
    (
        Sentence("Waits grow in both.", (1, 3), None, kept=True),
        Sentence("Pigs fly in all.", (1,), None, kept=False, reason="the quotes do not say it"),
        Sentence("Waits are long.", (1, 2), "a", kept=True),
        Sentence("Backlogs are monitored.", (2, 99), "a", kept=True),
        Sentence("One quote of another report.", (3,), "b", kept=True, by="report"),
    ),
    withheld=(2,),
)
WRITTEN_UP = replace(ANSWER, written=WRITTEN)
REFUSED = replace(
    ANSWER,
    refused=True,
    reason="Nothing in the 2 reports searched answers this.",
    citations=(),
    coverage=(coverage("a"), coverage("b")),
    closest=(citation(1, "a", "Potholes were counted."),),
)


def holding(text: str, written: Written | None = None) -> Taken:
    """An answer that holds one text wherever a report or a question can put one."""
    hostile = citation(
        1, text, text, title=text, council=text, section=(text,), paragraph=text, place=text,
        also=(text,), source=text,
    )  # fmt: skip
    answer = replace(
        ANSWER,
        question=text,
        reason=text,
        citations=(hostile,),
        coverage=(coverage(text, 1, title=text, council=text, reason=text), coverage("b")),
        understood=Understood((text,), ((text, text),), ((text, text),), (text,), (text,)),
        without=(text,),
        written=written,
    )
    return Taken(answer, ASKED, SHELF)


def squeezed(text: str) -> str:
    return " ".join(text.split())


# --- reading the formats back ---------------------------------------------------------------


def word_of(taken: Taken) -> Document:
    return docx.Document(io.BytesIO(export(taken, "docx")))


def csv_of(taken: Taken) -> list[dict[str, str]]:
    text = export(taken, "csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


class Page(HTMLParser):
    """The texts of a page by tag, its tags, links and table rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return "".join(data for tag, data in self.texts if tag != "style")


def html_of(taken: Taken) -> Page:
    return Page(export(taken, "html").decode())


def tokens_of(markdown: str) -> list[Token]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return [t for token in parser.parse(markdown) for t in (token, *(token.children or ()))]


def markdown_of(taken: Taken) -> list[Token]:
    return tokens_of(export(taken, "md").decode())


def inlines(tokens: list[Token]) -> list[str]:
    """The text of every paragraph, heading and cell, as it is rendered."""
    found = []
    for token in tokens:
        if token.type == "inline":
            children = token.children or ()
            assert {c.type for c in children} <= {
                *("text", "softbreak", "link_open", "link_close", "strong_open", "strong_close")
            }
            found.append("".join(c.content for c in children))
    return found


def rows_of(taken: Taken, format: Format) -> list[list[str]]:
    """The rows of the table of every report, without the header: report, date, title, outcome."""
    if format == "docx":
        (table,) = word_of(taken).tables
        return [[cell.text for cell in row.cells] for row in table.rows][1:]
    if format == "html":
        return html_of(taken).rows[1:]
    if format == "md":
        tokens = markdown_of(taken)
        first = next(n for n, token in enumerate(tokens) if token.type == "tbody_open")
        cells = inlines(tokens[first:])
        return [cells[n : n + 6] for n in range(0, 6 * len(taken.answer.coverage), 6)]
    names = ("council", "date", "title", "outcome", "why")
    once: dict[str, list[str]] = {}
    for row in csv_of(taken):
        if row["outcome"] in OUTCOMES.values():
            once.setdefault(row["report"], [row[name] for name in names])
    return list(once.values())


def text_of(taken: Taken, format: Format) -> str:
    if format == "docx":
        word = word_of(taken)
        cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(p.text for p in word.paragraphs), *cells])
    if format == "html":
        return html_of(taken).text
    if format == "md":
        tokens = markdown_of(taken)
        return "\n".join([*inlines(tokens), *(t.content for t in tokens if t.type == "fence")])
    return "\n".join(cell for row in csv_of(taken) for cell in row.values())


# --- the laws -------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_answer_gives_the_same_bytes_whatever_the_clock_and_the_hashes(
    format: Format,
) -> None:
    quicker = replace(TAKEN, answer=replace(ANSWER, seconds=0.1))
    assert export(TAKEN, format) == export(quicker, format)
    code = (
        "import sys, hashlib; sys.path[:0] = ['tests']; import test_export as t;"
        f"print(hashlib.sha256(t.export(t.TAKEN, {format!r})).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(digests) == 1


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("answer", [ANSWER, REFUSED], ids=["answered", "refused"])
def test_every_report_on_the_shelf_stands_in_the_table_exactly_once(
    answer: Answer, format: Format
) -> None:
    csv_cells = format == "csv"
    words = [
        [
            c.council or ("" if csv_cells else "Council not known"),
            (c.date or "") if csv_cells else date_in_words(c.date),
            c.title or ("" if csv_cells else c.report),
            OUTCOMES[c.status],
            c.reason,
        ]
        for c in answer.coverage
    ]
    assert [row[:5] for row in rows_of(Taken(answer, ASKED, SHELF), format)] == words


def test_two_reports_that_are_called_alike_are_told_apart() -> None:
    alike = (coverage("a", title="Review"), coverage("b", title="Review"), coverage("c"))
    answer = replace(REFUSED, coverage=alike)
    formats: tuple[Format, ...] = ("docx", "md", "html")
    for format in formats:
        titles = [row[2] for row in rows_of(Taken(answer, ASKED, SHELF), format)]
        assert titles == ["Review (a)", "Review (b)", "Review c"]


MANY = replace(
    ANSWER,
    coverage=(
        *ANSWER.coverage,
        *(coverage(f"n{n}", council=f"Place {n} Council") for n in range(MOST_ROWS)),
        coverage("alike", council="Place 7 Council", reason="mentions backlogs only"),
        coverage("u1", council="Bury Council", status="not read", reason="may speak"),
    ),
)


@pytest.mark.parametrize("format", FORMATS)
def test_of_very_many_reports_each_is_named_once_beside_the_reason_that_it_shares(
    format: Format,
) -> None:
    taken = Taken(MANY, ASKED, SHELF)
    if format == "csv":
        assert [row["report"] for row in csv_of(taken)][-2:] == ["alike", "u1"]
        assert len({row["report"] for row in csv_of(taken)}) == len(MANY.coverage)
        return
    text = squeezed(text_of(taken, format))
    assert "Every report that is quoted" in text
    assert f"No mention found: {MOST_ROWS + 2} reports" in text
    assert (
        f"nothing on backlogs ({MOST_ROWS + 1} reports): Sefton Council, July 2022; Place" in text
    )
    assert "mentions backlogs only (1 report): Place 7 Council, July 2022 (alike)" in text
    assert "Place 7 Council, July 2022 (n7); Place 8 Council" in text
    assert "Not read closely: 1 report may speak (1 report): Bury Council, July 2022" in text
    assert "Not asked: 1 report" in text
    named = [text.count(f"Place {n} Council, July 2022") for n in range(MOST_ROWS)]
    assert named == [2 if n == 7 else 1 for n in range(MOST_ROWS)]


@pytest.mark.parametrize("format", FORMATS)
def test_a_report_that_was_not_read_closely_says_so_in_every_format(format: Format) -> None:
    answer = replace(REFUSED, coverage=(coverage("a", status="not read"), coverage("b")))
    outcomes = [row[3] for row in rows_of(Taken(answer, ASKED, SHELF), format)]
    assert outcomes == ["Not read closely", "No mention found"]


def test_the_clipboard_tells_those_not_read_closely_from_the_silent_and_groups_many() -> None:
    for words in for_clipboard(MANY):
        assert words.index("Not read closely:") < words.index("No mention found:")
        assert words.count("nothing on backlogs") == 1
        assert words.count("Place 8 Council, July 2022") == 1


def test_a_csv_has_one_row_for_each_report_and_quote_and_one_for_a_silent_report() -> None:
    rows = [(row["report"], row["quote number"], row["outcome"]) for row in csv_of(TAKEN)]
    assert rows == [
        ("a", "1", "Speaks"),
        ("a", "2", "Speaks"),
        ("b", "3", "Speaks"),
        ("c", "", "No mention found"),
        ("d", "", "Not asked"),
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_every_quote_stands_word_for_word_with_its_place_and_number(format: Format) -> None:
    text = text_of(TAKEN, format)
    for quoted in ANSWER.citations:
        assert quoted.quote in text
        assert quoted.place in text
        assert format == "csv" or text.count(f"“{quoted.quote}”\N{NO-BREAK SPACE}[{quoted.n}]") == 2
    assert "Elsewhere, page 9" in text
    assert "https://www.example.gov.uk/reports/" in text


@pytest.mark.parametrize("format", FORMATS)
def test_how_the_question_was_read_and_how_to_ask_it_again_stand_in_every_format(
    format: Format,
) -> None:
    text = text_of(TAKEN, format)
    told = (
        ANSWER.question,
        ANSWER.reason,
        "DoLS as Deprivation of Liberty Safeguards",
        "“bakclogs” read as “backlogs”",
        *("Sefton Council", "Leeds", "peer challenge", "since 2022", "number"),
        "what is recommended",
        "every passage that speaks",
        *(SHELF.digest, SHELF.program, "552 passages"),
        "rag ask 'how did councils handle DoLS backlogs?' --without 'years: since 2024' --more",
    )
    assert [words for words in told if words not in text] == []


@pytest.mark.parametrize("format", FORMATS)
def test_what_came_closest_to_a_refused_question_is_marked_as_no_answer(format: Format) -> None:
    taken = Taken(REFUSED, ASKED, SHELF)
    text = text_of(taken, format)
    assert REFUSED.reason in text
    assert "Potholes were counted." in text
    assert "Not an answer" in text
    assert "[1]" not in text
    if format == "csv":
        assert [row["outcome"] for row in csv_of(taken)] == [
            *("No mention found", "No mention found", "Not an answer")
        ]


def test_quotes_from_a_brief_come_with_a_warning_and_others_without() -> None:
    full = replace(ANSWER, citations=tuple(replace(c, form="full") for c in ANSWER.citations))
    assert "digest of the report" in text_of(TAKEN, "md")
    assert "digest of the report" not in text_of(replace(TAKEN, answer=full), "md")


def test_an_empty_shelf_can_be_taken_away_too() -> None:
    empty = replace(REFUSED, coverage=(), closest=(), reason="The shelf is empty.")
    for format in FORMATS:
        assert export(Taken(empty, ASKED, SHELF), format)
    assert "The shelf is empty." in text_of(Taken(empty, ASKED, SHELF), "docx")


@pytest.mark.parametrize("asked", ["", "yesterday", "2026-11-22T10:08", "2026-11-22"])
def test_a_moment_without_a_zone_is_refused(asked: str) -> None:
    with pytest.raises(InputError, match="2026-11-22T10:08"):
        export(replace(TAKEN, asked=asked), "md")


def test_another_format_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="docx, md, csv, html"):
        export(TAKEN, "pdf")  # type: ignore[arg-type]


def test_the_library_for_word_is_loaded_only_when_a_word_document_is_made() -> None:
    code = "import sys, rag.export; sys.path[:0] = ['tests']; print('docx' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"


def test_an_answer_asked_twice_is_the_same_paper(brief_shelf: Assistant) -> None:
    question = "how did councils handle DoLS backlogs?"
    first, again = (Taken(brief_shelf.ask(question), ASKED, SHELF) for _ in range(2))
    assert len(first.answer.coverage) == 5
    for format in FORMATS:
        assert export(first, format) == export(again, format)
        text = text_of(first, format)
        assert all(c.quote in text and c.place in text for c in first.answer.citations)


# --- what a language model wrote --------------------------------------------------------------

PAPERS: tuple[Format, ...] = ("docx", "md", "html")


@pytest.mark.parametrize("format", PAPERS)
def test_what_was_written_stands_before_the_quotes_with_its_numbers(format: Format) -> None:
    text = squeezed(text_of(Taken(WRITTEN_UP, ASKED, SHELF), format))
    told = (
        *(ANSWER.reason, "Written by scribe, checked", "Taken together"),
        *("Waits grow in both. [1][3]", "Sefton Council, July 2022"),
        "Waits are long. [1][2] Backlogs are monitored. [2]",
        "“One quote of another report.” [3] (in the report’s own words)",
        "1 sentence failed the checks and was left out.",
        "Quote [2] was not handed over: its report seems to give orders to programs.",
        *("How the question was read", "What the reports say"),
    )
    places = [text.index(squeezed(words)) for words in told]
    assert places == sorted(places)
    assert "Pigs" not in text
    assert "[99]" not in text


@pytest.mark.parametrize("format", PAPERS)
def test_a_written_paper_says_who_wrote_it_and_that_only_the_quotes_come_again(
    format: Format,
) -> None:
    text = text_of(Taken(WRITTEN_UP, ASKED, SHELF), format)
    assert "was written by scribe, a language model" in text
    assert "this command gives the same quotes; a text written from them anew may differ" in text
    assert "no language model wrote any of this" not in text
    assert "no language model wrote any of this" in text_of(TAKEN, format)


def test_a_csv_has_quotes_only_whatever_was_written() -> None:
    assert export(Taken(WRITTEN_UP, ASKED, SHELF), "csv") == export(TAKEN, "csv")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "written",
    [
        replace(WRITTEN, sentences=(), withheld=(), note="The model cannot be reached."),
        replace(WRITTEN, sentences=WRITTEN.failed, note="Nothing passed the checks."),
    ],
)
def test_where_nothing_written_was_kept_the_paper_is_the_one_without(
    written: Written, format: Format
) -> None:
    taken = Taken(replace(ANSWER, written=written), ASKED, SHELF)
    assert export(taken, format) == export(TAKEN, format)


def test_the_clipboard_has_what_was_written_first() -> None:
    for text in for_clipboard(WRITTEN_UP):
        shown = squeezed(text)
        assert shown.index("Waits grow in both. [1][3]") < shown.index("What the reports say")
        assert "Pigs" not in shown


def holding_written(text: str) -> Taken:
    """An answer whose written text, model and name of a report are one text."""
    sentences = (
        Sentence(text, (1,), None, kept=True),
        Sentence(text, (1,), text, kept=True, by="report"),
        Sentence(text, (1,), text, kept=False, reason=text),
    )
    return holding(text, replace(WRITTEN, model=text, sentences=sentences, withheld=(1,)))


@settings(deadline=None)
@given(TEXTS.filter(plain))
def test_what_a_model_writes_is_text_in_every_paper(text: str) -> None:
    taken, usual = holding_written(text), html_of(holding_written("x"))
    page = html_of(taken)
    assert page.tags == usual.tags
    assert page.attributes == usual.attributes
    assert page.links == []
    kinds = Counter(token.type for token in markdown_of(taken))
    assert not {"html_block", "html_inline", "image", "code_inline", "link_open"} & {*kinds}
    assert (kinds["heading_open"], kinds["fence"], kinds["table_open"]) == (
        *(Counter(t.type for t in markdown_of(holding_written("x")))["heading_open"], 1, 1),
    )
    assert f"{plain(text)}\N{NO-BREAK SPACE}[1]" in inlines(markdown_of(taken))
    written = squeezed(text_of(taken, "docx"))
    assert squeezed(f"{plain(text)}\N{NO-BREAK SPACE}[1]") in written


# --- text that wants to act -----------------------------------------------------------------


@settings(deadline=None)
@given(st.text())
@example("".join(HOSTILE))
def test_plain_text_can_stand_in_xml_and_turns_no_line_round(text: str) -> None:
    kept = plain(text)
    assert plain(kept) == kept
    assert not {"LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI", "FSI", "PDI"} & {
        unicodedata.bidirectional(letter) for letter in kept
    }
    assert {letter for letter in kept if unicodedata.category(letter) in ("Cc", "Cs")} <= {
        *("\t", "\n")
    }
    letters = "".join(c for c in text if c.isalnum())
    assert "".join(c for c in kept if c.isalnum()) == letters


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_text_in_every_format(text: str, format: Format) -> None:
    shown = plain(text) if format in ("md", "csv") else squeezed(plain(text))
    found = text_of(holding(text), format)
    assert shown in (found if format in ("md", "csv") else squeezed(found))


@settings(deadline=None)
@given(TEXTS)
def test_no_cell_of_a_csv_is_a_formula_and_all_of_them_are_read_back(text: str) -> None:
    written = export(holding(text), "csv")
    assert written.startswith(b"\xef\xbb\xbfquestion,report,council,")
    rows = csv_of(holding(text))
    assert len(rows) == 2
    assert rows[0]["quote"].removeprefix("'") == plain(text).removeprefix("'")
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


@pytest.mark.parametrize("number", ["3.10", "(3)", "1-2", "1/2", "2e5", "18c"])
def test_a_paragraph_that_a_spreadsheet_would_change_is_written_in_words(number: str) -> None:
    answer = replace(ANSWER, citations=(citation(1, "a", "x", paragraph=number),), coverage=())
    answer = replace(answer, coverage=(coverage("a", 1),))
    assert csv_of(Taken(answer, ASKED, SHELF))[0]["paragraph"] == f"paragraph {number}"


@settings(deadline=None)
@given(TEXTS)
@example("")
def test_markdown_renders_back_to_exactly_the_text(text: str) -> None:
    taken = holding(text)
    tokens, shown = markdown_of(taken), plain(text)
    kinds = Counter(token.type for token in tokens)
    assert not {"html_block", "html_inline", "image", "code_inline", "em_open", "s_open"} & {*kinds}
    assert kinds["link_open"] == 0
    assert (kinds["table_open"], kinds["tr_open"], kinds["fence"]) == (1, 3, 1)
    assert kinds["blockquote_open"] == 1
    assert (kinds["ordered_list_open"], kinds["code_block"], kinds["hr"]) == (0, 0, 0)
    found = inlines(tokens)
    assert f"“{shown}”\N{NO-BREAK SPACE}[1]" in found
    assert found[0] == (" ".join(shown.split()) or "No question")
    rows = rows_of(taken, "md")
    assert rows[0][2] == (shown or "")
    assert rows[0][5] == f"“{shown}”\N{NO-BREAK SPACE}[1]"


def test_the_only_links_are_the_addresses_of_sources_and_they_are_real_ones() -> None:
    markdown = [t.attrs["href"] for t in markdown_of(TAKEN) if t.type == "link_open"]
    page = html_of(TAKEN)
    relations = word_of(TAKEN).part.rels.values()
    word = [relation.target_ref for relation in relations if relation.is_external]
    assert markdown == [SOURCE, SOURCE]
    assert page.links == [SOURCE, SOURCE]
    assert word == [SOURCE]
    assert all(row["source"] in (SOURCE, "") for row in csv_of(TAKEN))


@pytest.mark.parametrize(
    "source",
    [
        *("http://www.example.gov.uk/", "javascript:alert(1)", "https://", "file:///etc/passwd"),
        *("https://local.gov.uk@evil.example/", "https://a.example/ b", "https://a.example/<b>"),
        *('https://a.example/"onclick="x', "https://a.example/\nx", "HTTPS:x", "//a.example"),
        *("https://a.example\\@b.example", "https://a.example/\u202egp.exe", ""),
    ],
)
def test_an_address_that_is_not_plainly_https_is_left_out(source: str) -> None:
    cited = tuple(replace(c, source=source) for c in ANSWER.citations)
    taken = replace(TAKEN, answer=replace(ANSWER, citations=cited))
    assert html_of(taken).links == []
    assert not [t for t in markdown_of(taken) if t.type == "link_open"]
    assert not [r for r in word_of(taken).part.rels.values() if r.is_external]
    assert {row["source"] for row in csv_of(taken)} == {""}


@settings(deadline=None)
@given(TEXTS.filter(plain))
def test_a_page_has_the_tags_of_its_template_and_no_others(text: str) -> None:
    page, usual = html_of(holding(text)), html_of(holding("x"))
    assert page.tags == usual.tags
    assert page.links == []
    assert page.attributes == usual.attributes
    assert not {"style", "onclick", "onerror", "src"} & page.attributes
    assert f"“{plain(text)}”\N{NO-BREAK SPACE}[1]" in page.text


@settings(deadline=None)
@given(TEXTS)
def test_what_goes_to_the_clipboard_is_text_too(text: str) -> None:
    words, html = for_clipboard(holding(text).answer)
    assert f"“{plain(text)}”\N{NO-BREAK SPACE}[1]" in words
    fragment = Page(html)
    assert set(fragment.tags) <= set("p strong figure blockquote figcaption ul li".split())
    assert f"“{plain(text)}”\N{NO-BREAK SPACE}[1]" in fragment.text


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3), st.booleans())
def test_the_command_is_what_a_shell_gives_to_the_program(texts: list[str], more: bool) -> None:
    question, *without = (" ".join(plain(text).split()) or "No question" for text in texts)
    answer = replace(ANSWER, question=question, without=tuple(without), more=more)
    command = csv_of(Taken(answer, ASKED, SHELF))[0]["command"]
    options = [o for key in without for o in ("--without", key)] + ["--more"] * more
    dashed = question.startswith("-")
    typed = [*options, "--", question] if dashed else [question, *options]
    assert shlex.split(command) == ["rag", "ask", *typed]


@settings(deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=2))
def test_a_file_name_is_safe_whatever_the_question(text: str, terms: list[str]) -> None:
    understood = Understood(terms=tuple(terms), councils=tuple(terms[:1]))
    answer = replace(ANSWER, question=text, understood=understood)
    for format in FORMATS:
        name = file_name(Taken(answer, ASKED, SHELF), format)
        assert re.fullmatch(rf"[a-z0-9]+(-[a-z0-9]+)*-2026-11-22\.{format}", name)
        assert len(name) <= 80


def test_a_file_is_named_after_what_is_looked_for_and_the_day() -> None:
    assert file_name(TAKEN, "docx") == "dols-backlogs-sefton-2026-11-22.docx"


# --- the clipboard --------------------------------------------------------------------------


def test_the_clipboard_has_every_quote_with_its_citation_in_both_forms() -> None:
    words, html = for_clipboard(ANSWER)
    fragment = Page(html)
    for text in (words, fragment.text):
        for quoted in ANSWER.citations:
            assert f"“{quoted.quote}”\N{NO-BREAK SPACE}[{quoted.n}]" in text
            assert quoted.place in text
        assert ANSWER.question in text
        assert ANSWER.reason in text
        assert SOURCE in text
        assert "Sefton Council, July 2022: nothing on backlogs" in text
    assert fragment.links == [SOURCE, SOURCE]


# --- the Word document ----------------------------------------------------------------------


def test_a_word_document_has_real_headings_styles_and_a_table_that_repeats_its_header() -> None:
    word = word_of(TAKEN)
    styles = [(p.style.name if p.style else "", p.text) for p in word.paragraphs]
    assert styles[0] == ("Title", ANSWER.question)
    headings = [text for style, text in styles if style == "Heading 1"]
    assert headings == [
        *("How the question was read", "What the reports say"),
        *("Every report on the shelf", "Where this answer comes from"),
    ]
    assert [style for style, _ in styles].count("Quote") == 3
    (table,) = word.tables
    head, *rows = (row._tr.trPr for row in table.rows)
    assert head is not None
    assert len(head.xpath("./w:tblHeader")) == 1
    assert all(row is not None and row.xpath("./w:cantSplit") for row in rows)
    portrait, landscape = word.sections
    assert [s.orientation for s in word.sections] == [
        *(WD_ORIENTATION.PORTRAIT, WD_ORIENTATION.LANDSCAPE)
    ]
    assert portrait.page_width == landscape.page_height
    fields = portrait.footer._element.xpath(".//w:fldSimple/@w:instr")
    assert fields == ["PAGE", "NUMPAGES"]
    assert landscape.footer.is_linked_to_previous


def test_a_word_document_names_no_person_no_machine_and_no_time_but_that_of_asking() -> None:
    properties = word_of(TAKEN).core_properties
    assert properties.title == ANSWER.question
    assert properties.language == "en-GB"
    assert (properties.author, properties.last_modified_by, properties.comments) == ("", "", "")
    assert properties.created == properties.modified
    assert f"{properties.created:%Y-%m-%dT%H:%M}" == "2026-11-22T10:08"
    with zipfile.ZipFile(io.BytesIO(export(TAKEN, "docx"))) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(2026, 11, 22, 10, 8, 0)}
        whole = b"".join(map(packed.read, packed.namelist()))
        languages = set(re.findall(rb'<w:lang w:val="([^"]*)"', packed.read("word/styles.xml")))
    assert languages == {b"en-GB"}
    assert b"python-docx" not in whole
    assert b"Macintosh" not in whole


def many(rows: int) -> Taken:
    """An answer of many reports, some with long quotes, one with a quote longer than a page."""
    cited, covered = list[Citation](), list[Coverage]()
    for number in range(rows):
        numbers = tuple(range(len(cited) + 1, len(cited) + 1 + (number % 3 if number % 2 else 0)))
        length = 10_000 if number == 5 else 60 * (number % 7)
        for n in numbers:
            quote = f"Quote {n} begins {'and goes on ' * (length // 12)}and ends {n}."
            cited.append(citation(n, f"r{number}", quote, council=f"Council {number}"))
        covered.append(coverage(f"r{number}", *numbers, council=f"Council {number}"))
    return Taken(replace(ANSWER, citations=tuple(cited), coverage=tuple(covered)), ASKED, SHELF)


def letters(text: str) -> str:
    """Only letters and digits: lines are broken where the page ends."""
    return "".join(c for c in text if c.isalnum())


def test_an_office_program_prints_every_quote_and_every_report_of_the_document(
    tmp_path: Path,
) -> None:
    if SOFFICE is None:
        pytest.skip("no LibreOffice on this machine: apt-get install libreoffice-writer-nogui")
    taken = many(43)
    (tmp_path / "answer.docx").write_bytes(export(taken, "docx"))
    subprocess.run(
        [
            *(SOFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"),
            *("--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "answer.docx")),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "answer.pdf").pages]
    assert 8 <= len(pages) <= 40
    assert all(f"Page {n} of {len(pages)}" in text for n, text in enumerate(pages, start=1))
    bodies = [text.partition(f"Shelf {SHELF.digest}")[0] for text in pages]
    headed = [letters(body).removeprefix("CouncilDateReportOutcomeWhyQuotes") for body in bodies]
    printed = "".join(headed)
    for quoted in taken.answer.citations:
        assert printed.count(letters(f"“{quoted.quote}”\N{NO-BREAK SPACE}[{quoted.n}]")) == 2
    for row in taken.answer.coverage:
        assert letters(f"{row.council} July 2022 {row.title} {OUTCOMES[row.status]}") in printed


# --- the page to print ----------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_to_print_breaks_no_rule_of_accessibility(browser: Browser, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    page.set_content(export(TAKEN, "html").decode())
    found = Axe().run(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert found.violations_count == 0, found.generate_report()
    assert wide <= 320


def test_the_page_prints_its_table_on_pages_on_their_side(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(export(many(43), "html").decode())
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    page.close()
    sides = ["".join("L" if p.mediabox.width > p.mediabox.height else "P" for p in printed.pages)]
    assert re.fullmatch(r"P+L+P+", sides[0])
    tables = [p.extract_text() for p in printed.pages if p.mediabox.width > p.mediabox.height]
    assert all("Outcome" in text for text in tables)
