"""What can go wrong with a language model, each as one sentence that a reader understands.

A server's own words are read for their cause and never shown: they may hold the prompt, a key or
whatever else it likes. ``what`` is for the reader of an answer, ``next_step`` for whoever set the
model up.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress

from rag.errors import LanguageModelError, TooLongError
from rag.model import Model

PAUSE = 0.5
"""Seconds before a second try, unless the server asks for more."""
# The words of OpenAI and Azure, llama.cpp, vLLM, SGLang, Ollama, Mistral and Anthropic.
_OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|context_exceeded|maximum context length"
    r"|exceeds? (?:the |its )?(?:available |maximum )?context|than the model'?s context"
    r"|context (?:size|length|window) (?:has been |is |was )?exceeded"
    r"|tokens exceeds? the (?:configured )?limit|(?:prompt|input) is too long"
    r"|reduce the length of the (?:messages|prompt|input)|too many (?:input )?tokens"
    r"|max_(?:completion_)?tokens must be at least 1, got",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"\"content_filter\"|ResponsibleAIPolicyViolation|content_policy_violation")
_OURS = ("temperature", "seed", "max_tokens")


class PassingError(LanguageModelError):
    """A failure that may be over in ``seconds``."""

    def __init__(self, what: str, next_step: str, seconds: float = PAUSE) -> None:
        super().__init__(what, next_step)
        self.seconds = seconds


class UnknownParameterError(LanguageModelError):
    """The model does not know a ``parameter`` of ours, and can be asked without it."""

    def __init__(self, what: str, parameter: str) -> None:
        super().__init__(what, "Try another model.")
        self.parameter = parameter


class Failures:
    """The failures of one model, in our words."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._place = f"{'on' if model.is_here else 'at'} {model.where}"
        self._it = f"The language model {self._place}"

    def refusal(self, status: int, body: bytes, retry_after: str = "") -> LanguageModelError:
        """Why a request was not answered with a stream."""
        text = body.decode("utf-8", "replace")
        code = f"(HTTP {status})"
        if status == 413 or (status in (200, 400, 422, 500) and _OVERFLOW.search(text)):
            return self.too_long()
        if status == 400 and _FILTERED.search(text):
            return self.refused()
        if status == 400 and (named := _unknown_parameter(text)):
            return UnknownParameterError(f"{self._it} does not know {named} {code}.", named)
        if status in (401, 403):
            refuses = "does not accept the key" if self._model.key else "wants a key"
            return LanguageModelError(
                f"{self._it} {refuses} {code}.", "Give its key in RAG_MODEL_KEY_FILE."
            )
        if status == 404:
            return LanguageModelError(
                f"There is no language model {self._model.name} {self._place} {code}.",
                "Check its name and its address; most addresses end in /v1.",
            )
        if status == 429:
            return PassingError(
                f"{self._it} has too much to do, or its allowance is used up {code}.",
                "Try again later.",
                _seconds(retry_after),
            )
        if status >= 500:
            return PassingError(
                f"{self._it} failed {code}.",
                "Try again, or look at its log.",
                _seconds(retry_after),
            )
        if 300 <= status < 400:
            return LanguageModelError(
                f"{self._it} leads to another address, which is not followed {code}.",
                "Give that address itself, if you trust it.",
            )
        if status < 300:
            return self.garbage()
        return LanguageModelError(
            f"{self._it} refused the request {code}.", "Look at its log for the reason."
        )

    def told_while_writing(self, body: object) -> LanguageModelError:
        """Why a stream holds an error in place of text."""
        if _OVERFLOW.search(text := json.dumps(body, default=str)):
            return self.too_long()
        if _FILTERED.search(text):
            return self.refused()
        return LanguageModelError(f"{self._it} failed while it was writing.", "Look at its log.")

    def absent(self) -> LanguageModelError:
        """Nothing answers there."""
        return PassingError(
            f"No language model answers {self._place}.",
            "Start it, or give another address; for Ollama it is http://127.0.0.1:11434/v1.",
        )

    def unnamed(self) -> LanguageModelError:
        """The name of its machine leads nowhere."""
        return LanguageModelError(
            f"The name {self._model.host} cannot be found.",
            "Check the address of the language model, and the network.",
        )

    def untrusted(self) -> LanguageModelError:
        """Its certificate does not verify."""
        return LanguageModelError(
            f"The certificate of {self._model.where} is not trusted.",
            "If your network has a root certificate of its own, name its file in SSL_CERT_FILE.",
        )

    def insecure(self) -> LanguageModelError:
        """TLS was not spoken as it should be."""
        return LanguageModelError(
            f"No secure connection to {self._model.where} could be made.",
            "Check whether its address starts with http:// or https://.",
        )

    def proxy(self) -> LanguageModelError:
        """A proxy of the environment stands in the way."""
        return LanguageModelError(
            f"The proxy on the way to {self._model.where} cannot be used.",
            f"Check HTTPS_PROXY and HTTP_PROXY, or add {self._model.host} to NO_PROXY.",
        )

    def cut(self) -> LanguageModelError:
        """The connection broke off."""
        return PassingError(f"{self._it} broke the connection off.", "Try again.")

    def silent(self, *, spoke: bool) -> LanguageModelError:
        """It took longer than it may, before its first word or later."""
        said = "fell silent for" if spoke else "did not say a word for"
        return LanguageModelError(
            f"{self._it} {said} {self._model.patience:g} seconds.",
            "It may be too large for its machine, or busy with others.",
        )

    def late(self) -> LanguageModelError:
        """The deadline is reached."""
        return LanguageModelError(
            "The time for writing was over before the language model had finished.",
            "A smaller or quicker model may finish.",
        )

    def stopped(self) -> LanguageModelError:
        """Nobody waits for the text any more."""
        return LanguageModelError("The writing was stopped.", "")

    def unfinished(self) -> LanguageModelError:
        """The stream ended without saying why."""
        return LanguageModelError(f"{self._it} stopped before it had finished.", "Try again.")

    def refused(self) -> LanguageModelError:
        """It, or a filter around it, will not write this."""
        return LanguageModelError(f"{self._it} refused to write.", "Another model may not.")

    def endless(self) -> LanguageModelError:
        """It sends more than any answer has."""
        return LanguageModelError(
            f"{self._it} sent far more than it was asked for.", "Try another model."
        )

    def garbage(self) -> LanguageModelError:
        """It is something else."""
        return LanguageModelError(
            f"What answers {self._place} does not speak as a language model does.",
            "Check the address; most end in /v1.",
        )

    def too_long(self) -> TooLongError:
        """The messages do not fit."""
        return TooLongError(
            "The evidence is more than the language model can read at once.",
            "Give the number of tokens that it is served with as its context.",
        )


def _unknown_parameter(body: str) -> str | None:
    """The parameter of ours that a refusal says it does not support, as OpenAI says it."""
    with suppress(ValueError, RecursionError, TypeError, KeyError):
        error = json.loads(body)["error"]
        if error["code"] in ("unsupported_parameter", "unsupported_value"):
            return next((name for name in _OURS if name == error["param"]), None)
    return None


def _seconds(retry_after: str) -> float:
    """What a Retry-After asks for; a date in place of seconds is not worth waiting for."""
    try:
        seconds = float(retry_after or PAUSE)
    except ValueError:
        return math.inf
    return seconds if seconds >= 0 else math.inf
