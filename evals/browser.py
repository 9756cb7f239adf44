"""The real command serving a page, with a real browser before it: for pictures and benchmarks."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from evals.run import ROOT

MOST_WAITING = 120_000
"""Milliseconds, as Playwright counts them."""
_STEP = 25
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@contextmanager
def served(index: Path) -> Iterator[str]:
    """The address of the page over an index, from when its models are loaded."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "rag", "serve", "--index", str(index), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as server:  # noqa: S603
        try:
            while server.poll() is None:
                with suppress(urllib.error.URLError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
                    break
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=MOST_WAITING)
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        running = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield running
        running.close()


def opened(page: Page, address: str) -> Page:
    """The page, with the examples that are made from the shelf."""
    page.set_default_timeout(MOST_WAITING)
    page.goto(address)
    expect(page.locator("#examples button").first).to_be_visible()
    return page


def ask_button(page: Page) -> Locator:
    """What sends a question."""
    return page.get_by_role("button", name="Ask", exact=True)


def begin(page: Page, question: str) -> None:
    """Type a question and send it."""
    page.get_by_label("Your question").fill(question)
    ask_button(page).click()


def finished(page: Page) -> None:
    """Wait until the last answer is whole."""
    until(page, WHOLE)


def until(page: Page, condition: str) -> None:
    """Wait until a function is true in the browser; the page itself allows no eval."""
    waited = 0
    while not page.evaluate(condition):
        if waited > MOST_WAITING:
            raise TimeoutError(condition)
        page.wait_for_timeout(_STEP)
        waited += _STEP


WHOLE = """() => {
  const last = [...document.querySelectorAll("#conversation .answer")].pop();
  const grows = last && [...last.querySelectorAll("p")].some((p) => p.textContent === "…");
  return last && last.querySelector("p strong") && !grows;
}"""
"""True in the browser when the last answer is whole."""
