"""The numbers that Word prints in front of paragraphs, which stand nowhere in the file.

A paragraph names a list and a level; the number follows from all paragraphs before it. The rules
are those of the standard (ECMA-376, part 1, section 17.9): lists that share a definition share
their counters, a number starts the deeper levels anew, a list may override where it starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rag.reading.markup import Node

_LEVELS = 9
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


@dataclass(slots=True)
class Level:
    """How one level of a list is printed."""

    format: str = "decimal"
    """As the standard names it: ``decimal``, ``lowerLetter``, ``bullet``, ``none``."""
    text: str = ""
    """``%1.%2`` stands for the numbers of the first and second level."""
    start: int = 1
    restart: int | None = None
    """The level that starts this one anew, counted from 1; 0 for none, None for any above."""
    legal: bool = False
    """All numbers of it in Arabic figures, whatever their own format."""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """What is printed in front of one paragraph."""

    printed: str
    """With its full stop or brackets: ``2.1.``, ``(a)``; empty for bullets."""
    format: str
    value: int
    depth: int
    list: str


@dataclass(slots=True)
class _List:
    definition: str
    levels: dict[int, Level]
    starts: dict[int, int] = field(default_factory=dict)
    begun: bool = False


class Lists:
    """The lists of one document; counts as its paragraphs are read in order."""

    def __init__(self, root: Node | None) -> None:
        """Read the definitions from the numbering part, if the document has one."""
        self.lists: dict[str, _List] = {}
        self.counters: dict[str, dict[int, int]] = {}
        if root is not None:
            self._define(root, root.tag.rpartition("}")[0] + "}")

    def _define(self, root: Node, w: str) -> None:
        abstract = {
            node.get(f"{w}abstractNumId", ""): node for node in root.iter(f"{w}abstractNum")
        }
        named = {
            link.get(f"{w}val", ""): key
            for key, node in abstract.items()
            for link in node.iter(f"{w}styleLink")
        }
        for node in root.iter(f"{w}num"):
            key = next((n.get(f"{w}val", "") for n in node.iter(f"{w}abstractNumId")), "")
            if key not in abstract:
                continue
            for link in abstract[key].iter(f"{w}numStyleLink"):
                key = named.get(link.get(f"{w}val", ""), key)
            found = _List(key, _levels(abstract[key], w))
            for override in node.iter(f"{w}lvlOverride"):
                depth = integer(override.get(f"{w}ilvl", ""), 0)
                found.levels |= _levels(override, w)
                for start in override.iter(f"{w}startOverride"):
                    found.starts[depth] = integer(start.get(f"{w}val", ""), 1)
            self.lists[node.get(f"{w}numId", "")] = found

    def level_of(self, number: str, style: str) -> int:
        """The level of a list that belongs to a paragraph style; 0 if none does."""
        levels = self.lists[number].levels if number in self.lists else {}
        return next((d for d, level in levels.items() if style and level.style == style), 0)

    def count(self, number: str, depth: int) -> Number | None:
        """Count one paragraph at ``depth`` of the list ``number``, and say what is printed."""
        known = self.lists.get(number)
        if known is None or depth not in known.levels:
            return None
        level = known.levels[depth]
        if level.format == "bullet":
            return Number("", "bullet", 0, depth, known.definition)
        counters = self.counters.setdefault(known.definition, {})
        if not known.begun:
            known.begun = True
            for overridden, start in known.starts.items():
                counters[overridden] = start - 1
                for deeper in [d for d in counters if d > overridden]:
                    del counters[deeper]
        counters[depth] = counters.get(depth, level.start - 1) + 1
        for deeper in [d for d in counters if d > depth]:
            restart = known.levels[deeper].restart if deeper in known.levels else None
            if restart is None or depth < restart:
                del counters[deeper]
        printed = re.sub(r"%(\d)", lambda m: self._figure(known, level, int(m[1]) - 1), level.text)
        return Number(printed.strip(), level.format, counters[depth], depth, known.definition)

    def _figure(self, known: _List, level: Level, depth: int) -> str:
        other = known.levels.get(depth, Level())
        value = self.counters[known.definition].setdefault(depth, other.start)
        return figure(value, "decimal" if level.legal else other.format)


def figure(value: int, format: str) -> str:
    """A number as the standard's formats print it: 4 is ``d`` or ``iv``, 27 is ``aa``."""
    if format in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)
        return letter if format == "lowerLetter" else letter.upper()
    if format in ("lowerRoman", "upperRoman"):
        numeral = roman(value)
        return numeral if format == "lowerRoman" else numeral.upper()
    if format == "decimalZero":
        return f"{value:02}"
    return "" if format in ("none", "bullet") else str(value)


def roman(value: int) -> str:
    """A small Roman numeral: 4 is ``iv``."""
    text = ""
    for size, letters in _ROMAN:
        text += letters * (value // size)
        value %= size
    return text


def _levels(node: Node, w: str) -> dict[int, Level]:
    found: dict[int, Level] = {}
    for child in node.iter(f"{w}lvl"):
        depth = integer(child.get(f"{w}ilvl", ""), 0)
        values = {
            n.tag.removeprefix(w): n.get(f"{w}val", "1")
            for n in child
            if n.tag.startswith(w) and n.tag.removeprefix(w) not in ("pPr", "rPr")
        }
        found[min(depth, _LEVELS - 1)] = Level(
            format=values.get("numFmt", "decimal"),
            text=values.get("lvlText", ""),
            start=integer(values.get("start", ""), 1),
            restart=integer(values["lvlRestart"], 0) if "lvlRestart" in values else None,
            legal=values.get("isLgl", "0") not in ("0", "false"),
            style=values.get("pStyle", ""),
        )
    return found


def integer(text: str, default: int = 0) -> int:
    """A small number in an attribute; the default for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else default
