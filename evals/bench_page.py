"""How quick the page is in a browser: ``python -m evals.bench_page [--write]``.

The 43 inspection reports, the real command, a real Chromium. Times are taken inside the browser,
from the press of the button: to the first words in the conversation (what is looked for, in how
many reports) and to the whole answer. Then the same while a folder is being added on the page, and
with 20 visitors at once. The browser shares the processor with the server, as on a laptop; 20 pages
in one browser take most of it, so 20 programs ask over HTTP as well.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from playwright.sync_api import Browser, Page

from evals.browser import WHOLE, ask_button, begin, chromium, finished, opened, served, until
from evals.ofsted import FOLDER, load
from evals.run import commit_id, write_results
from rag.assistant import Assistant

QUESTIONS = 24
VISITORS = 20
ADDED = 8
"""PDFs that are added on the page while questions are asked."""
_CLOCK = f"""(button) => {{
  const whole = {WHOLE};
  const said = () => document.querySelectorAll("#conversation .answer").length;
  const times = (window.times = {{}});
  const before = said();
  button.addEventListener("click", () => {{ times.start = performance.now(); }},
    {{ once: true, capture: true }});
  new MutationObserver((_, watching) => {{
    if (!times.start || said() <= before) return;
    times.first = times.first || performance.now() - times.start;
    if (whole()) {{ times.whole = performance.now() - times.start; watching.disconnect(); }}
  }}).observe(document.body, {{ subtree: true, childList: true, characterData: true }});
}}"""

Results = dict[str, Any]


def asked(page: Page, question: str) -> tuple[float, float]:
    """Seconds to the first words and to the whole answer, by the browser's clock."""
    ask_button(page).evaluate(_CLOCK)
    begin(page, question)
    finished(page)
    until(page, "() => window.times.whole")
    times = page.evaluate("window.times")
    return times["first"] / 1000, times["whole"] / 1000


def one_after_another(page: Page, questions: list[str]) -> Results:
    """One visitor, one question after another, each in a new conversation."""
    times = []
    for question in questions:
        times.append(asked(page, question))
        page.get_by_role("button", name="New conversation").click()
        until(page, "() => !document.querySelector('#conversation .answer')")
    return _summary(times)


def _summary(times: list[tuple[float, float]]) -> Results:
    first, whole = zip(*times, strict=True)
    return {
        "questions": len(times),
        "first words p50": _at(first, 50),
        "first words p95": _at(first, 95),
        "whole p50": _at(whole, 50),
        "whole p95": _at(whole, 95),
    }


def _at(seconds: tuple[float, ...], percentile: int) -> float:
    return round(float(np.percentile(seconds, percentile)), 3)


def while_adding(page: Page, address: str, questions: list[str], files: list[Path]) -> Results:
    """The same while another visitor's files are read and embedded."""
    with page.context.browser.new_context() as other:  # type: ignore[union-attr]
        adding = opened(other.new_page(), address)
        adding.get_by_role("tab", name="Shelf", exact=True).click()
        adding.locator("input[type=file]").set_input_files([str(file) for file in files])
        adding.get_by_role("button", name="Add to the shelf").click()
        adding.get_by_role("table").filter(has_text="files done").wait_for()
        found = one_after_another(page, questions)
        done = f"{len(files)} of {len(files)} files done, 0 failed"
        found["still adding at the end"] = adding.get_by_text(done).count() == 0
        adding.get_by_text(done).wait_for()
    return found


def at_once(browser: Browser, address: str, questions: list[str]) -> Results:
    """So many visitors press the button at the same time."""
    pages = [opened(browser.new_context().new_page(), address) for _ in range(VISITORS)]
    for n, page in enumerate(pages):
        ask_button(page).evaluate(_CLOCK)
        page.get_by_label("Your question").fill(questions[n % len(questions)])
    for page in pages:
        ask_button(page).click()
    for page in pages:
        finished(page)
        until(page, "() => window.times.whole")
    every = [page.evaluate("window.times") for page in pages]
    answered = sum(page.locator("#conversation .answer .cite").count() > 0 for page in pages)
    found = _summary([(times["first"] / 1000, times["whole"] / 1000) for times in every])
    refused = VISITORS - answered
    for page in pages:
        page.context.close()
    return found | {"visitors": VISITORS, "answers": VISITORS, "of them refusals": refused}


def over_http(address: str, questions: list[str]) -> Results:
    """So many programs ask at the same time, without a browser that shares the processor."""

    def ask(n: int) -> tuple[float, int]:
        body = json.dumps({"question": questions[n % len(questions)]}).encode()
        kind = {"Content-Type": "application/json"}
        started = time.perf_counter()
        request = Request(f"{address}api/ask", body, kind)  # noqa: S310 (our own server)
        with urlopen(request, timeout=120) as answer:  # noqa: S310
            coverage = json.load(answer)["coverage"]
        return time.perf_counter() - started, len(coverage)

    with ThreadPoolExecutor(VISITORS) as visitors:
        found = list(visitors.map(ask, range(VISITORS)))
    seconds = tuple(took for took, _ in found)
    return {
        "visitors": VISITORS,
        "reports in each answer": sorted({reports for _, reports in found}),
        "whole p50": _at(seconds, 50),
        "whole p95": _at(seconds, 95),
    }


def measure(folder: Path) -> Results:
    """All of it, over the PDFs of a folder."""
    files = sorted(folder.glob("*.pdf"))
    questions = [question.question for question in load() if question.kind == "across"]
    questions = (questions + [q.question for q in load()])[:QUESTIONS]
    with tempfile.TemporaryDirectory() as place:
        index, held = Path(place, "index"), Path(place, "held")
        held.mkdir()
        with Assistant.open(index, create=True) as shelf:
            shelf.add(files)
            reports = len(shelf.reports())
        for file in files[:ADDED]:  # other content, so that they are new
            shutil.copy(file, held / f"new-{file.name}")
            with (held / f"new-{file.name}").open("ab") as more:
                more.write(b"\n% another version\n")
        with served(index) as address, chromium() as browser:
            page = opened(browser.new_page(), address)
            alone = one_after_another(page, questions)
            adding = while_adding(page, address, questions[:8], sorted(held.iterdir()))
            crowd = at_once(browser, address, questions)
            programs = over_http(address, questions)
    return {
        "commit": commit_id(),
        "cores": os.cpu_count(),
        "reports": reports,
        "one visitor": alone,
        "while files are added": adding,
        "visitors at once": crowd,
        "programs at once": programs,
    }


def render(results: Results) -> str:
    """The figures as a table."""
    names = ["first words p50", "first words p95", "whole p50", "whole p95"]
    lines = [f"{results['reports']} reports, {results['cores']} cores, seconds in the browser", ""]
    lines += [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for part in ("one visitor", "while files are added", "visitors at once"):
        figures = " | ".join(f"{results[part][name]:.2f}" for name in names)
        lines.append(f"| {part} | {figures} |")
    crowd = results["visitors at once"]
    lines.append(
        "| programs at once | | | {whole p50:.2f} | {whole p95:.2f} |".format_map(
            results["programs at once"]
        )
    )
    lines += ["", f"{crowd['answers']} of {crowd['visitors']} visitors at once got their answer."]
    return "\n".join(lines)


def main() -> None:
    """Run, print, and write the results file if asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench_page", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write evals/results/page.json")
    write = parser.parse_args().write
    if not FOLDER.is_dir():
        print("The inspection reports (../shared/ofsted) are not on this machine.")
        return
    results = measure(FOLDER)
    print(render(results))
    if write:
        write_results("page", results)


if __name__ == "__main__":
    main()
