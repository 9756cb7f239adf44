"""What a robots.txt says to one program, as RFC 9309 has it.

    text ──> groups ──> the rules for this program, else those for everybody ──> allowed or not

The most specific rule counts, and of two that are as specific the one that allows; ``*`` stands
for anything, ``$`` at the end for the end. The standard library's reader (Python 3.11) knows
neither and takes the first rule that fits; protego does it all but keeps every rule for every
program named, so that half a megabyte of robots.txt makes gigabytes. Here time and memory grow
with the text. Crawl-delay, which is no part of the standard, is read since many sites have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_TOKEN = re.compile(r"\*(?=\s|\Z)|[A-Za-z_-]+")
_SECONDS = re.compile(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)
_LINE_END = re.compile(r"\r\n|\r|\n")
_KEPT = "%/:=&?~+!,;'@()-._"


@dataclass(frozen=True, slots=True)
class Rule:
    """Paths that start with ``parts``, with anything between them."""

    allows: bool
    parts: tuple[str, ...]
    ends: bool
    """The last part must stand at the path's end."""
    length: int
    """How specific the rule is."""

    def fits(self, path: str) -> bool:
        """True if a path, written as ``comparable`` writes it, is meant."""
        first, *middle = self.parts
        if not path.startswith(first):
            return False
        if not middle:
            return not self.ends or path == first
        position = len(first)
        last = middle.pop() if self.ends else ""
        for part in middle:
            found = path.find(part, position)
            if found < 0:
                return False
            position = found + len(part)
        return path.endswith(last) and len(path) - len(last) >= position


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one program on one host. Without any, everything is allowed."""

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0
    """Seconds between two requests that the site asks for."""

    def allow(self, target: str) -> bool:
        """True if a path with its query may be fetched."""
        path = comparable(target)
        fitting = [(rule.length, rule.allows) for rule in self.rules if rule.fits(path)]
        return max(fitting)[1] if fitting else True


def rules_for(product: str, text: str) -> Rules:
    """What a robots.txt says to ``product``: its own groups, else those for everybody."""
    wanted: dict[str, tuple[list[Rule], list[float]]] = {
        token: ([], []) for token in (product.lower(), "*")
    }
    addressed: set[str] = set()
    heard: set[str] = set()
    naming = False
    for name, value in _records(text):
        if name == "user-agent":
            addressed = addressed if naming else set()
            naming = True
            if (token := _TOKEN.match(value)) and token[0].lower() in wanted:
                addressed.add(token[0].lower())
            heard |= addressed
            continue
        naming = False
        for rules, delays in (wanted[token] for token in addressed):
            if name == "crawl-delay":
                delays.extend(float(m[0]) for m in [_SECONDS.match(value)] if m)
            elif value:
                rules.append(_rule(name == "allow", value))
    rules, delays = wanted[product.lower() if product.lower() in heard else "*"]
    return Rules(tuple(rules), max(delays, default=0.0))


def comparable(path: str) -> str:
    """A path in the one way of writing it that rules are compared in (RFC 9309, 2.2.2)."""
    return _ESCAPE.sub(_unescaped, quote(path, safe=_KEPT, errors="replace"))


def _unescaped(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()


def _records(text: str) -> Iterator[tuple[str, str]]:
    """The records that mean something here; others end no group."""
    for line in _LINE_END.split(text):
        name, colon, value = line.partition("#")[0].partition(":")
        name = name.strip().lower()
        if colon and name in ("user-agent", "allow", "disallow", "crawl-delay"):
            yield name, value.strip()


def _rule(allows: bool, value: str) -> Rule:
    ends = value.endswith("$")
    parts = tuple(comparable(part) for part in re.split(r"\*+", value[:-1] if ends else value))
    return Rule(allows, parts, ends, sum(map(len, parts)) + len(parts) - 1 + ends)
