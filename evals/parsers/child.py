"""One parser in a process of its own: a path on each line in, what it made of the file out.

``python -m evals.parsers.child NAME``. The parsers are no libraries of the project, so each is
imported when it is asked for, by name. The first line out says which version is ready; then one
line of JSON for each path. Whatever a parser prints itself goes nowhere.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

_HEADING = re.compile(r"<h\d>(.*?)</h\d>")
_NEW_LINE = re.compile(r"(?<!<td>)<(?:tr|li|h\d|p)\b")
_TAG = re.compile(r"<[^>]*>")
MEMORY = 4 * 2**30
Read = tuple[str, list[str] | None]
"""The text, and the headings where the parser tells them."""


def _module(name: str) -> Any:
    return importlib.import_module(name)


def _ours(path: str) -> Read:
    report = _module("rag.reading").read_file(Path(path))
    blocks = [b for b in report.blocks if b.kind == "heading"]
    return report.text, [report.text[b.start : b.end] for b in blocks]


def _pypdf(path: str) -> Read:
    return "\n".join(page.extract_text() for page in _module("pypdf").PdfReader(path).pages), None


def _pypdfium2(path: str) -> Read:
    document = _module("pypdfium2").PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document), None


def _pdfplumber(path: str) -> Read:
    with _module("pdfplumber").open(path) as document:
        return "\n".join(page.extract_text() for page in document.pages), None


def _pdfminer(path: str) -> Read:
    return str(_module("pdfminer.high_level").extract_text(path)), None


def _pymupdf(path: str) -> Read:
    with _module("pymupdf").open(path) as document:
        return "\n".join(page.get_text() for page in document), None


def _pdf_oxide(path: str) -> Read:
    return _marked(str(_module("pdf_oxide").PdfDocument(path).to_markdown_all()))


def _kreuzberg(path: str) -> Read:
    library = _module("kreuzberg")
    config = library.ExtractionConfig(output_format="markdown")
    return _marked(str(library.extract_file_sync(path, config=config).content))


def _docling_parse(path: str) -> Read:
    line = _module("docling_core.types.doc.page").TextCellUnit.LINE
    document = _module("docling_parse.pdf_parser").DoclingPdfParser(loglevel="fatal").load(path)
    pages = [page for _, page in document.iterate_pages()]
    return "\n".join(c.text for page in pages for c in page.iterate_cells(unit_type=line)), None


def _marked(text: str) -> Read:
    """Markdown, with the headings that it marks."""
    lines = [line.lstrip() for line in text.splitlines()]
    return text, [line.lstrip("#").strip() for line in lines if line.startswith("#")]


def _docx2python(path: str) -> Read:
    with _module("docx2python").docx2python(path) as document:
        return str(document.text), None


def _python_docx(path: str) -> Read:
    document = _module("docx").Document(path)
    lines, headings = [], []
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            lines += ["\t".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            lines.append(block.text)
            if block.style.name.startswith("Heading"):
                headings.append(block.text)
    return "\n".join(lines), headings


def _mammoth(path: str) -> Read:
    with Path(path).open("rb") as file:
        page = str(_module("mammoth").convert_to_html(file).value)
    headings = [_TAG.sub("", heading) for heading in _HEADING.findall(page)]
    return unescape(_TAG.sub(" ", _NEW_LINE.sub(r"\n\g<0>", page))), headings


def _trafilatura(path: str) -> Read:
    found = _module("trafilatura").extract(
        Path(path).read_bytes(), favor_recall=True, include_tables=True, output_format="markdown"
    )
    return _marked(found or "")


def _resiliparse(path: str) -> Read:
    html = _module("resiliparse.parse.encoding").bytes_to_str(Path(path).read_bytes())
    extract = _module("resiliparse.extract.html2text").extract_plain_text
    return str(extract(html, main_content=True)), None


def _selectolax(path: str) -> Read:
    tree = _module("selectolax.lexbor").LexborHTMLParser(Path(path).read_bytes())
    tree.strip_tags(["script", "style", "nav", "header", "footer", "aside"])
    return (tree.body.text(separator="\n") if tree.body else ""), None


def _lxml(path: str) -> Read:
    root = _module("lxml.html").fromstring(Path(path).read_bytes())
    return str(root.text_content()), None


READERS: dict[str, tuple[str, Callable[[str], Read]]] = {
    "ours": ("council-reports-rag", _ours),
    "pypdf": ("pypdf", _pypdf),
    "pypdfium2": ("pypdfium2", _pypdfium2),
    "pdfplumber": ("pdfplumber", _pdfplumber),
    "pdfminer.six": ("pdfminer.six", _pdfminer),
    "PyMuPDF": ("pymupdf", _pymupdf),
    "pdf_oxide": ("pdf_oxide", _pdf_oxide),
    "kreuzberg": ("kreuzberg", _kreuzberg),
    "docling-parse": ("docling-parse", _docling_parse),
    "docx2python": ("docx2python", _docx2python),
    "python-docx": ("python-docx", _python_docx),
    "mammoth": ("mammoth", _mammoth),
    "trafilatura": ("trafilatura", _trafilatura),
    "resiliparse": ("resiliparse", _resiliparse),
    "selectolax": ("selectolax", _selectolax),
    "lxml": ("lxml", _lxml),
}
"""By the name in the table: the distribution that it comes from, and how it reads a file."""


def outcome(read: Callable[[str], Read], path: str) -> dict[str, Any]:
    """What became of one file: its text, or the error that the parser raised."""
    begun = time.perf_counter()
    try:
        text, headings = read(path)
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is its answer
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    seconds = time.perf_counter() - begun
    safe = text.encode("utf-8", "replace").decode()
    return {"text": safe, "headings": headings, "seconds": round(seconds, 3)}


def main(name: str) -> None:
    """Say what is ready, then read what is asked for until nothing is."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    distribution, read = READERS[name]
    try:
        version = "" if name == "ours" else importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        print(json.dumps({"missing": distribution}), file=told, flush=True)
        return
    print(json.dumps({"version": version}), file=told, flush=True)
    for line in sys.stdin:
        print(json.dumps(outcome(read, line.rstrip("\n"))), file=told, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
