"""What the styles of a Word file say of a paragraph: its depth as a heading, its list, its name.

Styles stand on one another; what a style does not say, the style under it says. Names are the
built-in English ones whatever the language of Word, so a German "Überschrift 1" is "heading 1".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.reading.markup import Node
from rag.reading.wordnumbers import integer

_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|overskrift) ([1-9])")
_DEEPEST = 20
_BODY = 9
"""The deepest heading; a level below it says that the style is that of running text."""


@dataclass(frozen=True, slots=True)
class Style:
    """What is known of one paragraph style with all the styles that it stands on."""

    names: tuple[str, ...] = ()
    """Its name and those of the styles under it, in small letters."""
    level: int | None = None
    """Depth as a heading, 1 outermost."""
    list: str = ""
    depth: int | None = None
    bold: bool = False
    hidden: bool = False
    id: str = ""

    def is_named(self, *starts: str) -> bool:
        """True when the style, or one that it stands on, has a name that starts so."""
        return any(name.startswith(starts) for name in self.names)


class Styles:
    """The paragraph styles of one document."""

    def __init__(self, root: Node | None) -> None:
        """Read them from the styles part, if the document has one."""
        self.w = "" if root is None else root.tag.rpartition("}")[0] + "}"
        nodes = [] if root is None else list(root.iter(f"{self.w}style"))
        self.nodes = {node.get(f"{self.w}styleId", ""): node for node in nodes}
        self.known: dict[str, Style] = {}
        self.default = next(
            (
                node.get(f"{self.w}styleId", "")
                for node in nodes
                if node.get(f"{self.w}type", "") == "paragraph"
                and node.get(f"{self.w}default", "") in ("1", "true")
            ),
            "",
        )

    def of(self, id: str) -> Style:
        """The style with this id; an unknown one says nothing but its id."""
        id = id or self.default
        if id not in self.known:
            self.known[id] = self._read(id)
        return self.known[id]

    def _read(self, id: str) -> Style:
        names: list[str] = []
        level: int | None = None
        number = ""
        depth: int | None = None
        bold: bool | None = None
        hidden: bool | None = None
        current, owner = id, id
        for _ in range(_DEEPEST):
            node = self.nodes.get(current)
            name = self._value(node, "name", direct=True) or (current if node is None else "")
            names.append(re.sub(r"(?<=[a-zü])(?=\d)", " ", name.lower()))
            if node is None:
                break
            match = _HEADING.match(names[-1])
            outline = self._value(node, "outlineLvl")
            if level is None and outline:
                level = integer(outline, 9) + 1
            if level is None and match:
                level = int(match[1])
            if not number and (number := self._value(node, "numId")):
                owner = current
            if depth is None and (found := self._value(node, "ilvl")):
                depth = integer(found)
            bold = self._switch(node, "b") if bold is None else bold
            hidden = self._switch(node, "vanish") if hidden is None else hidden
            current = self._value(node, "basedOn", direct=True)
            if not current:
                break
        level = level if level is not None and level <= _BODY else None
        return Style(
            tuple(filter(None, names)), level, number, depth, bool(bold), bool(hidden), owner
        )

    def _value(self, node: Node | None, tag: str, *, direct: bool = False) -> str:
        if node is None:
            return ""
        found = (n for n in (node if direct else node.iter()) if n.tag == f"{self.w}{tag}")
        return next((n.get(f"{self.w}val", "") for n in found), "")

    def _switch(self, node: Node, tag: str) -> bool | None:
        """A property that is on when it stands alone, and on or off when it has a value."""
        for child in node.iter(f"{self.w}{tag}"):
            return child.get(f"{self.w}val", "1") not in ("0", "false", "off")
        return None
