"""The tab of the shelf: what is on it, adding files, taking a report off. With ``asking`` the owner
of Gradio.

Read only, nothing that changes the shelf is built at all, so that no request can reach it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag.adding import Progress, Step
from rag.assistant import Assistant
from rag.errors import RagError
from rag.page.shelf import outcomes_table, shelf_table, told
from rag.reading import KINDS
from rag.records import Added
from rag.rendering import Markup
from rag.settings import MOST_UPLOADS


@dataclass(frozen=True, slots=True)
class Shown:
    """What the rest of the page needs of this tab."""

    table: gr.HTML
    filter: gr.Textbox
    report: gr.Dropdown | None
    """What can be taken off; None when the page is read only."""


def shelf_tab(assistant: Assistant, welcome: gr.HTML, head: Any, *, read_only: bool) -> Shown:
    """Build the tab; ``head`` gives the head of the page anew when the shelf has changed."""
    with gr.Tab("Shelf", id="shelf"):
        narrowed = gr.Textbox(label="Filter the shelf", placeholder="council, year, kind, title")
        table = gr.HTML(elem_classes="rag")
        if read_only:
            gr.HTML(told("This page is read only: reports are added with the command rag add."))
            shown = Shown(table, narrowed, None)
        else:
            shown = _changing(assistant, welcome, head, table, narrowed)
    hidden: dict[str, Any] = {"api_visibility": "private", "queue": False}
    narrowed.change(
        lambda text: _table(assistant, text), [narrowed], [table], show_progress="hidden", **hidden
    )
    return shown


def _changing(
    assistant: Assistant, welcome: gr.HTML, head: Any, table: gr.HTML, narrowed: gr.Textbox
) -> Shown:
    gr.HTML("<h2>Add reports</h2>", elem_classes="rag")
    files = gr.File(label=f"Files to add: {', '.join(KINDS)}", file_count="multiple")
    replacing = gr.Checkbox(label="Newer versions replace older ones")
    add = gr.Button("Add to the shelf", variant="primary")
    results = gr.HTML(elem_classes="rag")
    gr.HTML("<h2>Remove a report</h2>", elem_classes="rag")
    report = gr.Dropdown(_ids(assistant), label="Report", value=None)
    sure = gr.Checkbox(label="Yes, take this report off the shelf")
    remove = gr.Button("Remove from the shelf")
    removed = gr.HTML(elem_classes="rag")

    def after(text: str) -> tuple[Any, ...]:
        return _table(assistant, text), head(), gr.Dropdown(_ids(assistant), value=None)

    def on_add(
        paths: list[str] | None,
        replace: bool,
        text: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for it there)
    ) -> Iterator[tuple[Any, ...]]:
        def update(step: Step) -> None:
            share = step.bytes / max(1, step.of_bytes)
            progress(share, f"{step.files} of {step.of_files} files; {step.name}")

        for results_so_far in add_files(assistant, paths or [], update, replacing=replace):
            yield results_so_far, *after(text)

    def on_remove(chosen: str | None, confirmed: bool, text: str) -> tuple[Any, ...]:
        what, done = remove_report(assistant, chosen, confirmed=confirmed)
        return (what, False, *after(text)) if done else (what, *[gr.skip()] * 4)

    one_at_a_time: dict[str, Any] = {
        "concurrency_id": "shelf",
        "concurrency_limit": 1,
        "api_visibility": "private",
    }
    changed = [table, welcome, report]
    add.click(on_add, [files, replacing, narrowed], [results, *changed], **one_at_a_time)
    remove.click(on_remove, [report, sure, narrowed], [removed, sure, *changed], **one_at_a_time)
    return Shown(table, narrowed, report)


def _table(assistant: Assistant, containing: str) -> Markup:
    return shelf_table(assistant.reports(), containing, assistant.storage())


def _ids(assistant: Assistant) -> list[str]:
    return [info.report for info in assistant.reports()]


def loaded(assistant: Assistant, shown: Shown) -> tuple[Any, ...]:
    """The tab's table and list of reports, for a page that is opened."""
    table = _table(assistant, "")
    return (table,) if shown.report is None else (table, gr.Dropdown(_ids(assistant), value=None))


def add_files(
    assistant: Assistant, paths: list[str], progress: Progress, *, replacing: bool
) -> Iterator[Markup]:
    """Add dropped files; after each, a table of what became of them so far."""
    if not paths:
        yield told("Choose files first.")
        return
    if len(paths) > MOST_UPLOADS:
        yield told(
            f"{len(paths)} files were dropped; at most {MOST_UPLOADS} are taken at once."
            " For more, use the command: rag add FOLDER"
        )
        return
    outcomes: list[Added] = []
    try:
        for outcome in assistant.adding_dropped(paths, progress, replace_older=replacing):
            outcomes.append(outcome)
            yield outcomes_table(outcomes, len(paths))
    except RagError as error:
        yield outcomes_table(outcomes, len(paths)) + told(str(error))


def remove_report(
    assistant: Assistant, chosen: str | None, *, confirmed: bool
) -> tuple[Markup, bool]:
    """Take a report off the shelf, if that is meant; what to tell, and whether it was done."""
    if not chosen:
        return told("Choose a report first."), False
    if not confirmed:
        return told(f"Tick the box to take {chosen} off the shelf. Nothing was changed."), False
    try:
        assistant.remove(chosen)
    except RagError as error:
        return told(str(error)), False
    return told(f"{chosen} is off the shelf."), True
