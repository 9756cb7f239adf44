"""A Word file is a zip archive of XML parts: opened here, with limits, and never unpacked to disk.

What an archive says of itself is checked before anything is read, and what comes out is checked
again, since an archive may lie. Names within it are only ever compared, never used as paths.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib

from rag.errors import ReadingError
from rag.reading.markup import Node, parse_xml

LARGEST_TOTAL = 300 * 2**20
LARGEST_PART = 100 * 2**20
LARGEST_RATIO = 200
RATIO_FROM = 10 * 2**20
"""Small parts may be packed well; from this size on LARGEST_RATIO holds."""
MOST_PARTS = 10_000

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_UNPACKING = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)
_OTHERS = (
    ("xl/", "is an Excel workbook", "Save it as PDF, or the sheet as text."),
    ("ppt/", "is a PowerPoint presentation", "Save it as PDF."),
    ("content.xml", "is an OpenDocument file", "Save it as .docx or as PDF."),
)


def looks_like_docx(data: bytes) -> bool:
    """True for a zip archive or an OLE container: the Word reader reads it or says what it is."""
    return data.startswith((*_ZIP, _OLE))


class WordFile:
    """The parts of one Word file, read when asked for."""

    def __init__(self, data: bytes) -> None:
        """Open the archive. Raises ReadingError for anything but a Word file within the limits."""
        if data.startswith(_OLE):
            raise _ole_error(data)
        if not data.startswith(_ZIP):
            raise ReadingError("is not a Word file.", "Give it the ending that tells what it is.")
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
        except _UNPACKING as error:
            raise _damaged(error) from None
        self.sizes = {part.filename: part for part in self.archive.infolist()}
        self._check_kind()
        self._check_sizes()
        self.main = next(iter(self.related("", "officeDocument")), "word/document.xml")
        if self.main not in self.sizes:
            raise ReadingError("is not a readable Word file (it has no document part).")

    def _check_kind(self) -> None:
        if "[Content_Types].xml" in self.sizes and any(n.startswith("word/") for n in self.sizes):
            return
        for start, what, next_step in _OTHERS:
            if any(name.startswith(start) for name in self.sizes):
                raise ReadingError(f"{what}.", next_step)
        if "[Content_Types].xml" not in self.sizes:
            raise ReadingError("is a zip archive.", "Unpack it first, and add the files in it.")

    def _check_sizes(self) -> None:
        parts = self.archive.infolist()
        sizes = [part.file_size for part in parts]
        packed_well = any(
            part.file_size > RATIO_FROM
            and part.file_size > LARGEST_RATIO * max(part.compress_size, 1)
            for part in parts
        )
        if len(parts) > MOST_PARTS or sum(sizes) > LARGEST_TOTAL or packed_well:
            raise ReadingError(
                f"would unpack to {sum(sizes) / 2**20:,.0f} MiB in {len(parts):,} parts, which no"
                " report does.",
                "If it is a report, open it in Word and save it as PDF.",
            )

    def part(self, name: str) -> Node | None:
        """The XML of one part, or None when there is none of that name."""
        return parse_xml(self._bytes(name)) if name in self.sizes else None

    def _bytes(self, name: str) -> bytes:
        try:
            with self.archive.open(name) as stream:
                data = stream.read(LARGEST_PART + 1)
        except _UNPACKING as error:
            raise _damaged(error) from None
        if len(data) > LARGEST_PART:
            raise ReadingError(
                f"holds a part of more than {LARGEST_PART // 2**20} MiB.",
                "Open it in Word and save it as PDF.",
            )
        return data

    def related(self, name: str, kind: str) -> list[str]:
        """The parts that the part ``name`` refers to as ``kind``; "" is the file as a whole."""
        folder, base = posixpath.split(name)
        root = self.part(posixpath.join(folder, "_rels", f"{base}.rels"))
        if root is None:
            return []
        targets = [
            node.get("Target", "")
            for node in root.iter(_RELATION)
            if node.get("Type", "").endswith(f"/{kind}")
            and node.get("TargetMode", "") != "External"
        ]
        paths = [posixpath.normpath(posixpath.join("/", folder, target)) for target in targets]
        return [path.lstrip("/") for path in paths if path.lstrip("/") in self.sizes]


def _ole_error(data: bytes) -> ReadingError:
    """An OLE container is an encrypted .docx, or the format that Word wrote until 2007."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return ReadingError(
            "is encrypted and needs a password.",
            "Open it in Word, save it without a password, and add that.",
        )
    return ReadingError(
        "is a document in the old binary format (.doc).", "Save it as .docx or as PDF."
    )


def _damaged(error: BaseException) -> ReadingError:
    reason = str(error) or type(error).__name__
    return ReadingError(f"is not a readable Word file ({reason}).", "Open it in Word and save it.")
