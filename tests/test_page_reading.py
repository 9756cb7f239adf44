"""A numbered mark opens its passage beside the answer, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import DOLS, ask, opened, served
from conftest import SHARED
from playwright.sync_api import Browser, Page, expect

from rag.assistant import Assistant
from rag.rendering import render

PDFS = sorted((SHARED / "ofsted").glob("*.pdf"))[:2]


def test_a_number_opens_its_passage_beside_the_answer(page: Page) -> None:
    answer = ask(page, DOLS)
    quote = answer.get_by_role("listitem").first.inner_text()
    answer.get_by_role("link", name="[1").click()
    pane = page.get_by_label("The passage that was chosen")
    expect(pane.get_by_role("heading", name="Sefton Council, July 2022")).to_be_focused()
    for fact in ("July 2022", "Working with people", "29, as printed", "A brief"):
        expect(pane.locator(".facts")).to_contain_text(fact)
    marked = pane.locator("mark").evaluate("mark => mark.childNodes[1].textContent")
    assert marked
    assert marked in quote
    expect(pane.get_by_label("The passage in its surroundings")).to_contain_text("28.")
    expect(answer.get_by_role("link", name="[1")).to_have_attribute("aria-current", "true")
    expect(pane.get_by_role("link", name=re.compile("^Source"))).to_have_attribute(
        "href", re.compile("^https://")
    )


def test_the_keyboard_opens_steps_and_closes_and_comes_back_to_the_number(page: Page) -> None:
    answer = ask(page, DOLS)
    number = answer.get_by_role("link", name="[2")
    number.focus()
    page.keyboard.press("Enter")
    pane = page.get_by_label("The passage that was chosen")
    expect(pane.locator("#passage-title")).to_be_focused()
    first = pane.locator("mark").inner_text()
    page.keyboard.press("Tab")
    expect(pane.get_by_role("link", name="Previous passage")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(pane.locator("mark")).not_to_have_text(first)
    expect(pane.locator("#passage-title")).to_be_focused()
    pane.get_by_role("link", name="Previous passage").focus()
    page.keyboard.press("Enter")
    expect(pane.locator("mark")).to_contain_text("The peer team found")
    expect(pane.locator("#passage-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(number).to_be_focused()
    expect(pane.locator("mark")).to_have_count(0)


def test_a_passage_has_an_address_of_its_own_that_tells_when_the_words_have_gone(
    page: Page, address: str
) -> None:
    link = ask(page, DOLS).get_by_role("link", name="[1").get_attribute("href")
    assert link is not None
    page.goto(address.rstrip("/") + link)
    expect(page.locator("mark")).to_be_visible()
    assert parse_qs(urlsplit(link).query).keys() == {"start", "end", "of"}
    page.goto(address.rstrip("/") + re.sub("of=.*", "of=00000000", link))
    expect(page.get_by_role("alert")).to_contain_text("has changed since this answer")
    page.goto(f"{address}read/nowhere?start=0&end=5")
    expect(page.get_by_role("alert")).to_contain_text("no report 'nowhere'")


@pytest.fixture(scope="module")
def pdf_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not PDFS:
        pytest.skip("the PDFs (../shared/ofsted) are not on this machine")
    folder = tmp_path_factory.mktemp("pdfs")
    with Assistant.open(folder, create=True) as shelf:
        assert {added.outcome for added in shelf.add(PDFS)} == {"added"}
    with served(folder) as url:
        yield url


def test_the_page_of_a_pdf_is_shown_with_the_quote_marked(
    browser: Browser, pdf_address: str
) -> None:
    with browser.new_page() as page:
        answer = ask(opened(page, pdf_address), "what do inspectors say about care leavers?")
        answer.locator("a.cite").first.click()
        picture = page.get_by_label("The passage that was chosen").get_by_role("img")
        expect(picture).to_be_visible()
        expect(picture).to_have_js_property("complete", value=True)
        assert picture.evaluate("image => image.naturalWidth") > 600
        expect(picture).to_have_attribute("alt", re.compile(r"page \d+ of"))
        address = picture.get_attribute("src")
        assert address is not None
        drawn = page.request.get(pdf_address.rstrip("/") + address)
        assert drawn.headers["content-type"] == "image/png"


def test_what_a_report_holds_is_shown_as_text_in_every_template() -> None:
    bad = '<script>alert(1)</script>"><img src=x>{{7*7}}'
    shown = render("told.html", text=bad)
    assert "<script>" not in shown
    assert "<img" not in shown
    assert "49" not in shown


def test_the_folder_of_templates_is_part_of_the_package(tmp_path: Path) -> None:
    assert "<h1>" in render("welcome.html", title="T", reports=0, briefs=0, log_out=False)
