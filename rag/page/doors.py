"""The other doors to the same functions: HTTP with JSON, and tools for MCP.

``POST /api/ask``, ``POST /api/search`` and ``GET /api/reports`` give the records of ``rag.records``
as JSON; ``/api/openapi.json`` describes them. ``/mcp`` offers the same to programs that speak MCP,
but for a text written by a language model, since those that call it have one of their own. No door
changes the shelf. Gradio can offer both too, but by calling its own server once more for each
question, past the gate. The owner of the MCP library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.requests import Request
from fastapi.responses import JSONResponse
from mcp.server.fastmcp import FastMCP
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import BaseModel, ConfigDict, Field

from rag.assistant import Assistant
from rag.errors import InputError, RagError
from rag.records import Answer, Hit, ReportInfo

MCP = "/mcp"
_MOST_HITS = 1000


class AskBody(BaseModel):
    """A question, and how it shall be read."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(description="The question, in plain words.")]
    id: Annotated[str | None, Field(description="Given back with the answer.")] = None
    without: Annotated[
        list[str],
        Field(
            description="Keys of parts not to be heeded, as understood.parts gives them, such as"
            " 'council: Sefton Council'.",
        ),
    ] = []
    more: Annotated[
        bool, Field(description="Quote every passage that speaks, not only the best.")
    ] = False
    write: Annotated[
        bool,
        Field(
            description="Let the language model that the page was started with write the answer"
            " up, every sentence checked; see written. It may take minutes."
        ),
    ] = False


class SearchBody(BaseModel):
    """A question, and how many passages to find."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(description="The question, in plain words.")]
    k: Annotated[int, Field(ge=1, le=_MOST_HITS, description="How many passages.")] = 10


class Told(BaseModel):
    """What was wrong, and what to do next."""

    error: str
    next: str


def doors(assistant: Assistant) -> APIRouter:
    """The routes under ``/api``."""
    router = APIRouter(
        prefix="/api", responses={400: {"model": Told}, 422: {"model": Told}, 503: {"model": Told}}
    )

    @router.post("/ask")
    def ask(body: AskBody) -> Answer:
        """Answer a question; every report on the shelf stands in the answer's coverage."""
        return assistant.ask(
            body.question, body.id, without=body.without, more=body.more, write=body.write
        )

    @router.post("/search")
    def search(body: SearchBody) -> Sequence[Hit]:
        """The passages that fit a question best, best first."""
        return assistant.search(body.question, body.k)

    @router.get("/reports")
    def reports() -> list[ReportInfo]:
        """The reports on the shelf, by council and date."""
        return assistant.reports()

    return router


def tools(assistant: Assistant) -> FastMCP:
    """The same as tools of an MCP server, without sessions: each call stands alone.

    What it may be reached by, and who may call it, is the gate's to decide.
    """
    server = FastMCP(
        "Ask the reports",
        instructions="Questions over a shelf of public reports of English councils, answered with"
        " exact quotes. Quote them word for word, with their place.",
        streamable_http_path=MCP,
        stateless_http=True,
        json_response=True,
        log_level="ERROR",
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    @server.tool()
    async def ask(
        question: str, without: list[str] | None = None, more: bool = False
    ) -> dict[str, Any]:
        """Answer a question over the shelf of reports with exact quotes. Every report stands in the
        answer's coverage: those that speak, with numbered citations, and those that say nothing.

        Args:
            question: The question, in plain words.
            without: Keys of parts of the question not to be heeded, as understood.parts gives them.
            more: Quote every passage that speaks, not only the best of each report.

        """
        found = partial(assistant.ask, question, without=without or (), more=more)
        return asdict(await to_thread.run_sync(found))

    @server.tool()
    async def search(question: str, k: int = 10) -> list[dict[str, Any]]:
        """Find the passages of the reports that fit a question best, best first.

        Args:
            question: The question, in plain words.
            k: How many passages, from 1 to 1000.

        """
        if k > _MOST_HITS:
            raise InputError(f"k is {k}.", f"Ask for at most {_MOST_HITS} passages.")
        found = await to_thread.run_sync(assistant.search, question, k)
        return [asdict(hit) for hit in found]

    @server.tool()
    async def reports() -> list[dict[str, Any]]:
        """List the reports on the shelf: council, date, title, kind and more."""
        return [asdict(info) for info in await to_thread.run_sync(assistant.reports)]

    return server


def add_error_handlers(app: FastAPI) -> None:
    """Every mistake is told as one sentence with what to do next."""

    def on_rag_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RagError)
        status = 400 if isinstance(error, InputError) else 503
        return JSONResponse({"error": error.what, "next": error.next_step}, status)

    def on_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        told = f"{where}: {first['msg']}." if where else f"{first['msg']}."
        return JSONResponse({"error": told, "next": "See /api/openapi.json."}, 422)

    app.add_exception_handler(RagError, on_rag_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
