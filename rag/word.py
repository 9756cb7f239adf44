"""A paper, block by block, and the Word document of it. The owner of python-docx.

Promises a document that an officer can paste from or send on: real headings and styles, a real
table whose header row comes again on every page and whose rows stay whole, page numbers, British
English, links that show where they lead. Everything looks as its style says and nothing is set by
hand, so that a council's own template takes over when text is pasted into it. The same paper
gives the same bytes: every date in the file is that of the paper, and no user or machine is named.

A paper knows nothing of answers and a document nothing of reports: ``rag.export`` shapes an
answer into blocks once, for every format. Left out: characters that XML cannot hold, and those
that turn the direction of a line round, because they could make a quote read differently from
what it says (``plain``).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import Section
    from docx.styles.style import ParagraphStyle
    from docx.table import _Row as Row
    from docx.text.paragraph import Paragraph

LineKind = Literal[
    "title",
    "summary",
    "heading",
    "subheading",
    "text",
    "written",
    "about",
    "source",
    "command",
]


# --- a paper --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of one kind; ``written`` is what a language model wrote.

    ``about`` and ``source`` say what the quotes below come from; a ``source`` is an https address
    and nothing else.
    """

    kind: LineKind
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote, and where it stands in so many lines."""

    text: str
    places: tuple[str, ...]
    kind: Literal["quote"] = "quote"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are, one a line."""

    rows: tuple[tuple[str, str], ...]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one header row; a cell is a paragraph or several."""

    caption: str
    head: tuple[str, ...]
    widths: tuple[float, ...]
    """Of the columns, in centimetres of an A4 page on its side."""
    rows: tuple[tuple[tuple[str, ...], ...], ...]
    kind: Literal["table"] = "table"


Block = Line | Quote | Facts | Table


@dataclass(frozen=True, slots=True)
class Paper:
    """Something to print: what stands on it, in order."""

    title: str
    asked: datetime
    """With its zone."""
    foot: str
    """What stands at the foot of every page, before the page number."""
    blocks: tuple[Block, ...]


_SPACES = re.compile("\r\n|[\r\v\f\x1c-\x1f\x85\u2028\u2029]")
_NO_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def plain(text: str) -> str:
    """A text without the characters that no file should hold.

    Control characters, half a surrogate pair, U+FFFE and U+FFFF are nothing that XML can say; the
    marks that override or embed a direction (Unicode Standard Annex 9, 2.1 to 2.4) would show
    words in another order than that in which they stand. Marks that only lend a direction to
    what is beside them stay, and so does every letter of every script.
    """
    return _NO_TEXT.sub("", _SPACES.sub(lambda m: "\n" if m[0][0] == "\r" else " ", text))


# --- the document ---------------------------------------------------------------------------

_FONT = "Arial"
"""On every council's machines, and the one that their guides to accessible papers name."""
_INK, _ACCENT, _QUIET, _LINE, _SHADE = "1F2933", "17456B", "4A5560", "9AA5B1", "E8EDF2"
_MARGIN = 2.0
"""Centimetres."""
_STYLES: dict[LineKind, str] = {
    "title": "Title",
    "summary": "Summary",
    "heading": "Heading 1",
    "subheading": "Heading 2",
    "text": "Body Text",
    "written": "Written",
    "about": "About",
    "source": "About",
    "command": "Command",
}
_OWN_STYLES = ("Summary", "Written", "About", "Quote Source", "Fact", "Command")
_LONGEST_PROPERTY = 255
"""Characters of a property of a document: Office Open XML sets no limit, python-docx does."""
_LONGEST_WHOLE_ROW = 2400
"""Characters of a cell beyond which a row may break: it could be longer than a page."""


def document(paper: Paper) -> bytes:
    """The paper as a Word document (DOCX), A4; its tables stand on pages on their side."""
    import docx

    word = docx.Document()
    _set_styles(word)
    _set_settings(word)
    _set_properties(word, paper)
    _set_page(word.sections[0], on_its_side=False)
    _set_foot(word.sections[0], paper.foot)
    for block in paper.blocks:
        match block:
            case Line():
                _add_line(word, block)
            case Quote():
                _add_paragraph(word, "Quote").add_run(block.text)
                for place in block.places:
                    _add_paragraph(word, "Quote Source").add_run(place)
            case Facts():
                _add_facts(word, block)
            case Table():
                _add_table(word, block)
    written = io.BytesIO()
    word.save(written)
    return _dated(written.getvalue(), paper.asked)


def _add_paragraph(word: Document, style: str) -> Paragraph:
    return _styled(word.add_paragraph(), style)


def _styled(paragraph: Paragraph, style: str) -> Paragraph:
    """The paragraph in a style, by its id: for a name python-docx looks through all styles."""
    paragraph._p.style = style.replace(" ", "")
    return paragraph


def _add_line(word: Document, line: Line) -> None:
    paragraph = _add_paragraph(word, _STYLES[line.kind])
    if line.kind == "source":
        paragraph.add_run("Source: ")
        _add_link(paragraph, line.text)
    else:
        paragraph.add_run(line.text)


def _add_facts(word: Document, facts: Facts) -> None:
    for name, value in facts.rows:
        paragraph = _add_paragraph(word, "Fact")
        paragraph.add_run(f"{name}: ", style="Strong")
        paragraph.add_run(value)


def _add_link(paragraph: Paragraph, address: str) -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn

    link = _element("w:hyperlink")
    number = paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link.set(qn("r:id"), number)
    link.append(paragraph.add_run(address, style="Hyperlink")._r)
    paragraph._p.append(link)


def _add_table(word: Document, table: Table) -> None:
    from docx.shared import Cm

    section = word.add_section()
    _set_page(section, on_its_side=True)
    _add_line(word, Line("heading", table.caption))
    made = word.add_table(rows=1, cols=len(table.head), style="Table Grid")
    made.autofit = False
    for column, width in zip(made.columns, table.widths, strict=True):
        column.width = Cm(width)
    _add_to(made._tblPr, "w:tblCaption", val=table.caption)
    head = made.rows[0]
    _fill_row(head, ((name,) for name in table.head), "Table Head")
    _add_to(head._tr.get_or_add_trPr(), "w:tblHeader")
    for cell in head.cells:
        _add_to(cell._tc.get_or_add_tcPr(), "w:shd", val="clear", color="auto", fill=_SHADE)
    for row in table.rows:
        _fill_row(made.add_row(), row, "Table Text")


def _fill_row(made: Row, row: Iterable[tuple[str, ...]], style: str) -> None:
    longest = 0
    for cell, paragraphs in zip(made.cells, row, strict=True):
        longest = max(longest, sum(map(len, paragraphs)))
        for n, text in enumerate(paragraphs):
            place = cell.add_paragraph() if n else cell.paragraphs[0]
            _styled(place, style).add_run(text)
    if longest <= _LONGEST_WHOLE_ROW:
        made._tr.get_or_add_trPr().insert(0, _element("w:cantSplit"))


# --- how it looks ---------------------------------------------------------------------------


def _set_styles(word: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    for fonts in word.styles.element.xpath(".//w:rFonts"):
        fonts.getparent().remove(fonts)
    defaults = word.styles.element.xpath("./w:docDefaults/w:rPrDefault/w:rPr")[0]
    fonts = _element("w:rFonts", ascii=_FONT, hAnsi=_FONT, cs=_FONT, eastAsia=_FONT)
    defaults.insert(0, fonts)
    defaults.find(qn("w:lang")).set(qn("w:val"), "en-GB")
    for name in (*_OWN_STYLES, "Table Text", "Table Head"):
        made = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = word.styles["Normal"]
    _look(word, "Normal", 11, after=6)
    _look(word, "Body Text", 11, before=4, after=6)
    _look(word, "Title", 20, after=10, bold=True, colour=_ACCENT)
    _look(word, "Heading 1", 15, before=18, after=6, bold=True, colour=_ACCENT)
    _look(word, "Heading 2", 12, before=12, after=3, bold=True, colour=_INK)
    _look(word, "Summary", 12, after=8, bold=True)
    _look(word, "Written", 11, after=6)
    _look(word, "About", 10, after=2, colour=_QUIET)
    _look(word, "Quote", 11, before=8, after=2, indent=0.5)
    _look(word, "Quote Source", 9.5, after=2, indent=0.5, colour=_QUIET)
    _look(word, "Fact", 11, after=3)
    _look(word, "Command", 9.5, after=6)
    _look(word, "Table Text", 9, before=2, after=2)
    _look(word, "Table Head", 9, before=2, after=2, bold=True)
    _look(word, "Footer", 9, colour=_QUIET)
    for line in word.styles["Table Grid"].element.xpath(".//w:tblBorders/*"):
        line.set(qn("w:color"), _LINE)
    _rule(word.styles["Title"], None)
    _rule(word.styles["Quote"], _ACCENT)
    _rule(word.styles["Quote Source"], _ACCENT)
    for name in ("Quote", "About", "Fact", "Body Text"):
        word.styles[name].paragraph_format.keep_with_next = True
    command = word.styles["Command"].font
    command.name, command.no_proof = "Courier New", True
    link = word.styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER, builtin=True)
    link.font.color.rgb, link.font.underline = RGBColor.from_string(_ACCENT), True


def _look(
    word: Document,
    name: str,
    size: float,
    *,
    before: float = 0,
    after: float = 0,
    bold: bool = False,
    indent: float = 0,
    colour: str = _INK,
) -> None:
    """Set a paragraph style: sizes and spaces in points, the indent in centimetres."""
    from docx.shared import Cm, Pt, RGBColor

    style: ParagraphStyle = word.styles[name]
    run = style.element.rPr
    if run is not None:
        style.element.remove(run)
    style.font.size, style.font.bold = Pt(size), bold
    style.font.color.rgb = RGBColor.from_string(colour)
    space = style.paragraph_format
    space.space_before, space.space_after, space.line_spacing = Pt(before), Pt(after), 1.15
    space.left_indent = Cm(indent)


def _rule(style: Any, colour: str | None) -> None:
    """Give a paragraph style a line on its left, or take its lines away."""
    paragraph = style.element.get_or_add_pPr()
    for border in paragraph.xpath("./w:pBdr"):
        paragraph.remove(border)
    if colour is not None:
        border = _element("w:pBdr")
        _add_to(border, "w:left", val="single", sz="18", space="8", color=colour)
        after = ("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc")
        paragraph.insert_element_before(border, *after)


def _set_settings(word: Document) -> None:
    from docx.oxml.ns import qn

    settings = word.settings.element
    mode = settings.xpath("./w:compat/w:compatSetting[@w:name='compatibilityMode']")[0]
    mode.set(qn("w:val"), "15")  # Word 2013 and later: without it, "Compatibility Mode" is shown
    settings.xpath("./w:themeFontLang")[0].set(qn("w:val"), "en-GB")
    for proof in settings.xpath("./w:proofState"):
        settings.remove(proof)
    for number, relation in list(word.part.package.rels.items()):
        if relation.reltype.endswith(("/thumbnail", "/extended-properties")):
            del word.part.package.rels[number]  # a picture of, and a program behind, the template


def _set_properties(word: Document, paper: Paper) -> None:
    properties = word.core_properties
    properties.title = paper.title[:_LONGEST_PROPERTY]
    properties.language = "en-GB"
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = paper.asked.astimezone(UTC).replace(tzinfo=None)


def _set_page(section: Section, *, on_its_side: bool) -> None:
    from docx.enum.section import WD_ORIENTATION
    from docx.shared import Cm

    long, short = Cm(29.7), Cm(21)
    section.orientation = WD_ORIENTATION.LANDSCAPE if on_its_side else WD_ORIENTATION.PORTRAIT
    section.page_width, section.page_height = (long, short) if on_its_side else (short, long)
    section.left_margin = section.right_margin = Cm(_MARGIN)
    section.top_margin = section.bottom_margin = Cm(_MARGIN)
    section.footer_distance = Cm(_MARGIN / 2)


def _set_foot(section: Section, text: str) -> None:
    foot = section.footer.paragraphs[0]
    foot.add_run(f"{text} · Page ")
    for field, between in (("PAGE", " of "), ("NUMPAGES", "")):
        counted = _element("w:fldSimple", instr=field)
        counted.append(foot.add_run("1")._r)
        foot._p.append(counted)
        foot.add_run(between)


def _element(name: str, **values: str) -> Any:
    """An element of WordprocessingML that python-docx has no name for."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    return OxmlElement(name, attrs={qn(f"w:{key}"): value for key, value in values.items()})


def _add_to(parent: Any, name: str, **values: str) -> None:
    parent.append(_element(name, **values))


def _dated(packed: bytes, asked: datetime) -> bytes:
    """The same document with every file in it dated alike, so that its bytes do not tell when or
    where it was written.
    """
    moment = asked.astimezone(UTC)
    date = (max(1980, moment.year), *moment.timetuple()[1:6])
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, date)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            new.writestr(entry, old.read(name))
    return written.getvalue()
