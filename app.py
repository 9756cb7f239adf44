"""The web page: ask, read the quotes in their surroundings, see every report. Owner of Gradio.

It listens on 127.0.0.1 only, reports nothing to anybody, and loads no font or script from
elsewhere. Whatever comes from a report or a question is escaped and shown as text.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from rag.assistant import Assistant
from rag.dates import date_in_words
from rag.errors import RagError
from rag.records import Answer, Citation, Coverage, ReportInfo, Surroundings

TITLE = "Ask the reports"
EXAMPLES = (
    "how did councils handle DoLS backlogs?",
    "which councils were praised for co-production?",
    "what did peers recommend on complaints?",
    "compare Sefton and Somerset on reablement",
)
_LOOPBACK = "127.0.0.1"
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
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        gr.HTML(f"<h1>{TITLE}</h1><p>{escape(_welcome(assistant.reports()))}</p>")
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
        with gr.Accordion("The shelf", open=False):
            shelf = gr.HTML(elem_classes="rag")

        def answer(text: str, history: list[Message]) -> Iterator[Page]:
            yield from respond(assistant, text, history)

        places = [question, chat, coverage, sources]
        for event in (question.submit, ask.click):
            event(answer, [question, chat], places, api_name="chat", concurrency_limit=4)
        page.load(lambda: shelf_table(assistant.reports()), None, shelf, api_visibility="private")
    return page


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
    return text


def coverage_table(found: Answer) -> str:
    """Every report on the shelf with what it says, as an HTML table."""
    rows = "".join(_coverage_row(row) for row in found.coverage)
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Report", "Date", "Outcome", "Why", "Quotes")
    )
    caption = f"<caption>{escape(found.reason)}</caption>"
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<h2>Every report</h2><div class="wide">{table}</div>'


def _coverage_row(row: Coverage) -> str:
    quotes = ", ".join(str(n) for n in row.citations) or "-"
    cells = (
        row.council or row.report,
        date_in_words(row.date),
        _STATUS[row.status],
        row.reason,
        quotes,
    )
    first, *rest = (escape(cell) for cell in cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


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
    names = ("Report", "Council", "Date", "Title", "Kind", "Form")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = ""
    for info in shelf:
        cells = (
            info.report,
            info.council or "not known",
            date_in_words(info.date),
            info.title or "not known",
            info.kind or "not known",
            "full report" if info.form == "full" else "brief",
        )
        rows += f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def main() -> None:
    """``python app.py`` opens the page over ``index/``, built from ``corpus/`` if it is missing."""
    corpus = Path(__file__).resolve().parent / "corpus"
    command = [sys.executable, "-m", "rag", "serve", "--corpus", str(corpus), *sys.argv[1:]]
    sys.exit(subprocess.call(command))  # noqa: S603


if __name__ == "__main__":
    main()
