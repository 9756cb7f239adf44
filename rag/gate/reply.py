"""Answers on their way out: the gate's headers on each, the policy that fits on every page."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from rag.gate import policy
from rag.gate.asgi import Message, MutableHeaders, Send
from rag.gate.bodies import Body


@dataclass(slots=True)
class Reply:
    """A ``send`` that dresses what it passes on.

    Pieces go on as they come, but for HTML, which waits until its policy is known. When too much
    was sent, whatever the application has to say about that is left unsaid.
    """

    send: Send
    method: str
    path: str
    body: Body | None = None
    cookie: str = ""
    """A ``Set-Cookie`` to add."""
    status: int = 0
    """Of the answer; 0 until it has begun."""
    _head: Message | None = None
    _html: bytes = b""

    async def __call__(self, message: Message) -> None:
        if self.body is not None and self.body.over and self.status == 0:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = self._dress(message)
            if headers.get("content-type", "").startswith("text/html"):
                self._head = message
                return
            headers["Content-Security-Policy"] = policy.own_page()
        elif message["type"] == "http.response.body" and self._head is not None:
            self._html += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page(self._head)
            return
        await self.send(message)

    def _dress(self, message: Message) -> MutableHeaders:
        headers = MutableHeaders(scope=message)
        for name in {name.lower() for name in headers}:
            if name in policy.DROPPED or name.startswith("access-control-"):
                del headers[name]
        headers.update(policy.HEADERS)
        if not policy.is_static(self.path):
            headers["Cache-Control"] = "no-store"
        if self.cookie:
            headers.append("Set-Cookie", self.cookie)
        return headers

    async def _send_page(self, head: Message) -> None:
        headers, html = MutableHeaders(scope=head), self._html
        if policy.is_gradio_page(self.path) and "content-encoding" not in headers:
            html, allowed = policy.gradio_page(html, secrets.token_urlsafe(16))
        else:
            allowed = policy.own_page(html)
        headers["Content-Security-Policy"] = allowed
        if self.method != "HEAD":
            headers["Content-Length"] = str(len(html))
        self._head = None
        await self.send(head)
        await self.send({"type": "http.response.body", "body": html})
