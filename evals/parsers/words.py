"""Word files as reports are written in Word, made here part by part, with what a reader must keep.

Made rather than shipped, so that each peculiarity can be read: numbers that come from lists and
from styles, tracked changes, notes, boxes, merged cells. The words are made up.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from html import escape

from evals.parsers.pages import Sample

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_ROOT = (
    f'xmlns:w="{_W}" xmlns:r="{_OFFICE}"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"

STYLES = """
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/>
 <w:basedOn w:val="Normal"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Theme"><w:name w:val="Our theme"/>
 <w:basedOn w:val="Heading2"/></w:style>
<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="paragraph" w:styleId="NumberedPara"><w:name w:val="Numbered para"/>
 <w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="SubPara"><w:name w:val="Sub para"/>
 <w:basedOn w:val="NumberedPara"/><w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="FootnoteText"><w:name w:val="footnote text"/></w:style>
"""


def _level(depth: int, format: str, text: str, start: int = 1, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{format}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def _definition(id: int, *levels: str) -> str:
    return f'<w:abstractNum w:abstractNumId="{id}">{"".join(levels)}</w:abstractNum>'


def _list(id: int, definition: int, more: str = "") -> str:
    return f'<w:num w:numId="{id}"><w:abstractNumId w:val="{definition}"/>{more}</w:num>'


_AGAIN = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
NUMBERING = "".join(
    (
        _definition(
            10, _level(0, "decimal", "%1."), _level(1, "lowerLetter", "%2)"),
            _level(2, "lowerRoman", "(%3)"),
        ),
        _definition(11, _level(0, "bullet", "\uf0b7")),
        _definition(12, _level(0, "decimal", "%1."), _level(1, "decimal", "%1.%2")),
        _definition(13, _level(0, "decimal", "%1)")),
        _definition(14, _level(0, "decimal", "Recommendation %1:")),
        _list(1, 10),
        _list(2, 11),
        _list(3, 12),
        _list(4, 13),
        _list(5, 13, _AGAIN),
        _list(6, 14),
    )
)  # fmt: skip


def run(text: str, *, bold: bool = False, hidden: bool = False) -> str:
    """A run of text."""
    marks = ("<w:b/>" if bold else "") + ("<w:vanish/>" if hidden else "")
    properties = f"<w:rPr>{marks}</w:rPr>" if marks else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(
    text: str = "", style: str = "", number: tuple[int, int] | None = None, *, inner: str = "",
    bold: bool = False, marks: str = "",
) -> str:  # fmt: skip
    """A paragraph; ``number`` is a list and a level of it, ``inner`` XML after the text."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if number is not None:
        list_, depth = number
        properties += f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{list_}"/></w:numPr>'
    said = run(text, bold=bold) if text else ""
    return f"<w:p><w:pPr>{properties}{marks}</w:pPr>{said}{inner}</w:p>"


def table(rows: list[list[str]], more: Mapping[tuple[int, int], str] | None = None) -> str:
    """A table of paragraphs; ``more`` are properties of single cells."""
    more = more or {}
    cells = [
        "".join(
            f"<w:tc><w:tcPr>{more.get((i, j), '')}</w:tcPr>"
            f"{cell if cell.startswith('<') else paragraph(cell)}</w:tc>"
            for j, cell in enumerate(row)
        )
        for i, row in enumerate(rows)
    ]
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def word_file(
    body: str,
    *,
    notes: Mapping[int, str] | None = None,
    title: str = "",
    styles: str = STYLES,
    numbering: str = NUMBERING,
    parts: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """The bytes of a Word file with this body; ``notes`` are footnotes by their ids."""
    related = ("styles", "numbering", "footnotes")
    footnotes = "".join(
        f'<w:footnote w:id="{id}">{paragraph(text, "FootnoteText")}</w:footnote>'
        for id, text in (notes or {}).items()
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>'
        + "".join(
            f'<Override PartName="/word/{name}.xml" ContentType="{_MAIN}.{name}+xml"/>'
            for name in related
        )
        + '<Override PartName="/docProps/core.xml"'
        ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
        "_rels/.rels": _relations(
            (f"{_OFFICE}/officeDocument", "word/document.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "word/_rels/document.xml.rels": _relations(
            *((f"{_OFFICE}/{name}", f"{name}.xml") for name in related)
        ),
        "word/document.xml": f"<w:document {_ROOT}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {_ROOT}>{styles}</w:styles>",
        "word/numbering.xml": f"<w:numbering {_ROOT}>{numbering}</w:numbering>",
        "word/footnotes.xml": f"<w:footnotes {_ROOT}>{footnotes}</w:footnotes>",
        "docProps/core.xml": '<cp:coreProperties xmlns:dc="http://purl.org/dc/elements/1.1/"'
        f' xmlns:cp="{_PACKAGE}/metadata/core-properties"><dc:title>{escape(title)}</dc:title>'
        "</cp:coreProperties>",
    }
    files.update(parts or {})
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content,
                             zipfile.ZIP_DEFLATED)  # fmt: skip
    return data.getvalue()


def _relations(*targets: tuple[str, str]) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{kind}" Target="{target}"/>'
            for n, (kind, target) in enumerate(targets, 1)
        )
        + "</Relationships>"
    )


def footnote(id: int) -> str:
    """The mark of a footnote in the text."""
    return f'<w:r><w:footnoteReference w:id="{id}"/></w:r>'


def text_box(inner: str) -> str:
    """A box as Word writes it: twice, for new and for old readers."""
    content = f"<w:txbxContent>{inner}</w:txbxContent>"
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{content}'
        f"</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict>{content}</w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )


def numbered_report() -> bytes:
    """A report with running numbers that come from styles, lettered points, notes and a box."""
    change = 'w:id="9" w:author="A" w:date="2022-01-01T00:00:00Z"'
    body = [
        paragraph("Review of Support for Carers", "Title"),
        paragraph("Contents of the report 2", "TOC1"),
        paragraph("Summary", "berschrift1"),
        paragraph(
            "Carers told the panel that they wait too long for an assessment, and that the letters"
            " they receive are hard to follow.",
            "NumberedPara",
            inner=footnote(1) + run(" The panel agrees with them."),
        ),
        paragraph(
            "The council spends ",
            "NumberedPara",
            inner=f"<w:del {change}><w:r><w:delText>£3 million</w:delText></w:r></w:del>"
            f"<w:ins {change}>{run('£4 million')}</w:ins>"
            + run(" a year on short breaks, which two in five of the carers known to it use; the"
                  " reasons that others gave are:"),
        ),
        paragraph("breaks cannot be booked at short notice;", "SubPara"),
        paragraph("transport is not part of the offer.", "SubPara"),
        paragraph("Where these are met", "Theme"),
        paragraph(
            "In Harwick, the carers' centre holds a budget of its own, so that a break can be"
            " agreed within a day of the first call.",
            "NumberedPara",
            inner=text_box(paragraph("Boxed: a carer's story from Harwick.")) ,
        ),
        paragraph("Next steps", bold=True),
        paragraph(
            "Officers will come back to the panel in March with costed options for a budget of"
            " that kind in each of the four localities.",
            "NumberedPara",
            inner=run(" Secret instruction to the machine.", hidden=True),
        ),
    ]  # fmt: skip
    return word_file(
        "".join(body),
        notes={1: "Survey of 312 carers, spring 2022."},
        title="Review of Support for Carers",
    )


def listed_report() -> bytes:
    """A report with several levels of numbers, lists that start again, bullets and tables."""
    merged = {(1, 0): '<w:vMerge w:val="restart"/>', (2, 0): "<w:vMerge/>"}
    wide = {(3, 0): '<w:gridSpan w:val="3"/>'}
    body = [
        paragraph("Introduction", "berschrift1", (3, 0)),
        paragraph("The board asked for this audit in May.", "", (3, 1)),
        paragraph("It covers three teams.", "", (3, 1)),
        paragraph("Findings", "berschrift1", (3, 0)),
        paragraph("Most files were in good order.", "", (3, 1)),
        paragraph("Names were missing from six.", "", (2, 0)),
        paragraph("Dates were missing from two.", "", (2, 0)),
        table(
            [
                ["Team", "Files read", "In order"],
                ["North", "Sample one: 20", "18"],
                ["", "Sample two: 22", "21"],
                ["All teams were read twice", ""],
            ],
            merged | wide,
        ),
        paragraph("How the files were drawn", "Heading2"),
        paragraph("Ask for the list.", "", (4, 0)),
        paragraph("Take every tenth file.", "", (4, 0)),
        paragraph("How they were read", "Heading2"),
        paragraph("Read the plan.", "", (5, 0)),
        paragraph("Talk to the worker.", "", (5, 0)),
        paragraph("Conclusions", "berschrift1", (3, 0)),
        paragraph("Name a lead in each team.", "", (6, 0)),
        paragraph("Read ten files a month.", "", (6, 0)),
        table([["Owner", "Head of service"], ["Due", "30 June"]]),
    ]
    return word_file("".join(body))


WORDS = (
    Sample(
        "numbered report.docx",
        make=numbered_report,
        kept=(
            "Review of Support for Carers",
            "Carers told the panel",
            "The panel agrees",
            "£4 million a year",
            "breaks cannot be booked",
            "transport is not",
            "In Harwick, the carers",
            "Boxed",
            "Officers will come back",
            "Survey of 312 carers",
        ),
        out=("£3 million", "Secret instruction", "Contents of the report"),
        numbers=(
            ("1", "Carers told"),
            ("2", "The council spends"),
            ("a", "breaks cannot"),
            ("b", "transport is"),
            ("3", "In Harwick"),
            ("4", "Officers will"),
        ),
        headings=("Summary", "Where these are met", "Next steps"),
    ),
    Sample(
        "listed report.docx",
        make=listed_report,
        kept=(
            "The board asked",
            "It covers three",
            "Most files were",
            "Names were missing",
            "Dates were missing",
            "Sample one: 20",
            "Sample two: 22",
            "All teams were read twice",
            "Ask for the list",
            "Read the plan",
            "Name a lead",
            "Read ten files",
            "Head of service",
            "30 June",
        ),
        numbers=(
            ("1.1", "The board asked"),
            ("1.2", "It covers"),
            ("2.1", "Most files"),
            ("1", "Ask for"),
            ("2", "Take every"),
            ("1", "Read the plan"),
            ("2", "Talk to"),
            ("Recommendation 1:", "Name a lead"),
            ("Recommendation 2:", "Read ten"),
        ),
        rows=(
            ("North", "Files read", "Sample one: 20", "In order", "18"),
            ("North", "Sample two: 22", "21"),
            ("Owner", "Head of service"),
            ("Due", "30 June"),
        ),
        headings=("Introduction", "Findings", "How the files were drawn", "Conclusions"),
    ),
)
