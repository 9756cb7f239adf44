"""An answer to take away: Word, Markdown, CSV, a page to print, and the clipboard.

Promises that another officer can check the paper and get the same answer: every format names
every report on the shelf once, gives every quote in the report's exact words with its place, and
ends with the shelf's digest and the command to run. The same ``Taken`` gives the same bytes.

The answer is shaped into blocks once and each format only writes these down; CSV, which has cells
and no blocks, takes its rows from the same place. Whatever comes from a report or a question is
text in all of them: never a formula, a link, an image or markup. The only links are addresses of
sources, https only, and shown in full; others are left out, as are the seconds that it took. More
than ``MOST_ROWS`` reports without a quote stand below the table of the others, reason by reason.
What a language model wrote stands first, with the numbers of the quotes that each sentence rests
on; sentences that failed the checks are left out and counted. CSV has quotes only.
"""

from __future__ import annotations

import csv
import io
import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Literal, TypeVar, get_args

from rag.commonmark import as_text, markdown
from rag.councils import place_of
from rag.dates import date_in_words
from rag.errors import InputError
from rag.places import report_name
from rag.records import (
    Answer,
    Citation,
    Coverage,
    Role,
    Sentence,
    ShelfVersion,
    Written,
    WrittenBy,
)
from rag.rendering import render
from rag.word import Block, Facts, Line, Paper, Quote, Table, document, plain
from rag.wording import (
    OUTCOMES,
    left_out,
    listed,
    listed_rows,
    withheld,
    without_quotes,
    written_by_report,
)

Format = Literal["docx", "md", "csv", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)

MOST_ROWS = 400
"""Reports without a quote that have a row each; more are told by the reason that they share."""
NOT_AN_ANSWER = "Not an answer"
_ONLY: dict[Role, str] = {
    "strength": "what is praised",
    "recommendation": "what is recommended",
    "consideration": "what is to be considered",
    "context": "how things are",
}
_HEAD = ("Council", "Date", "Report", "Outcome", "Why", "Quotes")
_WIDTHS = (3.1, 2.3, 4.4, 2.3, 4.0, 9.6)
"""Centimetres, as wide as an A4 page on its side between its margins."""
_COLUMNS = (
    *("question", "report", "council", "date", "title", "outcome", "why", "quote number", "quote"),
    *("section", "paragraph", "page", "source", "start", "end", "asked", "shelf", "version"),
    *("place", "nearly the same", "summary", "understood", "command"),
)
_OF_BRIEFS = (
    "What is marked “quoted from a brief” is quoted from a digest of the report and is not in the"
    " words of its authors. Look it up in the source before quoting the report."
)
_AGAIN = (
    "Quotes stand word for word in the texts on the shelf; no language model wrote any of this."
    " Over a shelf with the same digest, this command gives the same answer:"
)
_WRITTEN_AGAIN = (
    "Quotes stand word for word in the texts on the shelf. What stands above them was written by"
    " {model}, a language model, from these quotes alone, and every sentence was checked against"
    " them. Over a shelf with the same digest, this command gives the same quotes; a text written"
    " from them anew may differ:"
)
_LONGEST_NAME = 60
"""Characters of a file's name before its date."""
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Taken:
    """What is exported: an answer, when it was asked and what it was given from."""

    answer: Answer
    asked: str
    """ISO date and time with its zone, to the minute or finer: ``2026-11-22T10:08+00:00``."""
    shelf: ShelfVersion


def export(taken: Taken, format: Format) -> bytes:
    """The answer as a file: text in UTF-8, CSV with a byte order mark so that Excel knows it.

    Raises InputError for another format, or when ``asked`` is no date and time with a zone.
    """
    taken = _plain(taken)
    asked = _moment(taken)
    match format:
        case "csv":
            return _csv(taken).encode("utf-8-sig")
        case "md":
            return markdown(_blocks(taken, asked)).encode()
        case "html":
            title = _question(taken.answer)
            return f"{render('export.html', title=title, blocks=_blocks(taken, asked))}\n".encode()
        case "docx":
            foot = f"Shelf {taken.shelf.digest}, {_in_words(asked)}"
            return document(
                Paper(_question(taken.answer), asked, foot, tuple(_blocks(taken, asked)))
            )
    raise InputError(f"There is no format {format!r}.", f"Choose one of: {', '.join(FORMATS)}.")


def file_name(taken: Taken, format: Format) -> str:
    """A name that every system takes: ``dols-backlogs-2026-11-22.docx``.

    It is made of what the question looks for and of its councils, in ASCII letters and digits.
    """
    understood = taken.answer.understood
    looked_for = " ".join([*understood.terms, *map(place_of, understood.councils)])
    letters = unicodedata.normalize("NFKD", looked_for or taken.answer.question)
    words = re.findall(r"[a-z0-9]+", letters.encode("ascii", "ignore").decode().lower())
    name = "-".join(words)
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME].rpartition("-")[0] or name[:_LONGEST_NAME]
    return f"{name or 'answer'}-{_moment(taken):%Y-%m-%d}.{format}"


def for_clipboard(answer: Answer) -> tuple[str, str]:
    """The answer with its citations as plain text and as HTML that Word and e-mail take.

    It ends with the reports that have no quote. No headings and no styles, so that it takes on
    those of the document that it is pasted into.
    """
    answer = _plain(answer)
    blocks = [*_top(answer), *_written(answer), *_quotes(answer)]
    for heading, rows in without_quotes(answer.coverage):
        blocks += [Line("heading", f"{heading}:"), Facts(tuple(listed_rows(rows)))]
    html = render("export.html", title=None, blocks=blocks)
    return "\n".join(map(as_text, blocks)).strip(), str(html)


# --- what a language model wrote --------------------------------------------------------------


def _good(answer: Answer) -> Written | None:
    """What was written, where anything of it was kept."""
    return answer.written if answer.written and answer.written.kept else None


def _written(answer: Answer) -> Iterator[Block]:
    """The text that a language model wrote, under its name, as far as it passed the checks."""
    written = _good(answer)
    if written is None:
        return
    numbers = {citation.n for citation in answer.citations}
    yield Line("heading", f"Written by {written.model}, checked")
    for about, sentences in written_by_report(answer):
        kept = [sentence for sentence in sentences if sentence.kept]
        if kept:
            yield Line("subheading", about)
        for by, several in groupby(kept, key=lambda sentence: sentence.by):
            yield Line("written", _with_marks(by, several, numbers))
    if written.failed:
        yield Line("about", f"{left_out(written)}.")
    yield from (Line("about", f"{withheld(n)}.") for n in written.withheld)


def _with_marks(by: WrittenBy, sentences: Iterable[Sentence], numbers: Set[int]) -> str:
    """Sentences as one paragraph, each with the numbers of those quotes that there are."""
    marked = []
    for sentence in sentences:
        marks = "".join(f"[{n}]" for n in sentence.citations if n in numbers)
        text = f"“{sentence.text}”" if by == "report" else sentence.text
        marked.append(f"{text}\N{NO-BREAK SPACE}{marks}" if marks else text)
    return " ".join(marked) + (" (in the report’s own words)" if by == "report" else "")


# --- what stands on the paper ---------------------------------------------------------------


def _plain(value: _Value) -> _Value:
    """A record with every text in it ``plain``, so that no format needs to see to it.

    But for sources: an address that would have to be mended is none, see ``_address``.
    """
    made: Any = value
    if isinstance(value, str):
        made = plain(value)
    elif isinstance(value, tuple):
        mended = tuple(map(_plain, value))
        made = value if mended == value else mended
    elif is_dataclass(value) and not isinstance(value, type):
        texts = {f.name: getattr(value, f.name) for f in fields(value) if f.name != "source"}
        changed = {n: new for n, old in texts.items() if (new := _plain(old)) is not old}
        made = replace(value, **changed) if changed else value
    return made  # type: ignore[no-any-return]


def _moment(taken: Taken) -> datetime:
    try:
        asked = datetime.fromisoformat(taken.asked)
    except ValueError:
        asked = None
    if asked is None or asked.tzinfo is None:
        raise InputError(
            f"{taken.asked!r} does not say when the question was asked.",
            "Give a date and time with its zone, such as 2026-11-22T10:08+00:00.",
        )
    return asked


def _in_words(moment: datetime) -> str:
    return f"{date_in_words(f'{moment:%Y-%m-%d}')} at {moment:%H:%M} {moment.tzname()}"


def _question(answer: Answer) -> str:
    return " ".join(answer.question.split()) or "No question"


def _top(answer: Answer) -> list[Block]:
    summary = [Line("summary", answer.reason)] if answer.reason else []
    return [Line("title", _question(answer)), *summary]


def _name(about: Citation | Coverage) -> str:
    return report_name(about.council, about.date, about.report)


def _blocks(taken: Taken, asked: datetime) -> list[Block]:
    """The whole paper, in the order in which it is read."""
    answer = taken.answer
    blocks = [*_top(answer), *_written(answer), Line("heading", "How the question was read")]
    blocks += [Facts(_read_as(answer)), *_quotes(answer), *_every_report(answer)]
    return [*blocks, *_provenance(taken, asked)]


def _every_report(answer: Answer) -> Iterator[Block]:
    """The shelf as a table; of very many reports, those without a quote by their reasons."""
    times = Counter(map(_called, answer.coverage))
    shelf, rest = _rows(answer), [row for row in answer.coverage if not row.citations]
    few = len(rest) <= MOST_ROWS
    shown = [(row, cited, times[_called(row)] > 1) for row, cited in shelf if cited or few]
    if shown:
        name = "Every report on the shelf" if few else "Every report that is quoted"
        yield Table(name, _HEAD, _WIDTHS, tuple(_table_row(*each) for each in shown))
    if not few:
        yield Line("heading", "Every other report on the shelf")
    for status, words in OUTCOMES.items():
        if mine := [row for row in rest if row.status == status and not few]:
            yield Line("subheading", f"{words}: {len(mine):,} report{'s' if mine[1:] else ''}")
            yield Facts(tuple(listed_rows(mine, most=0)))


def _read_as(answer: Answer) -> tuple[tuple[str, str], ...]:
    """What the question was understood as, and what the asker changed in that."""
    read = answer.understood
    mended = (f"“{typed}” read as “{meant}”" for typed, meant in read.corrections)
    facts = (
        ("Looked for", listed(list(read.terms))),
        ("Also looked for", "; ".join(f"{short} as {long}" for short, long in read.expansions)),
        ("Spelling", "; ".join(mended)),
        ("Councils", listed(list(read.councils))),
        ("Not on the shelf", listed(list(read.absent))),
        ("Reports", read.period or listed(list(read.years))),
        ("Kinds of report", listed(list(read.kinds))),
        ("Only", _ONLY[read.role] if read.role else ""),
        ("Kind of answer", read.wants or ""),
        ("Taken out by the asker", "; ".join(answer.without)),
        ("Quoted", "every passage that speaks" if answer.more else "the best of each report"),
    )
    return tuple((name, value) for name, value in facts if value)


def _quotes(answer: Answer) -> Iterator[Block]:
    """The quotes by report; for a refusal, what came closest, each marked as no answer."""
    by_report: dict[str, list[Citation]] = {}
    for citation in answer.citations:
        by_report.setdefault(citation.report, []).append(citation)
    if by_report:
        yield Line("heading", "What the reports say")
    for cited in by_report.values():
        yield from _about(cited[0])
        for citation in cited:
            also = (f"Nearly the same: {place}" for place in citation.also)
            yield Quote(_quoted(citation), (citation.place, *also))
    if answer.closest:
        yield Line("heading", "Closest, though not an answer")
        yield Line("text", "Nothing on the shelf answers the question. These came nearest to it.")
    for citation in answer.closest:
        yield from _about(citation)
        yield Quote(f"“{citation.quote}”", (f"{NOT_AN_ANSWER}: {citation.place}",))


def _about(citation: Citation) -> Iterator[Block]:
    yield Line("subheading", _name(citation))
    if citation.title:
        yield Line("about", citation.title)
    if address := _address(citation):
        yield Line("source", address)


def _quoted(citation: Citation) -> str:
    return f"“{citation.quote}”\N{NO-BREAK SPACE}[{citation.n}]"


def _rows(answer: Answer) -> list[tuple[Coverage, tuple[Citation, ...]]]:
    """Every report of the shelf, once, with what is quoted from it."""
    by_number = {citation.n: citation for citation in answer.citations}
    return [(row, tuple(by_number[n] for n in row.citations)) for row in answer.coverage]


def _called(row: Coverage) -> tuple[str, str, str]:
    return row.council or "Council not known", date_in_words(row.date), row.title or row.report


def _table_row(
    row: Coverage, cited: Sequence[Citation], namesake: bool
) -> tuple[tuple[str, ...], ...]:
    """Cells; a report that is called as another one is told apart by its id."""
    council, date, title = _called(row)
    return (
        (council,),
        (date,),
        (f"{title} ({row.report})" if namesake else title,),
        (OUTCOMES[row.status],),
        (row.reason,),
        tuple(map(_quoted, cited)) or ("–",),
    )


def _provenance(taken: Taken, asked: datetime) -> Iterator[Block]:
    answer, shelf = taken.answer, taken.shelf
    yield Line("heading", "Where this answer comes from")
    yield Facts(
        (
            ("Asked", _in_words(asked)),
            ("Shelf", _size(shelf)),
            ("Digest of the shelf", shelf.digest),
            ("Version of the program", shelf.program),
        )
    )
    if any(citation.form == "brief" for citation in (*answer.citations, *answer.closest)):
        yield Line("text", _OF_BRIEFS)
    written = _good(answer)
    again = _AGAIN if written is None else _WRITTEN_AGAIN.format(model=written.model)
    yield Line("text", again)
    yield Line("command", _command(answer))


def _size(shelf: ShelfVersion) -> str:
    counts = (("report", shelf.reports), ("passage", shelf.passages))
    return ", ".join(f"{count:,} {what}{'s' if count != 1 else ''}" for what, count in counts)


def _command(answer: Answer) -> str:
    """What to type to get this answer again, quoted for a shell."""
    question = _question(answer)
    options = [option for key in answer.without for option in ("--without", key)]
    options += ["--more"] if answer.more else []
    typed = [*options, "--", question] if question.startswith("-") else [question, *options]
    return shlex.join(["rag", "ask", *typed])


_ADDRESS = re.compile(
    r"https://[a-z0-9.-]+(?::\d+)?(?:[/?#][\w.~:/?#\[\]@!$&'()*+,;=%-]*)?", re.ASCII | re.IGNORECASE
)
"""RFC 3986 without a user name, which could pass for the name of the site."""


def _address(citation: Citation) -> str:
    """The address of a citation's source; empty when there is none that may be a link."""
    return citation.source if citation.source and _ADDRESS.fullmatch(citation.source) else ""


# --- CSV ------------------------------------------------------------------------------------


def as_cell(value: object) -> str:
    """A cell that a spreadsheet shows as text and never takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _csv(taken: Taken) -> str:
    """RFC 4180: a row per report and quote, or per report without one; then what came closest."""
    answer, shelf = taken.answer, taken.shelf
    always = {
        "question": _question(answer),
        "asked": taken.asked,
        "shelf": f"{shelf.digest}: {_size(shelf)}",
        "version": shelf.program,
        "summary": answer.reason,
        "understood": "; ".join(f"{name}: {value}" for name, value in _read_as(answer)),
        "command": _command(answer),
    }
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, _COLUMNS, restval="")
    writer.writeheader()
    for cells in _csv_rows(answer):
        writer.writerow({name: as_cell(value) for name, value in {**always, **cells}.items()})
    return written.getvalue()


def _csv_rows(answer: Answer) -> Iterator[dict[str, object]]:
    """What differs from row to row, by column."""
    for row, cited in _rows(answer):
        about = _csv_report(row, OUTCOMES[row.status], row.reason)
        yield from ({**about, "quote number": c.n, **_csv_quote(c)} for c in cited)
        if not cited:
            yield about
    for c in answer.closest:
        yield {**_csv_report(c, NOT_AN_ANSWER, "came closest"), **_csv_quote(c)}


def _csv_report(about: Citation | Coverage, outcome: str, why: str) -> dict[str, object]:
    told = {name: getattr(about, name) for name in ("report", "council", "date", "title")}
    return {**told, "outcome": outcome, "why": why}


def _csv_quote(citation: Citation) -> dict[str, object]:
    number = citation.paragraph or ""
    # A spreadsheet takes 3.10 for 3.1 and (3) for -3.
    number = number if number.isdecimal() or not number else f"paragraph {number}"
    return {
        "quote": citation.quote,
        "section": " › ".join(citation.section),
        "paragraph": number,
        "page": citation.page,
        "source": _address(citation),
        "start": citation.start,
        "end": citation.end,
        "place": citation.place,
        "nearly the same": "; ".join(citation.also),
    }
