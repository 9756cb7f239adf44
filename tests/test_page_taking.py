"""Taking answers away: copied with citations, and as files, from a real browser."""

from __future__ import annotations

import csv
import io
import zipfile

from browsing import DOLS, ask
from playwright.sync_api import Browser, Page, expect


def test_an_answer_is_copied_with_its_citations(browser: Browser, address: str) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    with browser.new_context(permissions=allowed) as visitor:
        page = visitor.new_page()
        page.goto(address)
        quote = ask(page, DOLS).get_by_role("listitem").first.inner_text()
        page.get_by_role("button", name="Copy with citations").click()
        expect(page.get_by_text("Copied.")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert quote.split("”")[0] in copied
        assert "paragraph 29" in copied
        kinds = page.evaluate("navigator.clipboard.read().then(all => all[0].types)")
        assert set(kinds) >= {"text/plain", "text/html"}


def test_an_answer_is_taken_as_word_markdown_csv_and_a_printable_page(page: Page) -> None:
    ask(page, DOLS)
    files = {form: fetched(page, form) for form in ("Word document", "Markdown", "CSV table")}
    for form, (name, content) in files.items():
        assert "dols" in name, form
        assert content, form
    assert zipfile.ZipFile(io.BytesIO(files["Word document"][1])).testzip() is None
    rows = list(csv.DictReader(io.StringIO(files["CSV table"][1].decode("utf-8-sig"))))
    assert len({row["report"] for row in rows}) == 5
    markdown = files["Markdown"][1].decode()
    assert "rag ask" in markdown
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Printable page").click()
    printable = popup.value
    expect(printable.get_by_role("table").first).to_be_visible()
    expect(printable.get_by_text("Southend-on-Sea City Council").first).to_be_visible()


def test_the_answer_of_another_visitor_cannot_be_taken(
    browser: Browser, address: str, page: Page
) -> None:
    ask(page, DOLS)
    assert page.request.get(f"{address}take/1/md").status == 200
    with browser.new_context() as other:
        assert other.request.get(f"{address}take/1/md").status == 404
        assert other.request.get(f"{address}take/1/copy").status == 404
    assert page.request.get(f"{address}take/2/md").status == 404
    assert page.request.get(f"{address}take/1/exe").status == 404


def fetched(page: Page, name: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return download.value.suggested_filename, download.value.path().read_bytes()
