"""Wording: reasons that are true of the passages, a refusal that says what was looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.kinds import holds
from rag.question import Question, Shelf, understand
from rag.records import AnswerKind, Citation, Coverage, Decided, Passage, ReportInfo, Status
from rag.wording import (
    MOST_LISTED,
    as_text,
    decided_in_words,
    listed,
    summary,
    why_evidence,
    why_refused,
    why_silent,
    why_unread,
    why_weak,
)

REPORTS = tuple(
    ReportInfo(f"{place}-2022", None, f"{place} Council", "2022", None, None, None, "full", 9, 99)
    for place in ("Sefton", "Somerset")
)


def ask(text: str) -> Question:
    acronyms = [("AMHPs", "Approved Mental Health Professionals")]
    return understand(
        text, Shelf(REPORTS, acronyms, lambda stem: int(stem != "carrer"), lambda: ["carers"])
    )


def passage_of(text: str, section: Sequence[str] = ()) -> Passage:
    return Passage("r", 0, 0, len(text), text, tuple(section))


def row(n: int, status: Status = "no mention", reason: str = "nothing on pots") -> Coverage:
    return Coverage(f"r{n}", None, f"Place {n} Council", "2022-05", status, reason)


def citation(n: int, report: str, quote: str, *also: str) -> Citation:
    return Citation(
        n=n, report=report, title=None, council=report.title(), date="2022", form="full",
        source=None, section=(), paragraph=None, ordinal=1, page=None, quote=quote, passage=quote,
        start=0, end=len(quote), score=1.0, place=f"{report}, place {n}", also=also,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_names_are_listed_as_in_a_sentence(names: list[str], text: str) -> None:
    assert listed(names) == text


def test_the_reason_for_evidence_names_what_the_passage_speaks_of() -> None:
    each = passage_of("Carers wait.", ["Potholes"])
    assert why_evidence(ask("carers and potholes"), each) == "speaks of carers and potholes"
    assert why_evidence(ask("carers and trams"), each) == "speaks of carers"
    assert why_evidence(ask("trams"), each) == "is close in meaning to the question"


@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        ("trams and depots", "Carers wait.", "nothing on trams and depots"),
        ("carers and trams", "Carers wait.", "mentions carers, but not together with trams"),
        ("carers", "Carers wait.", "mentions carers, but not in the sense of the question"),
        ("how many carers", "Carers wait.", "mentions carers, but gives no number"),
        ("how many carers", "Trams are late.", "nothing on carers"),
        ("what did they say", "Carers wait.", "the question names nothing to look for"),
    ],
)
def test_the_reason_for_silence_tells_what_is_said_from_what_is_not(
    question: str, text: str, reason: str
) -> None:
    assert why_silent(ask(question), [passage_of(text)]) == reason


def test_a_report_without_passages_has_nothing_on_what_was_looked_for() -> None:
    assert why_silent(ask("carers"), ()) == "nothing on carers"


def test_a_report_is_not_said_to_have_nothing_on_what_another_of_its_passages_says() -> None:
    passages = (passage_of("Trams are late."), passage_of("Carers wait."))
    assert why_silent(ask("carers"), passages) != "nothing on carers"


GIVEN = [
    ("how many carers wait", "Some 40 carers wait.", "number"),
    ("how long do carers wait", "Carers wait six weeks.", "duration"),
    ("who chairs the carers", "Jane Smith chairs the carers.", "person"),
]


@pytest.mark.parametrize(("question", "text", "kind"), GIVEN)
def test_a_passage_that_gives_a_kind_of_answer_is_not_said_to_give_none(
    question: str, text: str, kind: AnswerKind
) -> None:
    assert holds(text, kind)
    assert "gives no" not in why_silent(ask(question), [passage_of(text)])


@pytest.mark.parametrize("asked", [1, 2, 5])
def test_a_refusal_names_what_was_looked_for_and_how_many_reports_were_searched(asked: int) -> None:
    coverage = [row(n) for n in range(asked)]
    reason = why_refused(ask("xylophones for carers"), coverage)
    assert "xylophones and carers" in reason
    assert ("the report " if asked == 1 else f"the {asked} reports ") in reason


def test_a_refusal_names_the_kind_of_answer_that_was_looked_for() -> None:
    assert "carers, with a number" in why_refused(ask("how many carers"), [row(1)])
    assert "with" not in why_refused(ask("carers"), [row(1)])


def test_a_refusal_is_an_english_sentence() -> None:
    assert "carers, with a sum of money." in why_refused(
        ask("how much was spent on carers"), [row(1)]
    )


def test_a_refusal_says_why_nothing_was_searched() -> None:
    assert "rag add" in why_refused(ask("carers"), [])
    assert "names nothing" in why_refused(ask("what did they say"), [row(1)])
    left_out = [row(n, "not asked", "left out") for n in range(14)]
    reason = why_refused(ask("carers in Leeds"), left_out)
    assert "about Leeds" in reason
    assert "Place 0 Council, May 2022" in reason
    assert reason.endswith("and 2 more.")  # 12 of 14 are named


@pytest.mark.parametrize(
    ("statuses", "text"),
    [
        (["evidence"], "Searched 1 report: 1 speaks of it, 0 do not."),
        (["no mention"], "Searched 1 report: 0 speak of it, 1 does not."),
        (["evidence", "evidence", "no mention"], "Searched 3 reports: 2 speak of it, 1 does not."),
        (
            ["no mention", "not asked"],
            "Searched 1 report: 0 speak of it, 1 does not. 1 was not asked.",
        ),
        (
            ["evidence", "not asked", "not asked"],
            "Searched 1 report: 1 speaks of it, 0 do not. 2 were not asked.",
        ),
    ],
)
def test_a_summary_counts_the_reports(statuses: list[Status], text: str) -> None:
    assert summary(ask("carers"), [row(n, s) for n, s in enumerate(statuses)]) == text


DECIDED = Decided(searched=10_412, silent=9_330, weak=241, close=541, speak=212, unread=300)


@pytest.mark.parametrize(
    "decided", [Decided(), Decided(searched=20, close=20, read=9, speak=3), Decided(searched=3)]
)
def test_where_every_report_was_read_closely_nothing_is_said_of_it(decided: Decided) -> None:
    assert decided_in_words(decided) == ""
    coverage = [row(1, "evidence"), row(2)]
    assert summary(ask("carers"), coverage, decided) == summary(ask("carers"), coverage)
    assert why_refused(ask("carers"), coverage, decided) == why_refused(ask("carers"), coverage)


def test_what_the_decisions_rest_on_is_told_with_the_number_of_reports_of_each_kind() -> None:
    assert decided_in_words(DECIDED) == (
        "10,412 reports were searched: 9,330 hold none of the words looked for, nor anything near"
        " in meaning; 241 hold some of it, but too little to answer; 541 were read closely and 212"
        " of them speak; 300 may speak, but were not read closely, for others come first."
    )


@pytest.mark.parametrize(
    ("decided", "words"),
    [
        (
            Decided(searched=2, silent=1, close=1, speak=1),
            "2 reports were searched: 1 holds none of the words looked for, nor anything near in"
            " meaning; 1 was read closely and 1 of them speaks.",
        ),
        (
            Decided(searched=31, silent=30, close=1),
            "31 reports were searched: 30 hold none of the words looked for, nor anything near in"
            " meaning; 1 was read closely and none speaks.",
        ),
    ],
)
def test_what_the_decisions_rest_on_is_right_in_singular_and_plural(
    decided: Decided, words: str
) -> None:
    assert decided_in_words(decided) == words


def test_summary_and_refusal_of_many_reports_say_what_the_decisions_rest_on() -> None:
    coverage = [row(1, "evidence"), row(2), row(3, "not read"), row(4, "not asked")]
    said = summary(ask("carers in Leeds"), coverage, DECIDED)
    assert said.startswith(decided_in_words(DECIDED))
    assert said.endswith(" 1 was not asked. There is no report about Leeds.")
    refused = why_refused(ask("carers"), coverage[1:], DECIDED)
    assert "Nothing in the 1 reports decided on answers this." in refused
    assert refused.endswith(decided_in_words(DECIDED))


def test_a_report_that_was_not_read_closely_is_never_counted_as_one_that_does_not_speak() -> None:
    coverage = [row(1, "evidence"), row(2), row(3, "not read"), row(4, "not read")]
    assert summary(ask("carers"), coverage) == (
        "Searched 4 reports: 1 speaks of it, 1 does not. 2 were not read closely."
    )


def test_the_reasons_of_reports_that_were_not_read_closely_say_what_to_do() -> None:
    assert why_weak() == ("mentions some of it, but too little to answer")
    assert why_unread(1_541) == (
        "may speak: mentions some of it; not read closely, because 1,541 reports come before it."
        " Name a council or a year to narrow the question"
    )
    assert "because 1 report comes before it" in why_unread(1)


def test_a_summary_names_the_councils_that_are_not_on_the_shelf() -> None:
    text = summary(ask("carers in Sefton and Leeds"), [row(1, "evidence")])
    assert text.endswith("There is no report about Leeds.")


def test_the_text_holds_every_quote_under_its_report_with_the_places_that_repeat_it() -> None:
    ones = citation(1, "a", "One."), citation(2, "a", "Two.", "§ 7")
    citations = [*ones, citation(3, "b", "Six.")]
    text = as_text("Summary.", [row(1, "evidence")], citations, (), ask("carers"))
    assert text.split("\n") == [
        "Summary.",
        "",
        "A, 2022",
        "“One.” [1: a, place 1]",
        "“Two.” [2: a, place 2]",
        "  Nearly the same: § 7",
        "",
        "B, 2022",
        "“Six.” [3: b, place 3]",
    ]


def test_the_text_of_a_refusal_shows_the_closest_as_no_answer_and_every_silent_report() -> None:
    coverage = [row(1), row(2, "not asked", "left out"), row(3, reason="nothing on trams")]
    text = as_text("Nothing.", coverage, (), [citation(1, "a", "Near.")], ask("carers"))
    assert text.split("\n") == [
        "Nothing.",
        "",
        "Closest, though not an answer:",
        "“Near.” [a, place 1]",
        "",
        "The shelf covers: r1; r2; r3.",
        "",
        "No mention found:",
        "- Place 1 Council, May 2022: nothing on pots",
        "- Place 3 Council, May 2022: nothing on trams",
    ]


def test_the_text_tells_reports_that_were_not_read_closely_apart_from_the_silent() -> None:
    coverage = [row(1), row(2, "not read", "may speak"), row(3, "not asked", "left out")]
    text = as_text("Searched.", coverage, [citation(1, "a", "Said.")], (), ask("carers"))
    assert text.split("\n\n")[-2:] == [
        "Not read closely:\n- Place 2 Council, May 2022: may speak",
        "No mention found:\n- Place 1 Council, May 2022: nothing on pots",
    ]


@pytest.mark.parametrize("count", [MOST_LISTED, MOST_LISTED + 1])
def test_of_many_silent_reports_each_is_named_once_beside_the_reason_that_they_share(
    count: int,
) -> None:
    coverage = [
        row(n, reason="nothing on pans" if n == 7 else "nothing on pots") for n in range(count)
    ]
    text = as_text("Searched.", coverage, [citation(1, "a", "Said.")], (), ask("carers"))
    _, *told = text.split("No mention found:\n")[1].split("\n- ")
    assert [text.count(f"Place {n} Council, May 2022") for n in range(count)] == [1] * count
    if count <= MOST_LISTED:
        assert len(told) == count - 1
    else:
        assert f"- nothing on pots ({count - 1} reports): Place 0 Council, May 2022; " in text
        assert text.endswith("- nothing on pans (1 report): Place 7 Council, May 2022")


def test_of_many_silent_reports_two_that_are_called_alike_are_told_apart() -> None:
    alike = [replace(row(n), council="Place 1 Council") for n in (1, 2)]
    coverage = [*alike, *(row(n) for n in range(3, 60))]
    text = as_text("Searched.", coverage, [citation(1, "a", "Said.")], (), ask("carers"))
    assert "Place 1 Council, May 2022 (r1); Place 1 Council, May 2022 (r2); Place 3" in text


def test_a_refusal_tells_the_titles_on_the_shelf_the_commonest_first() -> None:
    titles = ["Carers", "Budget", "BUDGET", *(f"Title {n}" for n in range(12))]
    coverage = [replace(row(n), title=title) for n, title in enumerate(titles)]
    text = as_text("Nothing.", coverage, (), (), ask("carers"))
    (covers,) = (line for line in text.split("\n") if line.startswith("The shelf covers: "))
    assert covers.startswith("The shelf covers: BUDGET (2); Carers; Title 0; ")
    assert covers.endswith("; Title 9; and 2 more.")  # 12 of 14 titles are named


def test_the_text_says_how_the_question_was_read() -> None:
    text = as_text("S.", [], (), (), ask("carrers and amhps"))
    assert "“carrers” was read as “carers”." in text
    assert "AMHPs was also looked for as Approved Mental Health Professionals." in text
