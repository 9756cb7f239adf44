"""What each visitor asked is kept apart, bounded, and numbered for good."""

from __future__ import annotations

from made_answers import answer_of, report

from rag.page.conversations import Conversations, Turn
from rag.records import ShelfVersion
from rag.rendering import Markup

SHELF = ShelfVersion("0", 1, 1, "0" * 12)
FOUND = answer_of(report("Sefton Council", "2022", "Trams run."))


def turn(number: int, typed: str = "trams?") -> Turn:
    return Turn(number, typed, typed, Markup(""), FOUND, "2026-11-22T10:00+00:00", SHELF)


def test_a_visitor_sees_their_own_turns_only() -> None:
    held = Conversations()
    held.keep("ada", turn(1))
    assert [t.number for t in held.of("ada")] == [1]
    assert held.of("grace") == []
    assert held.turn("grace", 1) is None
    assert held.last("grace") is None


def test_a_turn_with_the_same_number_takes_the_place_of_the_older() -> None:
    held = Conversations()
    held.keep("ada", turn(1, "trams?"))
    held.keep("ada", turn(2, "buses?"))
    held.keep("ada", turn(1, "trains?"))
    assert [t.typed for t in held.of("ada")] == ["trains?", "buses?"]


def test_numbers_are_never_used_twice_though_old_turns_go() -> None:
    held = Conversations(turns=2)
    for _ in range(5):
        held.keep("ada", turn(held.next_number("ada")))
    assert [t.number for t in held.of("ada")] == [4, 5]
    assert held.next_number("ada") == 6


def test_those_who_were_idle_longest_are_forgotten() -> None:
    held = Conversations(visitors=2)
    for visitor in ("ada", "grace", "ada", "mary"):
        held.keep(visitor, turn(held.next_number(visitor)))
    assert [bool(held.of(visitor)) for visitor in ("ada", "grace", "mary")] == [True, False, True]


def test_an_answer_that_was_stopped_is_not_expected() -> None:
    held = Conversations()
    held.expect("ada", "trams?")
    held.expect("ada", "buses?")
    held.expect("grace", "trams?")
    held.expect_no_more("ada", "trams?")
    assert not held.is_expected("ada", "trams?")
    assert held.is_expected("ada", "buses?")
    held.expect_no_more("ada")
    assert not held.is_expected("ada", "buses?")
    assert held.is_expected("grace", "trams?")


def test_forgetting_empties_one_conversation() -> None:
    held = Conversations()
    held.keep("ada", turn(1))
    held.keep("grace", turn(1))
    held.forget("ada")
    assert held.of("ada") == []
    assert held.of("grace") != []


def test_long_answers_are_forgotten_when_all_together_hold_too_many_reports() -> None:
    held = Conversations(rows=3)
    for visitor in ("ada", "grace", "grace", "grace"):
        held.keep(visitor, turn(held.next_number(visitor)))
    assert (len(held.of("ada")), len(held.of("grace"))) == (0, 3)
    held.keep("grace", turn(4))
    assert [t.number for t in held.of("grace")] == [2, 3, 4]


def test_the_newest_answer_stays_however_many_reports_it_holds() -> None:
    held = Conversations(rows=0)
    held.keep("ada", turn(1))
    assert [t.number for t in held.keep("ada", turn(2))] == [2]
    assert [t.number for t in held.of("ada")] == [2]
