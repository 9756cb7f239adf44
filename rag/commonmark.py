"""A paper, block by block, in Markdown and as plain text.

Promises that whatever stands in a paper is shown as it is: no mark in it becomes a heading, a
link, an image or markup. The only links are the addresses of sources, see ``rag.word``. It knows
nothing of answers, as ``rag.word`` does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.word import Block, Facts, Line, Quote, Table

_TELLING = re.compile(r"[\\`*_{}\[\]<>&~^$@#]|:(?=[^\s\d])|\.(?=[^\W\d])|(?<=www)\.", re.IGNORECASE)
_AT_START = re.compile(r"(\d{1,9}(?=[.)](?:\s|\Z))|(?=[-+=%:]))(.)")
_AS_NUMBER = re.compile(r"^\s+|\s+$|[\n\t|]+")
"""What Markdown trims, or takes for the end of a line or a cell, however it is escaped."""
_MARKS: dict[str, str] = {"title": "# ", "heading": "## ", "subheading": "### "}


def escaped(text: str) -> str:
    """A text that CommonMark and GitHub's Markdown show as it is, wherever it stands in a line."""
    start = _AT_START.match(text)
    return f"{start[1]}\\{start[2]}{_escaped(text[start.end() :])}" if start else _escaped(text)


def _escaped(text: str) -> str:
    text = _TELLING.sub(r"\\\g<0>", text)
    return _AS_NUMBER.sub(lambda m: "".join(f"&#{ord(letter)};" for letter in m[0]), text)


def markdown(blocks: Sequence[Block]) -> str:
    """A paper in CommonMark with the tables of GitHub."""
    parts: list[str] = []
    for block in blocks:
        match block:
            case Quote():
                parts.append("\n>\n".join(f"> {escaped(t)}" for t in (block.text, *block.places)))
            case Facts():
                facts = (f"- **{escaped(n)}:** {escaped(value)}" for n, value in block.rows)
                parts.append("\n".join(facts))
            case Table():
                parts += [f"## {escaped(block.caption)}", _markdown_table(block)]
            case Line(kind="source"):
                parts.append(f"Source: <{block.text}>")
            case Line(kind="summary"):
                parts.append(f"**{escaped(block.text)}**")
            case Line(kind="command"):
                fence = "`" * max(3, 1 + max(map(len, re.findall("`+", block.text)), default=0))
                parts.append(f"{fence}sh\n{block.text}\n{fence}")
            case Line():
                parts.append(_MARKS.get(block.kind, "") + escaped(block.text))
    return "\n\n".join(parts) + "\n"


def _markdown_table(table: Table) -> str:
    rows = [tuple((name,) for name in table.head), *table.rows]
    lines = [" | ".join(escaped(" ".join(cell)) for cell in row) for row in rows]
    lines.insert(1, " | ".join("---" for _ in table.head))
    return "\n".join(f"| {line} |" for line in lines)


def as_text(block: Block) -> str:
    """A block as plain text, with the empty line that goes before it."""
    match block:
        case Quote():
            return "\n".join(["", block.text, *block.places])
        case Facts():
            return "\n".join(f"- {name}: {value}" for name, value in block.rows)
        case Line(kind="source"):
            return f"Source: {block.text}"
        case Line(kind="title" | "about" | "text" | "written"):
            return block.text
        case Line():
            return f"\n{block.text}"
    return ""
