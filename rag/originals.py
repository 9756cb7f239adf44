"""The files that reports were read from: kept copies, and pictures of their pages.

A report's words can be checked against the page that they are printed on, as long as its file is
there with the content that was read: that is told by its digest, never by its name. A file that
will not stay where it is (one dropped on the page) is copied beside the index and added from
there. Pages are drawn in a process of its own with limits of time and memory, so that a malformed
file costs one picture and nothing else; what was drawn last is kept in memory.

Only PDFs have pages to show; of other formats the page shows the text.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Generic, TypeVar

from rag.errors import InputError, ReadingError
from rag.reading import MoreTime, load_file
from rag.reading.pdfium import Opened, opened
from rag.reading.pictures import PagePicture, Place, Quoted, drawn, place_of
from rag.settings import ReadingLimits
from rag.workers import Child

__all__ = ["FOLDER", "Originals", "PagePicture"]

FOLDER = "originals"
"""Where copies are kept, in the folder of the index."""
_PICTURES = 64
_PAGES = 4096
_FILES = 1024
"""How many pictures, pages of passages and digests of files are remembered."""
_SECONDS = 10.0
"""Most seconds for one picture, for which somebody waits; usual is a twentieth of it."""
_HEAD = 1024
_LONGEST_NAME, _LONGEST_ENDING = 120, 10
"""Bytes of a kept file's name before its ending, and characters of that."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]+')
_KEY = 16
_A_KEY = re.compile(rf"[0-9a-f]{{{_KEY}}}")
"""A copy's folder: the first digits of its digest."""

_T = TypeVar("_T")


class Originals:
    """The originals of one index. Safe to use from several threads."""

    def __init__(self, folder: Path, limits: ReadingLimits | None = None) -> None:
        """``folder`` is that of the index; nothing is made in it before a file is kept."""
        limits = limits or ReadingLimits()
        self._folder = folder.resolve() / FOLDER
        self._limits = replace(limits, seconds=min(limits.seconds, _SECONDS))
        self._child = Child(self._limits)
        self._one = threading.Lock()
        """Held by whoever talks to the child: one at a time."""
        self._digests = _Kept[str](_FILES)
        self._pictures = _Kept[PagePicture | None](_PICTURES)
        self._pages = _Kept[int | None](_PAGES)

    def close(self) -> None:
        """End the process that draws; there are no pictures afterwards."""
        self._child.end()

    # --- kept copies ----------------------------------------------------------------------

    def keep(self, file: Path) -> Path:
        """Copy a file beside the index, where its origin stays; the copy, also if it was there.

        The path is what the origin of its report will be: absolute, without symbolic links.
        The same content under the same name is kept once. Raises ReadingError for a file that
        cannot be read or is too large, InputError when the copy cannot be made.
        """
        data = load_file(file)
        kept = self._folder / hashlib.sha256(data).hexdigest()[:_KEY] / _safe(file.name)
        try:
            if not kept.is_file() or kept.read_bytes() != data:
                kept.parent.mkdir(parents=True, exist_ok=True)
                _write(kept, data)
        except OSError as error:
            raise InputError(
                f"{file.name} cannot be kept beside the index: {error.strerror}.",
                "Make room there, or add the file from a folder that stays.",
            ) from None
        return kept

    def forget(self, origin: str) -> None:
        """Delete a kept copy, as when its report is removed; other files are never touched.

        A copy is known by its folder and name, so that it is found after the index was moved.
        """
        *_, folder, key, name = ("", "", "", *Path(origin).parts)
        kept = self._folder / key / name
        if folder == FOLDER and _A_KEY.fullmatch(key) and name == _safe(name):
            with suppress(OSError):
                kept.unlink()
                kept.parent.rmdir()

    def size(self) -> int:
        """Bytes of all kept copies."""
        total = 0
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                total += path.stat().st_size
        return total

    # --- the file of a report -------------------------------------------------------------

    def find(self, origin: str, digest: str) -> Path | None:
        """The file that a report was read from; None when it is gone or has other content.

        ``origin`` and ``digest`` (sha256, hexadecimal) are the report's. When nothing is there any
        more, a kept copy is looked for: the index may have been moved.
        """
        candidates = chain([Path(origin)], (self._folder / digest[:_KEY]).glob("*"))
        return next((path for path in candidates if self._has(path, digest)), None)

    def _has(self, path: Path, digest: str) -> bool:
        try:
            about = path.stat()
            key = (path, about.st_size, about.st_mtime_ns)
            found = self._digests.get(key)
            if found is None:
                found = self._digests.put(key, hashlib.sha256(load_file(path)).hexdigest())
        except (OSError, ValueError, ReadingError):
            return False
        return found[0] == digest

    # --- its pages ------------------------------------------------------------------------

    def picture(
        self, origin: str, digest: str, passage: str, quote: str, page: int | None
    ) -> PagePicture | None:
        """The page on which a quote starts, with the quote marked; see ``rag.reading.pictures``.

        ``page`` is the printed number that is cited. None when there is no original, it is no
        PDF, nothing tells the page, or it cannot be drawn within the limits.
        """
        quoted = Quoted(passage, quote, page)
        return self._asked(_picture, self._pictures, origin, digest, quoted)

    def page_of(
        self, origin: str, digest: str, passage: str, quote: str, page: int | None
    ) -> int | None:
        """The page of the file, from 1, on which a quote starts, as for ``#page=7`` in a link."""
        quoted = Quoted(passage, quote, page)
        return self._asked(_page, self._pages, origin, digest, quoted)

    def _asked(
        self,
        function: Callable[..., _T | None],
        kept: _Kept[_T | None],
        origin: str,
        digest: str,
        quoted: Quoted,
    ) -> _T | None:
        """What a function of the child says of a quote, asked once; None also when it fails."""
        path = self.find(origin, digest)
        if path is None or not _is_pdf(path):
            return None
        found = kept.get((digest, quoted))
        if found is None:
            with self._one:
                found = kept.get((digest, quoted)) or kept.put(
                    (digest, quoted), self._called(function, path, digest, quoted)
                )
        return found[0]

    def _called(
        self, function: Callable[..., _T | None], path: Path, digest: str, quoted: Quoted
    ) -> _T | None:
        """Asked again when the process ended: something else may have ended it long before."""
        for _ in range(2):
            with suppress(EOFError, OSError):
                try:
                    return self._child.call(function, path, digest, quoted)
                except TimeoutError:
                    return None
        return None


class _Kept(Generic[_T]):
    """What was made last, by key; for several threads. Values come in a tuple of one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, tuple[_T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> tuple[_T] | None:
        """The value; None when it is not there (any more)."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Hashable, value: _T) -> tuple[_T]:
        """Keep a value, and let the one go that was not asked for for longest."""
        with self._lock:
            self._values[key] = (value,)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
            return (value,)


def _is_pdf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"%pdf-" in file.read(_HEAD).lower()
    except OSError:
        return False


def _safe(name: str) -> str:
    """A file's name with nothing in it that a file system or a command could take for more."""
    path = Path(_UNSAFE.sub("_", name).strip(" ."))
    suffix = path.suffix if len(path.suffix) <= _LONGEST_ENDING else ""
    stem = path.name.removesuffix(suffix).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{stem.strip(' .') or 'report'}{suffix}"


def _write(path: Path, data: bytes) -> None:
    """A file that is there with all of its content, or not at all."""
    descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as copy:
            copy.write(data)
            copy.flush()
            os.fsync(copy.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


# --- in the child ---------------------------------------------------------------------------


def _picture(path: Path, digest: str, quoted: Quoted, _: MoreTime) -> PagePicture | None:
    return _placed(path, digest, quoted, drawn)


def _page(path: Path, digest: str, quoted: Quoted, _: MoreTime) -> int | None:
    return _placed(path, digest, quoted, lambda _, place: place.page + 1)


def _placed(
    path: Path, digest: str, quoted: Quoted, ask: Callable[[Opened, Place], _T | None]
) -> _T | None:
    """What is asked of the place of a quote, in a file of exactly this content."""
    try:
        data = load_file(path)
        if hashlib.sha256(data).hexdigest() != digest:
            return None
        with opened(data, path.name) as document:
            place = place_of(document, quoted)
            return ask(document, place) if place is not None else None
    except (ReadingError, MemoryError):
        return None
