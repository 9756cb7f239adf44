"""A file of any format to one Report.

    path ──> format by content ──> elements (pdf, docx, html, markdown, plain) ──> compose ──> text
             catalogue, front matter, file's own properties, first page ──> metadata and id

One reader a format. What a file is, its first bytes say, before its ending: a web page that is
named report.pdf is read as a web page, and that is noted. Reading never touches the index.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rag.errors import ReadingError, UnknownKindError
from rag.reading.docx import looks_like_docx, read_docx
from rag.reading.elements import Document, compose
from rag.reading.encoding import decode
from rag.reading.html import read_html
from rag.reading.markdown import read_markdown, split_front_matter
from rag.reading.metadata import (
    CATALOGUE_NAME,
    load_catalogue,
    merge,
    metadata_from,
    metadata_from_text,
    report_id,
)
from rag.reading.pdf import read_pdf
from rag.reading.plain import read_plain
from rag.records import Metadata, Report
from rag.settings import LARGEST_FILE

__all__ = [
    "CATALOGUE_NAME",
    "KINDS",
    "MoreTime",
    "load_catalogue",
    "load_file",
    "printable",
    "read_file",
    "read_text",
]

KINDS = {
    ".pdf": "PDF",
    ".docx": "Word",
    ".html": "web page",
    ".htm": "web page",
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".txt": "plain text",
}
_INVISIBLE = "\x7f\u200b\u2060\ufeff\xad"
_CONTROL = dict.fromkeys(c for c in range(32) if chr(c) not in "\t\n\r\f") | dict.fromkeys(
    map(ord, _INVISIBLE)
)
_HEAD = 1024
"""Bytes at the start of a file in which its format is looked for, as PDF readers do."""
_NOTHING = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"
"""Blanks and the marks of encodings."""
_PAGE_STARTS = (b"<!doctype html", b"<html")

MoreTime = Callable[[float], None]
"""Told how many seconds more a file may take, for who limits the time."""


def read_file(
    path: Path, catalogued: Metadata | None = None, more_time: MoreTime | None = None
) -> Report:
    """Read one file. What the catalogue says of it wins over what the file says.

    Raises UnknownKindError for a format that no reader knows, ReadingError for a file that
    cannot be opened, is too large, is damaged, or holds no text.
    """
    data = load_file(path)
    return _report(_read(data, path, more_time), path, data, catalogued)


def load_file(path: Path) -> bytes:
    """The bytes of a regular file; raises ReadingError when it cannot be had or is too large."""
    try:
        about = path.stat()
        regular = stat.S_ISREG(about.st_mode)
        data = path.read_bytes() if regular and about.st_size <= LARGEST_FILE else None
    except OSError as error:
        raise ReadingError(f"{path.name} cannot be opened: {error.strerror}.") from None
    if not regular:
        raise ReadingError(f"{path.name} is not a regular file.", "Give a file or a folder.")
    if data is None:
        limit = LARGEST_FILE // 2**20
        raise ReadingError(f"{path.name} is larger than {limit} MiB.", "Split it, or leave it out.")
    return data


def _read(data: bytes, path: Path, more_time: MoreTime | None) -> Document:
    if not data.strip(_NOTHING):
        raise _no_text(path)
    kind = _kind(data, path)
    if kind == "PDF":
        document = read_pdf(data, path.name, more_time)
    elif kind == "Word":
        document = read_docx(data, path.name)
    elif kind == "web page":
        document = read_html(data, path.name)
    else:
        document = _read_marked(_decoded(data, path), kind)
    called = KINDS.get(path.suffix.lower())
    if called in (None, kind):
        return document
    note = f"The file is named {path.suffix.lower()} but is a {kind}, and was read as one."
    return replace(document, notes=(note, *document.notes))


def read_text(text: str, path: Path, data: bytes, catalogued: Metadata | None = None) -> Report:
    """A report from decoded text, by the path's ending; ``data`` are the bytes that identify it."""
    kind = KINDS[path.suffix.lower()]
    return _report(_read_marked(text, kind), path, data, catalogued)


def _kind(data: bytes, path: Path) -> str:
    """The format by the first bytes, else by the ending of the name."""
    head = data[:_HEAD].lstrip().lower()
    kind = KINDS.get(path.suffix.lower())
    if head.startswith(b"%pdf-") or (b"%pdf-" in head and kind in (None, "PDF", "Word")):
        return "PDF"
    if looks_like_docx(data):
        return "Word"
    if kind in (None, "PDF", "Word") and any(start in head for start in _PAGE_STARTS):
        return "web page"
    if kind is None:
        raise UnknownKindError(
            f"{path.name}: files that end in {path.suffix or 'nothing'!r} cannot be read.",
            f"Known endings: {', '.join(KINDS)}.",
        )
    return kind


def _decoded(data: bytes, path: Path) -> str:
    try:
        return decode(data)
    except ReadingError as error:
        raise ReadingError(f"{path.name}: {error.what}", error.next_step) from None


def _read_marked(text: str, kind: str) -> Document:
    """Markdown or plain text."""
    text = text.translate(_CONTROL)
    if kind == "plain text":
        return Document(read_plain(text))
    values, content = split_front_matter(text)
    stated = metadata_from(values)
    return Document(read_markdown(content, brief=stated.form == "brief"), stated)


def _report(document: Document, path: Path, data: bytes, catalogued: Metadata | None) -> Report:
    elements = document.elements
    for element in elements:
        element.text = element.text.translate(_CONTROL).strip()
    elements = [e for e in elements if e.text]
    if not any(e.kind not in ("heading", "front") for e in elements):
        raise _no_text(path)
    said = merge(catalogued or Metadata(), document.stated)
    metadata = merge(said, metadata_from_text(elements, path.stem))
    composed, blocks = compose(elements)
    return Report(
        id=report_id(metadata, path),
        metadata=metadata,
        text=composed,
        blocks=blocks,
        digest=hashlib.sha256(data).hexdigest(),
        origin=printable(path.resolve()),
        pages=document.pages,
        notes=document.notes,
    )


def _no_text(path: Path) -> ReadingError:
    return ReadingError(f"{path.name} holds no text.", "Nothing was added for it.")


def printable(path: Path) -> str:
    """A path as text that can be stored and printed, also when its name is not valid UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode()
