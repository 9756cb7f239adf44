"""A file of any format to one Report.

    path ──> decode ──> elements (plain, markdown) ──> compose ──> text and blocks
                 catalogue, front matter, title block ──> metadata and id

One reader a format, chosen by the file's ending; unknown endings are refused with the list of
known ones. Reading never touches the index.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from rag.errors import ReadingError, UnknownKindError
from rag.reading.elements import compose
from rag.reading.markdown import read_markdown, split_front_matter
from rag.reading.metadata import (
    CATALOGUE_NAME,
    load_catalogue,
    merge,
    metadata_from,
    metadata_from_text,
    report_id,
)
from rag.reading.plain import read_plain
from rag.records import Metadata, Report

__all__ = ["CATALOGUE_NAME", "KINDS", "load_catalogue", "printable", "read_file"]

KINDS = {".txt": "plain text", ".md": "Markdown", ".markdown": "Markdown"}
LARGEST_FILE = 50 * 1024 * 1024
_INVISIBLE = "\x7f\u200b\u2060\ufeff\xad"
_CONTROL = dict.fromkeys(c for c in range(32) if chr(c) not in "\t\n\r\f") | dict.fromkeys(
    map(ord, _INVISIBLE)
)


def read_file(path: Path, catalogued: Metadata | None = None) -> Report:
    """Read one file. What the catalogue says of it wins over what the file says.

    Raises UnknownKindError for an ending that no reader knows, ReadingError for a file that
    cannot be opened, is too large, or holds no text.
    """
    if path.suffix.lower() not in KINDS:
        raise UnknownKindError(
            f"{path.name}: files that end in {path.suffix or 'nothing'!r} cannot be read.",
            f"Known endings: {', '.join(sorted(KINDS))}.",
        )
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else None
    except OSError as error:
        raise ReadingError(f"{path.name} cannot be opened: {error.strerror}.") from None
    if data is None:
        limit = LARGEST_FILE // 2**20
        raise ReadingError(f"{path.name} is larger than {limit} MiB.", "Split it, or leave it out.")
    return read_text(_decode(data), path, data, catalogued)


def read_text(text: str, path: Path, data: bytes, catalogued: Metadata | None = None) -> Report:
    """A report from decoded text; ``data`` are the bytes that identify it."""
    text = text.translate(_CONTROL)
    stated = Metadata()
    if path.suffix.lower() == ".txt":
        elements = read_plain(text)
    else:
        values, content = split_front_matter(text)
        stated = metadata_from(values)
        elements = read_markdown(content, brief=stated.form == "brief")
    if not any(e.kind in ("paragraph", "item") for e in elements):
        raise ReadingError(f"{path.name} holds no text.", "Nothing was added for it.")
    metadata = merge(merge(catalogued or Metadata(), stated), metadata_from_text(elements))
    composed, blocks = compose(elements)
    return Report(
        id=report_id(metadata, path),
        metadata=metadata,
        text=composed,
        blocks=blocks,
        digest=hashlib.sha256(data).hexdigest(),
        origin=printable(path.resolve()),
    )


def printable(path: Path) -> str:
    """A path as text that can be stored and printed, also when its name is not valid UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _decode(data: bytes) -> str:
    """UTF-16 with its mark, UTF-8, else Windows-1252, which maps every byte to something."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    return text
