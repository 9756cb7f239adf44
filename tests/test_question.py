"""Questions: what is looked for, in which reports, and what a reader is shown of the reading."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.question import Concept, Question, Shelf, understand
from rag.records import ReportInfo, Understood
from rag.terms import stems, words


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


def idf(df: int, size: int = 6) -> float:
    return math.log(1 + (size - df + 0.5) / (df + 0.5))


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
    assert shown("which councils were praised for direct payments").terms == ("direct", "payments")
    assert shown("recommendations on carers").terms == ("carers",)
    assert shown("strengths based practice").terms == ("strengths", "based", "practice")


AMHP = (("amhp",), ("approv", "mental", "health", "profession"))
DOLS = (("dol",), ("depriv", "liberti", "safeguard"))


@pytest.mark.parametrize(
    ("text", "name", "alternatives"),
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
    text: str, name: str, alternatives: tuple[tuple[str, ...], ...]
) -> None:
    (concept,) = read(text).concepts
    assert (concept.name, concept.alternatives) == (name, alternatives)
    assert shown(text).expansions == ((name, dict(ACRONYMS)[name]),)


def test_one_professional_is_meant_where_several_are_defined() -> None:
    assert shown("an approved mental health professional").expansions == (ACRONYMS[1],)


def test_a_long_form_in_the_plural_is_one_concept() -> None:
    assert shown("integrated care boards").terms == ("ICB",)


@pytest.mark.parametrize("short", ["DoLS", "DoLs"])
def test_dols_does_not_lose_its_last_letter(short: str) -> None:
    shelf = replace(SHELF, acronyms=[(short, "Deprivation of Liberty Safeguards")])
    assert understand("the dol queue", shelf).understood.expansions == ()
    assert understand("the dols queue", shelf).understood.expansions == tuple(shelf.acronyms)


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


@pytest.mark.parametrize(
    "asked", ["co-production", "coproduction", "Co‑production", "CO-PRODUCTION"]
)
@pytest.mark.parametrize("written", ["co-production", "coproduction", "Co‐production"])
def test_hyphens_make_no_difference(asked: str, written: str) -> None:
    assert read(asked).coverage(set(stems(written))) == pytest.approx(1)


def test_strength_is_the_weight_met_of_the_best_alternative_from_a_half_upwards() -> None:
    concept = Concept("x", (("a", "b"), ("c", "d")), ((3.0, 1.0), (2.0, 2.0)), 2.0)
    assert concept.strength({"a"}) == 3 / (3 + 1)
    assert concept.strength({"b"}) == 0  # 1 of 4
    assert concept.strength({"c"}) == 2 / (2 + 2)
    assert concept.strength({"b", "d"}) == max(0, 2 / 4)
    assert concept.strength({"a", "c"}) == max(3 / 4, 2 / 4)
    assert concept.strength({"a", "b", "e"}) == 1
    assert concept.strength(()) == 0
    assert Concept("x", (("a",),), ((0.0,),), 0.0).strength({"a"}) == 0


def test_a_concept_weighs_as_much_as_its_commonest_way_of_being_said() -> None:
    dols, carers = read("dols for carers").concepts
    # "dol" is in 2 of 6 passages; "depriv" and "liberti" in 1, "safeguard" in 2; "carer" in 3.
    assert dols.weights == ((idf(2),), (idf(1), idf(1), idf(2)))
    assert dols.weight == min(idf(2), max(idf(1), idf(1), idf(2))) == idf(2)
    assert carers.weight == idf(3) < idf(2)


def test_coverage_is_the_share_of_weight_that_is_met() -> None:
    question = read("dols for carers")
    total = idf(2) + idf(3)
    part = (idf(1) + idf(1)) / (idf(1) + idf(1) + idf(2))
    assert question.coverage({"dol"}) == pytest.approx(idf(2) / total)
    assert question.coverage({"carer"}) == pytest.approx(idf(3) / total)
    assert question.coverage({"dol", "carer"}) == pytest.approx(1)
    assert question.coverage({"depriv", "liberti"}) == pytest.approx(idf(2) * part / total)
    assert question.coverage({"safeguard"}) == 0
    assert read("what did they say").coverage({"say"}) == 0


@settings(deadline=None, max_examples=60)
@given(
    st.text(max_size=40) | st.lists(st.sampled_from([*WORDS, "2019", "dols", "?"])).map(" ".join)
)
def test_any_text_can_be_read(text: str) -> None:
    question = read(text)
    assert question.asked <= ALL
    assert question.topic or not text
    assert len(set(question.understood.terms)) == len(question.concepts)
    assert 0 <= question.coverage(STEMS[0]) <= question.coverage(set(question.stems)) <= 1 + 1e-9


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
