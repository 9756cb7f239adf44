"""What tests share: the real reports where they are at hand, a pure encoder, built shelves."""

from __future__ import annotations

import hashlib
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from browsing import opened, served
from playwright.sync_api import Browser, Page, expect, sync_playwright

from rag.assistant import Assistant
from rag.embedding import Vectors
from rag.terms import stems

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
SHARED = ROOT.parent / "shared"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
FIVE = ("sefton-2022", "somerset-2024", "southampton-2019", "southampton-2020", "southend-2023")

# What a shell starts in the background is deaf to Ctrl-C, and so is all that it starts in turn.
signal.signal(signal.SIGINT, signal.default_int_handler)


class WordEncoder:
    """A pure function of the text: hashed words. Near texts share words; nothing is learnt."""

    name = "words"
    dimension = 64

    def __init__(self) -> None:
        self.texts: list[str] = []
        """Everything that was encoded, so that a test can tell what was embedded again."""

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for stem in stems(text) or ["empty"]:
                digest = hashlib.sha256(stem.encode()).digest()
                vectors[row, digest[0] % self.dimension] += 1.0 if digest[1] % 2 else -1.0
            vectors[row, 0] += 0.01
            vectors[row] /= np.linalg.norm(vectors[row])
        self.texts.extend(texts)
        if done is not None:
            done(len(texts))
        return vectors


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture(scope="session")
def reports_folder() -> Path:
    """The five full reports; the test is skipped, saying so, where they are not at hand."""
    folder = SHARED / "reports"
    if not folder.is_dir():
        pytest.skip("the full reports (../shared/reports) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def full_shelf(
    reports_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    """The five full reports, indexed once with the real model. Read only."""
    with Assistant.open(tmp_path_factory.mktemp("full"), create=True) as assistant:
        outcomes = assistant.add(reports_folder)
        assert {o.outcome for o in outcomes} == {"added"}
        yield assistant


@pytest.fixture(scope="session")
def brief_shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The briefs that ship, indexed once with the real model. Read only."""
    with Assistant.open(tmp_path_factory.mktemp("briefs"), create=True) as assistant:
        outcomes = assistant.add(CORPUS)
        assert {o.outcome for o in outcomes} == {"added"}
        yield assistant


@pytest.fixture(scope="session")
def address(brief_shelf: Assistant) -> Iterator[str]:
    """The page over the briefs, for tests that leave the shelf as it is."""
    with served(brief_shelf._index.folder) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A visitor of their own at the page over the briefs."""
    with browser.new_context() as visitor:
        yield opened(visitor.new_page(), address)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser; the test is skipped, saying so, where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=90_000)
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()
