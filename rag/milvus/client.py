"""One Milvus, reached by an address: its calls, tried again for a while, its errors in our words.

``milvus://HOST:PORT/NAME`` is a server or a cluster (``milvus+tls://`` with TLS; a token is taken
from ``RAG_MILVUS_TOKEN`` and told to nobody), ``milvus:PATH.db`` a plain file through milvus-lite,
which serves one program at a time. NAME stands in front of the names of all collections.

A call that the server does not answer is tried again by pymilvus itself, with growing pauses, until
``seconds`` have passed. With ``layout`` the owner of pymilvus; milvus-lite and gRPC come with it.
Nothing is sent anywhere but to the address: pymilvus reports to nobody, and it is kept from reading
a ``.env`` file and from printing.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import DamagedIndexError, InputError, RagError

if TYPE_CHECKING:
    from pymilvus import MilvusClient

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
WRITE_SECONDS = 60.0
"""How long a call is tried for before the server counts as away."""
MOST_FOUND = 16_384
"""The most that one search of Milvus finds."""
TOKEN = "RAG_MILVUS_TOKEN"  # noqa: S105 (the name of a variable)

_SERVER = re.compile(r"milvus(\+tls)?://([^/@\s]+):(\d{1,5})/([A-Za-z_][A-Za-z0-9_]{0,99})")
_FILE = re.compile(r"milvus:(?!//)(.+\.db)")
_FORMS = "It is milvus://HOST:PORT/NAME for a server, milvus:PATH.db for a plain file."
_HERE = re.compile(r"localhost|127(\.\d+){3}|\[::1\]")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a shelf in Milvus is kept."""

    uri: str
    """As pymilvus takes it."""
    name: str
    """In front of the collections' names."""
    path: Path | None
    """Of a plain file; None for a server."""
    shown: str
    """As it was given."""
    here: bool
    """True when it is on this machine."""

    @property
    def files(self) -> Path:
        """Where this machine keeps files that were dropped on the page; made when there are any."""
        return Path(f"{self.name}.files") if self.path is None else self.path.with_suffix(".files")


def is_milvus(address: str) -> bool:
    """True for an address of Milvus, well formed or not. Imports nothing."""
    return address.startswith(("milvus:", "milvus+tls:"))


def parse_address(address: str) -> Address:
    """Raises InputError when it is malformed."""
    if found := _FILE.fullmatch(address):
        path = Path(found[1]).expanduser().absolute()
        return Address(str(path), "shelf", path, address, here=True)
    found = _SERVER.fullmatch(address)
    if found is None or not 0 < int(found[3]) < 65_536:
        hidden = re.sub(r"//.*@", "//", address)  # somebody may have put a password there
        raise InputError(
            f"{hidden} is no address of Milvus.",
            f"{_FORMS} NAME is letters, digits and _; a token goes into {TOKEN}.",
        )
    tls, host, port, name = found.groups()
    uri = f"{'https' if tls else 'http'}://{host}:{port}"
    return Address(uri, name, None, address, here=_HERE.fullmatch(host) is not None)


class Milvus:
    """The collections of one shelf. Safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client = _connected(address)
        self._open = True
        with self._in_words("opened"):
            version = self._client.get_server_version(timeout=READ_SECONDS)
        self.lite = "lite" in version
        """True for milvus-lite, which knows fewer analysers, indexes and filters."""

    def close(self) -> None:
        """Let go of the server, or of the file, which another program may open then."""
        if self._open:
            self._open = False
            self._client.close()
            _let_go(self.address)

    def collection(self, kind: str) -> str:
        """The whole name of a collection."""
        return f"{self.address.name}_{kind}"

    def has(self, kind: str) -> bool:
        """True when there is such a collection."""
        with self._in_words("read"):
            return bool(self._client.has_collection(self.collection(kind), timeout=READ_SECONDS))

    def make(self, kind: str, schema: Any, indexes: Any) -> None:
        """Make a collection unless it is there, and load it. What was acknowledged is read."""
        with self._in_words("written"):
            name, timeout = self.collection(kind), WRITE_SECONDS
            if not self._client.has_collection(name, timeout=timeout):
                self._client.create_collection(
                    name, schema=schema, consistency_level="Strong", timeout=timeout
                )
            # Nothing is there to be indexed yet, so there is nothing to wait for.
            self._client.create_index(name, indexes, timeout=timeout, sync=False)
            self._client.load_collection(name, timeout=timeout)

    def load(self, kind: str) -> None:
        """Have a collection ready for searching."""
        with self._in_words("opened"):
            self._client.load_collection(self.collection(kind), timeout=WRITE_SECONDS)

    def drop(self, kind: str) -> None:
        """Delete a collection."""
        with self._in_words("written"):
            self._client.drop_collection(self.collection(kind), timeout=WRITE_SECONDS)

    def rows(
        self, kind: str, where: str, fields: Sequence[str], batch: int = 1000
    ) -> Iterator[Row]:
        """The rows for which an expression holds, as many as there are, in no order."""
        name, timeout = self.collection(kind), READ_SECONDS
        options: dict[str, Any] = {"filter": where, "output_fields": list(fields)}
        with self._in_words("read"):
            limit = min(batch + 1, MOST_FOUND)
            page = self._client.query(name, limit=limit, timeout=timeout, **options)
            if len(page) < limit:
                yield from page
                return
            pages = self._client.query_iterator(name, batch, timeout=timeout, **options)
            try:
                while page := pages.next():
                    yield from page
            finally:
                pages.close()

    def count(self, kind: str, where: str) -> int:
        """For how many rows an expression holds."""
        if self.lite:  # it would count whole rows, vectors and all
            return sum(1 for _ in self.rows(kind, where, ["id"], MOST_FOUND))
        with self._in_words("read"):
            found = self._client.query(
                self.collection(kind),
                filter=where,
                output_fields=["count(*)"],
                timeout=READ_SECONDS,
            )
        return int(found[0]["count(*)"])

    def search(
        self, kind: str, field: str, what: Any, k: int, where: str, **options: Any
    ) -> list[tuple[Row, float]]:
        """The k best rows for a text or a vector, with their scores; see pymilvus' ``search``."""
        with self._in_words("searched"):
            found = self._client.search(
                self.collection(kind),
                data=[what],
                anns_field=field,
                limit=min(k, MOST_FOUND),
                filter=where,
                timeout=READ_SECONDS,
                **options,
            )
        return [({"id": hit["id"], **hit["entity"]}, float(hit["distance"])) for hit in found[0]]

    def insert(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows with keys that are not there yet."""
        if rows:
            with self._in_words("written"):
                data = [dict(row) for row in rows]
                self._client.insert(self.collection(kind), data, timeout=WRITE_SECONDS)

    def settle(self, kind: str) -> None:
        """Have milvus-lite index what was written: until then it searches it row by row.

        A server does so by itself, and by hand only worse.
        """
        if self.lite:
            with self._in_words("written"):
                self._client.flush(self.collection(kind), timeout=WRITE_SECONDS)

    def upsert(self, kind: str, row: Mapping[str, Any]) -> None:
        """Write one row in place of the one with its key; a reader sees the one or the other."""
        with self._in_words("written"):
            self._client.upsert(self.collection(kind), [dict(row)], timeout=WRITE_SECONDS)

    def delete(self, kind: str, where: str) -> None:
        """Delete the rows for which an expression holds."""
        with self._in_words("written"):
            self._client.delete(self.collection(kind), filter=where, timeout=WRITE_SECONDS)

    def damaged(self, why: str) -> DamagedIndexError:
        """The error that says so, with the way back."""
        return DamagedIndexError(
            f"The index {self.address.shown} is damaged: {why}.",
            "Build it anew under another name with: rag add PATH --index ADDRESS",
        )

    @contextmanager
    def _in_words(self, done: str) -> Iterator[None]:
        """Turn the errors of pymilvus and gRPC into ours."""
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        if not self._open:
            raise RagError(f"The index {self.address.shown} was closed.", "Open it again.")
        try:
            yield
        except (MilvusException, RpcError) as error:
            raise _error_in_words(self.address, error, done) from None


def _connected(address: Address) -> MilvusClient:
    """A client that is connected; raises RagErrors in words."""
    try:
        with _without_dotenv():
            from pymilvus import MilvusClient
            from pymilvus.exceptions import MilvusException

            if address.path is not None:
                import milvus_lite  # noqa: F401
    except ImportError:
        raise InputError(
            f"{address.shown} needs Milvus' client, which is not installed.",
            "Install it with: pip install 'council-reports-rag[milvus]'",
        ) from None
    for library in (
        "pymilvus",
        "milvus_lite",
        "grpc._server",
    ):  # it prints errors that are told in words here
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    if address.path is not None and not address.path.parent.is_dir():
        raise InputError(f"There is no folder {address.path.parent}.", "Make it first.")
    # gRPC would ask a proxy of the environment even for this machine.
    options = {"grpc.enable_http_proxy": 0} if address.here else {}
    _take_hold(address)
    try:
        return MilvusClient(
            address.uri,
            token="" if address.path else os.environ.get(TOKEN, ""),
            timeout=CONNECT_SECONDS,
            grpc_options=options,
        )
    except MilvusException as error:
        _let_go(address)
        if address.path is not None:
            raise _file_in_words(address, address.path) from None
        raise _error_in_words(address, error, "opened") from None


@contextmanager
def _without_dotenv() -> Iterator[None]:
    """Importing pymilvus reads a ``.env`` file above it into the environment unless told not to."""
    name = "PYTHON_DOTENV_DISABLED"
    before = os.environ.get(name)
    os.environ[name] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


_HELD: dict[Path, int] = {}
_HOLDING = threading.Lock()
"""How many have each plain file open here: milvus-lite keeps it until it is told."""


def _take_hold(address: Address) -> None:
    if address.path is not None:
        with _HOLDING:
            _HELD[address.path] = _HELD.get(address.path, 0) + 1


def _let_go(address: Address) -> None:
    if address.path is None:
        return
    from milvus_lite.server_manager import server_manager_instance

    with _HOLDING:
        _HELD[address.path] -= 1
        if not _HELD[address.path]:
            del _HELD[address.path]
            server_manager_instance.release_server(str(address.path))


def _file_in_words(address: Address, path: Path) -> RagError:
    """Why milvus-lite could not open a file: pymilvus says only that it could not."""
    from milvus_lite import DataDirLockedError, MilvusLite

    try:
        MilvusLite(str(path)).close()
    except DataDirLockedError:
        return RagError(
            f"The index {address.shown} is open in another program.",
            "A plain file serves one program at a time: stop the other one, or use a server.",
        )
    except Exception as error:  # noqa: BLE001 (of any library below; it is told, not swallowed)
        return DamagedIndexError(
            f"The index {address.shown} cannot be opened: {_first_line(str(error))}.",
            "Move it away and build it anew with: rag add PATH --index ADDRESS",
        )
    return RagError(f"The index {address.shown} could not be opened.", "Try again.")


def _error_in_words(address: Address, error: Exception, done: str) -> RagError:
    """What went wrong, without the server's own jargon where it is one of the usual things."""
    said = f"{error} {error.__cause__ or ''}".lower()
    what = f"The index {address.shown} could not be {done}: "
    unchanged = "What was on the shelf is there as before. "
    signs: tuple[tuple[tuple[str, ...], str, str], ...] = (
        (
            ("unauthenticated", "permission_denied", "auth check failure", "privilege"),
            "the server does not accept who asks.",
            f"Set {TOKEN} to USER:PASSWORD or to an API key that may use it.",
        ),
        (
            ("deadline_exceeded", "retry timeout"),
            "the server did not answer in time.",
            "Check that it runs and is not overloaded, and try again.",
        ),
        (
            ("unavailable", "fail connecting", "connection refused"),
            "no Milvus answers there.",
            "Start it, or check the address, and try again.",
        ),
        (
            ("quota", "rate limit", "memory", "disk"),
            "the server has no room, or refuses more for now.",
            "Look at its memory and disk, and try again.",
        ),
        (
            ("unimplemented",),
            "what answers there is no Milvus, or an old one.",
            "Check the address, and that Milvus is of version 2.6 or later.",
        ),
    )
    for words, why, next_step in signs:
        if any(word in said for word in words):
            return RagError(what + why, unchanged + next_step)
    message = _first_line(str(getattr(error, "message", "") or error))
    return RagError(f"{what}{message}.", f"{unchanged}Try again.")


def _first_line(message: str) -> str:
    token = os.environ.get(TOKEN)
    message = message.replace(token, "…") if token else message
    return (message.splitlines() or ["no reason was given"])[0][:200].rstrip(" .")


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Try until it is done, with growing pauses; False when the time has passed."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while not done():
        if time.monotonic() > deadline:
            return False
        # Not in step with another program that waits for the same.
        time.sleep(pause + int.from_bytes(os.urandom(1)) / 1000)
        pause = min(2 * pause, 1.0)
    return True
