from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rag.dictation import LONGEST, Dictated, dictated

TEXTS = [
    "Sefton has backlogs in reviews [688]. Somerset triages its waits [396][773].",
    "Sefton has backlogs in reviews. [688] Somerset triages its waits. [396] [773]",
    "**Sefton**: there are backlogs [688]\n- Dr. Smith leads it [1, 2].\n- It grew by 2.5 % [3]",
    "1. First of all there is a plan [111].\n2. Then comes the rest [112; 113]!",
    "Is it quick? Peers say no [quotes 12 and 15]. It has no budget 【852】.",
    "It said “we wait.” [417] Then nothing more was said about it at all",
]


def said(text: str, *cuts: int) -> list[Dictated]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return list(dictated(text[a:b] for a, b in pairwise(places)))


def test_marks_before_and_behind_the_full_stop_belong_to_the_sentence_before_them() -> None:
    before, behind = said(TEXTS[0]), said(TEXTS[1])
    assert before == behind
    assert [(d.text, d.marks) for d in before] == [
        ("Sefton has backlogs in reviews.", (688,)),
        ("Somerset triages its waits.", (396, 773)),
    ]


def test_several_marks_in_one_bracket_and_other_brackets_are_read() -> None:
    assert [d.marks for d in said(TEXTS[4])] == [(), (12, 15), (852,)]


def test_what_stands_around_a_sentence_is_taken_off() -> None:
    found = said(TEXTS[2])
    assert [d.text for d in found] == [
        "Sefton: there are backlogs",
        "Dr. Smith leads it.",
        "It grew by 2.5 %",
    ]
    assert [d.marks for d in found] == [(688,), (1, 2), (3,)]


def test_a_sentence_without_an_end_is_told_to_break_off() -> None:
    assert [d.whole for d in said(TEXTS[5])] == [True, False]
    assert said("One is here [111]. The other is n")[-1].whole is False


def test_a_year_in_brackets_is_a_mark_that_no_quote_has_and_words_are_none() -> None:
    assert said("It opened [2021].")[0].marks == (2021,)
    assert said("It opened [sic].")[0] == Dictated("It opened [sic].", (), True)


def test_a_stream_without_sentences_ends_at_the_longest() -> None:
    endless = ("word " for _ in range(10_000_000))
    found = list(dictated(endless))
    assert len(found) == 1
    assert not found[0].whole
    assert len(found[0].text) <= LONGEST + 10


@given(st.sampled_from(TEXTS), st.lists(st.integers(0, 10_000), max_size=12))
@settings(deadline=None)
def test_however_a_text_is_cut_into_pieces_its_sentences_are_the_same(
    text: str, cuts: list[int]
) -> None:
    assert said(text, *cuts) == said(text)


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_can_be_dictated(text: str) -> None:
    assert all(d.text == " ".join(d.text.split()) for d in dictated([text]))
