"""What of a web page is not its article: navigation, banners, forms, and what nobody sees.

Elements go by what they are (``nav``), by their role, or by a telling name of their class; but a
name alone never removes prose, because a page may call its text what it likes. Where the page
says which part is the main one, and the prose is there, the rest is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rag.reading.markup import Node, drop, walk

_NEVER_TEXT = frozenset(
    "script style noscript template svg iframe object embed applet canvas audio video map select"
    " option input textarea datalist head link meta base area".split()
)
_ROLES = {
    "navigation": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "search": "notice",
    "dialog": "notice",
    "alertdialog": "notice",
    "complementary": "aside",
    "doc-backlink": "notice",
}
_NOTICES = frozenset("cookie cookies cookiebanner consent gdpr".split())
_FURNITURE = frozenset(
    "skip skiplink skiplinks breadcrumb breadcrumbs nav navbar navigation menu submenu megamenu"
    " share sharing social addthis sharethis pagination pager related newsletter subscribe"
    " feedback survey search toolbar masthead footer login print sidebar"
    " backtotop advert contents toc".split()
)
_FOOTERS = frozenset("footer site-footer page-footer global-footer".split())
_UNSEEN = frozenset("hidden visuallyhidden sr-only screen-reader-text".split())
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NONE = re.compile(
    r"display:none|visibility:hidden|opacity:0(?:\.0+)?(?![.\d])|font-size:[01](?:\.\d+)?(?:px|pt)?(?![.\d])"
    r"|font-size:0|text-indent:-\d{3,}|(?:left|top):-\d{4,}|mso-hide:all",
)
_WHITE = re.compile(r"(?<![-\w])color:(?:white|#fff(?:fff)?|rgba?\(255,255,255)(?![0-9a-f])")
_BACKED = re.compile(r"hero|banner|background|bg|dark|panel|callout|inverse|header|card|btn|button")
_PROSE = 300
"""Characters of text outside links that navigation may hold at the most."""
_LEAD = 80
"""Characters of text from which on something is read for its own sake."""
_MAIN = 0.8
"""Share of a page's prose that its main part must hold to stand for the page."""


def article_of(root: Node) -> Node:
    """The element that holds the article; what is not of it has been taken out of the tree."""
    body = next(root.iter("body"), root)
    controlled = _controlled(body)
    for test in (_is_furniture, lambda node: _is_unseen(node, controlled)):
        for node in _outermost(body, test):
            _take_out(node)
    _drop_links_above(body)
    mains = [n for n in body.iter() if n.tag == "main" or n.get("role", "") == "main"]
    if len(mains) == 1 and _prose(mains[0]) >= _MAIN * _prose(body):
        _keep_only(body, mains[0])
    return body


def _drop_links_above(body: Node) -> None:
    """Links above the title, and lists of links above the first prose, lead elsewhere."""
    titles = [h for h in body.iter("h1") if _prose(h)]
    titled, told = not titles, 0
    found: list[Node] = []
    steps = walk(body)
    for event, node in steps:
        if event == "start":
            titled = titled or node is titles[0]
            logo = node.tag == "h1" and bool(titles) and not _prose(node)
            listed = node.tag in ("ul", "ol") and len(list(node.iter("a"))) >= 2
            if logo or (node.tag == "a" and not titled) or (listed and not _prose(node)):
                found.append(node)
                steps.skip_subtree()
            elif node.tag not in ("a", "h1", "h2"):
                told += len((node.text or "").strip())
        else:
            told += len((node.tail or "").strip())
        if told >= _LEAD:
            break
    for node in found:
        drop(node)


def _outermost(body: Node, test: Callable[[Node], bool]) -> list[Node]:
    found = []
    steps = walk(body)
    for event, node in steps:
        if event == "start" and node is not body and test(node):
            found.append(node)
            steps.skip_subtree()
    return found


def _take_out(node: Node) -> None:
    """Drop a node; of a header at the top of the page its title and its prose stay."""
    if _kind(node) != "header":
        drop(node)
        return
    node.text = None
    for child in list(node):
        child.tail = None
        if next(child.iter("h1"), None) is not None and child.tag != "h1":
            _take_out_around(child)
        elif child.tag != "h1" and _prose(child) < _LEAD:
            drop(child)


def _take_out_around(node: Node) -> None:
    titles = list(node.iter("h1"))
    inside = {id(n) for title in titles for n in (title, *title.iterancestors(), *title.iter())}
    for child in [n for n in node.iter() if id(n) not in inside]:
        if child.getparent() is not None and _prose(child) < _LEAD:
            drop(child)


def _controlled(body: Node) -> set[str]:
    """Ids of parts that something on the page opens: they are closed, not hidden."""
    names = ("aria-controls", "data-target", "data-bs-target")
    return {
        word.lstrip("#")
        for node in body.iter()
        for name in names
        for word in (node.get(name, "") or "").split()
    }


def _is_unseen(node: Node, controlled: set[str]) -> bool:
    if node.tag in _NEVER_TEXT:
        return True
    if node.tag == "button":
        return not (node.get("aria-expanded", "") or _within(node, ("h2", "h3", "h4", "summary")))
    if node.get("hidden") is not None or node.get("aria-hidden", "").lower() == "true":
        return node.get("id", "") not in controlled
    classes = node.get("class", "").lower().split()
    if any(c in _UNSEEN or c.endswith("visually-hidden") for c in classes):
        return True
    style = re.sub(r"\s", "", node.get("style", "").lower())
    if not style:
        return False
    if _NONE.search(style):
        return node.get("id", "") not in controlled
    return bool(_WHITE.search(style)) and not _has_ground(node)


def _has_ground(node: Node) -> bool:
    """True when white text may well stand on a dark ground: declared so, or a heading's."""
    for around in (node, *node.iterancestors()):
        named = around.get("class", "") + around.get("id", "")
        if "background" in around.get("style", "") or around.get("bgcolor", ""):
            return True
        if around.tag in ("th", "h1", "h2", "h3", "button") or _BACKED.search(named.lower()):
            return True
    return False


def _is_furniture(node: Node) -> bool:
    kind = _kind(node)
    if kind is None or next(node.iter("main"), None) is not None:
        return False
    if kind == "contents":
        return True
    if kind in ("header", "footer"):
        return not _within(node, ("main", "article", "section", "blockquote"))
    if next(node.iter("h1"), None) is not None:
        return False
    if kind == "notice":
        return True
    if kind == "cookies":
        return not _within(node, ("main", "article")) and "cookie" in _text(node).lower()
    prose, links = _characters(node)
    if kind == "nav":
        return prose <= _PROSE
    acts = links > 0 or any(True for _ in node.iter("input", "button", "select", "iframe"))
    return prose <= links or (kind == "named" and acts and prose <= _LEAD)


def _kind(node: Node) -> str | None:
    """nav, header, footer, aside, notice, cookies, contents, named, or None for all the rest."""
    role = _ROLES.get(node.get("role", "").lower())
    if role is not None:
        return role
    if node.tag in ("nav", "header", "footer", "aside"):
        return node.tag
    if node.tag == "dialog":
        return "notice"
    if node.tag in ("ul", "ol") and _is_contents(node):
        return "contents"
    if node.tag not in ("div", "ul", "ol", "section", "p", "a", "span", "form", "table", "td"):
        return None
    names = f"{node.get('class', '')} {node.get('id', '')}"
    if set(names.lower().split()) & _FOOTERS:
        return "footer"
    words = {word.lower() for word in _WORDS.findall(names)}
    if words & _NOTICES:
        return "cookies"
    return "named" if words & _FURNITURE else None


def _is_contents(node: Node) -> bool:
    """A list of nothing but links to places on the page itself: its table of contents."""
    targets = [a.get("href", "") for a in node.iter("a")]
    return (
        len(targets) >= 2
        and all(t.startswith("#") and len(t) > 1 for t in targets)
        and _prose(node) <= len(targets) * 6
    )


def _within(node: Node, tags: tuple[str, ...]) -> bool:
    return any(n.tag in tags or n.get("role", "") == "main" for n in node.iterancestors())


def _keep_only(body: Node, main: Node) -> None:
    """Leave out what stands beside the main part, but for a title."""
    kept = {id(n): n for n in (main, *main.iterancestors(), *main.iter())}
    for title in body.iter("h1"):
        kept.update({id(n): n for n in (title, *title.iterancestors(), *title.iter())})
    for node in [n for n in body.iter() if id(n) not in kept]:
        if node.getparent() is not None and id(node.getparent()) in kept:
            node.tail = None
            drop(node)


def _prose(node: Node) -> int:
    """Characters of text outside links and buttons."""
    return _characters(node)[0]


def _text(node: Node) -> str:
    return " ".join(child.text or "" for child in node.iter())


def _characters(node: Node) -> tuple[int, int]:
    """Characters of text outside and inside links and buttons; scripts are no text."""
    prose = links = depth = 0
    steps = walk(node)
    for event, child in steps:
        linked = child.tag in ("a", "button")
        size = 0
        if event == "start":
            depth += linked
            if child.tag in _NEVER_TEXT:
                steps.skip_subtree()
            else:
                size = len((child.text or "").strip())
        else:
            depth -= linked
            size = 0 if child is node else len((child.tail or "").strip())
        if depth:
            links += size
        else:
            prose += size
    return prose, links
