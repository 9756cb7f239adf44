"""Logging in and out, and finding out who a request comes from."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlencode

from rag.gate import policy
from rag.gate.arrivals import COOKIE, address, asked_for, basic, local
from rag.gate.asgi import CapacityLimiter, HTMLResponse, Request, Response, to_thread
from rag.gate.bodies import Body, BodyError, TooLargeError
from rag.gate.rates import Window
from rag.gate.refusals import RefusedError, StrangerError, told, too_large, too_often
from rag.gate.sessions import Names, Sessions, Visitor, is_token, new_token
from rag.passwords import PasswordFile
from rag.rendering import render

LARGEST_FORM = 8 * 1024
"""Bytes."""
_YEAR = 365 * 24 * 3600
_AT_ONCE = 2
"""Passwords checked at the same time; each takes 64 MiB."""
_WRONG = "The name or the password is not right."


class Login:
    """The visitors of one page; ``passwords`` None lets everybody in, each browser for itself."""

    def __init__(
        self,
        passwords: PasswordFile | None,
        names: Names,
        *,
        per_minute: int,
        https: bool,
        clock: Callable[[], float],
    ) -> None:
        self._passwords = passwords
        self._names = names
        self._https = https
        self._tries = Window(per_minute, clock)
        self._sessions = Sessions(passwords.mark if passwords else str, clock)
        self._checks: CapacityLimiter | None = None

    async def visitor(self, request: Request) -> tuple[Visitor, str]:
        """Who asks, and a ``Set-Cookie`` for browsers that are new. Raises StrangerError."""
        token = request.cookies.get(COOKIE, "")
        if self._passwords is None:
            cookie = ""
            if not is_token(token):
                token = new_token()
                cookie = self._cookie(token, _YEAR)
            return Visitor("", self._names.of("browser", token)), cookie
        user = self._sessions.user_of(token)
        if user:
            return Visitor(user, self._names.of("browser", token)), ""
        header = request.headers.get("authorization", "")
        if not header or not policy.is_for_programs(request.scope["path"]):
            raise StrangerError
        user = self._sessions.remembered(header)
        if not user:
            user = await self._program(request, header)
        return Visitor(user, self._names.of("program", user)), ""

    async def _program(self, request: Request, header: str) -> str:
        given = basic(header)
        if given is None or not await self._is_right(request, *given):
            raise StrangerError
        self._sessions.remember(header, given[0])
        return given[0]

    async def answer(self, request: Request, body: Body) -> Response:
        """The form, what is sent with it, and logging out."""
        if request.scope["path"] == policy.LOGOUT:
            if request.method != "POST":
                raise RefusedError(405, "Logging out takes a POST.", allow="POST")
            self._sessions.end(request.cookies.get(COOKIE, ""))
            return self._on_to("/" if self._passwords is None else policy.LOGIN, ended=True)
        if request.method in ("GET", "HEAD"):
            then = local(request.query_params.get("next", ""))
            token = request.cookies.get(COOKIE, "")
            known = self._passwords is None or self._sessions.user_of(token)
            return self._on_to(then) if known else _form(then)
        if request.method != "POST":
            raise RefusedError(405, "Logging in takes a POST.", allow="GET, HEAD, POST")
        user, password, then = await _sent(body)
        try:
            right = await self._is_right(request, user, password)
        except RefusedError as refused:
            return _form(then, user, refused)
        if not right:
            return _form(then, user, RefusedError(403, _WRONG))
        self._sessions.end(request.cookies.get(COOKIE, ""))
        return self._on_to(then, self._sessions.begin(user))

    async def _is_right(self, request: Request, user: str, password: str) -> bool:
        """Check a password, beside the event loop. Only wrong ones count towards the limit."""
        if self._passwords is None:
            raise RefusedError(404, "Nobody has to log in here.")
        taken: list[str] = []
        for name in (f"address {address(request)}", f"user {user[:64]}"):
            wait = self._tries.hit(name)
            if wait:
                self._give_back(taken)
                raise too_often(wait)
            taken.append(name)
        if self._checks is None:
            self._checks = CapacityLimiter(_AT_ONCE)
        check = self._passwords.check
        right = await to_thread.run_sync(check, user, password, limiter=self._checks)
        if right:
            self._give_back(taken)
        return right

    def _give_back(self, names: list[str]) -> None:
        for name in names:
            self._tries.give_back(name)

    def _on_to(self, where: str, token: str = "", *, ended: bool = False) -> Response:
        headers = {"Location": quote(where, safe="/?&=%+:;,@~!$'()*#[]")}
        if token or ended:
            headers["Set-Cookie"] = self._cookie(token, 0 if ended else None)
        return Response(status_code=303, headers=headers)

    def _cookie(self, token: str, age: int | None) -> str:
        """Without an age it goes when the browser is closed."""
        made = Response()
        made.set_cookie(
            COOKIE,
            token,
            max_age=age,
            secure=self._https,
            httponly=True,
            samesite="strict",
        )
        return made.headers["set-cookie"]


def to_login(request: Request) -> Response:
    """Browsers are led to the form, programs are told how to log in."""
    path, accepted = request.scope["path"], request.headers.get("accept", "")
    browses = request.method in ("GET", "HEAD") and "text/html" in accepted
    if browses and not policy.is_told_in_json(path):
        where = f"{policy.LOGIN}?{urlencode({'next': asked_for(request)})}"
        return Response(status_code=303, headers={"Location": where})
    how = 'Basic realm="rag", charset="UTF-8"'
    refused = RefusedError(
        401,
        "You are not logged in.",
        "Open the page and log in; a program sends its user and password with HTTP Basic.",
        **({"www_authenticate": how} if policy.is_for_programs(path) else {}),
    )
    return told(refused, in_json=policy.is_told_in_json(path))


def _form(then: str, user: str = "", refused: RefusedError | None = None) -> Response:
    page = render("login.html", next=then, user=user[:64], error=str(refused or ""))
    status, headers = (refused.status, refused.headers) if refused else (200, {})
    return HTMLResponse(page, status, headers)


async def _sent(body: Body) -> tuple[str, str, str]:
    """User, password and where to go on to, as the form sends them."""
    try:
        text = (await body.whole()).decode()
        sent = parse_qs(text, keep_blank_values=True, max_num_fields=10, errors="strict")
    except TooLargeError:
        raise too_large() from None
    except (BodyError, ValueError):
        raise RefusedError(400, "This is not the form.") from None
    user, password, then = (sent.get(key, [""])[0] for key in ("user", "password", "next"))
    return user.strip(), password, local(then)
