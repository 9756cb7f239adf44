"""Which addresses there are, how each is treated, and what browsers are told to refuse.

Of Gradio's routes only those are let through that its page uses; the others are refused unread,
because among them are a proxy (``file=https://…`` fetches any public address), saved states of
others (``deep_link``), monitoring and code editing. A route that a later Gradio adds is refused
until somebody writes it down here.

The page runs without ``unsafe-inline`` and ``unsafe-eval`` for scripts. Gradio's own inline scripts
get a nonce. Its HTML component compiles two fixed templates to functions at run time; the prelude
gives it these functions ready made, so that nothing else has to be compiled either. Styles may be
inline on that page, as Gradio sets them; on pages of ours nothing may but the style they come with.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Literal

Kind = Literal["ask", "page", "file"]

LOGIN, LOGOUT = "/login", "/logout"
_GRADIO = "/gradio_api/"
_UPLOAD = "/gradio_api/upload"
_RUN = "/gradio_api/run/"
_JOIN = "/gradio_api/queue/join"
_EXACT = {
    _UPLOAD, _JOIN, "/gradio_api/queue/data", "/gradio_api/upload_progress",
    "/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/app_id",
}  # fmt: skip
_PREFIXES = (_RUN, "/gradio_api/heartbeat/")
_FILE = "/gradio_api/file="
_SCHEME = re.compile(r"[\s\\/]*(?:[A-Za-z][A-Za-z0-9+.-]+:|[\\/]{2})")
"""``https:``, ``file:``, ``//host``; one letter and a colon is a drive."""
_CLOSED = {
    *("/config", "/monitoring", "/svelte", "/pwa_icon", "/docs", "/redoc", "/openapi.json"),
    *(LOGIN, LOGOUT),
}
"""With what is below them; the gate answers the two last ones itself."""
_STATIC = ("/assets/", "/static/", "/own/")
_STATIC_FILES = {"/favicon.ico", "/theme.css", "/manifest.json", "/robots.txt"}
_ASKING = {"/api/ask", "/api/search", "/mcp", _JOIN}
_NAMING_BODY = {_JOIN, "/gradio_api/cancel"}
_NAMING_QUERY = {"/gradio_api/queue/data", _UPLOAD, "/gradio_api/upload_progress"}

PRELUDE = rb"""<script>(() => {
  const Compiled = Function;
  const ready = new Map([
    ['return "${value}";', () => () => "${value}"],
    ['return "";', () => () => ""],
    ["return ``;", () => () => ""],
    ["return `${value}`;", (names) => (...values) => `${values[names.indexOf("value")]}`],
    ["element.addEventListener('click', function() { trigger('click') });",
      () => (element, trigger) => element.addEventListener("click", () => trigger("click"))],
  ]);
  globalThis.Function = function (...words) {
    const make = ready.get(String(words.at(-1)).trim());
    return make ? make(words.slice(0, -1)) : Compiled(...words);
  };
  globalThis.Function.prototype = Compiled.prototype;
})();</script>"""
"""Runs before Gradio: what Gradio would compile at run time, compiled beforehand."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Other sites are told nothing. "no-referrer" would make browsers send "Origin: null" with our
    # own forms, which is what a foreign page in a frame sends.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
DROPPED = ("server", "x-powered-by", "via")
"""Headers of answers that only say which program this is; CORS headers are dropped too."""
_COMMON = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:;"
    " manifest-src 'self'; form-action 'self'; frame-ancestors 'none'"
)


def is_refused(path: str) -> bool:
    """An address that nothing here needs: it is answered as if it were not there."""
    if path.startswith(_FILE):
        return _SCHEME.match(path, len(_FILE)) is not None
    if path.startswith("/gradio_api"):
        return path not in _EXACT and not path.startswith(_PREFIXES)
    if path in (LOGIN, LOGOUT):
        return False
    return any(path == closed or path.startswith(f"{closed}/") for closed in _CLOSED)


def is_static(path: str) -> bool:
    """The same for everybody, and loaded in dozens by one page."""
    return path.startswith(_STATIC) or path in _STATIC_FILES


def is_upload(path: str) -> bool:
    return path == _UPLOAD


def is_asking(method: str, path: str) -> bool:
    """Makes the models work."""
    return method == "POST" and path in _ASKING


def is_for_programs(path: str) -> bool:
    """A program may log in here with each request, and gets JSON when it may not."""
    return path == "/mcp" or path.startswith("/api/")


def is_told_in_json(path: str) -> bool:
    """Programs and scripts of the page read it, not people."""
    return is_for_programs(path) or path.startswith(_GRADIO)


def names_a_session(method: str, path: str) -> Literal["body", "query", "path", ""]:
    """Where a request of the page says which of Gradio's sessions it belongs to."""
    if method == "POST" and (path in _NAMING_BODY or path.startswith(_RUN)):
        return "body"
    if path in _NAMING_QUERY:
        return "query"
    return "path" if path.startswith("/gradio_api/heartbeat/") else ""


def kind_of(method: str, path: str) -> Kind:
    """For counting."""
    if is_asking(method, path):
        return "ask"
    return "file" if is_static(path) or path.startswith(_FILE) or is_upload(path) else "page"


def is_gradio_page(path: str) -> bool:
    return path == "/"


def gradio_page(html: bytes, nonce: str) -> tuple[bytes, str]:
    """Gradio's page with the nonce on its scripts, and the policy that goes with it.

    The page holds nothing of a report or a question at this point, but as JSON without ``<``.
    """
    marked = html.replace(b"<head>", b"<head>" + PRELUDE, 1)
    marked = marked.replace(b"<script", b'<script nonce="%s"' % nonce.encode())
    policy = (
        f"{_COMMON}; base-uri 'self'; script-src 'self' 'nonce-{nonce}';"
        " style-src 'self' 'unsafe-inline'"
    )
    return marked, policy


def own_page(html: bytes = b"") -> str:
    """The policy of everything else: scripts from files only, and the style that it comes with."""
    styles = re.findall(rb"<style>(.*?)</style>", html, re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(style).digest()).decode() for style in styles)
    allowed = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in hashes)])
    return f"{_COMMON}; base-uri 'none'; script-src 'self'; style-src {allowed}"
