"""Councils: every place is found however it is written, and no word is taken for one."""

from __future__ import annotations

import pytest

from rag.councils import PLACES, naming, place_of, places_named, shortened_places


def test_the_places_are_sorted_unique_and_about_three_hundred() -> None:
    assert list(PLACES) == sorted(PLACES)
    assert len(set(PLACES)) == len(PLACES)
    assert 290 <= len(PLACES) <= 330
    assert all(place == place.strip() and "\n" not in place for place in PLACES)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_names_itself_alone_and_as_a_council(place: str) -> None:
    assert places_named(f"What did {place} say?") == [place]
    assert places_named(f"what did {place} Council's peers say?") == [place]
    assert places_named(f"{place.lower()} council") == [place]
    assert place_of(f"{place} Council") == place


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("North Somerset", ["North Somerset"]),
        ("north somerset and somerset", ["North Somerset", "Somerset"]),
        ("Somerset, not North Somerset", ["Somerset", "North Somerset"]),
        ("Bath and North East Somerset", ["Bath and North East Somerset"]),
        ("East Devon beside Devon", ["East Devon", "Devon"]),
        ("County Durham", ["County Durham"]),
        ("Derbyshire Dales", ["Derbyshire Dales"]),
        ("South Gloucestershire", ["South Gloucestershire"]),
        ("West Northamptonshire", ["West Northamptonshire"]),
    ],
)
def test_of_overlapping_names_only_the_longest_is_meant(text: str, places: list[str]) -> None:
    assert places_named(text) == places


@pytest.mark.parametrize(
    "text", ["Bath & North East Somerset", "bath & north east somerset council"]
)
def test_an_ampersand_in_a_name_does_not_leave_another_council(text: str) -> None:
    assert "Somerset" not in places_named(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Sefton's carers", "Sefton"),
        ("Sefton’s carers", "Sefton"),
        ("seftons carers", "Sefton"),
        ("SEFTON carers", "Sefton"),
        ("southends carers", "Southend-on-Sea"),
        ("southend on sea", "Southend-on-Sea"),
        ("Southend-on-Sea City Council", "Southend-on-Sea"),
        ("London Borough of Barnet", "Barnet"),
        ("the city of bradford", "Bradford"),
        ("Kent County Council's plan", "Kent"),
        ("Leeds' plan", "Leeds"),
        ("king’s lynn", "King's Lynn and West Norfolk"),
        ("kings lynn and west norfolk", "King's Lynn and West Norfolk"),
        ("Brighton & Hove", "Brighton and Hove"),
        ("stoke on trent", "Stoke-on-Trent"),
        ("blackburn's carers", "Blackburn with Darwen"),
        ("Newcastle", "Newcastle upon Tyne"),
        ("newcastle under lyme", "Newcastle-under-Lyme"),
        ("Reading Council", "Reading"),
        ("reading council", "Reading"),
        ("reading council's carers", "Reading"),
        ("Bury's carers", "Bury"),
    ],
)
def test_a_council_is_found_however_it_is_written(text: str, place: str) -> None:
    assert places_named(f"what about {text}, then?") == [place]


@pytest.mark.parametrize("text", ["reading borough council", "bury borough council's plans"])
def test_a_place_that_is_also_a_word_is_found_by_its_full_council_name(text: str) -> None:
    assert len(places_named(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "who is reading the reports",
        "they bury bad news",
        "the hart of the matter",
        "a rugby club for carers",
        "the hastings of the day",
        "a durham bull in harrow",
        "yorkshire pudding",
        "the kentish coast",
        "the council",
        "",
    ],
)
def test_a_word_is_not_taken_for_a_council(text: str) -> None:
    assert places_named(text) == []


def test_councils_are_given_once_each_in_the_order_of_the_text() -> None:
    text = "York or Leeds, Leeds City Council or York's, and Kent"
    assert places_named(text) == ["York", "Leeds", "Kent"]


def test_only_the_places_that_are_asked_for_are_looked_for() -> None:
    assert places_named("North Somerset and Leeds", ["Somerset"]) == ["Somerset"]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("what did Sefton Council's carers say", "what did carers say"),
        ("sefton's carers", "carers"),
        ("carers at Sefton", "carers at"),
        ("carers in the London Borough of Sefton", "carers in the"),
    ],
)
def test_taking_a_council_out_takes_its_rank_and_ending_along(text: str, rest: str) -> None:
    assert " ".join(naming("Sefton").sub(" ", text).split()) == rest


@pytest.mark.parametrize(
    ("council", "place"),
    [
        ("Sefton Council", "Sefton"),
        ("Southend-on-Sea City Council", "Southend-on-Sea"),
        ("Kent County Council", "Kent"),
        ("Bury Metropolitan Borough Council", "Bury"),
        ("London Borough of Waltham Forest", "Waltham Forest"),
        ("London Borough of Barnet Council", "Barnet"),
        ("Royal Borough of Greenwich", "Greenwich"),
        ("City of York Council", "York"),
        ("City of Bradford Metropolitan District Council", "Bradford"),
        ("Council of the Isles of Scilly", "Isles of Scilly"),
        ("Bath and North East Somerset Council", "Bath and North East Somerset"),
        ("Ambridge", "Ambridge"),
        pytest.param(
            "Borough Council of King's Lynn and West Norfolk",
            "King's Lynn and West Norfolk",
        ),
    ],
)
def test_the_place_is_what_stays_of_a_council_without_its_rank(council: str, place: str) -> None:
    assert place_of(council) == place


def test_shortened_counties_are_read_in_full_and_beds_alone_are_not() -> None:
    assert shortened_places("ne lincs and Bucks") == [
        ("ne lincs", "north east lincolnshire"),
        ("Bucks", "buckinghamshire"),
    ]
    assert shortened_places("central beds") == [("central beds", "central bedfordshire")]
    assert shortened_places("step-down beds") == []
