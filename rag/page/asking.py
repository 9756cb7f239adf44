"""What happens when people ask: the conversation, and the views that belong to its last answer.

A question is answered in two steps: the first shows at once what is looked for, whoever else is
waiting; the second waits its turn and streams the answer. What was asked is kept per visitor in
``conversations``; the browser holds nothing but what it shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

import gradio as gr

from rag.assistant import Assistant
from rag.errors import InputError, RagError
from rag.followups import FollowUp
from rag.page import answers, charts, compare
from rag.page.conversations import Conversations, Turn
from rag.rendering import Markup, render

Message = dict[str, Any]
Update = tuple[Any, ...]

NOTHING = "Ask a question first."


@dataclass(frozen=True, slots=True)
class Asking:
    """What the events of these tabs need."""

    assistant: Assistant
    conversations: Conversations

    def begin(self, session: str, typed: str) -> Update:
        """The question in the conversation, with what is looked for; quick, and never queued.

        Gives the question that stands alone, for the box; the conversation; and what was typed.
        """
        turns = self.conversations.of(session)
        self.conversations.expect(session, typed)
        question = typed
        try:
            asked = self._standing_alone(session, typed)
            question = asked.question
            understood = self.assistant.understand(question)
            first = answers.searching(understood, _other(question, typed), self._reports())
        except RagError as error:
            first = render("told.html", text=str(error))
        return question, _shown(turns, typed, first), typed

    def answer(self, session: str, typed: str) -> Iterator[Update]:
        """The answer, piece by piece; kept when it is whole, unless it was stopped meanwhile."""
        try:
            if self.conversations.is_expected(session, typed):
                asked = self._standing_alone(session, typed)
                yield from self._answered(session, typed, asked.question, (), more=asked.more)
        except RagError as error:
            yield self._refused(session, typed, error)
        finally:
            self.conversations.expect_no_more(session, typed)

    def again(self, session: str, kept: list[str]) -> Iterator[Update]:
        """The last question without the parts that were unticked, in the place of its answer."""
        last = self.conversations.last(session)
        if last is None or last.answer is None:
            yield tuple([gr.skip()] * 6)
            return
        found = last.answer
        known = answers.choices(found.understood, found.without)
        without = tuple(key for _, key in known if key not in kept)
        try:
            yield from self._answered(
                session, last.typed, last.asked, without, more=found.more, number=last.number
            )
        except RagError as error:
            yield self._refused(session, last.typed, error)

    def _refused(self, session: str, typed: str, error: RagError) -> Update:
        told = render("told.html", text=str(error))
        return (_shown(self.conversations.of(session), typed, told), *[gr.skip()] * 5)

    def _answered(
        self,
        session: str,
        typed: str,
        asked: str,
        without: tuple[str, ...],
        *,
        more: bool,
        number: int | None = None,
    ) -> Iterator[Update]:
        before = [t for t in self.conversations.of(session) if t.number != number]
        shelf, time = self.assistant.shelf_version(), datetime.now(UTC).isoformat("T", "minutes")
        found = self.assistant.ask(asked, without=without, more=more)
        if number is None and not self.conversations.is_expected(session, typed):
            return
        *growing, whole = answers.pieces(found, _other(asked, typed))
        for piece in growing:
            yield (_shown(before, typed, piece), *[gr.skip()] * 5)
        number = number or self.conversations.next_number(session)
        turn = Turn(number, typed, asked, whole, found, time, shelf)
        self.conversations.keep(session, turn)
        yield _shown(before, typed, whole), *_views(turn)

    def standing(self, session: str) -> Update:
        """The conversation so far, for a page that is opened or loaded again."""
        last = self.conversations.last(session)
        if last is None:  # somebody may be typing already
            return tuple([gr.skip()] * 7)
        return last.asked, _shown(self.conversations.of(session)), *_views(last)

    def forget(self, session: str) -> Update:
        """An empty page; nothing that was asked is kept or waited for."""
        self.conversations.expect_no_more(session)
        self.conversations.forget(session)
        told = render("told.html", text=NOTHING)
        return "", [], gr.CheckboxGroup(choices=[], visible=False), "", told, told, ""

    def stopped(self, session: str, typed: str) -> list[Message]:
        """The conversation without the answer that was stopped."""
        if not self.conversations.is_expected(session, typed):
            return _shown(self.conversations.of(session))
        self.conversations.expect_no_more(session, typed)
        told = render("told.html", text="Stopped. Nothing of this was kept.")
        return _shown(self.conversations.of(session), typed, told)

    def compared(self, session: str, view: compare.View) -> Markup:
        """The table of every report, as it is wanted now."""
        last = self.conversations.last(session)
        if last is None or last.answer is None:
            return render("told.html", text=NOTHING)
        return compare.compare_table(last.answer, view)

    def _standing_alone(self, session: str, typed: str) -> FollowUp:
        last = self.conversations.last(session)
        found = self.assistant.follow_up(typed, last.asked if last else "")
        if found.empty:
            raise InputError("This asks nothing.", "Ask about a topic: who uses direct payments?")
        return found

    def _reports(self) -> int:
        return len(self.assistant.reports())


def _other(asked: str, typed: str) -> str:
    """The question that was asked, if it is not the one that was typed."""
    return "" if " ".join(asked.split()) == " ".join(typed.split()) else asked


def _shown(
    turns: list[Turn], typed: str | None = None, reply: Markup | None = None
) -> list[Message]:
    """The conversation for the chat, which shows HTML: what was typed is escaped here."""
    found: list[Message] = []
    for turn in turns:
        found += [_said("user", escape(turn.typed)), _said("assistant", turn.shown)]
    if typed is not None and reply is not None:
        found += [_said("user", escape(typed)), _said("assistant", reply)]
    return found


def _said(role: str, html: str) -> Message:
    return {"role": role, "content": str(html)}


def _views(turn: Turn) -> Update:
    """Parts, take away, table, time line and matrix of one answer."""
    found = turn.answer
    assert found is not None
    parts = answers.choices(found.understood, found.without)
    on = [key for _, key in parts if key not in found.without]
    return (
        gr.CheckboxGroup(choices=parts, value=on, visible=bool(parts)),
        render("take.html", number=turn.number, asked=turn.asked),
        compare.compare_table(found),
        charts.timeline(found),
        charts.matrix(found),
    )
