"""Reports from their publishers' addresses, politely.

    briefs ──> listed ──> Wanted ──> robots.txt ──> request and redirects (rag.web)
           ──> PDF, Word or web page, by its header and by its first bytes
           ──> FOLDER/sefton-2022.pdf, there whole or not at all

robots.txt is obeyed as RFC 9309 says: without one everything may be fetched, with one that
cannot be read nothing may. There is one connection at a time, a pause between two requests to
one host, and a publisher who asks to wait is waited for, within limits. A file that is already
there is not fetched again unless that is asked for.

A reply that is compressed, or does not say where it ends, is refused: neither its size nor its
being whole could be told. What a file says is not looked at here: that it is the report that was
wanted, its reader must see.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from os import fsync
from pathlib import Path

from rag.errors import FetchError, InputError, ReadingError
from rag.reading import CATALOGUE_NAME, load_catalogue
from rag.reading.markdown import split_front_matter
from rag.reading.metadata import merge, metadata_from, report_id, slug
from rag.records import Metadata
from rag.robots import Rules, rules_for
from rag.web import (
    BY_HAND,
    Address,
    Deadline,
    FetchLimits,
    Reply,
    Wiring,
    address_of,
    redirected,
    request,
)

PRODUCT = "council-reports-rag"
"""The name by which robots.txt files may speak of this program."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_BUSY = frozenset((429, 503))
_MOST_REDIRECTS = 5
_MOST_RETRIES = 2
_LONGEST_CRAWL_DELAY = 30.0
_LARGEST_ROBOTS = 500 * 1024
"""Bytes; RFC 9309 asks readers for at least so much."""
_HEAD = 1024
"""Bytes looked at to tell a kind: so far into a file a PDF may have its mark."""

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ENDINGS = {
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    _WORD: ".docx",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
}
_UNSAID = ("", "application/octet-stream", "binary/octet-stream", "application/force-download")
"""Types by which a server says that it does not know; the first bytes must tell the kind."""
_SPACE = b" \t\r\n\x0c\x00\xef\xbb\xbf\xff\xfe"
_TAG = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|style|div|p|h1|table|!--|\?xml)"
    rb"(?:[\s>/-]|\Z)",
    re.IGNORECASE,
)
"""How web pages start: WHATWG, MIME Sniffing, 7.1, as far as reports could."""
_MARKS = {
    b"\xd0\xcf\x11\xe0": "an old Word, Excel or PowerPoint file",
    b"{\\rtf": "an RTF file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report of which there is a brief, and where its publisher has it, if that is known."""

    id: str
    address: str | None
    metadata: Metadata
    """What the brief says of the report, as metadata of the full report."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A report's file. ``kept`` says that it was there before and nothing was fetched."""

    path: Path
    content_type: str
    """As the server said; empty for a file that was kept."""
    size: int
    """Bytes."""
    address: str
    """Where it came from in the end, after redirects."""
    kept: bool = False


def listed(folder: Path) -> list[Wanted]:
    """The reports of a folder's briefs, in the order of their file names.

    Raises InputError when there is no such folder or its catalogue cannot be used, ReadingError
    when the front matter of a file cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", "Name the folder with the briefs.")
    catalogue = load_catalogue(folder)
    wanted = []
    for path in sorted(folder.glob("*.md")):
        try:
            values, _ = split_front_matter(path.read_text("utf-8-sig", errors="replace"))
            stated = metadata_from(values)
        except ReadingError as error:
            raise ReadingError(f"{path.name}: {error.what}", error.next_step) from None
        metadata = merge(catalogue.get(path.resolve(), Metadata()), stated)
        if metadata.form == "brief":
            name = report_id(metadata, path)
            full = replace(metadata, form="full", id=name)
            wanted.append(Wanted(name, metadata.source, full))
    return wanted


def held(into: Path, name: str) -> Path | None:
    """The file of a report that was fetched before."""
    paths = (into / f"{name}{ending}" for ending in dict.fromkeys(_ENDINGS.values()))
    return next((path for path in paths if path.is_file()), None)


def fetch_all(
    corpus: Path, into: Path, fetcher: Fetcher | None = None
) -> Iterator[tuple[str, str, Path | None]]:
    """Get every report of a folder's briefs: its id, what became of it, and its file if it is had.

    A catalogue in ``into`` says of each file what its brief says, so that adding the file puts
    the full report in the place of its brief. Raises as ``listed`` does, before anything is
    fetched; a report that cannot be had is told, and costs nothing else.
    """
    fetcher = fetcher or Fetcher()
    described: list[str] = []
    for wanted in listed(corpus):
        if wanted.address is None:
            yield wanted.id, "no address is known", None
            continue
        try:
            got = fetcher.fetch(wanted.address, into, wanted.id)
        except FetchError as error:
            yield wanted.id, str(error), None
            continue
        described.append(_entry(got.path, wanted.metadata))
        (into / CATALOGUE_NAME).write_text("\n".join(described), encoding="utf-8")
        size = f"{got.size / 2**10:,.0f} KiB"
        yield wanted.id, f"there already, {size}" if got.kept else f"fetched, {size}", got.path


def _entry(path: Path, metadata: Metadata) -> str:
    """A catalogue's entry for one file."""
    values = {"file": path.name, **asdict(metadata)}
    lines = (f"{name} = {json.dumps(value)}" for name, value in values.items() if value is not None)
    return "\n".join(["[[report]]", *lines, ""])


class Fetcher:
    """Fetches one report after the other; knows what the hosts asked for."""

    def __init__(self, limits: FetchLimits | None = None, *, wiring: Wiring | None = None) -> None:
        self.limits = limits or FetchLimits()
        self._wiring = wiring or Wiring()
        self._robots: dict[str, Rules] = {}
        self._asked: dict[str, float] = {}
        """When the last request to a host was over."""

    def fetch(self, address: str, into: Path, name: str, *, again: bool = False) -> Fetched:
        """Get the report at ``address`` as ``into/name`` with the ending of its kind.

        Raises FetchError when the address is refused or the report cannot be had, InputError
        when ``name`` cannot be a report's.
        """
        if not name or slug(name) != name:
            raise InputError(f"The name {name!r} cannot be used.", "Use the report's id.")
        if not again and (path := held(into, name)) is not None:
            return Fetched(path, "", path.stat().st_size, address, kept=True)
        deadline = Deadline(self.limits.whole)
        with self._answer(address_of(address), deadline) as (final, reply):
            if reply.status != 200:
                raise _unwanted(final, reply.status)
            try:
                return self._save(final, reply, into, name)
            except OSError as error:
                raise FetchError(
                    f"{name} cannot be written to {into}: {error.strerror}.",
                    "Name another folder.",
                ) from None

    # --- asking ---------------------------------------------------------------------------

    @contextmanager
    def _answer(
        self, address: Address, deadline: Deadline, *, obey: bool = True
    ) -> Iterator[tuple[Address, Reply]]:
        """The reply after redirects and waits, and the address that gave it."""
        redirects, retries = _MOST_REDIRECTS, _MOST_RETRIES
        while True:
            pause = self._allowed(address, deadline) if obey else self.limits.pause
            with self._once(address, deadline, pause) as reply:
                if reply.status in _REDIRECTS:
                    redirects -= 1
                    address = _next(address, reply, redirects)
                    continue
                if reply.status not in _BUSY:
                    yield address, reply
                    return
                retries -= 1
                wait = self._asked_to_wait(address, reply, retries)
            self._wait(wait, deadline)

    @contextmanager
    def _once(self, address: Address, deadline: Deadline, pause: float) -> Iterator[Reply]:
        """One request, not sooner than ``pause`` seconds after the last one to this host."""
        last = self._asked.get(address.host)
        if last is not None:
            self._wait(last + pause - time.monotonic(), deadline)
        try:
            with request(address, _headers(), self.limits, deadline, self._wiring) as reply:
                yield reply
        finally:
            self._asked[address.host] = time.monotonic()

    def _wait(self, seconds: float, deadline: Deadline) -> None:
        if seconds > 0:
            deadline.extend(seconds)
            self._wiring.sleep(seconds)

    def _asked_to_wait(self, address: Address, reply: Reply, retries: int) -> float:
        """Seconds that a busy host asks for; raises FetchError when it asks too much."""
        wait = _seconds(reply.headers.get("retry-after", ""))
        if wait is None or wait > self.limits.patience or retries < 0:
            asked = "" if wait is None else f" and asks to wait {wait:.0f} seconds"
            raise FetchError(f"{address.host} is busy ({reply.status}){asked}.", "Try again later.")
        return wait

    def _allowed(self, address: Address, deadline: Deadline) -> float:
        """Seconds to leave between requests; raises FetchError where robots.txt forbids."""
        rules = self._robots.get(address.host)
        if rules is None:
            rules = self._robots[address.host] = self._rules(address.host, deadline)
        if not rules.allow(address.target):
            raise FetchError(
                f"{address.host} asks programs not to fetch {address.target} (robots.txt).",
                BY_HAND,
            )
        return max(self.limits.pause, min(rules.delay, _LONGEST_CRAWL_DELAY))

    def _rules(self, host: str, deadline: Deadline) -> Rules:
        robots = Address(host, "/robots.txt")
        with self._answer(robots, deadline, obey=False) as (final, reply):
            if 400 <= reply.status < 500:
                return Rules()
            if reply.status != 200:
                raise FetchError(
                    f"{final}, which says what may be fetched, cannot be read ({reply.status}).",
                    f"Try again later. {BY_HAND}",
                )
            _check_plain(final, reply)
            text = b""
            for chunk in reply.chunks:
                text += chunk
                if len(text) >= _LARGEST_ROBOTS:
                    break
        return rules_for(PRODUCT, text[:_LARGEST_ROBOTS].decode("utf-8-sig", "replace"))

    # --- keeping --------------------------------------------------------------------------

    def _save(self, address: Address, reply: Reply, into: Path, name: str) -> Fetched:
        """The reply as a file that has its name only when it is whole."""
        _check_plain(address, reply)
        self._check_length(address, reply)
        chunks = self._limited(address, reply)
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= _HEAD:
                break
        declared = ascii(reply.headers.get("content-type", ""))[1:-1]
        path = into / f"{name}{_ending(address, declared, head[:_HEAD])}"
        into.mkdir(parents=True, exist_ok=True)
        part = into / f".{name}-{secrets.token_hex(8)}.part"
        size = 0
        try:
            with part.open("xb") as file:
                for chunk in chain((head,), chunks):
                    size += file.write(chunk)
                file.flush()
                fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return Fetched(path, declared, size, str(address))

    def _check_length(self, address: Address, reply: Reply) -> None:
        """Before anything is read: the length is stated or shown by chunks, and not too large."""
        stated = reply.headers.get("content-length")
        if stated is not None and int(stated) > self.limits.largest:
            raise self._too_large(address)
        if stated is None and "chunked" not in reply.headers.get("transfer-encoding", "").lower():
            raise FetchError(
                f"{address} does not say where its reply ends, so a cut one could not be told.",
                BY_HAND,
            )

    def _limited(self, address: Address, reply: Reply) -> Iterator[bytes]:
        size = 0
        for chunk in reply.chunks:
            size += len(chunk)
            if size > self.limits.largest:
                raise self._too_large(address)
            yield chunk

    def _too_large(self, address: Address) -> FetchError:
        limit = self.limits.largest / 2**20
        return FetchError(f"{address} is larger than {limit:g} MiB.", "It cannot be added.")


def _headers() -> dict[str, str]:
    """What every request says: who asks, and for what. Nothing about a person or a machine."""
    try:
        agent = f"{PRODUCT}/{version(PRODUCT)}"
    except PackageNotFoundError:
        agent = PRODUCT
    return {
        "User-Agent": agent,
        "Accept": f"application/pdf, text/html;q=0.9, {_WORD};q=0.8, */*;q=0.1",
        "Accept-Encoding": "identity",
        "Accept-Language": "en-GB, en;q=0.9",
    }


def _next(address: Address, reply: Reply, redirects: int) -> Address:
    location = reply.headers.get("location")
    if location is None:
        raise FetchError(f"{address} redirects to nowhere ({reply.status}).", BY_HAND)
    if redirects < 0:
        raise FetchError(f"{address} redirects once more, after {_MOST_REDIRECTS} times.", BY_HAND)
    return redirected(address, location)


def _unwanted(address: Address, status: int) -> FetchError:
    if status in (404, 410):
        return FetchError(
            f"There is nothing at {address} any more ({status}).",
            "Look for the report on its publisher's site.",
        )
    if status in (401, 403):
        return FetchError(f"{address} may not be fetched by a program ({status}).", BY_HAND)
    return FetchError(f"{address} answered with status {status}.", "Try again later.")


def _seconds(retry_after: str) -> float | None:
    """Seconds to wait, from a number or a date (RFC 9110, 10.2.3); None when it says neither."""
    if re.fullmatch(r"\d{1,9}", retry_after, re.ASCII):
        return float(retry_after)
    try:
        when = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _check_plain(address: Address, reply: Reply) -> None:
    """Refuse what was compressed although it was asked not to be: its size would be a guess."""
    encoding = reply.headers.get("content-encoding", "").lower()
    if encoding not in ("", "identity"):
        raise FetchError(f"{address} sends its reply compressed ({encoding[:40]!a}).", BY_HAND)


def _ending(address: Address, declared: str, head: bytes) -> str:
    """The ending of the kind on which header and first bytes agree; raises FetchError."""
    said = declared.partition(";")[0].strip().lower()
    is_, shown = _kind(head)
    if said in _UNSAID and is_ == ".docx" and not address.target.lower().endswith(".docx"):
        is_, shown = None, "some ZIP file"
    means = is_ if said in _UNSAID and is_ != ".html" else _ENDINGS.get(said)
    if is_ is None or means != is_:
        raise FetchError(
            f"{address} is no report that can be read: it is sent as"
            f" {said[:80] or 'nothing'}, and its first bytes are those of {shown}.",
            f"PDF, Word (.docx) and web pages are fetched. {BY_HAND}",
        )
    return is_


def _kind(head: bytes) -> tuple[str | None, str]:
    """The ending that fits the first bytes, if one does, and what they look like."""
    if not head:
        return None, "an empty file"
    if _TAG.match(head.replace(b"\x00", b"").lstrip(_SPACE)):
        return ".html", "a web page"
    if b"%PDF-" in head:
        return ".pdf", "a PDF"
    if head.startswith(b"PK\x03\x04"):
        return ".docx", "a Word or other ZIP file"
    mark = next((shown for mark, shown in _MARKS.items() if head.startswith(mark)), None)
    return None, mark or "something else"
