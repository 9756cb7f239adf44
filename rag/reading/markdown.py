"""Markdown: headings and lists are told by their marks. The owner of markdown-it and frontmatter.

A brief (front matter ``form: brief``) states where its paragraphs stand in the report it
condenses: ``29.`` and ``18a.`` are the report's printed numbers, ``(3)`` says that the third
unnumbered paragraph of that section is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from rag.errors import ReadingError
from rag.reading.elements import Element
from rag.reading.numbering import ROMAN, Numbering
from rag.reading.rows import row_texts

_COUNTED = re.compile(r"\((\d{1,3})\)\s+(?=\S)")
_TAG = re.compile(r"<[^>]*>")
_LETTERED = re.compile(r"(\d{1,3}[a-z])[.)]\s+(?=\S)")


class _Texts(YAMLHandler):
    """YAML in which every value stays the text it is: a date is checked where dates are."""

    def load(self, fm: str, **_: object) -> dict[str, Any]:
        loaded = super().load(fm, Loader=yaml.BaseLoader)
        return loaded if isinstance(loaded, dict) else {}


def split_front_matter(text: str) -> tuple[Mapping[str, object], str]:
    """The front matter (empty when there is none) and the Markdown below it."""
    try:
        metadata, content = frontmatter.parse(text, handler=_Texts())
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" near line {where.line + 1}" if where is not None else ""
        raise ReadingError(
            f"The front matter is not valid YAML{line}.",
            'It is the part between the first two "---" lines; write one "name: value" a line,'
            " and put a value that holds a colon in quotation marks.",
        ) from None
    return metadata, content


def read_markdown(content: str, *, brief: bool) -> list[Element]:
    """The elements of a Markdown text without its front matter, in reading order."""
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(content))
    elements = [e for e in _Walk(brief).elements(tree) if e.text]
    _take_title(elements)
    return elements


class _Walk:
    """Goes through the syntax tree once; knows the numbering so far."""

    def __init__(self, brief: bool) -> None:
        self.brief = brief
        self.numbering = Numbering()

    def elements(self, node: SyntaxTreeNode, depth: int = 0) -> Iterator[Element]:
        """One element for each heading, paragraph, list item and table row below ``node``."""
        for child in node.children:
            yield from self._node(child, depth)

    def _node(self, node: SyntaxTreeNode, depth: int) -> Iterator[Element]:
        if node.type == "heading":
            yield Element("heading", _plain(node), level=int(node.tag[1]))
        elif node.type == "paragraph":
            yield self._paragraph(_plain(node), "", depth)
        elif node.type in ("bullet_list", "ordered_list"):
            for item in node.children:
                yield from self._item(item, depth + 1)
        elif node.type == "table":
            yield from _rows(node)
        elif node.type in ("fence", "code_block"):
            yield Element("paragraph", _joined(node.content))
        elif node.type == "html_block":
            yield Element("paragraph", _joined(unescape(_TAG.sub(" ", node.content))))
        elif node.children:
            yield from self.elements(node, depth)

    def _item(self, item: SyntaxTreeNode, depth: int) -> Iterator[Element]:
        """The item's own text with its mark, then whatever else stands in it."""
        mark = item.info if item.parent and item.parent.type == "ordered_list" else "•"
        for position, node in enumerate(item.children):
            if position == 0 and node.type == "paragraph":
                yield self._paragraph(_plain(node), mark, depth)
            else:
                yield from self._node(node, depth)

    def _paragraph(self, text: str, mark: str, depth: int) -> Element:
        if self.brief and (match := _COUNTED.match(text)):
            return Element("paragraph", text[match.end() :], counted=int(match.group(1)))
        if match := _LETTERED.match(text) or ROMAN.match(text):
            return Element("item", text[match.end() :], label=match.group(1))
        if mark.isdigit():
            if depth == 1 and (self.brief or self.numbering.accepts(int(mark))):
                return Element("paragraph", text, label=mark)
            return Element("item", f"{mark}. {text}")
        return Element("item" if mark else "paragraph", text)


def _rows(table: SyntaxTreeNode) -> Iterator[Element]:
    """Each row of a table with its headers."""
    rows = [
        [_plain(cell) for cell in row.children] for part in table.children for row in part.children
    ]
    yield from (Element("row", text) for text in row_texts(rows, header=True))


def _plain(node: SyntaxTreeNode) -> str:
    """The words below a node: emphasis, links and images give their text only."""
    words = {"softbreak": " ", "hardbreak": " ", "html_inline": " "}
    kept = ("text", "code_inline", "text_special")
    return _joined(
        "".join(
            words.get(child.type, child.content if child.type in kept else "")
            for child in node.walk()
        )
    )


def _joined(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _take_title(elements: list[Element]) -> None:
    """A single heading of the first level is the document's title, not a section."""
    tops = [e for e in elements if e.kind == "heading" and e.level == 1]
    if len(tops) == 1 and elements[0] is tops[0]:
        tops[0].kind = "front"
