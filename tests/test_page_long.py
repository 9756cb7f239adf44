"""An answer over more reports than fit a page of the table, in a real browser, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ask, opened, served, show
from playwright.sync_api import Browser, Locator, Page, expect
from test_page_for_everyone import findings

from rag.assistant import Assistant

REPORTS = 130
TRAMS = "are trams late from the depot?"


@pytest.fixture(scope="module")
def long_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over many short reports, of which every tenth speaks of trams."""
    folder, written = tmp_path_factory.mktemp("long"), tmp_path_factory.mktemp("written")
    for n in range(REPORTS):
        write_report(written, n)
    with Assistant.open(folder, create=True) as assistant:
        assistant.add(written)
    with served(folder) as url:
        yield url


def write_report(folder: Path, n: int) -> None:
    said = "Trams from the depot are late each morning." if n % 10 == 0 else "Libraries are open."
    (folder / f"place-{n:03}.md").write_text(
        f"---\ntitle: Transport review\ncouncil: Place {n:03} Council\ndate: 2022\n---\n\n"
        f"# Transport review\n\n## Town\n\nThis is report number {n}. {said}\n",
        encoding="utf-8",
    )


@pytest.fixture
def compared(browser: Browser, long_address: str) -> Iterator[Page]:
    """A visitor's own page, asked and turned to the table."""
    with browser.new_context() as visitor:
        page = opened(visitor.new_page(), long_address)
        ask(page, TRAMS)
        show(page, "Compare")
        yield page


def place(page: Page) -> Locator:
    """Where the page of the table stands, as it is read out."""
    return page.locator("#page")


def test_the_pages_are_turned_by_keyboard_and_read_out_and_the_focus_stays(compared: Page) -> None:
    box = place(compared)
    expect(box).to_have_text("Page 1 of 2, rows 1 to 100 of 130.")
    expect(box).to_have_attribute("aria-live", "polite")
    compared.evaluate("window.box = document.querySelector('#page')")
    for name, said, rows in (
        ("Next page", "Page 2 of 2, rows 101 to 130 of 130.", 30),
        ("Next page", "There is no other page this way. Page 2 of 2, rows 101 to 130 of 130.", 30),
        ("First page", "Page 1 of 2, rows 1 to 100 of 130.", 100),
        ("Last page", "Page 2 of 2, rows 101 to 130 of 130.", 30),
        ("Previous page", "Page 1 of 2, rows 1 to 100 of 130.", 100),
    ):
        button = compared.get_by_role("button", name=name, exact=True)
        button.focus()
        compared.keyboard.press("Enter")
        expect(box).to_have_text(said)
        expect(button).to_be_focused()
        expect(compared.locator("tr.report")).to_have_count(rows)
    assert compared.evaluate("window.box === document.querySelector('#page')")


def test_outcomes_fold_by_keyboard_and_a_narrower_table_needs_no_pages(compared: Page) -> None:
    speaking = compared.locator("details").first
    expect(speaking.locator("summary")).to_have_text("● Speaks: 13 reports")
    expect(speaking.locator("tr.report")).to_have_count(13)
    speaking.locator("summary").press("Enter")
    expect(speaking.locator("table")).to_be_hidden()
    compared.get_by_role("button", name="Next page").press("Enter")
    expect(place(compared)).to_contain_text("Page 2 of 2")
    compared.get_by_label("Filter", exact=True).fill("depot late Place")
    compared.get_by_label("Show", exact=True).click()
    compared.get_by_role("option", name="Speaks", exact=True).click()
    expect(compared.get_by_text("Showing 13 of 130.")).to_be_visible()
    expect(compared.get_by_role("button", name="Next page")).to_be_hidden()
    expect(place(compared)).to_have_text("")


def test_the_next_question_is_compared_from_its_first_page_as_the_controls_say(
    compared: Page,
) -> None:
    compared.get_by_role("button", name="Last page").press("Enter")
    expect(place(compared)).to_contain_text("Page 2 of 2")
    compared.get_by_label("Group by", exact=True).click()
    compared.get_by_role("option", name="Year", exact=True).click()
    expect(compared.get_by_text("2022: 130 reports, 13 speak", exact=True)).to_be_visible()
    expect(place(compared)).to_contain_text("Page 1 of 2")
    show(compared, "Ask")
    ask(compared, "which libraries are open?")
    show(compared, "Compare")
    expect(compared.locator("tr.group")).to_contain_text("2022: 130 reports")
    expect(place(compared)).to_contain_text("Page 1 of 2")


def test_the_silent_are_named_in_a_few_lines_of_the_conversation(compared: Page) -> None:
    show(compared, "Ask")
    answer = compared.locator("#conversation .answer")
    expect(answer.get_by_text("(117 reports): ")).to_contain_text("105 more, under Compare")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_long_table_has_no_finding_of_axe_and_fits_a_narrow_screen(
    browser: Browser, long_address: str, scheme: str
) -> None:
    with browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": 320, "height": 700}
    ) as visitor:
        page = opened(visitor.new_page(), long_address)
        ask(page, TRAMS)
        show(page, "Compare")
        expect(place(page)).to_contain_text("Page 1 of 2")
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
