"""Kinds of answer: told by the words of the question, found by the shape of the text."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.kinds import holds, kind_wanted
from rag.records import AnswerKind

KINDS: tuple[AnswerKind, ...] = get_args(AnswerKind)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long do people wait for an assessment?", "duration"),
        ("how many weeks is the wait for an OT", "duration"),
        ("how many people wait for an OT", "number"),
        ("number of carers known to the council", "number"),
        ("how much was spent on home care", "money"),
        ("what did the new system cost", "money"),
        ("what is the savings target", "money"),
        ("how much do carers value respite", None),
        ("what percentage of reviews are late", "percentage"),
        ("what proportion of staff left", "percentage"),
        ("what is the vacancy rate", "percentage"),
        ("when was the review done", "date"),
        ("which month did the team visit", "date"),
        ("who chairs the safeguarding board", "person"),
        ("who is the director", "person"),
        ("who was praised for co-production", None),
        ("who uses direct payments", None),
        ("how did councils handle backlogs", None),
        ("how many councils mention dementia", None),
        ("how many of the reports mention dementia", None),
        ("what do the reports say on carers", None),
        ("", None),
        ("what did Sefton say about the cost of living", None),
        ("what day services are there in Sefton", None),
    ],
)
def test_the_words_of_a_question_tell_the_kind_of_answer(
    question: str, kind: AnswerKind | None
) -> None:
    assert kind_wanted(question) == kind
    assert kind_wanted(question.upper()) == kind_wanted(question)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "There are 40 carers"),
        ("number", "Some 1,200 people"),
        ("number", "twenty-five people"),
        ("number", "In 2019 there were 31"),
        ("money", "a grant of £5m"),
        ("money", "£ 5,000"),
        ("money", "some 3.5 million pounds"),
        ("percentage", "12% of staff"),
        ("percentage", "5.5 per cent"),
        ("percentage", "ten percent"),
        ("duration", "within six weeks"),
        ("duration", "six to eight weeks"),
        ("duration", "6–8 weeks"),
        ("duration", "a two-week wait"),
        ("duration", "28 working days"),
        ("duration", "28 calendar days"),
        ("date", "in July"),
        ("date", "since 2019"),
        ("date", "on the 5th"),
        ("person", "The panel heard Jane Smith"),
        ("person", "Councillor Jane Smith chairs it"),
        ("person", "the Chief Executive Jane Smith spoke"),
        ("person", "Mr O’Brien"),
        ("person", "Sue O'Brien chairs it"),
        ("person", "Sue McDonald chairs it"),
        ("person", "José Müller chairs it"),
    ],
)
def test_a_text_holds_what_has_the_shape_of_the_kind(kind: AnswerKind, text: str) -> None:
    assert holds(text, kind)
    assert holds(f"It says: {text}.", kind)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "many carers"),
        ("number", "the review of 2019"),
        ("number", "the tender was late"),
        ("number", "the year 2018/19"),
        ("number", "No one was told"),
        ("money", "pounds and pence"),
        ("money", "the 5 mile walk"),
        ("percentage", "the percentage of staff"),
        ("percentage", "12 people"),
        ("duration", "weeks of waiting"),
        ("duration", "12 people for days"),
        ("date", "it may march on"),
        ("date", "202 people"),
        ("person", "the director of adult services"),
        ("person", "jane smith"),
        ("person", "Jane chairs it"),
    ],
)
def test_a_text_without_the_shape_does_not_hold_the_kind(kind: AnswerKind, text: str) -> None:
    assert not holds(text, kind)


@pytest.mark.parametrize(
    "office",
    [
        "the Chief Executive",
        "the Director of Adult Social Services",
        "the Executive Director",
        "the Principal Social Worker",
        "the Cabinet Member for Adult Care",
        "the Lead Member",
        "the Safeguarding Adults Board",
        "the Care Quality Commission",
        "the Local Government Association",
        "the Mental Capacity Act",
        "the County Council",
    ],
)
def test_an_office_or_a_body_is_no_person(office: str) -> None:
    assert not holds(office, "person")
    assert not holds(f"This was agreed with {office} in May.", "person")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_holds_no_kind(kind: AnswerKind) -> None:
    assert not holds("", kind)
    assert not holds("carers are heard and wait", kind)


@given(st.text(max_size=80), st.sampled_from(KINDS), st.text(max_size=20))
def test_what_a_text_holds_is_still_held_with_more_text_around_it(
    text: str, kind: AnswerKind, more: str
) -> None:
    if holds(text, kind) and kind != "person":
        assert holds(f"{more}\n{text}\n{more}", kind)


@given(st.text(max_size=120))
def test_any_question_wants_a_known_kind_or_none(question: str) -> None:
    assert kind_wanted(question) in (*KINDS, None)
