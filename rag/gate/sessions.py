"""Who is there: sessions of those who logged in, and the marks of browsers that need not.

A token is 256 random bits that only the browser's cookie holds; here stands its sha256. Sessions
live in memory and end after 12 hours without a request, after 7 days, at logging out, with the
program, and as soon as the user's password is changed or taken away. Meant for one event loop.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

IDLE = 12 * 3600.0
LONGEST = 7 * 24 * 3600.0
"""Seconds that a session lasts without a request, and at all."""
_MOST = 10_000
_BASIC_SECONDS = 60.0
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a request comes from."""

    user: str
    """Empty when nobody has to log in."""
    session: str
    """Opaque, the same for all requests of one browser, never seen outside of the program."""


@dataclass(slots=True)
class _Held:
    user: str
    mark: str
    begun: float
    seen: float


def new_token() -> str:
    """256 random bits, as a cookie holds them."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether this looks like a token at all; says nothing about whether it is known."""
    return _TOKEN.fullmatch(text) is not None


class Sessions:
    """The sessions of those who logged in; ``mark_of`` says what a user's password looks like."""

    def __init__(self, mark_of: Callable[[str], str], clock: Callable[[], float]) -> None:
        self._mark_of = mark_of
        self._clock = clock
        self._held: OrderedDict[bytes, _Held] = OrderedDict()
        self._basic: OrderedDict[bytes, _Held] = OrderedDict()

    def begin(self, user: str) -> str:
        """A new session; its token."""
        token, now = new_token(), self._clock()
        self._held[_digest(token)] = _Held(user, self._mark_of(user), now, now)
        if len(self._held) > _MOST:
            self._held.popitem(last=False)
        return token

    def user_of(self, token: str) -> str:
        """Whose session this is, which lives on by that; empty when there is none."""
        now, key = self._clock(), _digest(token)
        held = self._held.get(key)
        if held is None:
            return ""
        over = now - held.seen > IDLE or now - held.begun > LONGEST
        if over or not self._still(held):
            del self._held[key]
            return ""
        held.seen = now
        self._held.move_to_end(key)
        return held.user

    def end(self, token: str) -> None:
        """Nobody gets in with this token again."""
        self._held.pop(_digest(token), None)

    def remember(self, header: str, user: str) -> None:
        """An ``Authorization`` that was right; believed for a minute without checking again."""
        now = self._clock()
        self._basic[_digest(header)] = _Held(user, self._mark_of(user), now, now)
        if len(self._basic) > _MOST:
            self._basic.popitem(last=False)

    def remembered(self, header: str) -> str:
        """Whose ``Authorization`` this is, when it was right in the last minute."""
        held = self._basic.get(_digest(header))
        if held is None or self._clock() - held.begun > _BASIC_SECONDS:
            return ""
        return held.user if self._still(held) else ""

    def _still(self, held: _Held) -> bool:
        """Whether the user is there, with the same password as at logging in."""
        return held.mark != "" and held.mark == self._mark_of(held.user)


class Names:
    """Names that nobody can make up: keyed hashes, with a key that lives as long as the program."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, *parts: str) -> str:
        """64 hexadecimal digits."""
        return hmac.new(self._key, json.dumps(parts).encode(), "sha256").hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
