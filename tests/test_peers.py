"""The peers: where their chunks stand, what is written of them, and each on two small documents."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from itertools import pairwise

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from evals.baseline import Chunk
from evals.peers.haystack_peer import HaystackPeer
from evals.peers.langchain_peer import LangChainPeer
from evals.peers.llamaindex_peer import LlamaIndexPeer
from evals.peers.locating import locate, locate_all
from evals.peers.peer import QUIET, Build, be_quiet, placed
from evals.peers.run import MARKS, OURS, PEERS, STRICT, render
from evals.peers.txtai_peer import TxtaiPeer
from evals.run import README, RESULTS

MODULES: dict[Build, tuple[str, ...]] = {
    LangChainPeer: ("langchain_core", "langchain_huggingface", "langchain_text_splitters"),
    LlamaIndexPeer: ("llama_index",),
    HaystackPeer: ("haystack", "haystack_integrations"),
    TxtaiPeer: ("txtai",),
}
LIBRARIES = {name for names in MODULES.values() for name in names}
WORDS = st.lists(st.text(alphabet="ab.(é", min_size=1, max_size=4), min_size=1, max_size=40)
GAPS = st.sampled_from([" ", "\n", "\n\n", "  ", "\t\n "])


@st.composite
def spaced(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text, and its words cut into pieces whose white space was changed."""
    words = draw(WORDS)
    text = "".join(word + draw(GAPS) for word in words)
    cuts = sorted(draw(st.sets(st.integers(1, len(words) - 1))) if len(words) > 1 else ())
    bounds = [0, *cuts, len(words)]
    return text, [draw(GAPS).join(words[a:b]) for a, b in pairwise(bounds)]


@given(spaced())
def test_pieces_cut_in_order_are_found_one_after_the_other(case: tuple[str, list[str]]) -> None:
    text, pieces = case
    spans = list(locate_all(text, pieces))
    assert all(a < b for a, b in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert [text[a:b].split() for a, b in spans] == [piece.split() for piece in pieces]


@given(WORDS, st.integers(1, 5), st.integers(0, 4))
def test_overlapping_pieces_are_found_each_after_the_start_of_the_last(
    words: list[str], size: int, shared: int
) -> None:
    step = max(1, size - shared)
    pieces = [" ".join(words[i : i + size]) for i in range(0, len(words), step)]
    text = "\n".join(words)
    spans = list(locate_all(text, pieces, overlapping=True))
    assert all(first < start for (first, _), (start, _) in pairwise(spans))
    assert [text[a:b].split() for a, b in spans] == [piece.split() for piece in pieces]


def test_a_repeated_line_is_found_at_its_own_place() -> None:
    text = "Key findings\n\nOne.\n\nKey findings\n\nTwo."
    assert list(locate_all(text, text.split("\n\n"))) == [(0, 12), (14, 18), (20, 32), (34, 38)]


def test_marks_of_patterns_are_read_as_they_stand() -> None:
    assert locate("cost (£1.5m)\n  * 2", "(£1.5m) * 2") == (5, 18)


@pytest.mark.parametrize("piece", ["two three", "One", "", " \n"])
def test_a_piece_that_is_not_there_or_blank_is_an_error(piece: str) -> None:
    with pytest.raises(LookupError):
        locate("one two", piece)


def test_placed_chunks_are_exact_slices_of_their_report() -> None:
    texts = {"ash": "One\n\ntwo three", "elm": "four"}
    found = placed(texts, {"ash": ["One two", "three"], "elm": ["four "]}, overlapping=False)
    assert found == {
        "ash": [Chunk("ash", 0, 8, "One\n\ntwo"), Chunk("ash", 9, 14, "three")],
        "elm": [Chunk("elm", 0, 4, "four")],
    }


def test_reporting_and_looking_up_are_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in QUIET:
        monkeypatch.setenv(name, "true")
    be_quiet()
    assert {name: os.environ[name] for name in QUIET} == dict(QUIET)
    assert {"HAYSTACK_TELEMETRY_ENABLED", "LANGSMITH_TRACING", "HF_HUB_OFFLINE"} <= QUIET.keys()


def test_reading_the_peers_imports_none_of_their_libraries() -> None:
    code = f"import sys, evals.peers.run; print(sorted({LIBRARIES!r} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


DOCUMENTS = {
    "ash": "\n\n".join(
        f"{n}. Carers in Ash were offered short breaks in house number {n}, and thanked."
        for n in range(1, 121)
    ),
    "elm": "Roads in Elm.\n\n" + "The council mended the roads and filled the holes. " * 90,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("build", PEERS, ids=lambda peer: peer.name)
def test_a_peer_finds_the_right_document_in_exact_slices(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    missing = [m for m in MODULES[build] if importlib.util.find_spec(m) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; make eval-peers installs the peers")
    peer = build(DOCUMENTS)
    assert peer.chunks >= len(DOCUMENTS)
    for question, report in (("Who mended the roads?", "elm"), ("short breaks for carers", "ash")):
        found = peer.search(question, peer.top)
        assert 0 < len(found) <= peer.top
        assert found[0].report == report
        assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
        assert all(DOCUMENTS[c.report][c.start : c.end] == c.text for c in found)
    assert len(peer.search("roads", 1)) == 1


def system(first: float, characters: float, seconds: float) -> dict[str, object]:
    measures = {
        "first citation right": first,
        "characters cited a question": characters,
        "seconds to index": seconds,
    }
    return {"version": "lib 1", "settings": "top 1", "chunks": 7, "test": measures, "dev": measures}


def test_the_table_has_a_system_a_column_and_says_what_each_is() -> None:
    results = {
        "commit": "abc",
        "shelf": "two reports",
        "rows": [{"half": "test"}, {"half": "dev"}, {"half": "test"}],
        "systems": {
            OURS: system(0.876, 310.4, 61.7),
            STRICT: system(0.5, 310.4, 61.7),
            "Peer": system(float("nan"), 3987.6, 8.2),
        },
    }
    assert render(results).splitlines() == [
        "2 gold questions (test half) over two reports, commit abc.",
        "",
        f"| measure | {OURS} | {STRICT} | Peer |",
        "|---|---|---|---|",
        "| first citation right | 0.88 | 0.50 | - |",
        "| characters cited a question | 310 | 310 | 3,988 |",
        "| seconds to index | 62 | 62 | 8 |",
        "",
        "| system | version | chunks | settings |",
        "|---|---|---|---|",
        f"| {OURS} | lib 1 | 7 | top 1 |",
        "| Peer | lib 1 | 7 | top 1 |",
    ]
    assert render(results, "dev").startswith("1 gold questions (dev half)")


def test_the_readme_shows_the_table_of_the_results_file() -> None:
    table = README.read_text("utf-8").split(MARKS[0])[1].split(MARKS[1])[0].strip()
    results = json.loads((RESULTS / "peers.json").read_text("utf-8"))
    assert table == render(results)
    assert {"LangChain", "LlamaIndex", "Haystack", "txtai"} < results["systems"].keys()


def test_the_group_is_pinned_locked_and_explained_and_pulls_no_cuda() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["optional-dependencies"]["peers"]
    lock = (ROOT / "requirements-peers.lock").read_text("utf-8").lower().replace("_", "-").split()
    reasons = README.read_text("utf-8").split("## Why each dependency")[1].split("## ")[0]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", w) for w in wanted)
    assert [w for w in wanted if w.lower() not in lock] == []
    assert [w for w in wanted if w.split("==")[0] not in reasons] == []
    assert [name for name in lock if name.startswith(("nvidia", "triton", "cuda", "torch"))] == []
