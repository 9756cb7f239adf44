"""Files beside the store that can always be built again: written whole, checked when read.

A cache is never the truth, so a full disk or a folder that cannot be written is no error, and a
file that is not what was saved is told as a warning and not used.
"""

from __future__ import annotations

import contextlib
import logging
import os
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_LARGE = ("vectors-*.faiss", "terms-*.bin")
KINDS = (*_LARGE, "words-*.json", "segments.json")
"""What caches are called."""
_TRAILER = 4
"""Bytes of CRC-32 behind the content: no reader of it notices a byte turned over."""
_AT_ONCE = 1 << 22

IsSound = Callable[[Path], bool]

_LOG = logging.getLogger("rag")


def save(path: Path, write: Callable[[Path], object], *, checked: bool = True) -> bool:
    """Have ``write`` fill a file and put it in place, with its checksum; False if it cannot be.

    Without ``checked`` it has none: for text that is read only where it is whole.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with contextlib.suppress(OSError, RuntimeError):
            write(temporary)
            if checked:
                checksum = _checksum(temporary, temporary.stat().st_size)
                with temporary.open("ab") as file:
                    file.write(checksum)
            temporary.replace(path)
            return True
        return False
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def save_text(path: Path, text: str, *, checked: bool = True) -> bool:
    """The same for a text."""
    return save(path, lambda name: name.write_text(text, encoding="utf-8"), checked=checked)


def is_sound(path: Path) -> bool:
    """True when a file is there and is what was saved."""
    try:
        size = path.stat().st_size - _TRAILER
        with path.open("rb") as file:
            file.seek(max(0, size))
            kept = file.read()
        if size >= 0 and _checksum(path, size) == kept:
            return True
    except FileNotFoundError:
        return False
    except OSError:
        pass
    warn(path)
    return False


class Checks:
    """``is_sound`` for the large caches of a folder, looked at side by side while others work."""

    def __init__(self, folder: Path) -> None:
        paths = [path for kind in _LARGE for path in folder.glob(kind)]
        pool = ThreadPoolExecutor(2)
        self._sound = {path: pool.submit(is_sound, path) for path in paths}
        pool.shutdown(wait=False)

    def __call__(self, path: Path) -> bool:
        """See ``is_sound``; waits until it is known."""
        found = self._sound.get(path)
        return is_sound(path) if found is None else found.result()


def content(path: Path) -> bytes | None:
    """What ``save`` had written; None when it is not there, or is not that any more."""
    return path.read_bytes()[:-_TRAILER] if is_sound(path) else None


def warn(path: Path) -> None:
    """Say that a cache cannot be used."""
    _LOG.warning("%s is damaged. It is only a cache and is built again.", path.name)


def drop(folder: Path, besides: frozenset[str] = frozenset()) -> None:
    """Delete the caches in an index folder, but for those of these names."""
    for kind in KINDS:
        for path in folder.glob(kind):
            if path.name not in besides:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)


def _checksum(path: Path, size: int) -> bytes:
    """CRC-32 of the first ``size`` bytes, read piece by piece: mapping them would keep them."""
    found = 0
    with path.open("rb") as file:
        while size > 0 and (piece := file.read(min(size, _AT_ONCE))):
            found = zlib.crc32(piece, found)
            size -= len(piece)
    return found.to_bytes(_TRAILER, "little")
