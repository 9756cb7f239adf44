"""The pictures of the README: ``python -m evals.screenshots`` (``make pictures``).

The real page over the briefs that ship, wide and narrow, light and dark.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from evals.browser import begin, chromium, finished, opened, served
from evals.run import ROOT
from rag.assistant import Assistant

QUESTION = "how did councils handle DoLS backlogs?"
WIDE, NARROW = (1280, 860), (360, 860)


def draw(browser: Browser, address: str, folder: Path) -> None:
    """Four pictures: asking, comparing and charts wide, asking narrow in the dark."""
    for size, scheme in ((WIDE, "light"), (NARROW, "dark")):
        width, height = size
        with browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        ) as visitor:
            page = opened(visitor.new_page(), address)
            begin(page, QUESTION)
            finished(page)
            page.get_by_role("button", name="Copy with citations").wait_for()
            page.locator("#conversation a.cite").nth(1).click()
            page.locator("#passage mark").wait_for()
            page.evaluate("window.scrollTo(0, 0)")
            page.screenshot(path=folder / ("ask.png" if size == WIDE else "ask-narrow.png"))
            for tab in ("Compare", "Charts"):
                page.get_by_role("tab", name=tab, exact=True).click()
                page.get_by_role("table").first.wait_for()
                name = f"{tab.lower()}.png" if size == WIDE else f"{tab.lower()}-narrow.png"
                page.screenshot(path=folder / name)


def main() -> None:
    """Draw them into docs/."""
    with tempfile.TemporaryDirectory() as place:
        with Assistant.open(place, create=True) as shelf:
            shelf.add(ROOT / "corpus")
        with served(Path(place)) as address, chromium() as browser:
            draw(browser, address, ROOT / "docs")


if __name__ == "__main__":
    main()
