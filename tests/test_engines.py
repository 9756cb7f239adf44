"""Laws that hold wherever reports are kept: in a file, or in Milvus."""

from __future__ import annotations

import contextlib
import importlib.util
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import WordEncoder

from rag.embedding import Vectors
from rag.engine import Engine, Searcher
from rag.errors import IndexMismatchError, InputError, RagError
from rag.indexing import indexed
from rag.milvus import MilvusStore
from rag.packing import Indexed, Known
from rag.records import Block, Metadata, Report
from rag.searching import FileSearcher
from rag.segments import bring_up
from rag.settings import IndexSettings
from rag.store import FILE_NAME, Store
from rag.terms import stems

KINDS = ("file", "milvus")
SETTINGS = IndexSettings()
DIMENSION = WordEncoder.dimension
Shelves = Callable[..., Engine]


def engine_at(
    kind: str, folder: Path, settings: IndexSettings = SETTINGS, *, create: bool = True
) -> Engine:
    """A shelf in a folder."""
    if kind == "file":
        return Store(folder / FILE_NAME, settings, create=create)
    if importlib.util.find_spec("pymilvus") is None:
        pytest.skip("Milvus' client is not installed: pip install '.[milvus]'")
    return MilvusStore(
        f"milvus:{folder / 'shelf.db'}", settings, create=create, dimension=DIMENSION
    )


def searcher_of(engine: Engine) -> Searcher:
    """A searcher over the shelf as it is now."""
    if isinstance(engine, MilvusStore):
        return engine.searcher()
    assert isinstance(engine, Store)
    with engine.reading():
        held = engine.held()
        segments = bring_up(engine.path.parent, engine, held, DIMENSION)
        return FileSearcher(engine, held, segments, engine.generation(), DIMENSION)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(kind: str, tmp_path: Path) -> Iterator[Engine]:
    with contextlib.closing(engine_at(kind, tmp_path)) as made:
        yield made


# --- what is put on the shelf ---------------------------------------------------------------------


def a_report(name: str, *paragraphs: str, **about: str | None) -> Report:
    """A report of these paragraphs, the first two words of each its heading."""
    blocks, start = [], 0
    for number, text in enumerate(paragraphs, start=1):
        section = ("Findings", " ".join(text.split()[:2]))
        end = start + len(text)
        blocks.append(Block("paragraph", start, end, section, f"{number}", number, page=number))
        start = end + 2
    metadata = Metadata(
        *(f"A review of {name}", about.get("council"), about.get("date", "2022-05")),
        *("inspection", "A publisher", "https://x"),
        judgement="Good",
    )
    text = "\n\n".join(paragraphs)
    notes = ("Page 3 is a scan, read by OCR.",)
    return Report(
        *(name, metadata, text, tuple(blocks)),
        *(about.get("digest") or f"digest of {name}", about.get("origin") or f"/reports/{name}.md"),
        *(12, notes),
    )


def cut(report: Report) -> tuple[list[Indexed], dict[bytes, Vectors]]:
    """Its passages, and their vectors by key."""
    passages, texts = indexed(report, SETTINGS)
    return passages, dict(zip(texts, WordEncoder().encode(list(texts.values())), strict=True))


def put(
    engine: Engine,
    report: Report,
    *,
    replaces: str | None = None,
    catalogued: str = "",
    acronyms: Sequence[tuple[str, str]] = (),
) -> None:
    """As adding does it: only the vectors that are missing are handed over."""
    passages, vectors = cut(report)
    with engine.writing():
        missing = engine.missing_vectors(vectors)
        packed = {key: vectors[key].astype("<f4").tobytes() for key in missing}
        engine.put(report, passages, packed, acronyms, replaces=replaces, catalogued=catalogued)


TRAMS = a_report(
    *("trams", "Trams run every ten minutes.", "The tram fare is £3.50 for 1,000 people."),
    "Direct payments are used by 40 people.",
    council="Ambridge Council",
)
CARERS = a_report(
    *("carers", "Carers wait too long for direct payments.", "Trams run every ten minutes."),
    council="Borchester Council",
    date="2021",
)
CAFES = a_report("cafes", "Carers meet at a café, and payments are direct.", "Beds are few.")
SHELF = (CARERS, CAFES, TRAMS)
IN_ORDER = ["trams", "carers", "cafes"]
"""Ambridge, Borchester, unknown."""


@pytest.fixture
def shelf(engine: Engine) -> Engine:
    for report in SHELF:
        put(engine, report)
    return engine


def everything(engine: Engine) -> dict[str, object]:
    """All that an engine says of its shelf, ids of passages left out."""
    ids = sorted(all_ids(engine))
    return {
        "reports": engine.reports(),
        "known": engine.known(),
        "words": engine.words(),
        "acronyms": engine.acronyms(),
        "generation": engine.generation(),
        "texts": [engine.report_text(name) for name in IN_ORDER],
        "blocks": [engine.blocks(name) for name in IN_ORDER],
        "passages": [engine.passages_of(name) for name in IN_ORDER],
        "stems": sorted(engine.stems(ids).values()),
        "phrases": [engine.count_phrase(p.split()) for p in ("direct payment", "tram", "find")],
    }


def all_ids(engine: Engine) -> dict[int, tuple[str, int]]:
    """Report and place of every passage by its id, found by meaning."""
    found = searcher_of(engine).nearest(np.ones(DIMENSION, np.float32), 1000)
    return {i: (p.report, p.seq) for i, p in engine.passages(found.ids.tolist()).items()}


# --- keeping --------------------------------------------------------------------------------------


def test_what_is_put_comes_back_in_the_order_of_the_shelf(shelf: Engine) -> None:
    assert [info.report for info in shelf.reports()] == IN_ORDER
    assert [(info.passages, info.words) for info in shelf.reports()] == [(3, 20), (2, 12), (2, 12)]
    assert shelf.known() == [
        Known(r.id, r.digest, r.origin, r.metadata, "") for r in (TRAMS, CARERS, CAFES)
    ]
    for report in SHELF:
        passages, _ = cut(report)
        assert shelf.report_text(report.id) == report.text
        assert shelf.blocks(report.id) == list(report.blocks)
        assert shelf.passages_of(report.id) == [item.passage for item in passages]
        assert shelf.origin(report.id) == (report.origin, report.digest)
    assert shelf.problems(DIMENSION) == []


def test_what_is_not_there_is_nothing_and_no_error(shelf: Engine) -> None:
    assert shelf.report_text("absent") is None
    assert shelf.origin("absent") is None
    assert shelf.blocks("absent") == []
    assert shelf.passages_of("absent") == []
    assert shelf.with_digest("absent") is None
    assert shelf.passages([]) == {}
    assert shelf.stems([]) == {}
    assert not shelf.remove("absent")


def test_passages_and_stems_come_by_their_ids(shelf: Engine) -> None:
    ids = all_ids(shelf)
    assert len(ids) == 7
    kept = shelf.stems(list(ids))
    for i, passage in shelf.passages(list(ids)).items():
        assert (passage.report, passage.seq) == ids[i]
        assert kept[i][0] == " ".join(stems(passage.text))
        assert "find" in kept[i][1].split()


def test_every_engine_says_the_same(tmp_path: Path) -> None:
    said = []
    for name in KINDS:
        (tmp_path / name).mkdir()
        with contextlib.closing(engine_at(name, tmp_path / name)) as engine:
            for report in SHELF:
                put(engine, report, acronyms=[("DP", "direct payment"), ("DP", "Direct Payment")])
            said.append(everything(engine))
    assert said[0] == said[1]


def test_what_was_committed_is_there_when_it_is_opened_again(kind: str, tmp_path: Path) -> None:
    with contextlib.closing(engine_at(kind, tmp_path)) as engine:
        for report in SHELF:
            put(engine, report)
        before, built = everything(engine), engine.built_with()
    with contextlib.closing(engine_at(kind, tmp_path, create=False)) as engine:
        assert everything(engine) == before
        assert engine.built_with() == built
        assert engine.problems(DIMENSION) == []


def test_every_change_is_one_generation(engine: Engine) -> None:
    assert engine.generation() == 0
    put(engine, TRAMS)
    put(engine, CARERS)
    assert engine.generation() == 2
    with engine.writing():
        engine.recatalogue("trams", "anew")
    assert engine.generation() == 2
    engine.remove("trams")
    assert engine.generation() == 3
    assert engine.built_with()["generation"] == "3"


def test_a_report_can_be_put_in_place_of_another(shelf: Engine) -> None:
    new = a_report("trams-2023", "Trams run on time.", council="Ambridge Council")
    put(shelf, new, replaces="trams")
    assert [info.report for info in shelf.reports()] == ["trams-2023", *IN_ORDER[1:]]
    assert shelf.report_text("trams") is None
    assert shelf.report_text("trams-2023") == new.text
    assert shelf.with_digest(TRAMS.digest) is None
    assert shelf.problems(DIMENSION) == []


def test_a_report_can_be_put_in_place_of_itself(shelf: Engine) -> None:
    new = a_report("trams", "Trams run on time.", digest="other", council="Ambridge Council")
    put(shelf, new, replaces="trams")
    assert [info.report for info in shelf.reports()] == IN_ORDER
    assert shelf.report_text("trams") == new.text
    assert shelf.problems(DIMENSION) == []


def test_a_removed_report_is_gone_from_everything(shelf: Engine) -> None:
    assert shelf.remove("trams")
    assert [info.report for info in shelf.reports()] == IN_ORDER[1:]
    assert shelf.report_text("trams") is None
    assert not shelf.blocks("trams")
    assert not shelf.passages_of("trams")
    assert {report for report, _ in all_ids(shelf).values()} == {"carers", "cafes"}
    assert "fare" not in shelf.words()
    assert searcher_of(shelf).frequency("fare") == 0
    assert shelf.problems(DIMENSION) == []


def test_the_catalogue_s_entry_can_change_by_itself(shelf: Engine) -> None:
    with shelf.writing():
        shelf.recatalogue("trams", "what it says now")
    assert [known.catalogued for known in shelf.known()] == ["what it says now", "", ""]
    assert shelf.passages_of("trams") == [item.passage for item in cut(TRAMS)[0]]
    assert shelf.problems(DIMENSION) == []


def test_only_vectors_that_no_report_has_are_missing(shelf: Engine) -> None:
    known = {key for report in SHELF for key in cut(report)[1]}
    _, new = cut(a_report("new", "Nothing of this is there.", council="Ambridge Council"))
    assert shelf.missing_vectors(known | new.keys()) == set(new)
    assert shelf.missing_vectors([]) == set()


def test_a_passage_that_another_report_has_keeps_its_vector_when_that_one_goes(
    engine: Engine,
) -> None:
    put(engine, TRAMS)
    copy = replace(TRAMS, id="copy", digest="other")
    put(engine, copy)
    engine.remove("trams")
    assert engine.missing_vectors(cut(TRAMS)[1]) == set()
    assert engine.problems(DIMENSION) == []


def test_words_and_acronyms_are_those_of_most_reports_first(engine: Engine) -> None:
    forms = (("DP", "direct payments"), ("ASC", "adult social care"), ("DP", "direct payments"))
    put(engine, TRAMS, acronyms=forms)
    put(engine, CARERS, acronyms=forms[:1])
    assert engine.acronyms() == [("DP", "direct payments"), ("ASC", "adult social care")]
    counts = Counter(w for r in (TRAMS, CARERS) for w in {w.lower() for w in words_of(r)})
    assert engine.words() == sorted(counts, key=lambda word: (-counts[word], word))


def words_of(report: Report) -> list[str]:
    from rag.terms import words

    return words(report.text)


def test_a_phrase_is_counted_in_the_text_and_not_in_headings_or_over_two_passages(
    shelf: Engine,
) -> None:
    assert shelf.count_phrase(["direct", "payment"]) == (2, 2)
    assert shelf.count_phrase(["payment", "direct"]) == (0, 0)
    assert shelf.count_phrase(["everi", "10", "minut"]) == (2, 2)
    assert shelf.count_phrase(["find"]) == (0, 0)
    assert shelf.count_phrase(["tram"]) == (2, 3)
    assert shelf.count_phrase(["minut", "tram"]) == (0, 0)


def test_related_are_reports_of_the_same_digest_origin_or_id(engine: Engine) -> None:
    for name in ("tram", "tram-2", "tram-10", "tram-x", "trams", "other", "elsewhere"):
        put(engine, a_report(name, f"About {name}."))
    asked = a_report("tram", "x", digest="digest of other", origin="/reports/elsewhere.md")
    found = [known.report for known in engine.related(asked)]
    assert sorted(found) == ["elsewhere", "other", "tram", "tram-10", "tram-2"]
    assert [k for k in engine.known() if k.report in found] == engine.related(asked)


# --- half-finished --------------------------------------------------------------------------------


def test_a_write_that_breaks_off_leaves_the_shelf_as_it_was(shelf: Engine) -> None:
    before = everything(shelf)
    passages, vectors = cut(a_report("new", "Nothing of this is there."))
    packed = {key: vector.tobytes() for key, vector in vectors.items()}
    with pytest.raises(KeyboardInterrupt), shelf.writing():  # noqa: PT012
        shelf.put(
            a_report("new", "Nothing of this is there."), passages, packed, [], replaces="trams"
        )
        raise KeyboardInterrupt
    assert everything(shelf) == before
    assert shelf.problems(DIMENSION) == []
    put(shelf, a_report("new", "Nothing of this is there."))
    assert len(shelf.reports()) == 4


def test_two_changes_in_one_writing_are_seen_together(engine: Engine) -> None:
    with engine.writing():
        for report in (TRAMS, CARERS):
            passages, vectors = cut(report)
            missing = engine.missing_vectors(vectors)
            packed = {key: vectors[key].tobytes() for key in missing}
            engine.put(report, passages, packed, [])
    assert [info.report for info in engine.reports()] == ["trams", "carers"]
    assert engine.problems(DIMENSION) == []


def test_other_settings_are_refused_and_change_nothing(kind: str, tmp_path: Path) -> None:
    with contextlib.closing(engine_at(kind, tmp_path)) as engine:
        put(engine, TRAMS)
    other = replace(SETTINGS, passage_tokens=100)
    with pytest.raises(IndexMismatchError, match="passage_tokens 160, now 100"):
        engine_at(kind, tmp_path, other)
    with contextlib.closing(engine_at(kind, tmp_path)) as engine:
        assert [info.report for info in engine.reports()] == ["trams"]


def test_a_shelf_that_is_not_there_is_not_made_unless_asked_for(kind: str, tmp_path: Path) -> None:
    if kind == "file":
        pytest.skip("a folder without a file is told by rag.index")
    with pytest.raises(InputError, match="no index"):
        engine_at(kind, tmp_path, create=False)


def test_a_closed_engine_says_so(kind: str, tmp_path: Path) -> None:
    engine = engine_at(kind, tmp_path)
    engine.close()
    with pytest.raises(RagError, match="closed"):
        engine.known()


# --- searching ------------------------------------------------------------------------------------


def oracle(reports: Sequence[Report], asked: Sequence[str]) -> dict[tuple[str, int], float]:
    """BM25 as SQLite's full text has it, slow and obvious; headings count half."""
    rows = [(item.passage, item) for report in reports for item in cut(report)[0]]
    counted = []
    for passage, item in rows:
        text, headings = item.stems.split(), item.prefix_stems.split()
        counts = Counter(text)
        for term in headings:
            counts[term] += 0.5  # type: ignore[assignment]
        counted.append((passage, counts, len(text) + len(headings)))
    average = sum(length for _, _, length in counted) / len(counted)
    scores: dict[tuple[str, int], float] = {}
    for term in set(asked):
        df = sum(term in counts for _, counts, _ in counted)
        idf = max(math.log((len(counted) - df + 0.5) / (df + 0.5)), 1e-6) if df else 0.0
        for passage, counts, length in counted:
            often = counts[term]
            if often:
                score = idf * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * length / average))
                place = passage.report, passage.seq
                scores[place] = scores.get(place, 0.0) + score
    return {place: round(score, 6) for place, score in scores.items()}


PLAIN = tuple(
    a_report(f"r{n}", *(f"Teams of {w} meet {v}." for v in ("daily", "weekly", "rarely")))
    for n, w in enumerate(("carers", "nurses", "drivers", "carers and nurses"))
)


def test_keyword_search_is_bm25_with_headings_at_half(engine: Engine) -> None:
    for report in PLAIN:
        put(engine, report)
    searcher, places = searcher_of(engine), all_ids(engine)
    for asked in (["carer"], ["carer", "nurs"], ["week", "driver", "absent"], ["find", "team"]):
        found = searcher.keyword(asked, 100)
        scores = {places[i]: s for i, s in zip(found.ids.tolist(), found.scores, strict=True)}
        assert scores == pytest.approx(oracle(PLAIN, asked), abs=2e-6)
        assert sorted(found.scores, reverse=True) == list(found.scores)
        for number, i in zip(found.reports, found.ids.tolist(), strict=True):
            assert searcher.reports[number] == places[i][0]


def test_ties_go_to_the_report_and_then_the_passage_that_stands_first(engine: Engine) -> None:
    for name in ("b", "a", "c"):
        put(engine, a_report(name, "Trams are late.", "Trams are late."))
    searcher, places = searcher_of(engine), all_ids(engine)
    first = [("a", 0), ("a", 1), ("b", 0), ("b", 1), ("c", 0), ("c", 1)]
    assert [places[i] for i in searcher.keyword(["late"], 6).ids.tolist()] == first
    # Titles differ, and so do the vectors: ties by meaning are those of one report.
    query = WordEncoder().encode(["Trams are late."])[0]
    found = [places[i] for i in searcher.nearest(query, 6).ids.tolist()]
    assert [seq for _, seq in found] == [0, 1] * 3
    for k in range(1, 6):
        assert [places[i] for i in searcher.keyword(["late"], k).ids.tolist()] == first[:k]
        assert [places[i] for i in searcher.nearest(query, k).ids.tolist()] == found[:k]


def test_nearest_is_the_order_of_the_exact_cosines(engine: Engine) -> None:
    for report in (*SHELF, *PLAIN):
        put(engine, report)
    searcher = searcher_of(engine)
    query = WordEncoder().encode(["who uses direct payments?"])[0]
    found = searcher.nearest(query, 1000)
    assert len(found) == searcher.passages == 19
    exact = searcher.cosines(query, found.ids.tolist())
    assert list(found.scores) == pytest.approx(exact, abs=2e-6)
    assert (np.diff(exact) <= 2e-6).all()
    wanted = sorted(
        (
            float(vectors[item.vector_key] @ query)
            for report in (*SHELF, *PLAIN)
            for items, vectors in [cut(report)]
            for item in items
        ),
        reverse=True,
    )
    assert exact == pytest.approx(wanted, abs=2e-6)
    assert searcher.nearest(query, 4).ids.tolist() == found.ids.tolist()[:4]


def test_only_the_reports_that_are_asked_are_found(shelf: Engine) -> None:
    searcher, places = searcher_of(shelf), all_ids(shelf)
    query = WordEncoder().encode(["trams"])[0]
    for wanted in (set(), {"trams"}, {"carers", "cafes"}, {"trams", "cafes"}, set(IN_ORDER)):
        within = np.array([report in wanted for report in searcher.reports])
        near = {places[i][0] for i in searcher.nearest(query, 100, within).ids.tolist()}
        words = {places[i][0] for i in searcher.keyword(["tram", "few"], 9, within).ids.tolist()}
        assert near == wanted
        assert words == wanted & {"trams", "carers", "cafes"}


def test_frequency_and_holding_speak_of_text_and_headings(shelf: Engine) -> None:
    searcher = searcher_of(shelf)

    def holding(*asked: str) -> set[str]:
        held = searcher.holding(asked)
        return {report for report, yes in zip(searcher.reports, held, strict=True) if yes}

    assert searcher.frequency("find") == searcher.passages == 7
    assert searcher.frequency("tram") == 3
    assert searcher.frequency("absent") == 0
    assert holding("fare", "bed") == {"trams", "cafes"}
    assert holding("find") == set(IN_ORDER)
    assert holding("absent") == holding() == set()


def test_a_question_of_no_known_word_or_nothing_finds_nothing(shelf: Engine) -> None:
    searcher = searcher_of(shelf)
    for asked in ([], ["absent"], ['"'], ["|"], ["a b"], ["tram*"], ['" or edition > 0 or "']):
        assert len(searcher.keyword(asked, 10)) == 0
        assert not searcher.holding(asked).any()
        assert sum(searcher.frequency(stem) for stem in asked) == 0


def test_numbers_and_accents_are_found_as_they_are_asked(shelf: Engine) -> None:
    searcher, places = searcher_of(shelf), all_ids(shelf)
    for asked, report in (("café", "cafes"), ("cafe", "cafes"), ("000", "trams")):
        found = searcher.keyword([asked], 10).ids.tolist()
        assert [places[i][0] for i in found] == [report]
        assert searcher.frequency(asked) == 1


def test_a_passage_without_a_word_is_kept_and_found_by_meaning(engine: Engine) -> None:
    put(engine, a_report("signs", "* * *", "Trams."))
    assert [p.text for p in engine.passages_of("signs")] == ["* * *", "Trams."]
    assert len(searcher_of(engine).nearest(np.ones(DIMENSION, np.float32), 5)) == 2
    assert engine.problems(DIMENSION) == []


def test_an_empty_shelf_can_be_searched(engine: Engine) -> None:
    searcher = searcher_of(engine)
    query = np.ones(DIMENSION, np.float32)
    assert (len(searcher.nearest(query, 5)), len(searcher.keyword(["tram"], 5))) == (0, 0)
    assert searcher.holding(["tram"]).tolist() == []
    assert (searcher.passages, searcher.reports, searcher.cosines(query, [])) == (0, (), [])
    for everything in (engine.reports, engine.known, engine.words, engine.acronyms):
        assert not everything()
    assert engine.problems(DIMENSION) == []


def test_a_searcher_does_not_find_what_came_after_it(shelf: Engine) -> None:
    searcher = searcher_of(shelf)
    put(shelf, a_report("later", "Trams run on Sundays."))
    assert searcher.frequency("sunday") == 0
    assert len(searcher.nearest(np.ones(DIMENSION, np.float32), 100)) == 7
    assert searcher_of(shelf).frequency("sunday") == 1


def test_engines_find_the_same_in_the_same_order(tmp_path: Path) -> None:
    found = []
    query = WordEncoder().encode(["direct payments for carers"])[0]
    for name in KINDS:
        (tmp_path / name).mkdir()
        with contextlib.closing(engine_at(name, tmp_path / name)) as engine:
            for report in (*SHELF, *PLAIN):
                put(engine, report)
            searcher, places = searcher_of(engine), all_ids(engine)
            by_words = searcher.keyword(stems("direct payments carers teams trams"), 50)
            by_meaning = searcher.nearest(query, 50)
            found.append(
                [
                    (places[int(i)], s)
                    for r in (by_words, by_meaning)
                    for i, s in zip(r.ids, r.scores, strict=True)
                ]
            )
    assert [place for place, _ in found[0]] == [place for place, _ in found[1]]
    assert [s for _, s in found[0]] == pytest.approx([s for _, s in found[1]], abs=2e-6)
