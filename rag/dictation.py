"""Text as it comes from a language model, cut into sentences with the marks that they cite by.

A sentence is handed on when the next one has begun, so that a mark behind the full stop still
belongs to it. What a model puts around sentences (bullets, headings, bold) is taken off; what it
says is not changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.sentences import sentence_spans

_NUMBERS = r"#?\d{1,5}(?:\s*(?:,|;|&|and|-|–)\s*#?\d{1,5})*"
_MARK = re.compile(rf"[\[【]\s*(?:(?:quotes?|marks?|sources?|no\.?)\s*)?{_NUMBERS}\s*[\]】]", re.I)
_AFTER_STOP = re.compile(rf"([.!?…]+[\"'”’)]*)(\s*)((?:{_MARK.pattern}[\s,;]*)+)", re.IGNORECASE)
_OPEN = re.compile(r"[\[【][^\]】\n]{0,60}$")
"""A mark that has begun and may go on in the next piece."""
_STOPS = re.compile(r"[.!?…][\"'”’)\]]*$")
_BEGUN = re.compile(r"(?:\S+\s+){2}")
"""So much of the next sentence must be there before the one in front of it is complete."""
_AROUND = re.compile(r"^(?:[#>*_\s•-]|\d{1,2}[.)]\s)+|[*_\s]+$")
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_]|[*_](?!\w)|`")
_TWICE = re.compile(r"^([^:.]{3,80}: )\1+")
"""A label that a weak model repeats."""
_BLANKS = re.compile(r"\s+([,.;:!?])")

LONGEST = 700
"""Characters of a sentence; what is longer is no sentence, and is handed on as it is."""


@dataclass(frozen=True, slots=True)
class Dictated:
    """One sentence as the model wrote it."""

    text: str
    """Without marks and without what stands around a sentence."""
    marks: tuple[int, ...]
    """In order, each once."""
    whole: bool
    """False when it breaks off."""


def dictated(pieces: Iterable[str]) -> Iterator[Dictated]:
    """The sentences of a text that comes in pieces, each as soon as it is complete."""
    held = ""
    for piece in pieces:
        held += piece
        if _OPEN.search(held):
            continue
        *complete, held = _split(held)
        yield from (said for text in complete if (said := _read(text)))
        if len(held) > LONGEST:
            yield Dictated(*_parts(held), whole=False)
            return
    yield from (said for text in _spans(held) if (said := _read(text)))


def without_label(text: str, names: Sequence[str]) -> str:
    """A sentence without a label in front of it ("Sefton Council, July 2022:") that says one of
    the names and nothing else but "the quotes from the report on".
    """
    labels = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    label = rf"(?:the )?(?:(?:quotes?|findings?|reports?|from|on|about|in) (?:the )?)*(?:{labels})"
    return re.sub(rf"^(?:{label}\s*:\s*)+(?=\S)", "", text, flags=re.IGNORECASE) if labels else text


def _split(text: str) -> list[str]:
    """Complete sentences, and what is left at the end."""
    pieces = _spans(text)
    if len(pieces) < 2 or not _BEGUN.match(pieces[-1]):
        return [text]
    return pieces


def _spans(text: str) -> list[str]:
    """The sentences of a text, the last with all that follows; marks stand before full stops."""
    text = re.sub(rf"\s+(?={_MARK.pattern})", " ", text)
    text = _AFTER_STOP.sub(lambda m: f" {m[3].strip()}{m[1]} ", text)
    masked = _MARK.sub(lambda m: "x" * len(m.group()), text)
    spans = sentence_spans(masked)
    last = spans[-1][0] if spans else 0
    return [*(text[start:end] for start, end in spans[:-1]), text[last:]]


def _read(text: str) -> Dictated | None:
    """A stretch as a sentence; None when there is no word in it, and for a heading."""
    said, marks = _parts(text)
    if said.endswith(":") or not any(c.isalnum() for c in said):
        return None
    return Dictated(said, marks, _STOPS.search(said) is not None)


def _parts(text: str) -> tuple[str, tuple[int, ...]]:
    """What is said, and the marks."""
    marks = [int(n) for found in _MARK.findall(text) for n in re.findall(r"\d+", found)]
    said = _AROUND.sub("", _EMPHASIS.sub("", _MARK.sub(" ", text)))
    said = _TWICE.sub(r"\1", " ".join(said.split()))
    return _BLANKS.sub(r"\1", said), tuple(dict.fromkeys(marks))
