"""Questions: what is looked for, in which reports, and what a reader is shown of the reading."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.question import Question, Shelf, understand
from rag.records import ReportInfo, Understood
from rag.terms import Said, stems, words


def info(report: str, council: str | None, kind: str = "peer challenge") -> ReportInfo:
    date = report[-4:] if report[-4:].isdigit() else None
    return ReportInfo(report, None, council, date, kind, None, None, "full", 1, 100)


REPORTS = (
    info("southampton-2019", "Southampton City Council"),
    info("southampton-2020", "Southampton City Council", "scrutiny report"),
    info("sefton-2022", "Sefton Council"),
    info("southend-2023", "Southend-on-Sea City Council"),
    info("somerset-2024", "Somerset Council"),
    info("minutes", None, "minutes"),
)
ALL = {i.report for i in REPORTS}
PASSAGES = (  # one of each report, so that there are six
    "The Deprivation of Liberty Safeguards team at Southampton waits.",
    "DoLS are late in Southampton and carers wait.",
    "Carers at Sefton have direct payments. DoLS too.",
    "Co-production with carers is routine at Southend.",
    "Safeguarding persons in Somerset, the AMHP rota, assessments.",
    "Disabled facilities grants should rise.",
)
STEMS = [set(stems(passage)) for passage in PASSAGES]
SAID = [Said.of(stems(passage)) for passage in PASSAGES]
WORDS = sorted({w.lower() for passage in PASSAGES for w in words(passage)})
ACRONYMS = (
    ("DoLS", "Deprivation of Liberty Safeguards"),
    ("AMHPs", "Approved Mental Health Professionals"),
    ("ICB", "Integrated Care Board"),
    ("SAB", "Safeguarding Adults Board"),
)
SHELF = Shelf(REPORTS, ACRONYMS, lambda s: sum(s in p for p in STEMS), lambda: WORDS)


def read(text: str) -> Question:
    return understand(text, SHELF)


def shown(text: str) -> Understood:
    return read(text).understood


SOUTHAMPTON = {"southampton-2019", "southampton-2020"}
CITY = "Southampton City Council"


@pytest.mark.parametrize(
    ("text", "asked", "why"),
    [
        ("carers", ALL, ""),
        ("carers in sefton", {"sefton-2022"}, "the question is about Sefton Council"),
        ("southamptons carers", SOUTHAMPTON, f"the question is about {CITY}"),
        (
            "compare southend with sefton",
            {"southend-2023", "sefton-2022"},
            "the question is about Southend-on-Sea City Council and Sefton Council",
        ),
        ("what did leeds do on carers", set(), "the question is about Leeds"),
        ("carers in Leeds and York", set(), "the question is about Leeds and York"),
        ("sefton or leeds on carers", {"sefton-2022"}, "the question is about Sefton Council"),
        ("north somerset carers", set(), "the question is about North Somerset"),
        (
            "southampton scrutiny report on carers",
            {"southampton-2020"},
            f"the question is about {CITY} and it asks for the scrutiny report",
        ),
        (
            "sefton peer challenge on carers",
            {"sefton-2022"},
            "the question is about Sefton Council",
        ),
        (
            "southampton 2019 carers",
            {"southampton-2019"},
            f"the question is about {CITY} and it asks for reports of 2019",
        ),
        (
            "since 2023 carers",
            {"southend-2023", "somerset-2024", "minutes"},
            "it asks for reports since 2023",
        ),
        ("southampton in 2018 on carers", SOUTHAMPTON, f"the question is about {CITY}"),
    ],
)
def test_councils_kinds_and_years_decide_which_reports_are_asked(
    text: str, asked: set[str], why: str
) -> None:
    assert read(text).asked == asked
    assert read(text).why_left_out == why


def test_councils_on_the_shelf_and_absent_ones_are_shown_apart() -> None:
    understood = shown("compare sefton's carers with leeds, southend 2023 and york")
    assert understood.councils == ("Sefton Council", "Southend-on-Sea City Council")
    assert understood.absent == ("Leeds", "York")
    assert understood.years == ("2023",)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("what did Southampton's 2019 review say on carers", "what did review say on carers"),
        ("carers at Sefton Council and in leeds", "carers at and in"),
        ("carers since 2022", "carers"),
        ("budget for 2018", "budget for 2018"),  # restricts nothing
        ("southampton", "southampton"),
        ("dols", "dols (Deprivation of Liberty Safeguards)"),
        ("amhp", "amhp (Approved Mental Health Professionals)"),
        ("deprivation of liberty safeguards", "deprivation of liberty safeguards"),
    ],
)
def test_councils_and_years_are_taken_out_of_the_topic_but_never_all_of_it(
    text: str, topic: str
) -> None:
    assert read(text).topic == topic
    assert read(text).text == text


@pytest.mark.parametrize("text", ["Southampton?", "Sefton Council, 2022?"])
def test_a_topic_is_never_left_without_a_word(text: str) -> None:
    assert words(read(text).topic)


def test_the_words_of_councils_and_years_are_not_looked_for() -> None:
    assert shown("southampton 2019 carers").terms == ("carers",)


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("which councils were praised for co-production?", "strength"),
        ("who got praise for direct payments", "strength"),
        ("strong voluntary sector - which councils got credit", "strength"),
        ("what's good about transitions in sefton", "strength"),
        ("was anyone commended for technology", "strength"),
        ("extra care - who did well", "strength"),
        ("what did peers recommend on complaints?", "recommendation"),
        ("recs on hospital discharge", "recommendation"),
        ("areas for improvement on carers", "recommendation"),
        ("staff training - what should councils fix", "recommendation"),
        ("staff training - what shoud councils fix", "recommendation"),
        ("what were southend told to do about the market", "recommendation"),
        ("strengths based practice - what needs to improve", "recommendation"),
        ("what did peers advise on waiting lists", "recommendation"),
        ("strengths based practice", None),
        ("strengths-based practice in sefton", None),
        ("strength based working, who uses it", None),
        ("what about dols at sefton?", None),
        ("info and advice for the public", None),
        ("who mentions dementia", None),
    ],
)
def test_praise_is_told_from_recommendations_and_from_neither(text: str, role: str | None) -> None:
    assert shown(text).role == role


def test_universal_credit_is_no_praise() -> None:
    assert shown("who mentions universal credit").role is None


def test_to_commend_is_to_praise() -> None:
    assert shown("what did the peers commend at sefton").role == "strength"


def test_the_words_of_praise_are_not_looked_for() -> None:
    assert shown("which councils were praised for late rotas").terms == ("late", "rotas")
    assert shown("recommendations on carers").terms == ("carers",)
    assert shown("strengths based practice").terms == ("strengths based", "practice")


AMHP = (("amhp",), ("approv", "mental", "health", "profession"))
DOLS = (("dol",), ("depriv", "liberti", "safeguard"))


@pytest.mark.parametrize(
    ("text", "short", "alternatives"),
    [
        ("dols", "DoLS", DOLS),
        ("Deprivation of liberty safeguards", "DoLS", DOLS),
        ("amhp", "AMHPs", AMHP),
        ("amhps", "AMHPs", AMHP),
        ("approved mental health professionals", "AMHPs", AMHP),
        ("ICBs", "ICB", (("icb",), ("integr", "care", "board"))),
    ],
)
def test_either_form_of_an_acronym_stands_for_both(
    text: str, short: str, alternatives: tuple[tuple[str, ...], ...]
) -> None:
    (concept,) = read(text).concepts
    assert concept.alternatives == alternatives
    assert concept.name == (short if len(words(text)) == 1 else text)  # the long form as typed
    assert shown(text).expansions == ((short, dict(ACRONYMS)[short]),)


def test_one_professional_is_meant_where_several_are_defined() -> None:
    assert shown("an approved mental health professional").expansions == (ACRONYMS[1],)


def test_a_long_form_in_the_plural_is_one_concept() -> None:
    assert shown("integrated care boards").terms == ("integrated care boards",)
    assert shown("integrated care boards").expansions == (ACRONYMS[2],)


@pytest.mark.parametrize("short", ["DoLS", "DoLs"])
def test_dols_does_not_lose_its_last_letter(short: str) -> None:
    shelf = replace(SHELF, acronyms=[(short, "Deprivation of Liberty Safeguards")])
    assert shelf.acronyms[0] not in understand("the dol queue", shelf).understood.expansions
    assert shelf.acronyms[0] in understand("the dols queue", shelf).understood.expansions


def test_a_short_form_of_the_sector_is_widened_when_its_words_stand_on_the_shelf() -> None:
    assert shown("dfgs").expansions == (("DFG", "disabled facilities grant"),)
    assert shown("cqc").expansions == ()  # nothing on the shelf speaks of a commission


def test_the_definition_of_a_report_wins_over_the_sectors() -> None:
    shelf = replace(SHELF, acronyms=[("DFG", "Drivers For Good")])
    assert understand("dfg", shelf).understood.expansions == (("DFG", "Drivers For Good"),)


@pytest.mark.parametrize(
    ("text", "wants"),
    [("how many carers wait", "number"), ("who chairs the board", "person"), ("carers", None)],
)
def test_the_kind_of_answer_that_is_wanted_is_shown(text: str, wants: str | None) -> None:
    assert shown(text).wants == wants


def test_a_misspelt_word_is_mended_and_shown() -> None:
    question = read("safegaurding assesments in somerst")
    assert question.understood.corrections == (
        ("safegaurding", "safeguarding"),
        ("assesments", "assessments"),
        ("somerst", "somerset"),
    )
    assert question.understood.councils == ("Somerset Council",)
    assert question.topic == "safeguarding assessments in"
    assert question.text == "safegaurding assesments in somerst"


@pytest.mark.parametrize("text", ["prison", "prisons", "leeds", "Wolverhampton's", "carer", "dol"])
def test_an_english_word_and_a_council_are_not_mended(text: str) -> None:
    assert shown(text).corrections == ()


@settings(deadline=None, max_examples=60)
@given(
    st.text(max_size=40) | st.lists(st.sampled_from([*WORDS, "2019", "dols", "?"])).map(" ".join)
)
def test_any_text_can_be_read(text: str) -> None:
    question = read(text)
    assert question.asked <= ALL
    assert question.topic or not text
    assert len(set(question.understood.terms)) == len(question.concepts)
    assert 0 <= question.coverage(SAID[0]) <= question.coverage(Said(question.stems)) <= 1 + 1e-9


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_a_slip_is_mended_the_same_way_in_every_process(seed: str) -> None:
    """ "takex" is as near to "take" as to "taken"; sets are ordered anew in each process."""
    code = (
        "from rag.question import Shelf, understand;"
        "shelf = Shelf((), (), lambda stem: 0, lambda: []);"
        "print(understand('takex', shelf).understood.corrections)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "(('takex', 'take'),)\n"
