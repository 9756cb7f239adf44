"""What each visitor has asked: in memory only, bounded, and never shown to another.

A conversation is found by the visitor's session, which the gate gives out. It outlives a reload
of the page, not the program: nothing is written down.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from rag.records import Answer, ShelfVersion
from rag.rendering import Markup

_MOST_VISITORS = 200
_MOST_TURNS = 20
"""Of one visitor; the oldest goes."""
_MOST_WAITING = 1000
_MOST_ROWS = 500_000
"""Reports in the answers of all visitors: some 500 bytes each."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation, and what came of it."""

    number: int
    """Position in the conversation, from 1; never used twice, so that links do not shift."""
    typed: str
    asked: str
    """The question that stands alone."""
    shown: Markup
    """The answer as it stands in the conversation."""
    answer: Answer | None
    """None when the question could not be read."""
    time: str
    """ISO date and time at which it was asked."""
    shelf: ShelfVersion
    """What it was answered from."""
    written: Markup | None = None
    """What stands above the answer, as a message of its own: the written text, or why none does."""
    writing: bool = False
    """True while a language model has it to write up."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a visitor has switched on."""

    write: bool = False
    """A language model shall write answers up."""
    failed: bool = False
    """Sentences that failed the checks shall be shown."""


class Conversations:
    """The turns of every visitor; those that were idle longest are forgotten.

    Bounded by visitors, turns of each, and rows of all answers, since those over many reports are
    large; the newest turn of whoever asks last always stays.
    """

    def __init__(
        self,
        visitors: int = _MOST_VISITORS,
        turns: int = _MOST_TURNS,
        rows: int = _MOST_ROWS,
    ) -> None:
        self._visitors = visitors
        self._turns = turns
        self._rows = rows
        self._held: OrderedDict[str, list[Turn]] = OrderedDict()
        self._wishes: OrderedDict[str, Wishes] = OrderedDict()
        self._waiting: OrderedDict[tuple[str, int], None] = OrderedDict()
        """Visitor and hash of each question whose answer is waited for."""
        self._lock = threading.Lock()

    def of(self, session: str) -> list[Turn]:
        """The turns of one visitor, oldest first."""
        with self._lock:
            return list(self._held.get(session, ()))

    def turn(self, session: str, number: int) -> Turn | None:
        """One turn of one visitor; None when it is forgotten, or another's."""
        return next((turn for turn in self.of(session) if turn.number == number), None)

    def last(self, session: str) -> Turn | None:
        """The newest turn of one visitor that has an answer."""
        return next((t for t in reversed(self.of(session)) if t.answer is not None), None)

    def next_number(self, session: str) -> int:
        """The number of the turn to come."""
        turns = self.of(session)
        return turns[-1].number + 1 if turns else 1

    def keep(self, session: str, turn: Turn) -> list[Turn]:
        """Put a turn at the end, or in the place of the one with its number; all turns then."""
        with self._lock:
            turns = [t for t in self._held.pop(session, []) if t.number != turn.number]
            turns = sorted([*turns, turn], key=lambda t: t.number)[-self._turns :]
            self._held[session] = turns
            rows = {who: sum(map(_rows, mine)) for who, mine in self._held.items()}
            most, total = self._rows, sum(rows.values())
            while len(self._held) > self._visitors or (total > most and len(self._held) > 1):
                total -= rows[self._held.popitem(last=False)[0]]
            while total > most and len(turns) > 1:
                total -= _rows(turns.pop(0))
            return list(turns)

    def swap(self, session: str, old: Turn, new: Turn) -> bool:
        """Put a turn in the place of this very one; False when it is not there any more."""
        with self._lock:
            turns = self._held.get(session, [])
            at = next((n for n, turn in enumerate(turns) if turn is old), None)
            if at is not None:
                turns[at] = new
            return at is not None

    def holds(self, session: str, turn: Turn) -> bool:
        """True while this very turn stands: nobody has put another in its place."""
        return any(held is turn for held in self.of(session))

    def in_writing(self, session: str) -> Turn | None:
        """The turn that a language model has to write up, if there is one."""
        return next((turn for turn in reversed(self.of(session)) if turn.writing), None)

    def wish(self, session: str, wishes: Wishes) -> None:
        """Remember what a visitor has switched on; kept when the conversation is forgotten."""
        with self._lock:
            self._wishes[session] = wishes
            self._wishes.move_to_end(session)
            while len(self._wishes) > self._visitors:
                self._wishes.popitem(last=False)

    def wishes(self, session: str) -> Wishes:
        """What a visitor has switched on; nothing at first."""
        with self._lock:
            return self._wishes.get(session, Wishes())

    def expect(self, session: str, typed: str) -> None:
        """A question was asked whose answer is waited for."""
        with self._lock:
            self._waiting[session, hash(typed)] = None
            while len(self._waiting) > _MOST_WAITING:
                self._waiting.popitem(last=False)

    def is_expected(self, session: str, typed: str) -> bool:
        """True until the answer was given, or nobody waits for it any more."""
        with self._lock:
            return (session, hash(typed)) in self._waiting

    def expect_no_more(self, session: str, typed: str | None = None) -> None:
        """The answer was given, or stopped; without a text, of all questions of the visitor."""
        said = None if typed is None else hash(typed)
        with self._lock:
            for who, question in list(self._waiting):
                if who == session and said in (None, question):
                    del self._waiting[who, question]

    def forget(self, session: str) -> None:
        """Drop the conversation of one visitor."""
        with self._lock:
            self._held.pop(session, None)


def _rows(turn: Turn) -> int:
    return len(turn.answer.coverage) if turn.answer else 0
