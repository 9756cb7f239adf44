"""The web page: ask, read the quotes in their surroundings, see every report. Owner of Gradio.

It listens on 127.0.0.1 only, reports nothing to anybody, and loads no font or script from
elsewhere. Whatever comes from a report or a question is escaped and shown as text.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from rag.adding import Progress, Step
from rag.assistant import Assistant
from rag.dates import date_in_words
from rag.errors import RagError
from rag.reading import KINDS
from rag.records import Added, Answer, Citation, Coverage, ReportInfo, Surroundings
from rag.settings import LARGEST_FILE, MOST_UPLOADS

TITLE = "Ask the reports"
EXAMPLES = (
    "how did councils handle DoLS backlogs?",
    "which councils were praised for co-production?",
    "what did peers recommend on complaints?",
    "compare Sefton and Somerset on reablement",
)
_LOOPBACK = "127.0.0.1"
_DELETE_UPLOADS = (3600, 3600)
"""Seconds: how often dropped files are looked through, and how old those are that are deleted."""
_STATUS = {"evidence": "Speaks", "no mention": "No mention found", "not asked": "Not asked"}
_CSS = """
.rag .wide { overflow-x: auto; }
.rag table { border-collapse: collapse; width: 100%; min-width: 34rem; }
.rag th, .rag td { border: 1px solid var(--border-color-primary); padding: .35rem .5rem;
  text-align: left; vertical-align: top; }
.rag details { border: 1px solid var(--border-color-primary); border-radius: 4px;
  margin: .35rem 0; padding: .35rem .6rem; }
.rag summary { cursor: pointer; }
.rag .text { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; }
.rag .around { opacity: .8; }
.rag mark { background: #ffe68a; color: #1a1a1a; }
"""

Message = dict[str, Any]
Page = tuple[str, list[Message], str, str]


def build(assistant: Assistant) -> gr.Blocks:
    """The page over one shelf."""
    page: gr.Blocks
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=_DELETE_UPLOADS) as page:
        welcome = gr.HTML(_welcome(assistant.reports()))
        chat = gr.Chatbot(
            label="Conversation",
            render_markdown=False,
            sanitize_html=True,
            feedback_options=None,
            buttons=["copy"],
            height=420,
        )
        question = gr.Textbox(
            label="Your question", placeholder=EXAMPLES[0], lines=1, max_lines=4, autofocus=True
        )
        ask = gr.Button("Ask", variant="primary")
        gr.Examples([[text] for text in EXAMPLES], inputs=[question], label="Examples")
        coverage = gr.HTML(label="Every report on the shelf", elem_classes="rag")
        sources = gr.HTML(label="Quotes in their surroundings", elem_classes="rag")
        shelf = _manage(assistant, welcome)

        def answer(text: str, history: list[Message]) -> Iterator[Page]:
            yield from respond(assistant, text, history)

        places = [question, chat, coverage, sources]
        for event in (question.submit, ask.click):
            event(answer, [question, chat], places, api_name="chat", concurrency_limit=4)
        page.load(lambda: shelf_table(assistant.reports()), None, shelf, api_visibility="private")
    return page


def _manage(assistant: Assistant, welcome: gr.HTML) -> gr.HTML:
    """The shelf: what is on it, dropping files on it, taking a report off."""
    with gr.Accordion("The shelf", open=False):
        shelf = gr.HTML(elem_classes="rag")
        gr.HTML("<h2>Add reports</h2>")
        files = gr.File(label=f"Files to add: {', '.join(KINDS)}", file_count="multiple")
        replacing = gr.Checkbox(label="Newer versions replace older ones")
        add = gr.Button("Add to the shelf", variant="primary")
        results = gr.HTML(elem_classes="rag")
        gr.HTML("<h2>Remove a report</h2>")
        report = gr.Dropdown(_ids(assistant), label="Report", value=None)
        sure = gr.Checkbox(label="Yes, take this report off the shelf")
        remove = gr.Button("Remove from the shelf")
        removed = gr.HTML(elem_classes="rag")

    def shown() -> tuple[str, str, Any]:
        reports = assistant.reports()
        return shelf_table(reports), _welcome(reports), gr.Dropdown(_ids(assistant), value=None)

    def on_add(
        paths: list[str] | None,
        replace: bool,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for it there)
    ) -> Iterator[tuple[Any, ...]]:
        def update(step: Step) -> None:
            share = step.bytes / max(1, step.of_bytes)
            progress(share, f"{step.files} of {step.of_files} files; {step.name}")

        for told in add_files(assistant, paths or [], update, replacing=replace):
            yield told, *shown()

    def on_remove(chosen: str | None, confirmed: bool) -> tuple[Any, ...]:
        told, done = remove_report(assistant, chosen, confirmed=confirmed)
        return (told, False, *shown()) if done else (told, *[gr.skip()] * 4)

    after = [shelf, welcome, report]
    one_at_a_time: dict[str, Any] = {"concurrency_id": "shelf", "concurrency_limit": 1}
    add.click(
        on_add, [files, replacing], [results, *after], api_visibility="private", **one_at_a_time
    )
    remove.click(
        on_remove,
        [report, sure],
        [removed, sure, *after],
        api_visibility="private",
        **one_at_a_time,
    )
    return shelf


def add_files(
    assistant: Assistant, paths: list[str], progress: Progress, *, replacing: bool
) -> Iterator[str]:
    """Add dropped files; after each, a table of what became of them so far."""
    if not paths:
        yield _told("Choose files first.")
        return
    if len(paths) > MOST_UPLOADS:
        yield _told(
            f"{len(paths)} files were dropped; at most {MOST_UPLOADS} are taken at once."
            " For more, use the command: rag add FOLDER"
        )
        return
    outcomes: list[Added] = []
    try:
        for outcome in assistant.adding(paths, progress, replace_older=replacing):
            outcomes.append(outcome)
            yield _outcomes_table(outcomes, len(paths))
    except RagError as error:
        yield _outcomes_table(outcomes, len(paths)) + _told(str(error))


def remove_report(assistant: Assistant, chosen: str | None, *, confirmed: bool) -> tuple[str, bool]:
    """Take a report off the shelf, if that is meant; what to tell, and whether it was done."""
    if not chosen:
        return _told("Choose a report first."), False
    if not confirmed:
        return _told(f"Tick the box to take {chosen} off the shelf. Nothing was changed."), False
    try:
        assistant.remove(chosen)
    except RagError as error:
        return _told(str(error)), False
    return _told(f"{chosen} is off the shelf."), True


def _told(text: str) -> str:
    return f'<p role="status">{escape(text)}</p>'


def _ids(assistant: Assistant) -> list[str]:
    return [info.report for info in assistant.reports()]


def _outcomes_table(outcomes: list[Added], of: int) -> str:
    failed = sum(outcome.outcome == "failed" for outcome in outcomes)
    caption = f"{len(outcomes)} of {of} files done, {failed} failed"
    rows = (
        (Path(o.path).name, o.outcome, o.report or "-", str(o.passages or "-"), o.detail or "-")
        for o in outcomes
    )
    names = ("File", "Outcome", "Report", "Passages", "Detail")
    return f'<div role="status">{_table(names, rows, caption)}</div>'


def serve(assistant: Assistant, port: int) -> None:
    """Open the page on this machine only, until it is stopped."""
    page = build(assistant)
    threading.Thread(target=assistant.warm_up, daemon=True).start()
    page.launch(
        server_name=_LOOPBACK,
        server_port=port or None,
        share=False,
        show_error=False,
        footer_links=[],
        css=_CSS,
        theme=gr.themes.Default(
            font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
        ),
        allowed_paths=[],
        max_file_size=LARGEST_FILE,
        enable_monitoring=False,
        ssr_mode=False,
    )


def respond(assistant: Assistant, text: str, history: list[Message]) -> Iterator[Page]:
    """Answer one question, line by line; a mistake is told as one plain sentence."""
    asked = [*history, _message("user", text)]
    try:
        found = assistant.ask(text)
    except RagError as error:
        yield text, [*asked, _message("assistant", str(error))], "", ""
        return
    table = coverage_table(found)
    shown = ""
    for line in found.text.splitlines(keepends=True):
        shown += line
        yield "", [*asked, _message("assistant", shown)], table, ""
    shown_quotes = found.citations or found.closest
    quotes = quotes_panel(found, [assistant.surroundings(c) for c in shown_quotes])
    yield "", [*asked, _message("assistant", found.text)], table, quotes


def _message(role: str, text: str) -> Message:
    """A line of the conversation; the chat renders HTML even without Markdown, so it is escaped."""
    return {"role": role, "content": escape(text, quote=False)}


def _welcome(shelf: list[ReportInfo]) -> str:
    briefs = sum(info.form == "brief" for info in shelf)
    text = f"{len(shelf)} reports on the shelf. Every answer quotes them word for word."
    if briefs:
        text += (
            f" {briefs} of them are briefs: digests in this project's own words. Check the source"
            " before you quote, or add the full report in place of its brief."
        )
    return f"<h1>{TITLE}</h1><p>{escape(text)}</p>"


def coverage_table(found: Answer) -> str:
    """Every report on the shelf with what it says, as an HTML table."""
    names = ("Report", "Date", "Outcome", "Why", "Quotes")
    table = _table(names, map(_coverage_row, found.coverage), found.reason)
    return f"<h2>Every report</h2>{table}"


def _coverage_row(row: Coverage) -> tuple[str, ...]:
    return (
        row.council or row.report,
        date_in_words(row.date),
        _STATUS[row.status],
        row.reason,
        ", ".join(str(n) for n in row.citations) or "-",
    )


def quotes_panel(found: Answer, around: list[Surroundings]) -> str:
    """Each citation, to be opened: the passage in its surroundings with the quote marked.

    Of a refused question, what came closest.
    """
    shown = found.citations or found.closest
    if not shown:
        return ""
    heading = "Closest, though not an answer" if found.refused else "Quotes in their surroundings"
    parts = [_quote(c, s) for c, s in zip(shown, around, strict=True)]
    return f"<h2>{heading}</h2>{''.join(parts)}"


def _quote(citation: Citation, around: Surroundings) -> str:
    passage = around.passage
    marked = (
        escape(passage[: around.quote_start])
        + f"<mark>{escape(citation.quote)}</mark>"
        + escape(passage[around.quote_end :])
    )
    before = f'<span class="around">{escape(around.before)}</span>'
    after = f'<span class="around">{escape(around.after)}</span>'
    return (
        f"<details><summary>{citation.n}. {escape(citation.place)}</summary>"
        f'<div class="text">{before}{marked}{after}</div>{_source(citation.source)}</details>'
    )


def _source(address: str | None) -> str:
    if address is None or not address.startswith(("https://", "http://")):
        return ""
    safe = escape(address, quote=True)
    return f'<p>Source: <a href="{safe}" target="_blank" rel="noopener noreferrer">{safe}</a></p>'


def shelf_table(shelf: list[ReportInfo]) -> str:
    """The reports on the shelf as an HTML table."""
    names = ("Report", "Council", "Date", "Title", "Kind", "Judgement", "Pages", "Form")
    rows = (
        (
            info.report,
            info.council or "not known",
            date_in_words(info.date),
            info.title or "not known",
            info.kind or "not known",
            info.judgement or "-",
            str(info.pages or "-"),
            "full report" if info.form == "full" else "brief",
        )
        for info in shelf
    )
    return _table(names, rows)


def _table(names: Iterable[str], rows: Iterable[Iterable[str]], caption: str = "") -> str:
    """A table of texts; the first cell of a row is its heading."""
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    lines = []
    for row in rows:
        first, *rest = (escape(cell) for cell in row)
        cells = "".join(f"<td>{cell}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    table = f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def main() -> None:
    """``python app.py`` opens the page over ``index/``, built from ``corpus/`` if it is missing."""
    corpus = Path(__file__).resolve().parent / "corpus"
    command = [sys.executable, "-m", "rag", "serve", "--corpus", str(corpus), *sys.argv[1:]]
    sys.exit(subprocess.call(command))  # noqa: S603


if __name__ == "__main__":
    main()
