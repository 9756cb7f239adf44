"""The shelf on the page: dropping files, what became of each, and taking a report off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ask, opened, served, show
from conftest import CORPUS
from playwright.sync_api import Browser, Page, expect

from app import TITLE
from rag.assistant import Assistant
from rag.page.managing import add_files
from rag.page.shelf import MOST_ROWS, shelf_table
from rag.records import ReportInfo
from rag.settings import MOST_UPLOADS

HOSTILE = "<img src=x onerror=document.title='broken'>.txt"


@pytest.fixture(scope="module")
def address(brief_shelf: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page over a copy of the shelf, which these tests change."""
    folder = tmp_path_factory.mktemp("shelf")
    Assistant.backup(brief_shelf._index.folder, folder / "copy")
    Assistant.restore(folder / "index", folder / "copy")
    with served(folder / "index") as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context() as visitor:
        visited = opened(visitor.new_page(), address)
        show(visited, "Shelf")
        yield visited


def drop(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files([str(file) for file in files])
    page.get_by_role("button", name="Add to the shelf").click()


def test_dropped_files_go_on_the_shelf_with_a_result_each_and_come_off_again(
    page: Page, tmp_path: Path
) -> None:
    good = tmp_path / "report.txt"
    good.write_text("Puffins nest beside the library of Ambridge Council.", encoding="utf-8")
    bad = tmp_path / "broken.pdf"
    bad.write_bytes(b"%PDF-1.7 and then nothing")
    drop(page, good, bad)
    results = page.get_by_role("table").filter(has_text="files done")
    expect(results.get_by_text("2 of 2 files done, 1 failed")).to_be_visible()
    added = results.get_by_role("row").filter(has_text="report.txt")
    expect(added).to_contain_text("added")
    expect(results.get_by_role("row").filter(has_text="broken.pdf")).to_contain_text("failed")
    expect(page.get_by_text("6 reports on the shelf")).to_be_visible()
    show(page, "Ask")
    expect(ask(page, "where do puffins nest?").get_by_text("Puffins nest").first).to_be_visible()
    show(page, "Shelf")
    page.get_by_label("Report", exact=True).fill("ambridge")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Report", exact=True)).to_have_value("ambridge")
    page.get_by_role("button", name="Remove from the shelf").click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    page.get_by_label("Yes, take this report off the shelf").check()
    page.get_by_role("button", name="Remove from the shelf").click()
    expect(page.get_by_text("ambridge is off the shelf.")).to_be_visible()
    expect(page.get_by_text("5 reports on the shelf")).to_be_visible()


def test_the_shelf_is_filtered_and_each_report_has_its_details(page: Page) -> None:
    shelf = page.get_by_role("table", name="Reports on the shelf")
    expect(shelf.get_by_role("row")).to_have_count(6)
    page.get_by_label("Filter the shelf").fill("sefton 2022")
    expect(page.get_by_text("1 of 5 reports fit the filter.")).to_be_visible()
    expect(shelf.get_by_role("row")).to_have_count(2)
    shelf.get_by_text("Details of sefton-2022").click()
    expect(shelf.get_by_text("A brief, in this project's own words")).to_be_visible()
    expect(shelf.get_by_role("link", name="Source")).to_be_visible()
    expect(page.get_by_text("The index takes")).to_be_visible()


def test_only_addresses_of_the_web_become_links_of_the_shelf() -> None:
    info = ReportInfo("r", None, None, None, None, None, "javascript:alert(1)", "full", 1, 2)
    assert "href" not in shelf_table([info])


def test_of_a_long_shelf_the_first_are_shown_and_the_filter_finds_the_others() -> None:
    shelf = [
        ReportInfo(f"r-{n:05}", None, None, None, None, None, None, "full", 9, 99)
        for n in range(MOST_ROWS + 1)
    ]
    html = shelf_table(shelf)
    assert html.count('<th scope="row">') == MOST_ROWS
    assert f"{MOST_ROWS + 1} reports. The first {MOST_ROWS} are shown" in html
    assert f"r-{MOST_ROWS:05}" in shelf_table(shelf, f"{MOST_ROWS:05}")
    assert "are shown" not in shelf_table(shelf[1:])


def test_what_is_there_already_is_told(page: Page, tmp_path: Path) -> None:
    shutil.copy(CORPUS / "sefton-2022.md", tmp_path / "copy.md")
    drop(page, tmp_path / "copy.md")
    row = page.get_by_role("row").filter(has_text="copy.md")
    expect(row).to_contain_text("there already")
    expect(row).to_contain_text("same content as sefton-2022")


def test_a_file_name_is_shown_as_text_whatever_it_holds(page: Page, tmp_path: Path) -> None:
    file = tmp_path / HOSTILE
    file.write_text("", encoding="utf-8")
    drop(page, file)
    expect(page.get_by_text("0 of 1 files done").or_(page.get_by_text("1 failed"))).to_be_visible()
    assert page.title() == TITLE
    assert page.locator("img[src=x]").count() == 0


def test_adding_without_files_gets_a_plain_sentence(page: Page) -> None:
    page.get_by_role("button", name="Add to the shelf").click()
    expect(page.get_by_text("Choose files first.")).to_be_visible()


def test_too_many_files_at_once_are_refused_with_the_command(brief_shelf: Assistant) -> None:
    paths = ["report.pdf"] * (MOST_UPLOADS + 1)
    (told,) = add_files(brief_shelf, paths, lambda _: None, replacing=False)
    assert f"at most {MOST_UPLOADS}" in told
    assert "rag add" in told
