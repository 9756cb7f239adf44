"""What a request carries: no more than is allowed, and only the visitor's own session.

Gradio tells visitors apart by a ``session_hash`` that each page makes up with ``Math.random``;
whoever knows or guesses one reads that page's answers. Before Gradio sees a hash it is replaced by
a keyed hash of it and the visitor, so that the same hash of two visitors is two sessions: there is
nothing to guess, and nothing to keep.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from rag.gate.asgi import Message, Receive

_NAMES = ("session_hash", "upload_id")


class TooLargeError(Exception):
    """More came than is allowed."""


class BodyError(Exception):
    """It is not what the page sends; the text says why."""


class Body:
    """A request's body as it comes, counted. Once too much has come, nothing more comes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most
        self.over = False

    async def receive(self) -> Message:
        """The next piece; instead of one too many, word that the visitor has gone."""
        if self.over:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.over = True
                return {"type": "http.disconnect"}
        return message

    async def whole(self) -> bytes:
        """All of it. Raises TooLargeError, and BodyError when the visitor goes before its end."""
        pieces: list[bytes] = []
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                if self.over:
                    raise TooLargeError
                raise BodyError("The request broke off.")
            pieces.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(pieces)


def replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, in one piece, and then whatever else is received."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def named_body(body: bytes, name: Callable[[str], str]) -> bytes:
    """The JSON of Gradio's page with its session hash renamed.

    Raises BodyError for what is no JSON object, and where a file is an address to fetch.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyError("The request is not JSON.") from None
    if not isinstance(told, dict):
        raise BodyError("The request is not a JSON object.")
    if _names_an_address(told):
        raise BodyError("Files are not fetched from addresses.")
    for key in _NAMES:
        if isinstance(told.get(key), str):
            told[key] = name(told[key])
    try:
        return json.dumps(told).encode()
    except RecursionError:
        raise BodyError("The request is nested too deeply.") from None


def named_query(query: bytes, name: Callable[[str], str]) -> bytes:
    """A query with its session hash renamed."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return urlencode([(k, name(v) if k in _NAMES else v) for k, v in pairs]).encode()


def _names_an_address(told: object) -> bool:
    """Whether Gradio would fetch something for this: a file whose path is an address."""
    waiting = [told]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            path = one.get("path")
            if isinstance(path, str) and path.strip().lower().startswith(("http:", "https:")):
                return True
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False
