"""The tabs on which people ask, compare and see charts: their layout, and what calls what.

With ``asking`` and ``managing`` the owner of Gradio.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from rag.gate.gate import visitor_of
from rag.model import Model
from rag.page import compare
from rag.page.answers import where_it_goes
from rag.page.asking import NOTHING, Asking, Message, Update
from rag.page.compare import View
from rag.page.conversations import Wishes
from rag.page.examples import MOST
from rag.rendering import render

AT_ONCE = 2
"""Questions answered at the same time; more wait, which is quicker for everybody on two cores."""
WRITTEN_AT_ONCE = 2
"""Answers that a language model writes up at the same time."""
_TURNS = (
    ("First page", -sys.maxsize),
    ("Previous page", -compare.PAGE),
    ("Next page", compare.PAGE),
    ("Last page", sys.maxsize),
)
_HIDDEN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True, slots=True)
class Tabs:
    """The components of these tabs."""

    chat: gr.Chatbot
    parts: gr.CheckboxGroup
    question: gr.Textbox
    typed: gr.State
    """The question that is being answered, as it was typed; the box may hold the next already."""
    ask: gr.Button
    stop: gr.Button
    new: gr.Button
    switches: list[gr.Checkbox]
    """Whether a language model writes answers up, and whether what failed its checks is shown."""
    take: gr.HTML
    offered: list[gr.Button]
    views: list[Any]
    """How the table is grouped, sorted and filtered."""
    table: gr.HTML
    pages: gr.Row
    """What turns the pages of the table; there only where it has several."""
    page: gr.HTML
    """Which page is shown, in words that are read out when they change."""
    first: gr.State
    """The first row of that page, from 0."""
    turning: list[tuple[gr.Button, int]]
    """Buttons, and how many rows each goes on."""
    line: gr.HTML
    matrix: gr.HTML

    @property
    def places(self) -> list[Any]:
        """What an answer fills."""
        return [self.chat, self.parts, self.take, *self.compared, self.line, self.matrix]

    @property
    def compared(self) -> list[Any]:
        """What a page of the table fills."""
        return [self.table, self.pages, self.page, self.first]


def session_of(request: gr.Request) -> str:
    """The visitor's session, as the gate put it on the request."""
    assert request.request is not None
    return visitor_of(request.request.scope).session


def ask_tabs(model: Model | None) -> Tabs:
    """Lay the tabs out; only with a ``model`` can anything be written up."""
    with gr.Tab("Ask", id="ask"), gr.Row(elem_classes="panes"):
        with gr.Column(scale=3, min_width=280):
            chat = gr.Chatbot(
                label="Conversation",
                show_label=False,
                render_markdown=False,
                sanitize_html=True,
                feedback_options=None,
                buttons=[],
                height="60vh",
                placeholder="Ask a question below.",
                elem_id="conversation",
            )
            parts = gr.CheckboxGroup(
                label="Understood as (untick to take out)", visible=False, elem_id="parts"
            )
            question = gr.Textbox(
                label="Your question",
                info="Ask, edit and ask again, or follow up: “and in Somerset?”",
                lines=1,
                max_lines=4,
                autofocus=True,
                elem_id="question",
            )
            typed = gr.State("")
            with gr.Row():
                ask = gr.Button("Ask", variant="primary", min_width=80)
                stop = gr.Button("Stop", min_width=80)
                new = gr.Button("New conversation", min_width=130)
            switches = _switches(model)
            take = gr.HTML(elem_classes="rag", elem_id="take")
            gr.HTML("<h2>Examples from this shelf</h2>", elem_classes="rag")
            with gr.Column(elem_id="examples"):
                offered = [gr.Button(visible=False, size="sm") for _ in range(MOST)]
        with gr.Column(scale=2, min_width=280):
            gr.HTML(render("pane.html"), elem_classes="rag", elem_id="pane")
    with gr.Tab("Compare", id="compare"):
        views = _compare_controls()
        with gr.Row(visible=False) as pages:
            turning = [(gr.Button(name, size="sm", min_width=90), n) for name, n in _TURNS]
        page = gr.HTML(elem_classes="rag", elem_id="page")
        first = gr.State(0)
        table = gr.HTML(render("told.html", text=NOTHING), elem_classes="rag")
    with gr.Tab("Charts", id="charts"):
        line = gr.HTML(render("told.html", text=NOTHING), elem_classes="rag")
        matrix = gr.HTML(elem_classes="rag")
    return Tabs(
        *(chat, parts, question, typed, ask, stop, new, switches, take, offered),
        *(views, table, pages, page, first, turning, line, matrix),
    )


def wire(tabs: Tabs, asking: Asking, examples: Callable[[], list[str]], page: gr.Blocks) -> None:
    """Say what calls what."""
    answered = _wire_asking(tabs, asking)

    def compared(request: gr.Request, *view: Any) -> Update:
        return asking.compared(session_of(request), _view(*view))

    for control in tabs.views:
        control.change(compared, tabs.views, tabs.compared, queue=False, **_HIDDEN)
    for button, further in tabs.turning:
        _wire_turning(tabs, asking, button, further)

    def standing(request: gr.Request) -> Update:
        return asking.standing(session_of(request))

    def offers() -> list[Any]:
        texts = examples()
        rest = [gr.Button(visible=False)] * (MOST - len(texts))
        return [gr.Button(text, visible=True) for text in texts] + rest

    filled = [*tabs.switches, tabs.question, *tabs.places]
    loaded = page.load(standing, None, filled, queue=False, **_HIDDEN)
    _wire_writing(tabs, asking, [loaded, *answered])
    page.load(offers, None, tabs.offered, queue=False, **_HIDDEN)


def _view(
    group: compare.Group, sort: compare.Sort, show: compare.Show, holding: str | None
) -> View:
    """What the controls above the table say; nobody has typed yet where there is no text."""
    return View(group, sort, show, holding or "")


def _wire_turning(tabs: Tabs, asking: Asking, button: gr.Button, further: int) -> None:
    """A button that turns the pages of the table; those at its ends stay, so that it keeps the
    focus, and what stands beside them says that there is no further page.
    """

    def turned(request: gr.Request, first: int, *view: Any) -> Update:
        return asking.compared(session_of(request), _view(*view), first, further)

    wanted = [tabs.first, *tabs.views]
    button.click(turned, wanted, tabs.compared, queue=False, **_HIDDEN)


def _wire_asking(tabs: Tabs, asking: Asking) -> list[Any]:
    """Gives back what has an answer at its end."""
    queued: dict[str, Any] = {"concurrency_id": "answers", "concurrency_limit": AT_ONCE, **_HIDDEN}

    def begin(typed: str, write: bool, failed: bool, request: gr.Request) -> Update:
        return asking.begin(session_of(request), typed, Wishes(write, failed))

    def answer(typed: str, request: gr.Request, *view: Any) -> Iterator[Update]:
        yield from _ending(asking.answer(session_of(request), typed, _view(*view)), tabs.places)

    def again(kept: list[str], request: gr.Request, *view: Any) -> Iterator[Update]:
        yield from _ending(asking.again(session_of(request), kept, _view(*view)), tabs.places)

    def stopped(typed: str, request: gr.Request) -> list[Message]:
        return asking.stopped(session_of(request), typed)

    def forget(request: gr.Request) -> Update:
        return asking.forget(session_of(request))

    sources: list[tuple[Any, Any]] = [
        (tabs.question.submit, tabs.question),
        (tabs.ask.click, tabs.question),
        *((button.click, button) for button in tabs.offered),
    ]
    running = []
    for event, source in sources:
        first = [tabs.question, tabs.chat, tabs.typed]
        started = event(begin, [source, *tabs.switches], first, queue=False, **_HIDDEN)
        running.append(started.then(answer, [tabs.typed, *tabs.views], tabs.places, **queued))
    parts = [tabs.parts, *tabs.views]
    running.append(tabs.parts.input(again, parts, tabs.places, **queued))
    tabs.stop.click(stopped, [tabs.typed], [tabs.chat], cancels=running, queue=False, **_HIDDEN)
    for cleared in (tabs.new.click, tabs.chat.clear):
        cleared(
            forget, None, [tabs.question, *tabs.places], cancels=running, queue=False, **_HIDDEN
        )
    return running


def _wire_writing(tabs: Tabs, asking: Asking, answered: list[Any]) -> None:
    """What follows each answer. It ends by itself when it is stopped: see ``Asking.write``.

    Nothing cancels it, since Gradio would wait for the model before it goes on for everybody.
    """

    def write(request: gr.Request) -> Iterator[Any]:
        yield from _ending(asking.write(session_of(request)), [tabs.chat])

    def wish(write: bool, failed: bool, request: gr.Request) -> Any:
        return asking.wish(session_of(request), Wishes(write, failed))

    if asking.assistant.model is None:
        return
    for event in answered:
        event.then(
            write,
            None,
            [tabs.chat],
            concurrency_id="writing",
            concurrency_limit=WRITTEN_AT_ONCE,
            trigger_mode="multiple",  # the one before may be ending still
            **_HIDDEN,
        )
    for switch in tabs.switches:
        switch.input(wish, tabs.switches, [tabs.chat], queue=False, **_HIDDEN)


def _ending(pieces: Iterator[Any], places: list[Any]) -> Iterator[Any]:
    """What is shown piece by piece, and an end that changes nothing.

    Gradio shows the last piece again when there is no other, and empties the places when there
    was none at all; by then they may show what came after: a stop, or another question.
    """
    yield from pieces
    yield gr.skip() if len(places) == 1 else tuple(gr.skip() for _ in places)


def _switches(model: Model | None) -> list[gr.Checkbox]:
    """Both off at first; without a model they are not shown, and do nothing."""
    there = model is not None
    write = gr.Checkbox(
        label=f"Let {model.name} write it up" if model else "",
        info=where_it_goes(model) if model else None,
        visible=there,
        elem_id="write",
    )
    failed = gr.Checkbox(label="Show what failed the checks", visible=there, elem_id="failed")
    return [write, failed]


def _compare_controls() -> list[Any]:
    """How the table is grouped, sorted and filtered."""
    with gr.Row():
        group = gr.Dropdown(
            [(v.capitalize(), v) for v in get_args(compare.Group)],
            value="nothing",
            label="Group by",
        )
        sort = gr.Dropdown(
            [(v.capitalize(), v) for v in get_args(compare.Sort)], value="shelf", label="Sort by"
        )
        show = gr.Dropdown(
            [(v.capitalize(), v) for v in get_args(compare.Show)], value="all", label="Show"
        )
        holding = gr.Textbox(label="Filter", placeholder="words in a row")
    return [group, sort, show, holding]
