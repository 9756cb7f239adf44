"""The real command serving a page, and a person at a real browser."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

SECONDS = 90_000
DOLS = "how did councils handle DoLS backlogs?"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    """The address of the real command serving the index in ``folder``."""
    port = free_port()
    command = [sys.executable, "-m", "rag", "serve", "--index", str(folder), "--port", str(port)]
    with (
        tempfile.TemporaryFile() as told,
        subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=told) as server,
    ):
        url = f"http://127.0.0.1:{port}/"
        try:
            wait_for(url, server)
            yield url
        finally:
            server.terminate()
            server.wait()
            told.seek(0)
            log = told.read().decode()
            assert "Traceback" not in log, log


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert server.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail("the page did not come up")


def opened(page: Page, address: str) -> Page:
    """The page, ready to be asked."""
    page.set_default_timeout(SECONDS)
    page.goto(address)
    expect(question_box(page)).to_be_visible()
    return page


def question_box(page: Page) -> Locator:
    return page.get_by_label("Your question")


def conversation(page: Page) -> Locator:
    return page.locator("#conversation")


def ask(page: Page, text: str) -> Locator:
    """Ask, and wait for the whole answer: what is taken away belongs to it."""
    turns = page.locator("#conversation .answer").count()
    question_box(page).fill(text)
    page.get_by_role("button", name="Ask", exact=True).click()
    answer = page.locator("#conversation .answer").nth(turns)
    expect(answer).to_be_visible()
    expect(answer.get_by_text("…", exact=True)).to_have_count(0)
    expect(answer.locator("p strong")).to_be_visible()
    return answer


def show(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab, exact=True).click()
