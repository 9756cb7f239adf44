"""The site: our own routes, on which the Gradio page is mounted, and the server. Owner of uvicorn.

``/read`` and ``/picture`` show a quote in its surroundings, ``/take`` hands out what a visitor's
own conversation holds, ``/api`` and ``/mcp`` are the other doors. Who may come in is decided by the
gate before all of it.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from rag.assistant import Assistant, changed
from rag.errors import InputError
from rag.export import FORMATS, Taken, export, file_name, for_clipboard
from rag.gate.gate import visitor_of
from rag.page.conversations import Conversations, Turn
from rag.page.doors import add_error_handlers, doors, tools
from rag.page.links import PICTURE, READ, digest_of
from rag.page.reader import gone, passage_page, passage_pane
from rag.records import Surroundings
from rag.settings import VERSION

STATIC = Path(__file__).resolve().parent / "static"
_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
}


def make_site(assistant: Assistant, conversations: Conversations) -> FastAPI:
    """The routes besides the Gradio page, which is mounted on what this gives back."""
    server = tools(assistant)
    endpoint = server.streamable_http_app().routes

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with server.session_manager.run():
            yield

    site = FastAPI(
        lifespan=lifespan,
        title="Ask the reports",
        version=VERSION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    add_error_handlers(site)
    site.include_router(doors(assistant))
    site.router.routes.extend(endpoint)
    site.mount("/own", StaticFiles(directory=STATIC), name="static")

    def read(report: str, start: int, end: int, of: str = "", pane: bool = False) -> Response:
        try:
            around = _quoted(assistant, report, start, end, of)
            drawn = assistant.has_picture(around)
            page = assistant.page_of(around) if drawn else None
        except InputError as error:
            return HTMLResponse(gone(error, alone=not pane), 404)
        view = passage_pane if pane else passage_page
        return HTMLResponse(view(around, picture=drawn, page=page))

    def picture(report: str, start: int, end: int, of: str = "") -> Response:
        try:
            around = _quoted(assistant, report, start, end, of)
        except InputError as error:
            raise HTTPException(404, error.what) from None
        drawn = assistant.picture(around)
        if drawn is None:
            raise HTTPException(404, "There is no picture of this page.")
        return Response(drawn.png, media_type="image/png")

    def take(number: int, form: str, request: Request) -> Response:
        taken = _taken(conversations, number, request)
        if form == "copy":
            plain, rich = for_clipboard(taken.answer)
            return JSONResponse({"text": plain, "html": rich})
        known = next((known for known in FORMATS if known == form), None)
        if known is None:
            raise HTTPException(404, f"There is no such format. Formats: {', '.join(FORMATS)}.")
        how = "inline" if known == "html" else "attachment"
        headers = {"Content-Disposition": f'{how}; filename="{file_name(taken, known)}"'}
        return Response(export(taken, known), media_type=_TYPES[known], headers=headers)

    hidden: dict[str, Any] = {"include_in_schema": False}
    site.get(f"{READ}/{{report}}", **hidden)(read)
    site.get(f"{PICTURE}/{{report}}", **hidden)(picture)
    site.get("/take/{number}/{form}", **hidden)(take)
    return site


def _quoted(assistant: Assistant, report: str, start: int, end: int, of: str) -> Surroundings:
    """What a link points to; raises InputError when other words stand there now."""
    around = assistant.read(report, start, end)
    if of and digest_of(around.quote) != of:
        raise changed(report)
    return around


def _taken(conversations: Conversations, number: int, request: Request) -> Taken:
    """One turn of the visitor's own conversation."""
    turn: Turn | None = conversations.turn(visitor_of(request.scope).session, number)
    if turn is None or turn.answer is None:
        raise HTTPException(404, "This answer is not in your conversation. Ask it again.")
    return Taken(turn.answer, turn.time, turn.shelf)


def listen(host: str, port: int) -> socket.socket:
    """A socket that waits for visitors; raises InputError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"The page cannot listen on {host}, port {port}: {error}.",
            "Give another port, for example: rag serve --port 8000",
        ) from None


def run(app: Callable[..., Any], listening: socket.socket, *, behind_proxy: bool) -> None:
    """Serve until stopped. Nothing is logged of who asked what.

    Only ``behind_proxy`` is believed what a proxy says of the visitor's address.
    """
    config = uvicorn.Config(
        app,
        interface="asgi3",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=behind_proxy,
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[listening])


__all__ = ["STATIC", "listen", "make_site", "run"]
