"""The page for everyone: no serious finding of axe on any view, keyboard, narrow, zoomed, dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DOLS, ask, conversation, opened, question_box, show
from playwright.sync_api import Browser, Page, expect

TABS = ("Ask", "Compare", "Charts", "Shelf")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


def findings(page: Page) -> list[str]:
    """What axe finds that is more than minor, with the first element that it finds it in."""
    found: list[dict[str, Any]] = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['impact']} {each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in found
        if each["impact"] in ("moderate", "serious", "critical")
    ]


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context(color_scheme=request.param) as visitor:
        yield opened(visitor.new_page(), address)


def test_axe_finds_nothing_serious_on_any_view(themed: Page, address: str) -> None:
    assert findings(themed) == []
    answer = ask(themed, DOLS)
    link = answer.locator("a.cite").first
    link.click()
    expect(themed.locator("#passage mark")).to_be_visible()
    for tab in TABS:
        show(themed, tab)
        expect(themed.get_by_role("tab", name=tab, selected=True)).to_be_visible()
        assert findings(themed) == [], tab
    show(themed, "Ask")
    alone = link.get_attribute("href")
    assert alone is not None
    themed.goto(address.rstrip("/") + alone)
    assert findings(themed) == []
    themed.goto(f"{address}take/1/html")
    assert findings(themed) == []


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_scrolls_sideways_when_narrow_or_zoomed(
    browser: Browser, address: str, width: int
) -> None:
    """At 320 px, and at 200 % zoom of 1,280 px, which leaves 640."""
    with browser.new_context(viewport={"width": width, "height": 700}) as visitor:
        page = opened(visitor.new_page(), address)
        ask(page, DOLS).locator("a.cite").first.click()
        expect(page.locator("#passage mark")).to_be_in_viewport()
        for tab in TABS:
            show(page, tab)
            expect(page.get_by_role("tab", name=tab, selected=True)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, tab


def test_a_question_is_asked_read_and_compared_by_keyboard_alone(page: Page) -> None:
    expect(question_box(page)).to_be_focused()
    page.keyboard.type(DOLS)
    page.keyboard.press("Enter")
    expect(conversation(page).get_by_text("Searched 5 reports")).to_be_visible()
    expect(page.get_by_role("button", name="Copy with citations")).to_be_visible()
    tab_to(page, "a.cite")
    page.keyboard.press("Enter")
    expect(page.locator("#passage-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(conversation(page).locator("a.cite").first).to_be_focused()
    tab_to(page, "[role=tab]", backwards=True)
    page.get_by_role("tab", name="Compare").press("Enter")
    tab_to(page, "table a.cite")


def test_the_element_in_focus_is_seen(page: Page) -> None:
    ask(page, DOLS)
    for selector in ("a.cite", "button.copy", "[role=tab]"):
        tab_to(page, selector, backwards=selector == "[role=tab]")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert float(outline.removesuffix("px")) >= 2, selector


def test_screen_readers_are_told_the_language_and_not_the_markup(page: Page) -> None:
    ask(page, DOLS)
    assert page.evaluate("document.documentElement.lang") == "en-GB"
    labels = page.locator("#conversation [aria-label]").evaluate_all(
        "all => all.map(e => e.getAttribute('aria-label'))"
    )
    assert [label for label in labels if "<" in label] == []


def test_nothing_is_loaded_from_anywhere_else(browser: Browser, address: str) -> None:
    with browser.new_page() as page:
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(request.url))
        ask(opened(page, address), DOLS).locator("a.cite").first.click()
        expect(page.locator("#passage mark")).to_be_visible()
        for tab in TABS:
            show(page, tab)
    assert {url for url in asked if not url.startswith((address, "data:", "blob:"))} == set()


def tab_to(page: Page, selector: str, *, backwards: bool = False) -> None:
    """Press the tab key until an element of this kind has the focus."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if page.evaluate("kind => document.activeElement.matches(kind)", selector):
            return
    pytest.fail(f"the tab key never came to {selector}")
