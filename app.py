"""The web page: ask, read the quotes in their surroundings, compare every report, take it away.

It listens on 127.0.0.1 unless passwords are set, reports nothing to anybody, and loads no font or
script from elsewhere. Only where the operator named a language model, and a visitor switched it on,
are a question and its quotes sent to it. Whatever comes from a report, a question or a model is
escaped and shown as text.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from rag.assistant import Assistant
from rag.errors import InputError
from rag.gate.gate import Gate
from rag.page.asking import Asking
from rag.page.conversations import Conversations
from rag.page.examples import examples
from rag.page.managing import loaded, shelf_tab
from rag.page.shelf import welcome
from rag.page.site import listen, make_site, run
from rag.page.tabs import ask_tabs, wire
from rag.passwords import PasswordFile
from rag.rendering import Markup
from rag.settings import LARGEST_FILE

TITLE = "Ask the reports"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_DELETE_UPLOADS = (3600, 3600)
"""Seconds: how often dropped files are looked through, and how old those are that are deleted."""
_HEAD = (
    '<link rel="stylesheet" href="/own/page.css">'
    '<link rel="stylesheet" href="/own/compare.css">'
    '<script src="/own/page.js" defer></script>'
)


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the page is served, and to whom."""

    host: str = "127.0.0.1"
    port: int = 7860
    auth: Path | None = None
    """File of users and hashed passwords; without it only this machine is served."""
    read_only: bool = False
    https: bool = False
    """True behind a proxy that speaks https: cookies are then sent over https only."""


class _Examples:
    """Questions made from the shelf, made again when the shelf has changed."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._made: tuple[str, list[str]] = ("", [])
        self._lock = threading.Lock()

    def __call__(self) -> list[str]:
        with self._lock:
            shelf = self._assistant.built_with()["generation"]
            if self._made[0] != shelf:
                self._made = (shelf, examples(self._assistant))
            return self._made[1]


def build(
    assistant: Assistant, conversations: Conversations, offers: _Examples, serving: Serving
) -> gr.Blocks:
    """The page over one shelf."""
    page: gr.Blocks
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=_DELETE_UPLOADS) as page:

        def head() -> Markup:
            return welcome(assistant.reports(), TITLE, log_out=serving.auth is not None)

        top = gr.HTML(head(), elem_classes="rag")
        with gr.Tabs():
            tabs = ask_tabs(assistant.model)
            shelf = shelf_tab(assistant, top, head, read_only=serving.read_only)
        wire(tabs, Asking(assistant, conversations), offers, page)
        shown: list[Any] = [shelf.table, *([shelf.report] if shelf.report else [])]
        page.load(
            lambda: loaded(assistant, shelf), None, shown, queue=False, api_visibility="private"
        )
    return page


def _theme() -> gr.Theme:
    """No font from elsewhere, and a blue on which white can be read."""
    theme = gr.themes.Default(
        primary_hue="blue",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    blue, darker = "*primary_700", "*primary_800"
    return theme.set(
        button_primary_background_fill=blue,
        button_primary_background_fill_dark=blue,
        button_primary_background_fill_hover=darker,
        button_primary_background_fill_hover_dark=darker,
    )


def serve(assistant: Assistant, serving: Serving, announce: Callable[[str], None]) -> None:
    """Open the page until it is stopped; ``announce`` is told its address, in a sentence.

    Raises InputError when it would be open to others without passwords, or cannot listen there.
    """
    if serving.auth is None and serving.host not in LOOPBACK:
        raise InputError(
            f"Without passwords the page is not opened on {serving.host}.",
            "Set one: rag password NAME --auth FILE, then: rag serve --host … --auth FILE",
        )
    passwords = None if serving.auth is None else PasswordFile(serving.auth)
    for problem in [] if passwords is None else passwords.problems():
        announce(problem)
    with TemporaryDirectory(prefix="rag-page-") as dropped:
        os.environ["GRADIO_TEMP_DIR"] = dropped  # else one folder for every Gradio of this machine
        _serve(assistant, serving, passwords, announce)


def _serve(
    assistant: Assistant,
    serving: Serving,
    passwords: PasswordFile | None,
    announce: Callable[[str], None],
) -> None:
    conversations, offers = Conversations(), _Examples(assistant)
    site = make_site(assistant, conversations)
    page = build(assistant, conversations, offers, serving)
    gr.mount_gradio_app(
        site,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        show_error=False,
        max_file_size=LARGEST_FILE,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        head=_HEAD,
        theme=_theme(),
    )
    gate = Gate(site, passwords=passwords, hosts=None, https=serving.https)

    def warm_up() -> None:
        assistant.warm_up()
        offers()

    with listen(serving.host, serving.port) as listening:
        threading.Thread(target=warm_up, daemon=True).start()
        address = f"http://{serving.host}:{listening.getsockname()[1]}/"
        announce(f"Open {address} (stop with Ctrl+C)")
        run(gate, listening, behind_proxy=serving.https)


def main() -> None:
    """``python app.py`` opens the page over ``index/``, built from ``corpus/`` if it is missing."""
    corpus = Path(__file__).resolve().parent / "corpus"
    command = [sys.executable, "-m", "rag", "serve", "--corpus", str(corpus), *sys.argv[1:]]
    sys.exit(subprocess.call(command))  # noqa: S603


if __name__ == "__main__":
    main()
