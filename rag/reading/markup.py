"""HTML and XML to trees, safely: the owner of lxml.

No entity is expanded, nothing is fetched, no file is opened, and nesting is bounded by the parser
itself: both readers walk the trees without recursion, so depth cannot crash the interpreter.
lxml was chosen because it says so when it gives up: Lexbor (selectolax, resiliparse) dies with
the whole process on 100,000 nested elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, cast

from lxml import etree

from rag.errors import ReadingError

LARGEST_XML_DEPTH = 256


class Node(Protocol):
    """What the readers need of an element; comments and instructions have no text for a tag."""

    tag: str
    text: str | None
    tail: str | None

    def get(self, key: str, default: str = ..., /) -> str:
        """An attribute of the element, or the default."""

    def __iter__(self) -> Iterator[Node]: ...
    def __len__(self) -> int: ...
    def getparent(self) -> Node | None:
        """The element around this one."""

    def getprevious(self) -> Node | None:
        """The element before this one, below the same parent."""

    def remove(self, child: Node, /) -> None:
        """Take a child out, with the text after it."""

    def iter(self, *tags: str) -> Iterator[Node]:
        """The element itself and all below it, in the order of the file."""

    def iterancestors(self) -> Iterator[Node]:
        """The elements around this one, nearest first."""


class Walk(Protocol):
    """Start and end of every element in the order of the file."""

    def __iter__(self) -> Iterator[tuple[str, Node]]: ...
    def skip_subtree(self) -> None:
        """Leave out what stands below the element that has just started."""


def parse_html(text: str) -> Node:
    """The tree of an HTML page; broken markup is mended as well as it can be.

    Raises ReadingError for a page that is nested too deeply to be read whole.
    """
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    data = text.encode("utf-8", errors="replace")
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        root = None
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise ReadingError(
            "The page is nested too deeply to be read whole.",
            "Open it in a browser and save it as PDF or as text.",
        )
    return cast(Node, etree.Element("html") if root is None else root)


def parse_xml(data: bytes) -> Node:
    """The tree of one XML part.

    Raises ReadingError for what is not XML, for a document type (where entities are declared)
    and for elements nested more than LARGEST_XML_DEPTH deep.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ReadingError(f"It holds XML that cannot be read ({error.msg}).") from None
    if root.getroottree().docinfo.doctype:
        raise ReadingError("It declares a document type, which may hide entities.")
    return cast(Node, root)


def walk(root: Node) -> Walk:
    """Go through a tree without recursion."""
    return cast(Walk, etree.iterwalk(root, events=("start", "end")))


def drop(node: Node) -> None:
    """Take an element out of its tree; the text after it stays."""
    parent = node.getparent()
    if parent is None:
        return
    if node.tail:
        before = node.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + node.tail
        else:
            parent.text = (parent.text or "") + node.tail
    parent.remove(node)
