"""Questions to begin with, made from the shelf itself and tried out, so that each has an answer."""

from __future__ import annotations

from collections.abc import Iterator

from rag.assistant import Assistant

MOST = 4
_TRIED = 6
"""Questions tried at most: each costs as long as an answer."""


def examples(assistant: Assistant, most: int = MOST) -> list[str]:
    """Up to ``most`` questions over this shelf that are answered; the same for the same shelf."""
    found: list[str] = []
    for tried, question in enumerate(_candidates(assistant)):
        if len(found) == most or tried == _TRIED:
            break
        if not assistant.ask(question).refused:
            found.append(question)
    return found


def _candidates(assistant: Assistant) -> Iterator[str]:
    councils = list(dict.fromkeys(i.council for i in assistant.reports() if i.council))
    forms = [
        "what do the reports say about {topic}?",
        "which councils were praised for {topic}?",
        "what was recommended on {topic}?",
    ]
    if len(councils) > 1:
        forms.append(f"compare {councils[0]} and {councils[1]} on {{topic}}")
    for turn, topic in enumerate(assistant.topics()):
        yield forms[turn % len(forms)].format(topic=topic)
