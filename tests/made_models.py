"""Servers that speak as a language model does, and servers that do not, on this machine.

    with speaking(lambda messages: "Sefton has a waiting list [417].") as server:
        Model("made", server.address)

``speaking`` computes its text from the messages; ``misbehaving`` does one of KINDS. Both are real
HTTP servers over real sockets, and write down what reached them in ``requests``. Nothing here
waits for a time: a server that is to be silent waits until its client has left.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Say = Callable[[list[dict[str, str]]], str | Iterable[str]]
SECRET = "do not show this sentence of the server"
"""Stands in everything that a misbehaving server says of itself."""


@dataclass
class Seen:
    """One request as it reached the server; ``left`` is set when its client has hung up."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    left: threading.Event = field(default_factory=threading.Event)


class Visit(BaseHTTPRequestHandler):
    """One connection; what is done with a request is the server's ``act``."""

    protocol_version = "HTTP/1.1"
    server: MadeModel

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen = Seen(self.command, self.path, headers, json.loads(raw or b"{}"))
        self.server.requests.append(self.seen)
        try:
            self.server.act(self)
        except OSError:
            self.seen.left.set()
            self.close_connection = True

    do_GET = do_CONNECT = do_POST

    def reply(self, status: int, body: bytes, kind: str = "text/plain", **headers: str) -> None:
        """A whole reply."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def open(self, kind: str = "text/event-stream", status: int = 200, **headers: str) -> None:
        """The head of a reply that is sent piece by piece."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def event(self, payload: object) -> None:
        self.send(b"data: " + json.dumps(payload).encode() + b"\n\n")

    def pieces(self, *texts: str) -> None:
        for text in texts:
            self.event(piece(content=text))

    def close(self, finish: str | None = "stop") -> None:
        """The usual end of a stream; without ``finish`` only the reply ends."""
        if finish is not None:
            self.event(piece(finish=finish))
            self.send(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def wait(self) -> None:
        """Be silent until the client has hung up."""
        with contextlib.suppress(OSError):
            while self.connection.recv(1024):
                pass
        self.seen.left.set()
        self.close_connection = True

    def left_within(self, seconds: float) -> bool:
        """True when the client hangs up within some seconds."""
        self.connection.settimeout(seconds)
        try:
            return not self.connection.recv(1)
        except TimeoutError:
            return False
        finally:
            self.connection.settimeout(None)

    def cut(self) -> None:
        """Break the connection off."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


Act = Callable[[Visit], None]


class MadeModel(ThreadingHTTPServer):
    """A server on a port of its own; ``requests`` in the order in which they came."""

    daemon_threads = True

    def __init__(self, act: Act, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.act = act
        self.tls = tls
        self.requests: list[Seen] = []
        self.failed: list[BaseException] = []

    @property
    def address(self) -> str:
        """As it is given to a Model."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.server_address[1]}/v1"

    def finish_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        with self.tls.wrap_socket(request, server_side=True) as wire:
            super().finish_request(wire, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is meant; anything else fails the test, at its end."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.failed.append(error)


@contextlib.contextmanager
def doing(act: Act, tls: ssl.SSLContext | None = None) -> Iterator[MadeModel]:
    """A server that does what a test says with every request."""
    with MadeModel(act, tls) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
    if server.failed:
        raise server.failed[0]


@contextlib.contextmanager
def speaking(say: Say, tls: ssl.SSLContext | None = None) -> Iterator[MadeModel]:
    """A model that says what ``say`` returns for the messages, word by word.

    ``say`` gets the messages as they were sent (``role`` and ``content``). It may return pieces
    of its own, as they come: a generator that waits for an event makes a slow model. What it
    raises is raised again at the end of the ``with``.
    """

    def act(visit: Visit) -> None:
        if not visit.path.endswith("/v1/chat/completions"):
            visit.reply(404, b"no such path")
            return
        said = say(visit.seen.body["messages"])
        visit.open()
        visit.event(piece(role="assistant"))
        for text in re.findall(r"\s*\S+\s*", said) if isinstance(said, str) else said:
            visit.pieces(text)
        visit.close()

    with doing(act, tls) as server:
        yield server


@contextlib.contextmanager
def misbehaving(kind: str, tls: ssl.SSLContext | None = None) -> Iterator[MadeModel]:
    """A server that does one of KINDS, whatever it is asked."""
    with doing(KINDS[kind], tls) as server:
        yield server


def piece(
    content: str | None = None, *, finish: str | None = None, **delta: object
) -> dict[str, object]:
    """One chunk of a stream, as chat.completion.chunk is documented."""
    if content is not None:
        delta["content"] = content
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "made",
        "choices": [choice],
    }


def _fine(visit: Visit) -> None:
    visit.open()
    visit.event(piece(role="assistant", content=""))
    visit.pieces("One ", "two.")
    visit.close()


def status(code: int, body: object = None, **headers: str) -> Act:
    """A refusal with a body as the servers send it."""
    error = {"error": {"message": SECRET, "type": "error", "code": None}} if body is None else body

    def act(visit: Visit) -> None:
        visit.reply(code, json.dumps(error).encode(), "application/json", **headers)

    return act


def _page(status: int, text: str, kind: str) -> Act:
    return lambda visit: visit.reply(status, text.encode(), kind)


def _once(first: Act) -> Act:
    """Something goes wrong with the first request, and nothing with the others."""
    return lambda visit: (first if len(visit.server.requests) == 1 else _fine)(visit)


def _streamed(*steps: Callable[[Visit], None], kind: str = "text/event-stream") -> Act:
    def act(visit: Visit) -> None:
        visit.open(kind)
        for step in steps:
            step(visit)

    return act


def _says(*texts: str) -> Act:
    return lambda visit: visit.pieces(*texts)


def _sends(payload: object) -> Act:
    return lambda visit: visit.event(payload)


def _raw(data: bytes) -> Act:
    return lambda visit: visit.send(data)


def _ends(finish: str | None = "stop") -> Act:
    return lambda visit: visit.close(finish)


def _for_ever(data: bytes) -> Act:
    """The same bytes until the client has hung up."""

    def act(visit: Visit) -> None:
        while True:
            visit.send(data)

    return act


def _trickle(visit: Visit) -> None:
    """The head of a reply that never comes to its end, a header at a time."""
    visit.wfile.write(b"HTTP/1.1 200 OK\r\n")
    visit.wfile.flush()
    for number in range(1_000_000):
        visit.wfile.write(b"X-%d: y\r\n" % number)
        if visit.left_within(0.05):
            visit.seen.left.set()
            break
    visit.close_connection = True


def _alive(visit: Visit) -> None:
    """Comments that keep a stream alive, and never a word."""
    while not visit.left_within(0.05):
        visit.send(b": still here\n\n")
    visit.seen.left.set()
    visit.close_connection = True


def _thinks(visit: Visit) -> None:
    """What reasoning models send: thoughts under two names, which are no part of the text."""
    for name in ("reasoning_content", "reasoning"):
        visit.event(piece(**{name: "Let me think.", "content": None}))


def _without_choices(visit: Visit) -> None:
    """What Azure sends first, and usage last: chunks of no choice."""
    visit.event({**piece(), "choices": [], "prompt_filter_results": []})


def _another_protocol(visit: Visit) -> None:
    visit.wfile.write(b"220 mail.example ESMTP\r\n")
    visit.cut()


def _squeezed(visit: Visit) -> None:
    """A compressed stream that grows beyond all bounds when it is unpacked."""
    body = gzip.compress(b"data: " + b"0" * 50_000_000)
    visit.reply(200, body, "text/event-stream", Content_Encoding="gzip")


def _endless_refusal(visit: Visit) -> None:
    visit.open("application/json", status=400)
    _for_ever(b"x" * 4096)(visit)


def _error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": f"{message} {SECRET}", **more}}


def _without(*names: str) -> Act:
    """A model that refuses parameters, one after the other, as OpenAI's reasoning models do."""

    def act(visit: Visit) -> None:
        sent: Mapping[str, object] = visit.seen.body
        refused = next((name for name in names if name in sent), None)
        if refused is None:
            _fine(visit)
            return
        code = "unsupported_parameter" if refused == "max_tokens" else "unsupported_value"
        error = _error("Unsupported.", type="invalid_request_error", param=refused, code=code)
        status(400, error)(visit)

    return act


OVERFLOWS: dict[str, Act] = {
    "OpenAI and Azure": status(
        400,
        _error(
            "This model's maximum context length is 4097 tokens.",
            type="invalid_request_error",
            param="messages",
            code="context_length_exceeded",
        ),
    ),
    "Azure, newer": status(
        400,
        _error(
            "Input tokens exceed the configured limit of 272000 tokens.",
            type="invalid_request_error",
            code="invalid_request_error",
        ),
    ),
    "llama.cpp": status(
        400,
        _error(
            "request (4390 tokens) exceeds the available context size (4096 tokens)",
            code=400,
            type="exceed_context_size_error",
            n_prompt_tokens=4390,
            n_ctx=4096,
        ),
    ),
    "llama.cpp, while it writes": _streamed(
        _sends(_error("Context size has been exceeded.", code=500, type="server_error")),
        _ends(None),
    ),
    "llama.cpp, an older one": status(
        500, _error("Context size has been exceeded.", code=500, type="server_error")
    ),
    "vLLM": status(
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 16384 tokens.",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    "vLLM, no room for an answer": status(
        400,
        {"object": "error", "message": "max_tokens must be at least 1, got -186.", "code": 400},
    ),
    "Ollama": status(400, {"error": "the input length exceeds the context length"}),
    "a proxy": _page(413, "<h1>Request Entity Too Large</h1>", "text/html"),
}
"""How servers say that a prompt is too long, from their issue trackers and their source."""

KINDS: dict[str, Act] = {
    "fine": _fine,
    "silent": Visit.wait,
    "silent in the middle": _streamed(_says("One "), Visit.wait),
    "cut before the reply": Visit.cut,
    "cut before the first word": _streamed(Visit.cut),
    "cut in the middle": _streamed(_says("One ", "two"), Visit.cut),
    "no finish": _streamed(_says("One "), _ends(None)),
    "cut once": _once(Visit.cut),
    "401": status(401),
    "403": status(403),
    "404": status(404),
    "429": status(429),
    "429 for an hour": status(429, Retry_After="3600"),
    "429 once": _once(status(429, Retry_After="0.01")),
    "400": status(400),
    "500": status(500),
    "500 once": _once(status(500)),
    "503 once": _once(status(503)),
    "refused": status(400, _error("Filtered.", code="content_filter", param="prompt")),
    "filtered": _streamed(_says("One "), _ends("content_filter")),
    "refusal": _streamed(_sends(piece(refusal="I cannot.")), _ends()),
    "length": _streamed(_says("One "), _ends("length")),
    "thinking": _streamed(_thinks, _says("One ", "two."), _ends()),
    "without choices": _streamed(
        _without_choices, _says("One ", "two."), _ends(), _without_choices
    ),
    "error in the middle": _streamed(_says("One "), _sends(_error("Crashed.")), _ends(None)),
    "redirect": status(307, Location="http://127.0.0.1:9/v1/chat/completions"),
    "HTML": _page(200, f"<!DOCTYPE html><p>{SECRET}</p>", "text/html"),
    "no stream": _page(200, json.dumps(piece("One two.")), "application/json"),
    "garbage": _streamed(_raw(b"data: {this is no JSON\n\n"), _ends()),
    "no text": _streamed(_raw(b"data: \xff\xfe\n\n"), _ends()),
    "deep": _streamed(_raw(b"data: " + b"[" * 60_000 + b"\n\n"), _ends()),
    "a number": _streamed(_sends(5), _says("One ", "two."), _ends()),
    "odd choices": _streamed(_sends({"choices": [{"delta": {"content": 5}}, None]}), _ends()),
    "choices no list": _streamed(_sends({"choices": 5}), _ends()),
    "no HTTP": _another_protocol,
    "endless": _streamed(_for_ever(b"data: " + json.dumps(piece("la " * 40)).encode() + b"\n\n")),
    "endless line": _streamed(_for_ever(b"data: " + b"x" * 4096)),
    "endless refusal": _endless_refusal,
    "endless head": _trickle,
    "only alive": _streamed(_alive),
    "squeezed": _squeezed,
    "no max_tokens": _without("max_tokens"),
    "no temperature": _without("temperature", "seed", "max_tokens"),
    **{f"overflow: {name}": act for name, act in OVERFLOWS.items()},
}  # fmt: skip
