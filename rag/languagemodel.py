"""One call to a language model, as a stream of text. The owner of openai and httpx2.

    Model (name, address, key) ──> LanguageModel.stream(messages) ──> pieces of text, as they come

The model stands behind any address that speaks as OpenAI's chat completions do: Ollama, llama.cpp,
vLLM, Azure, OpenAI. What it answers is believed by nobody here; what is promised is how it is
asked. It is asked for its likeliest words (temperature 0, a fixed seed). Only the messages and the
parameters leave: no setting, no key and no header that the openai library would take from the
environment or add of itself, and nothing of the system that this runs on. A redirect is not
followed, and a key is not sent in the clear to another machine. A proxy of the environment is used,
but never on the way to this machine.

Nothing that the address does can hold or fill this program: what it sends is counted, and when it
is waited for too long its connection is cut, also when it keeps alive with comments or with headers
that never end. Closing the stream hangs up at once. (The system's resolver keeps time limits of its
own. Ollama cuts a prompt that is too long without saying so; the checks of what it writes stand.)

Every failure is a LanguageModelError. One that may pass is tried once more, before the first word
only.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.errors import LanguageModelError
from rag.model import Model, model_of
from rag.modelfailures import Failures, PassingError, UnknownParameterError
from rag.modelwatch import Stopped, Watch

if TYPE_CHECKING:
    from collections.abc import Generator

    import httpx2
    import openai
    from openai.resources.chat import Completions

__all__ = ["LanguageModel", "Message", "Model", "model_of"]

Message = tuple[str, str]
"""Role (``system``, ``user`` or ``assistant``) and text."""

_SEED = 7
_CONNECT = 10.0
"""Seconds for a connection, and again for TLS."""
_CHARACTERS = 16
"""Most characters of text for each token that was asked for: no text is cut so coarsely."""
_BYTES = 4096
"""Most bytes of a stream for each token: a chunk of one token is a few hundred."""
_AROUND = 65_536
"""Most bytes of a refusal, and of what stands around a stream."""


class LanguageModel:
    """Asks one model. May be used by several threads; every call has a connection of its own."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._unknown: set[str] = set()
        """Parameters that the model said it does not know."""

    def stream(
        self,
        messages: Sequence[Message],
        tokens: int,
        deadline: float,
        stopped: Stopped | None = None,
    ) -> Generator[str]:
        """Pieces of the text that the model writes, until it ends or has written ``tokens``.

        ``deadline`` is a time.monotonic(). What the caller does between two pieces counts for the
        deadline, and not for the model's patience. Thoughts of reasoning models are not part of
        the text. ``stopped`` may be asked from another thread, and ends the call when it says so.
        Raises TooLongError when the messages are more than the model reads, and LanguageModelError
        for whatever else goes wrong, also after pieces were given.
        """
        deadline = min(deadline, time.monotonic() + self.model.longest)
        tries = 2
        while True:
            failures = Failures(self.model)
            watch = Watch(failures, self.model.patience, deadline, stopped)
            try:
                yield from self._pieces(messages, tokens, watch, failures)
            except UnknownParameterError as error:
                if error.parameter in self._unknown:
                    raise
                self._unknown.add(error.parameter)
            except PassingError as error:
                tries -= 1
                again = time.monotonic() + error.seconds
                if watch.spoke or not tries or again >= deadline:
                    raise
                if error.seconds > self.model.patience:
                    raise
                while (left := again - time.monotonic()) > 0 and not (stopped and stopped()):
                    time.sleep(min(left, 0.1))
            else:
                return

    def _pieces(
        self, messages: Sequence[Message], tokens: int, watch: Watch, failures: Failures
    ) -> Iterator[str]:
        """One try. Closing it closes the connection."""
        import openai

        with watch, self._client(tokens, watch, failures) as client:
            try:
                completions = client.chat.completions  # the library imports more of itself here
                watch.heard()
                with watch.waiting():
                    stream = self._ask(completions, messages, tokens)
                with closing(stream):
                    yield from _texts(stream, tokens * _CHARACTERS, watch, failures)
            except openai.APIConnectionError as error:
                raise watch.over or _lost(error, watch, failures) from None
            except openai.APIError as error:
                raise watch.over or failures.told_while_writing(error.body) from None

    def _ask(
        self, completions: Completions, messages: Sequence[Message], tokens: int
    ) -> openai.Stream[Any]:
        from openai import omit

        settings: dict[str, Any] = {"temperature": 0, "seed": _SEED, "max_tokens": tokens}
        if "max_tokens" in self._unknown:
            settings["max_completion_tokens"] = tokens
        for name in self._unknown:
            del settings[name]
        asked: Any = [{"role": role, "content": text} for role, text in messages]
        stream: openai.Stream[Any] = completions.create(
            model=self.model.name,
            messages=asked,
            stream=True,
            extra_headers=None if self.model.key else {"Authorization": omit},
            **settings,
        )
        return stream

    @contextmanager
    def _client(self, tokens: int, watch: Watch, failures: Failures) -> Iterator[openai.OpenAI]:
        """A client that takes nothing from the environment, and sends what we say."""
        import httpx2
        import openai

        # OPENAI_LOG would have it tell of its work, and set up the logging of the whole program.
        logging.getLogger("openai").setLevel(logging.WARNING)

        def before(request: httpx2.Request) -> None:
            request.headers = httpx2.Headers(self._headers(request.headers))
            request.extensions["trace"] = watch.trace

        def after(response: httpx2.Response) -> None:
            _check(response, failures)
            response.stream = _counted(response.stream, tokens * _BYTES + _AROUND, failures)

        try:
            http = httpx2.Client(
                verify=self._certificates,
                trust_env=not self.model.is_here,
                timeout=httpx2.Timeout(self.model.patience, connect=_CONNECT),
                follow_redirects=False,
                event_hooks={"request": [before], "response": [after]},
            )
        except (ImportError, ValueError, httpx2.InvalidURL):
            raise failures.proxy() from None
        with http:
            yield openai.OpenAI(
                api_key=self.model.key or "",
                admin_api_key="",
                organization="",
                project="",
                webhook_secret="",
                base_url=self.model.address,
                max_retries=0,
                timeout=http.timeout,
                http_client=http,
            )

    def _headers(self, theirs: Mapping[str, str]) -> dict[str, str]:
        """All that is sent, whatever the library or the environment would have added."""
        ours = {
            "Host": theirs["Host"],
            "Content-Length": theirs["Content-Length"],
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "council-reports-rag",
        }
        return ours | ({"Authorization": f"Bearer {self.model.key}"} if self.model.key else {})

    @cached_property
    def _certificates(self) -> ssl.SSLContext:
        """As the system checks them; SSL_CERT_FILE names others, such as a council's own root."""
        import httpx2

        return httpx2.create_ssl_context()


def _texts(
    stream: openai.Stream[Any], most: int, watch: Watch, failures: Failures
) -> Iterator[str]:
    """The text of a stream's chunks, up to the one that says why it ends."""
    written = 0
    while True:
        with watch.waiting():
            chunk = _next(stream, failures)
        if chunk is None:
            raise watch.over or failures.unfinished()
        if not (choices := getattr(chunk, "choices", None)):
            continue
        choice = choices[0] if isinstance(choices, list) else None
        delta, finish = getattr(choice, "delta", None), getattr(choice, "finish_reason", None)
        text = getattr(delta, "content", None) or ""
        if choice is None or not isinstance(text, str):
            raise failures.garbage()
        if getattr(delta, "refusal", None) or finish == "content_filter":
            raise failures.refused()
        written += len(text)
        if written > most:
            raise failures.endless()
        if text:
            watch.spoke = True
            yield text
        if text or any(getattr(delta, name, None) for name in ("reasoning_content", "reasoning")):
            watch.heard()
        if finish:
            return


def _next(stream: openai.Stream[Any], failures: Failures) -> Any:
    """The next chunk, or None at the end."""
    try:
        return next(stream, None)
    except (ValueError, RecursionError):
        # The library's decoder: no JSON, no UTF-8, nested too deeply.
        raise failures.garbage() from None


def _check(response: httpx2.Response, failures: Failures) -> None:
    """Raise unless a reply is a stream of events that was sent as it is."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    packed = response.headers.get("content-encoding", "identity").lower() != "identity"
    if response.status_code == 200 and kind == "text/event-stream" and not packed:
        return
    body = b""
    for data in () if packed else response.iter_raw():
        body += data
        if len(body) >= _AROUND:
            break
    retry_after = response.headers.get("retry-after", "")
    raise failures.refusal(response.status_code, body[:_AROUND], retry_after)


def _counted(stream: Any, most: int, failures: Failures) -> httpx2.SyncByteStream:
    """The bytes of a reply, of which no more than ``most`` are taken."""
    import httpx2

    class Counted(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            left = most
            for data in stream:
                left -= len(data)
                if left < 0:
                    raise failures.endless()
                yield data

        def close(self) -> None:
            stream.close()

    return Counted()


def _lost(error: Exception, watch: Watch, failures: Failures) -> LanguageModelError:
    """Why there is no connection, or no longer one."""
    import httpx2

    causes = tuple(_causes(error))

    def is_a(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if is_a(ssl.SSLCertVerificationError):
        return failures.untrusted()
    if is_a(httpx2.ConnectError) and is_a(ssl.SSLError):
        return failures.insecure()
    if is_a(socket.gaierror):
        return failures.unnamed()
    if is_a(httpx2.ProxyError):
        return failures.proxy()
    if is_a(httpx2.ConnectError, httpx2.ConnectTimeout):
        return failures.absent()
    if is_a(httpx2.TimeoutException):
        return failures.silent(spoke=watch.spoke)
    return failures.cut()


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
