"""What the workers of a cluster do: read a file from its bytes, embed texts.

Nothing here knows of Ray: these are functions of what they are given, and the machine that calls
them sent all of it. A worker keeps one process that reads and one model, and reads a file under
the same limits as it is read at home. It answers only who has the same program, since the shelf
must not depend on which machine read what.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from rag.embedding import Encoder, Vectors
from rag.errors import RagError, ReadingError
from rag.settings import IndexSettings, ReadingLimits
from rag.workers import File, Prepared, Reader

_FOLDERS = "rag-read-"
"""How the names of folders begin that workers keep files in while they read them."""
INSTALL = "Install the same version of this program on every machine of the cluster."


@dataclass(frozen=True, slots=True)
class Errand:
    """How a file is to be read whose bytes were sent."""

    file: File
    origin: str
    """As ``Report.origin`` is to say, whatever the file is called there."""
    settings: IndexSettings
    limits: ReadingLimits
    code: str
    """Of the program that sends it, see ``own_code``."""


def greeted(code: str) -> RagError | None:
    """Why this worker refuses who has other code; None when both have the same."""
    if code == own_code():
        return None
    return ReadingError("A worker of the cluster has another version of this program.", INSTALL)


def read_there(data: bytes, errand: Errand) -> Prepared | RagError:
    """The file prepared as if it had been read at home, or why not."""
    refused = greeted(errand.code)
    if refused is not None:
        return refused
    name = errand.file.path.name
    try:
        with tempfile.TemporaryDirectory(prefix=f"{_FOLDERS}{os.getpid()}-") as folder:
            path = Path(folder, name)
            path.write_bytes(data)
            reader = _reader(errand.settings, errand.limits)
            found = reader.prepare(replace(errand.file, path=path))
    except OSError as error:
        return ReadingError(f"A worker of the cluster could not keep {name}: {error.strerror}.")
    if isinstance(found, Prepared):
        return replace(found, report=replace(found.report, origin=errand.origin))
    return found


def embed_there(texts: list[str], encoder: bytes, code: str) -> Vectors | RagError:
    """The vectors of texts, by a pickled Encoder that is loaded once a worker, or why not."""
    refused = greeted(code)
    if refused is not None:
        return refused
    try:
        return _encoder(encoder).encode(texts)
    except RagError as error:
        return error


@lru_cache(maxsize=1)
def _reader(settings: IndexSettings, limits: ReadingLimits) -> Reader:
    """The process of this worker that reads; files that a lost worker left are deleted first."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*-*"):
        worker = folder.name.removeprefix(_FOLDERS).partition("-")[0]
        try:
            os.kill(int(worker), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (PermissionError, ValueError):
            continue
    return Reader(settings, limits)


@lru_cache(maxsize=1)
def _encoder(pickled: bytes) -> Encoder:
    encoder: Encoder = pickle.loads(pickled)  # noqa: S301 (from the process that adds)
    return encoder


@cache
def own_code() -> str:
    """SHA-256 of the program as it is installed here."""
    folder = Path(__file__).parent
    hashed = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        hashed.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return hashed.hexdigest()
