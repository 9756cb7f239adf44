"""Requests and answers as ASGI knows them, for this house. Owner of Starlette and anyio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = [
    "Application",
    "CapacityLimiter",
    "ClientDisconnect",
    "HTMLResponse",
    "JSONResponse",
    "Message",
    "MutableHeaders",
    "PlainTextResponse",
    "Receive",
    "Request",
    "Response",
    "Scope",
    "Send",
    "to_thread",
]
