"""The page in a real browser, served by the real command over the briefs that ship."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app import TITLE
from rag.assistant import Assistant

SECONDS = 90_000
HOSTILE = "<img src=x onerror=\"document.title='broken'\"> **DoLS** [x](javascript:alert(1))"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the real command serving the index in ``folder``."""
    port = free_port()
    command = [sys.executable, "-m", "rag", "serve", "--index", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}/"
        try:
            wait_for(url, server)
            yield url
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def address(brief_shelf: Assistant) -> Iterator[str]:
    with served(brief_shelf._index.folder) as url:
        yield url


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert server.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail("the page did not come up")


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_page() as opened:
        opened.set_default_timeout(SECONDS)
        opened.goto(address)
        yield opened


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your question").fill(text)
    page.get_by_role("button", name="Ask", exact=True).click()


def test_the_first_question_names_every_report_and_shows_quotes_in_their_surroundings(
    page: Page, tmp_path: Path
) -> None:
    ask(page, "how did councils handle DoLS backlogs?")
    expect(page.get_by_role("heading", name="Quotes in their surroundings")).to_be_visible()
    rows = page.get_by_role("row")
    for name, outcome in (
        ("Sefton Council", "Speaks"),
        ("Somerset Council", "Speaks"),
        ("Southampton City Council May 2019", "Speaks"),
        ("Southampton City Council December 2020", "No mention found"),
        ("Southend-on-Sea City Council", "No mention found"),
    ):
        expect(
            rows.filter(
                has_text=re.compile(
                    name.replace(" May", r"\s*May").replace(" December", r"\s*December")
                )
            )
            .filter(has_text=outcome)
            .first
        ).to_be_visible()
    first = page.locator("details").first
    expect(first.locator("mark")).to_be_hidden()
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(first.locator("mark")).to_be_visible()
    quote = first.locator("mark").inner_text()
    assert quote in page.get_by_label("Conversation").inner_text()
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_nothing_is_loaded_from_anywhere_else(browser: Browser, address: str) -> None:
    with browser.new_page() as page:
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(request.url))
        page.goto(address)
        expect(page.get_by_label("Your question")).to_be_visible(timeout=SECONDS)
        ask(page, "who has micro providers")
        expect(page.get_by_role("heading", name="Every report")).to_be_visible(timeout=SECONDS)
    assert {url for url in asked if not url.startswith((address, "data:", "blob:"))} == set()


def test_a_question_is_shown_as_text_whatever_it_holds(page: Page) -> None:
    ask(page, HOSTILE)
    conversation = page.get_by_label("Conversation")
    expect(conversation.get_by_text("**DoLS**").first).to_be_visible()
    expect(page.get_by_role("heading", name="Every report")).to_be_visible()
    assert page.title() == TITLE
    assert page.locator("img[src=x], a[href^=javascript]").count() == 0


def test_an_empty_question_gets_a_plain_sentence(page: Page) -> None:
    ask(page, "   ")
    expect(page.get_by_text("The question is empty.")).to_be_visible()


def test_the_page_says_that_briefs_are_briefs(page: Page) -> None:
    expect(page.get_by_text("digests in this project's own words")).to_be_visible()


@pytest.mark.skipif(os.name != "posix", reason="interfaces are listed the POSIX way")
def test_only_this_machine_can_reach_the_page(address: str) -> None:
    port = int(address.rstrip("/").rsplit(":", 1)[1])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for host in others - {"127.0.0.1"}:
        with socket.socket() as probe:
            probe.settimeout(2)
            if str(host).startswith("127."):
                continue
            assert probe.connect_ex((str(host), port)) != 0
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.1", port)) == 0
