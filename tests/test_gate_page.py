"""Laws of the gate around a real Gradio page: in a real browser, and over real connections."""

from __future__ import annotations

import http.server
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
import httpx2
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from conftest import CORPUS
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from starlette.routing import Mount

from rag.gate.gate import Gate, visitor_of
from rag.gate.policy import is_refused
from rag.passwords import PasswordFile

# Gradio's queue calls pandas in ways that are going away.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
ANN, BOB = ("ann", "correct horse battery"), ("bob", "tea at half past four")
VIOLATED = """document.addEventListener("securitypolicyviolation", (event) => console.error(
  `violated: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`))"""
READ = (
    '<html lang="en-GB"><head><title>Read</title></head><body><p>Word for word.</p></body></html>'
)


def _answer(typed: str, history: list[Any], asked: list[str], request: gr.Request) -> Iterator[Any]:
    assert request.request is not None
    visitor = visitor_of(request.request.scope)
    said = {"role": "user", "content": typed}
    asked = [*asked, typed]
    for text in ("Answer", f"Answer {len(asked)} for {visitor.user}"):
        yield [*history, said, {"role": "assistant", "content": text}], asked


def _add(files: list[str] | None, colour: str | None) -> tuple[str, Any]:
    told = f'<p role="status">{len(files or [])} files, {colour}</p>'
    return told, gr.DownloadButton("Save", value=str(CORPUS / "sefton-2022.md"))


def build() -> gr.Blocks:
    """A page with every component that ours has."""
    page: gr.Blocks
    with gr.Blocks(analytics_enabled=False) as page:
        gr.HTML("<h1>Trying the gate</h1><details><summary>Details</summary>Inside</details>")
        with gr.Tabs():
            with gr.Tab("Ask"):
                chat = gr.Chatbot(label="Conversation", render_markdown=False, buttons=["copy"])
                typed = gr.Textbox(label="Your question")
                ask = gr.Button("Ask")
            with gr.Tab("Shelf"):
                files = gr.File(label="Files", file_count="multiple")
                colour = gr.Dropdown(["red", "green"], label="Colour", value=None)
                add = gr.Button("Add")
                told = gr.HTML()
                save = gr.DownloadButton("Save")
        asked = gr.State([])
        ask.click(_answer, [typed, chat, asked], [chat, asked], api_name="ask")
        add.click(_add, [files, colour], [told, save], queue=False)
        page.load(lambda: "<p>Loaded</p>", None, told)
    return page


@dataclass(frozen=True, slots=True)
class Served:
    """A running page."""

    address: str
    blocks: gr.Blocks
    site: FastAPI
    logged: list[str] = field(default_factory=list)


@contextmanager
def running(app: Any) -> Iterator[str]:
    """The address of an application on a port of its own."""
    config = uvicorn.Config(app, log_level="warning", server_header=False, ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate")
    file = PasswordFile.open(folder / "users", create=True)
    for user, password in (ANN, BOB):
        file.set(user, password)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        site, blocks = FastAPI(), build()
        site.get("/read/a")(lambda: HTMLResponse(READ))
        gr.mount_gradio_app(
            site, blocks, path="/", footer_links=[], run_history=False, ssr_mode=False,
            show_error=False, allowed_paths=[str(CORPUS)],
            theme=gr.themes.Default(font=["system-ui"], font_mono=["ui-monospace"]),
        )  # fmt: skip
        with running(Gate(site, passwords=file, hosts=None)) as address:
            yield Served(address, blocks, site)


@contextmanager
def logged_in(served: Served, who: tuple[str, str] = ANN) -> Iterator[httpx2.Client]:
    """A client that has logged in as a browser does."""
    with httpx2.Client(base_url=served.address) as client:
        sent = client.post("/login", data={"user": who[0], "password": who[1]})
        assert sent.status_code == 303
        yield client


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def log_in_by_keyboard(page: Page, who: tuple[str, str]) -> None:
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(who[0])
    page.keyboard.press("Tab")
    page.keyboard.type(who[1])
    page.keyboard.press("Enter")


def test_somebody_logs_in_by_keyboard_and_is_told_of_a_mistake(served: Served, page: Page) -> None:
    page.goto(f"{served.address}/read/a")
    expect(page.get_by_role("heading")).to_have_text("Log in to Ask the reports")
    log_in_by_keyboard(page, ("ann", "not my password"))
    expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
    expect(page).to_have_title("Error: Log in – Ask the reports")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(ANN[1])
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Word for word.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_keeps_the_rules_of_wcag_and_fits_a_narrow_window(
    served: Served, browser: Browser, scheme: Any
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 320, "height": 640})
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text))
    page.add_init_script(VIOLATED)
    page.goto(f"{served.address}/login")
    for wrong in (False, True):
        if wrong:
            log_in_by_keyboard(page, ("cy", "not my password"))
            expect(page.get_by_role("alert")).to_be_visible()
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert [violation["id"] for violation in found.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    # Chromium itself logs the 403 of the form.
    assert [text for text in broken if "403" not in text] == []
    context.close()


def use_everything(page: Page, tmp_path: Path) -> None:
    """Every component of the page, once."""
    page.get_by_label("Your question").fill("How many?")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("Answer 1 for ann")).to_be_visible()
    page.get_by_label("Your question").fill("How many more?")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("Answer 2 for ann")).to_be_visible()
    page.get_by_text("Details").click()
    expect(page.get_by_text("Inside")).to_be_visible()
    page.get_by_role("tab", name="Shelf").click()
    (tmp_path / "a.txt").write_text("a", "utf-8")
    page.locator("input[type=file]").first.set_input_files([tmp_path / "a.txt"])
    expect(page.get_by_text("a.txt").first).to_be_visible()
    page.get_by_label("Colour").click()
    page.get_by_role("option", name="green").click()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("1 files, green")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save").or_(page.get_by_role("button", name="Save")).click()
    assert download.value.suggested_filename == "sefton-2022.md"


def test_the_page_works_and_asks_for_nothing_that_its_policy_refuses(
    served: Served, page: Page, tmp_path: Path
) -> None:
    refused: list[str] = []
    outside: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            refused.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: refused.append(str(error)))
    page.on(
        "response", lambda r: refused.append(f"{r.status} {r.url}") if r.status >= 400 else None
    )
    page.on("request", lambda r: outside.append(r.url) if served.address not in r.url else None)
    page.add_init_script(VIOLATED)
    page.goto(served.address)
    log_in_by_keyboard(page, ANN)
    use_everything(page, tmp_path)
    page.emulate_media(color_scheme="dark")
    page.reload()
    expect(page.get_by_label("Your question")).to_be_visible()
    assert refused == []
    assert outside == []


ATTACK = """() => new Promise((done) => {
  const stopped = new Set();
  document.addEventListener("securitypolicyviolation", (event) => {
    stopped.add(`${event.effectiveDirective} ${event.blockedURI}`);
    if (stopped.size === 4) done([...stopped].sort());
  });
  setTimeout(() => done([...stopped].sort()), 20000);
  const made = document.createElement("div");
  made.innerHTML = '<img src="/nothing" onerror="window.ran = 1">';
  document.body.append(made);
  const script = document.createElement("script");
  script.textContent = "window.ran = 2";
  document.head.append(script);
  // Later, because what the browser's driver runs itself may compile.
  setTimeout(() => { try { Function("window.ran = 3")() } catch {} });
  fetch("https://example.org/").catch(() => {});
})"""


def test_the_policy_stops_what_would_run_in_the_page(served: Served, page: Page) -> None:
    page.goto(served.address)
    log_in_by_keyboard(page, ANN)
    expect(page.get_by_label("Your question")).to_be_visible()
    assert page.evaluate(ATTACK) == [
        "connect-src https://example.org/",
        "script-src eval",
        "script-src-attr inline",
        "script-src-elem inline",
    ]
    assert page.evaluate("window.ran ?? null") is None


def test_a_link_in_a_message_leads_somebody_who_is_logged_in_to_the_passage(
    served: Served, page: Page
) -> None:
    message = f'<html><body><a href="{served.address}/read/a">Look</a></body></html>'.encode()

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(message)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        page.goto(f"{served.address}/read/a")
        log_in_by_keyboard(page, ANN)
        expect(page.get_by_text("Word for word.")).to_be_visible()
        page.goto(f"http://localhost:{elsewhere.server_port}/")
        page.get_by_role("link", name="Look").click()
        expect(page.get_by_text("Word for word.")).to_be_visible()
        elsewhere.shutdown()


def function_of(served: Served) -> int:
    return next(n for n, fn in served.blocks.fns.items() if fn.api_name == "ask")


def events(client: httpx2.Client, session: str) -> list[dict[str, Any]]:
    """What Gradio streams to this session; it breaks off the stream of one it does not know."""
    address, lines = f"/gradio_api/queue/data?session_hash={session}", []
    with (
        suppress(httpx2.RemoteProtocolError),
        client.stream("GET", address, timeout=30) as stream,
    ):
        assert stream.status_code == 200
        for line in stream.iter_lines():
            lines += [line] if line.startswith("data: ") else []
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_nobody_reads_the_answers_of_another_by_knowing_the_session_s_name(served: Served) -> None:
    body = {
        "data": ["A secret?", [], None],
        "fn_index": function_of(served),
        "session_hash": "known",
    }
    with logged_in(served, ANN) as ann, logged_in(served, BOB) as bob:
        assert ann.post("/gradio_api/queue/join", json=body).status_code == 200
        stolen = events(bob, "known")
        own = events(ann, "known")
    assert [event["msg"] for event in stolen] == ["unexpected_error"]
    assert own[-1]["msg"] == "close_stream"
    assert "Answer 1 for ann" in json.dumps(own)


def test_gradio_does_not_believe_a_forwarded_address(served: Served) -> None:
    claims = {"X-Forwarded-Host": "evil.example", "X-Gradio-Server": "http://evil.example"}
    with logged_in(served) as client:
        text = client.get("/", headers=claims).text
    assert "evil.example" not in text
    assert served.address in text


def test_nothing_of_gradio_s_is_answered_without_logging_in(served: Served) -> None:
    with httpx2.Client(base_url=served.address) as stranger:
        for path in sorted(paths(served) - {"/login", "/logout"}):
            answer = stranger.get(path)
            assert answer.status_code in (401, 404), path
            assert len(answer.content) < 200, path


def test_of_gradio_s_routes_only_those_are_open_that_its_page_uses(served: Served) -> None:
    assert {path for path in paths(served) if not is_refused(path)} == {
        "/",
        "/assets/x",
        "/favicon.ico",
        "/gradio_api/app_id",
        "/gradio_api/cancel",
        "/gradio_api/file=x",
        "/gradio_api/heartbeat/x",
        "/gradio_api/queue/data",
        "/gradio_api/queue/join",
        "/gradio_api/reset",
        "/gradio_api/run/x",
        "/gradio_api/run/x/",
        "/gradio_api/upload",
        "/gradio_api/upload_progress",
        "/login",
        "/logout",
        "/manifest.json",
        "/robots.txt",
        "/static/x",
        "/theme.css",
    }


def paths(served: Served) -> set[str]:
    """An address for each of Gradio's routes."""
    mounted = next(route for route in served.site.routes if isinstance(route, Mount))
    found = {re.sub(r"\{[^}]*\}", "x", path) for path in routes(mounted)}
    assert len(found) > 60
    return found


def routes(holder: Any) -> Iterator[str]:
    """The paths of an application's routes, and of the routers that it includes."""
    for route in holder.routes:
        if hasattr(route, "original_router"):
            yield from routes(route.original_router)
        else:
            yield route.path
