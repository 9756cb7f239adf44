"""What can be told from a request before anybody knows who sends it."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import quote, urlsplit

from rag.gate.asgi import Request
from rag.gate.refusals import RefusedError

COOKIE = "rag_session"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?")
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
_KEPT_OUT = ("cookie", "authorization", "forwarded")
_KEPT_OUT_PREFIXES = ("x-forwarded-", "x-gradio-")

Headers = list[tuple[bytes, bytes]]


def check_host(request: Request, hosts: Collection[str] | None) -> None:
    """Against DNS rebinding: a foreign name that leads here is not answered.

    ``hosts`` in small letters, each with or without a port; None takes any.
    """
    told = _HOST.fullmatch(request.headers.get("host", ""))
    if told is None:
        raise RefusedError(400, "The request names no host.")
    if hosts is not None and told[0].lower() not in hosts and told[1].lower() not in hosts:
        raise RefusedError(421, "This page is not served under this name.")


def check_site(request: Request) -> None:
    """Refuse what another site makes a browser send; following a link from there is all right.

    Another port of this machine is another site.
    """
    headers, host = request.headers, request.headers["host"].lower()
    origin = headers.get("origin")
    foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    follows = (
        request.method in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
    if (origin is not None and _place(origin) != host) or (foreign and not follows):
        raise RefusedError(403, "Another site asked for this.", "Open the page itself.")


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def comes_from_elsewhere(request: Request) -> bool:
    """Whether a link on another site was followed, so that the strict cookie stayed away."""
    foreign = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return foreign and COOKIE not in request.cookies


def address(request: Request) -> str:
    """Where the request comes from; of IPv6 the network, which one household has whole."""
    told = request.client.host if request.client else ""
    try:
        known = ipaddress.ip_address(told)
    except ValueError:
        return told
    if known.version == 4:
        return told
    return str(ipaddress.ip_network((known.packed[:8] + bytes(8), 64)))


def basic(header: str) -> tuple[str, str] | None:
    """User and password of an ``Authorization``; None when it is of another kind."""
    kind, _, told = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if kind.lower() == "basic" and colon else None


def local(then: str) -> str:
    """An address of ours to go on to; the page's own for any other."""
    return then if _LOCAL.fullmatch(then) else "/"


def asked_for(request: Request) -> str:
    """The address that was asked for, to come back to."""
    query = request.scope["query_string"].decode("latin-1")
    return local(quote(request.scope["path"]) + (f"?{query}" if query else ""))


def let_through(headers: Headers, left_out: Collection[str]) -> Headers:
    """The headers without secrets, and without those that claim another address."""
    kept: Headers = []
    for name, value in headers:
        plain = name.decode("latin-1").lower()
        known = plain in _KEPT_OUT or plain.startswith(_KEPT_OUT_PREFIXES)
        if not known and plain not in left_out:
            kept.append((name, value))
    return kept
