"""What happens when people ask: the conversation, and the views that belong to its last answer.

A question is answered in two steps: the first shows at once what is looked for, whoever else is
waiting; the second waits its turn and streams the answer. Where a language model is to write it up,
a third takes the answer that is there. It waits in a queue of its own, so that nobody's quotes wait
for somebody else's text. What was asked is kept per visitor in ``conversations``; the browser
holds nothing but what it shows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from typing import Any

import gradio as gr

from rag.assistant import Assistant
from rag.errors import InputError, RagError
from rag.followups import FollowUp
from rag.page import answers, charts, compare
from rag.page.compare import View
from rag.page.conversations import Conversations, Turn, Wishes
from rag.records import Answer
from rag.rendering import Markup, render

Message = dict[str, Any]
Update = tuple[Any, ...]

NOTHING = "Ask a question first."
_MANY_QUOTES, _PAUSE = 100, 1.0
"""Seconds between two looks at a text that grows, where it may become long."""
_PLAIN = View()
STOPPED = "Stopped. The answer in the reports’ own words is below."


@dataclass(frozen=True, slots=True)
class Asking:
    """What the events of these tabs need."""

    assistant: Assistant
    conversations: Conversations

    def begin(self, session: str, typed: str, wishes: Wishes) -> Update:
        """The question in the conversation, with what is looked for; quick, and never queued.

        Gives the question that stands alone, for the box; the conversation; and what was typed.
        What a language model still writes on an earlier question is stopped.
        """
        self.conversations.wish(session, wishes)
        self._stop_writing(session)
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

    def answer(self, session: str, typed: str, view: View = _PLAIN) -> Iterator[Update]:
        """The answer, piece by piece; kept when it is whole, unless it was stopped meanwhile.

        Its table is shown as ``view`` has it, which is what the controls above it say.
        """
        try:
            if self.conversations.is_expected(session, typed):
                asked = self._standing_alone(session, typed, write=self._writes(session))
                yield from self._answered(session, typed, asked.question, (), view, more=asked.more)
        except RagError as error:
            yield self._refused(session, typed, error)
        finally:
            self.conversations.expect_no_more(session, typed)

    def again(self, session: str, kept: list[str], view: View = _PLAIN) -> Iterator[Update]:
        """The last question without the parts that were unticked, in the place of its answer."""
        last = self.conversations.last(session)
        if last is None or last.answer is None:
            yield tuple([gr.skip()] * (1 + _VIEWS))
            return
        found = last.answer
        known = answers.choices(found.understood, found.without)
        without = tuple(key for _, key in known if key not in kept)
        try:
            yield from self._answered(
                session, last.typed, last.asked, without, view, more=found.more, number=last.number
            )
        except RagError as error:
            yield self._refused(session, last.typed, error)

    def _refused(self, session: str, typed: str, error: RagError) -> Update:
        told = render("told.html", text=str(error))
        return (_shown(self.conversations.of(session), typed, told), *[gr.skip()] * _VIEWS)

    def _answered(
        self,
        session: str,
        typed: str,
        asked: str,
        without: tuple[str, ...],
        view: View,
        *,
        more: bool,
        number: int | None = None,
    ) -> Iterator[Update]:
        before = [t for t in self.conversations.of(session) if t.number != number]
        shelf, moment = self.assistant.shelf_version(), datetime.now(UTC).isoformat("T", "minutes")
        found = self.assistant.ask(asked, without=without, more=more)
        if number is None and not self.conversations.is_expected(session, typed):
            return
        written = None
        model = self.assistant.model
        if model is not None and self._writes(session) and not found.refused:
            written = answers.about_to_write(model.name, _other(asked, typed))
        other = "" if written else _other(asked, typed)
        *growing, whole = answers.pieces(found, other, "open" if written else "")
        for piece in growing:
            yield (_shown(before, typed, piece, written), *[gr.skip()] * _VIEWS)
        number = number or self.conversations.next_number(session)
        turn = Turn(
            *(number, typed, asked, whole, found, moment, shelf),
            written=written,
            writing=written is not None,
        )
        self.conversations.keep(session, turn)
        yield _shown([*before, turn]), *_views(turn, view)

    def write(self, session: str) -> Iterator[Any]:
        """The conversation while a language model writes its last answer up, sentence by sentence.

        Whoever comes last has it written: a page that was loaded again goes on where the one
        before was left, and the older writing ends by itself, as it does when it was stopped.
        """
        mine = self._claimed(session)
        if mine is None or mine.answer is None:
            yield gr.skip()
            return
        last, told, due = mine.answer, "", 0.0
        pause = _PAUSE if len(last.citations) > _MANY_QUOTES else 0.0

        def stopped() -> bool:
            return not self.conversations.holds(session, mine)

        try:
            for last in self.assistant.writing(mine.answer, stopped):
                if stopped():
                    return
                if time.monotonic() < due:
                    continue
                due = time.monotonic() + pause
                above = self._written(session, mine, last, growing=True)
                yield self._with(session, mine, above)
        except RagError as error:
            last, told = mine.answer, str(error)
        if self.conversations.swap(session, mine, self._finished(session, mine, last, told)):
            yield _shown(self.conversations.of(session))

    def _claimed(self, session: str) -> Turn | None:
        """The turn that is to be written up, from now on by nobody else; None when there is none.

        Turns are told apart by identity: what another puts in its place takes it away from here.
        """
        found = self.conversations.in_writing(session)
        mine = None if found is None else replace(found)
        if found is None or mine is None or not self.conversations.swap(session, found, mine):
            return None
        return mine

    def _finished(self, session: str, turn: Turn, found: Answer, told: str) -> Turn:
        """A turn with what was written of it, or with what is told in its place."""
        if found.written is None:
            above = answers.nothing_written(told, _other(turn.asked, turn.typed)) if told else None
            asked = "" if told else _other(turn.asked, turn.typed)
            shown = answers.whole(found, asked)
            return replace(turn, written=above, shown=shown, writing=False)
        fold: answers.Fold = "closed" if answers.is_good(found.written) else ""
        return replace(
            turn,
            answer=found,
            written=self._written(session, turn, found),
            shown=answers.whole(found, "", fold),
            writing=False,
        )

    def _written(self, session: str, turn: Turn, found: Answer, *, growing: bool = False) -> Markup:
        failed = self.conversations.wishes(session).failed
        other = _other(turn.asked, turn.typed)
        return answers.written(found, other, growing=growing, failed=failed)

    def _with(self, session: str, turn: Turn, written: Markup) -> list[Message]:
        """The conversation with more of what is being written on one turn."""
        turns = self.conversations.of(session)
        return _shown([replace(t, written=written) if t is turn else t for t in turns])

    def wish(self, session: str, wishes: Wishes) -> Any:
        """What was switched on or off, and the conversation as it is wanted now."""
        self.conversations.wish(session, wishes)
        for turn in self.conversations.of(session):
            if turn.answer is not None and turn.answer.written is not None:
                written = self._written(session, turn, turn.answer)
                self.conversations.swap(session, turn, replace(turn, written=written))
        if self.conversations.in_writing(session):  # the next sentence brings it
            return gr.skip()
        return _shown(self.conversations.of(session))

    def _stop_writing(self, session: str) -> None:
        """Leave an answer that is being written up as it was found."""
        turn = self.conversations.in_writing(session)
        if turn is not None and turn.answer is not None:
            done = self._finished(session, turn, turn.answer, STOPPED)
            self.conversations.swap(session, turn, done)

    def standing(self, session: str) -> Update:
        """The conversation so far, for a page that is opened or loaded again."""
        last = self.conversations.last(session)
        wishes = self.conversations.wishes(session)
        # Somebody may be typing already, or switching on.
        on = [gr.skip()] * 2 if wishes == Wishes() else [wishes.write, wishes.failed]
        if last is None:
            return *on, *[gr.skip()] * (2 + _VIEWS)
        return *on, last.asked, _shown(self.conversations.of(session)), *_views(last, _PLAIN)

    def forget(self, session: str) -> Update:
        """An empty page; nothing that was asked is kept or waited for."""
        self.conversations.expect_no_more(session)
        self.conversations.forget(session)
        told = render("told.html", text=NOTHING)
        parts = gr.CheckboxGroup(choices=[], visible=False)
        return "", [], parts, "", told, *_no_pages(), told, ""

    def stopped(self, session: str, typed: str) -> list[Message]:
        """The conversation without the answer that was stopped, or without its written text."""
        self._stop_writing(session)
        if not self.conversations.is_expected(session, typed):
            return _shown(self.conversations.of(session))
        self.conversations.expect_no_more(session, typed)
        told = render("told.html", text="Stopped. Nothing of this was kept.")
        return _shown(self.conversations.of(session), typed, told)

    def compared(self, session: str, view: View, first: int = 0, further: int = 0) -> Update:
        """A page of the table of every report, as it is wanted now, and what belongs to pages.

        ``first`` is the first row of the page that is shown, from 0, and ``further`` the number
        of rows to go on from there; back, when it is less than 0.
        """
        last = self.conversations.last(session)
        if last is None or last.answer is None:
            return render("told.html", text=NOTHING), *_no_pages()
        page = compare.compare_page(last.answer, view, first + further)
        there = "" if page.first != first or not further else "There is no other page this way. "
        return _paged(page, there)

    def _writes(self, session: str) -> bool:
        """True when a visitor lets the language model write, and there is one."""
        return self.assistant.model is not None and self.conversations.wishes(session).write

    def _standing_alone(self, session: str, typed: str, *, write: bool = False) -> FollowUp:
        """The question that is asked; ``write`` lets the language model help, which takes time."""
        before = [turn.asked for turn in self.conversations.of(session) if turn.answer]
        found = self.assistant.follow_up(typed, before, write=write)
        if found.empty:
            raise InputError("This asks nothing.", "Ask about a topic: who uses direct payments?")
        return found

    def _reports(self) -> int:
        return len(self.assistant.reports())


def _other(asked: str, typed: str) -> str:
    """The question that was asked, if it is not the one that was typed."""
    return "" if " ".join(asked.split()) == " ".join(typed.split()) else asked


def _shown(
    turns: list[Turn],
    typed: str | None = None,
    reply: Markup | None = None,
    written: Markup | None = None,
) -> list[Message]:
    """The conversation for the chat, which shows HTML: what was typed is escaped here."""
    found: list[Message] = []
    for turn in turns:
        found += _exchanged(turn.typed, turn.written, turn.shown)
    if typed is not None and reply is not None:
        found += _exchanged(typed, written, reply)
    return found


def _exchanged(typed: str, written: Markup | None, reply: Markup) -> list[Message]:
    above = [] if written is None else [_said("assistant", written)]
    return [_said("user", escape(typed)), *above, _said("assistant", reply)]


def _said(role: str, html: str) -> Message:
    return {"role": role, "content": str(html)}


_VIEWS = 8
"""Components that ``_views`` fills."""


def _no_pages() -> Update:
    return gr.Row(visible=False), "", 0


def _views(turn: Turn, view: View) -> Update:
    """Parts, take away, table with what turns its pages, time line and matrix of one answer."""
    found = turn.answer
    assert found is not None
    parts = answers.choices(found.understood, found.without)
    on = [key for _, key in parts if key not in found.without]
    return (
        gr.CheckboxGroup(choices=parts, value=on, visible=bool(parts)),
        render("take.html", number=turn.number, asked=turn.asked),
        *_paged(compare.compare_page(found, view)),
        charts.timeline(found),
        charts.matrix(found),
    )


def _paged(page: compare.Page, told: str = "") -> Update:
    """A page of the table, the buttons for the others if there are any, where it is, and where it
    starts.
    """
    where = render("told.html", text=f"{told}{page.words}.") if page.several else ""
    return page.html, gr.Row(visible=page.several), where, page.first
