"""The gate that every request goes through, and every answer.

In this order: the host that was asked for, whether another site asks, how much is sent, who asks,
how often. What is refused gets one plain sentence and reaches nothing behind the gate. Answers are
passed on piece by piece, with the headers that tell a browser what to refuse.

Behind the gate ``visitor_of(scope)`` says who asks. Cookies, passwords and forwarding headers do
not get through, so that nothing there can keep or believe them: Gradio takes its own address from
``X-Forwarded-Host`` and ``X-Gradio-Server``, whoever sends them, and connects to it. The gate logs
nothing; at most it counts kind, status and seconds of a request. Left out: encryption, which is for
a proxy in front, and limits by connection, which are for the server.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from rag.errors import RagError
from rag.gate import policy
from rag.gate.arrivals import (
    LOOPBACK,
    address,
    check_host,
    check_site,
    comes_from_elsewhere,
    let_through,
)
from rag.gate.asgi import (
    Application,
    ClientDisconnect,
    HTMLResponse,
    Receive,
    Request,
    Response,
    Scope,
    Send,
)
from rag.gate.bodies import (
    Body,
    BodyError,
    TooLargeError,
    named_body,
    named_query,
    replayed,
)
from rag.gate.login import LARGEST_FORM, Login, to_login
from rag.gate.rates import Window
from rag.gate.refusals import RefusedError, StrangerError, closed, told, too_large, too_often
from rag.gate.reply import Reply
from rag.gate.sessions import Names, Visitor
from rag.passwords import PasswordFile
from rag.settings import LARGEST_FILE

_AGAIN = (
    '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Opening</title>'
    '<meta http-equiv="refresh" content="0"></head>'
    '<body><p><a href="">Open the page</a></p></body></html>'
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one user, or one address where nobody logs in, may take."""

    questions_per_minute: int = 60
    """Calls that make the models work; what the page shows besides counts as a request only."""
    requests_per_minute: int = 1200
    """Besides files that are the same for everybody."""
    logins_per_minute: int = 5
    """Wrong passwords, for each address and for each user name."""
    largest_body: int = 10 * LARGEST_FILE
    """Bytes of an upload; files dropped together come in one."""
    largest_other_body: int = 256 * 1024
    """Bytes of whatever else is sent."""


class Gate:
    """An ASGI application around another.

    ``passwords`` None serves this machine only, or the names in ``hosts``. With ``https`` the gate
    stands behind a proxy that speaks https. ``count`` is told kind, status and seconds of each
    request.
    """

    def __init__(
        self,
        app: Application,
        *,
        passwords: PasswordFile | None,
        hosts: Collection[str] | None,
        limits: Limits = Limits(),
        https: bool = False,
        clock: Callable[[], float] = time.monotonic,
        count: Callable[[str, int, float], None] | None = None,
    ) -> None:
        given = None if hosts is None else frozenset(host.lower() for host in hosts)
        self._app = app
        self._hosts = LOOPBACK if given is None and passwords is None else given
        self._limits = limits
        self._https = https
        self._clock = clock
        self._count = count
        self._names = Names()
        self._questions = Window(limits.questions_per_minute, clock)
        self._requests = Window(limits.requests_per_minute, clock)
        self._login = Login(
            passwords,
            self._names,
            per_minute=limits.logins_per_minute,
            https=https,
            clock=clock,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            # Nothing here speaks WebSocket, so that whoever tries is no page of ours.
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = self._clock()
        request = Request(scope)
        body = Body(receive, self._most(scope["path"]))
        reply = Reply(send, request.method, scope["path"])
        try:
            response = await self._answer(request, body, reply)
            if response is not None:
                await response(scope, receive, reply)
        finally:
            if self._count is not None:
                kind = policy.kind_of(request.method, scope["path"])
                self._count(kind, reply.status or 500, self._clock() - begun)

    async def _answer(self, request: Request, body: Body, reply: Reply) -> Response | None:
        """An answer of the gate's own, or None when the application has answered."""
        in_json = policy.is_told_in_json(request.scope["path"])
        try:
            checked = await self._check(request, body, reply)
        except RefusedError as refused:
            return told(refused, in_json=in_json)
        except StrangerError:
            return to_login(request)
        except RagError:
            return told(closed(), in_json=in_json)
        if isinstance(checked, Response):
            return checked
        scope, receive = checked
        reply.body = body
        # Raised when the visitor has gone, and when the body said so because too much was sent.
        with suppress(ClientDisconnect):
            await self._app(scope, receive, reply)
        if body.over and not reply.status:
            reply.body = None
            return told(too_large(), in_json=in_json)
        return None

    async def _check(
        self, request: Request, body: Body, reply: Reply
    ) -> Response | tuple[Scope, Receive]:
        """The request as it is passed on, or an answer to it. Raises what is wrong with it."""
        path = request.scope["path"]
        check_host(request, self._hosts)
        check_site(request)
        if policy.is_refused(path):
            raise RefusedError(404, "There is nothing here.")
        length = request.headers.get("content-length", "0")
        if not re.fullmatch(r"\d{1,15}", length) or int(length) > self._most(path):
            raise too_large()
        if path in (policy.LOGIN, policy.LOGOUT):
            self._rate(request, f"address {address(request)}")
            return await self._login.answer(request, body)
        if comes_from_elsewhere(request):
            # Coming again from here brings the cookie: nobody logs in twice, or loses a
            # conversation to a new cookie, by following a link in a message.
            return HTMLResponse(_AGAIN)
        try:
            visitor, cookie = await self._login.visitor(request)
        except StrangerError:
            self._rate(request, f"address {address(request)}")
            raise
        who = f"user {visitor.user}" if visitor.user else f"address {address(request)}"
        self._rate(request, who)
        if not policy.is_static(path):
            reply.cookie = cookie
        return await self._inside(request, body, visitor)

    def _most(self, path: str) -> int:
        if path in (policy.LOGIN, policy.LOGOUT):
            return LARGEST_FORM
        if policy.is_upload(path):
            return self._limits.largest_body
        return self._limits.largest_other_body

    def _rate(self, request: Request, who: str) -> None:
        if policy.is_static(request.scope["path"]):
            return
        wait = self._requests.hit(who)
        if not wait and policy.is_asking(request.method, request.scope["path"]):
            wait = self._questions.hit(who)
        if wait:
            raise too_often(wait)

    async def _inside(
        self, request: Request, body: Body, visitor: Visitor
    ) -> tuple[Scope, Receive]:
        """The request without what it may not say, and with its visitor."""
        scope: Scope = dict(request.scope)
        path: str = scope["path"]
        receive: Receive = body.receive
        left_out = {"accept-encoding"} if policy.is_gradio_page(path) else set()

        def name(given: str) -> str:
            return self._names.of("gradio", visitor.session, given)

        where = policy.names_a_session(request.method, path)
        if where == "body":
            renamed = await _renamed(body, name)
            receive = replayed(renamed, body.receive)
            left_out |= {"content-length", "transfer-encoding"}
        elif where == "query":
            scope["query_string"] = named_query(scope["query_string"], name)
        elif where == "path":
            start, _, given = path.rpartition("/")
            scope["path"] = f"{start}/{name(given)}"
            scope["raw_path"] = scope["path"].encode()
        scope["headers"] = let_through(scope["headers"], left_out)
        if self._https:
            scope["scheme"] = "https"
        scope["rag"] = visitor
        return scope, receive


async def _renamed(body: Body, name: Callable[[str], str]) -> bytes:
    try:
        return named_body(await body.whole(), name)
    except TooLargeError:
        raise too_large() from None
    except BodyError as error:
        raise RefusedError(400, str(error)) from None


def visitor_of(scope: Scope) -> Visitor:
    """Who a request comes from, behind the gate. Raises KeyError where there is no gate."""
    return cast(Visitor, scope["rag"])
