"""The table of every report and the charts, in a real browser."""

from __future__ import annotations

import re

from browsing import DOLS, ask, show
from playwright.sync_api import Page, expect


def test_the_table_has_a_row_for_every_report_and_the_count_above_it(page: Page) -> None:
    ask(page, DOLS)
    show(page, "Compare")
    expect(page.get_by_text("Searched 5 reports: 3 mention it, 2 do not.")).to_be_visible()
    table = page.get_by_role("table", name=re.compile("What each report says"))
    rows = table.get_by_role("row")
    expect(rows).to_have_count(6)
    for council, outcome in (
        ("Sefton Council", "Speaks"),
        ("Somerset Council", "Speaks"),
        ("Southend-on-Sea City Council", "No mention found"),
    ):
        expect(rows.filter(has_text=council)).to_contain_text(outcome)
    southampton = rows.filter(has_text="Southampton City Council")
    expect(southampton.nth(0)).to_contain_text("May 2019")
    expect(southampton.nth(1)).to_contain_text("December 2020")


def test_the_table_is_grouped_sorted_and_filtered(page: Page) -> None:
    ask(page, DOLS)
    show(page, "Compare")
    table = page.get_by_role("table", name=re.compile("What each report says"))
    choose(page, "Group by", "Council")
    expect(table.get_by_text("Southampton City Council: 2 reports, 1 speaks")).to_be_visible()
    choose(page, "Group by", "Nothing")
    choose(page, "Sort by", "Newest")
    expect(table.get_by_role("row").nth(1)).to_contain_text("Somerset Council")
    choose(page, "Show", "No mention")
    expect(page.get_by_text("Showing 2 of 5.")).to_be_visible()
    expect(table.get_by_role("row")).to_have_count(3)
    choose(page, "Show", "All")
    page.get_by_label("Filter", exact=True).fill("sefton")
    expect(page.get_by_text("Showing 1 of 5.")).to_be_visible()
    page.get_by_label("Filter", exact=True).fill("no such words")
    expect(page.get_by_text("No report fits this filter.")).to_be_visible()


def test_a_number_in_the_table_opens_its_passage(page: Page) -> None:
    ask(page, DOLS)
    show(page, "Compare")
    page.get_by_role("table").get_by_role("link", name="[1").click()
    pane = page.get_by_label("The passage that was chosen")
    expect(pane.get_by_role("heading", name="Sefton Council, July 2022")).to_be_focused()


def test_the_charts_say_in_words_what_they_show(page: Page) -> None:
    ask(page, DOLS)
    show(page, "Charts")
    picture = page.get_by_role("img", name=re.compile("reports"))
    expect(picture).to_be_visible()
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("row").filter(has_text="May 2019").first).to_contain_text("Speaks")
    matrix = page.get_by_role("table", name=re.compile("by council and year"))
    row = matrix.get_by_role("row").filter(has_text="Southampton City Council")
    expect(row).to_contain_text("3 in 1 of 2")


def test_before_a_question_table_and_charts_say_what_to_do(page: Page) -> None:
    for tab in ("Compare", "Charts"):
        show(page, tab)
        expect(page.get_by_text("Ask a question first.").locator("visible=true")).to_be_visible()


def choose(page: Page, label: str, choice: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=choice, exact=True).click()
