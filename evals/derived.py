"""Shelves of any size, derived from real ones: for measuring growth, never for judging answers.

No archive of ten thousand reports is at hand: each derived report is a stretch of a real one with
a council, a year and words of its own: some of its sentences are left out, some rare words and
numbers are replaced (new words keep coming with new reports, as in real archives), and every vector
is drawn towards that of another passage, so that neighbours stay where real text has them. The same
number gives the same report on every machine.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np

from rag.acronyms import find_acronyms
from rag.councils import PLACES
from rag.embedding import Vectors
from rag.packing import Indexed
from rag.records import Block, Metadata, Passage, Report
from rag.sentences import sentence_spans
from rag.settings import IndexSettings
from rag.store import FILE_NAME, Store
from rag.terms import stems, words

PASSAGES = 100
"""Of one derived report."""
_RARE = 5
"""A word is replaced in some reports when so few real passages have it."""
_LEFT_OUT, _REPLACED, _DRAWN = 0.15, 0.5, (0.3, 0.6)
"""Share of sentences left out, of rare words replaced, and how far a vector is drawn."""


@dataclass(frozen=True, slots=True)
class Source:
    """The passages of real reports, with their vectors and the words that are rare in them."""

    reports: tuple[tuple[Passage, ...], ...]
    titles: tuple[str, ...]
    firsts: tuple[int, ...]
    """Row of the first vector of each report."""
    vectors: Vectors
    rare: frozenset[str]


def source(index: Path, settings: IndexSettings | None = None) -> Source:
    """Everything that is derived from, out of the index of real reports."""
    with closing(Store(index / FILE_NAME, settings or IndexSettings(), create=False)) as store:
        infos = store.reports()
        passages = {info.report: tuple(store.passages_of(info.report)) for info in infos}
        held = {h.report: h.ids for h in store.held()}
        vectors = store.vectors_of([i for info in infos for i in held[info.report]], 384)
    counts: dict[str, int] = {}
    for found in passages.values():
        for passage in found:
            for word in {w for w in words(passage.text) if w.isalpha()}:
                counts[word] = counts.get(word, 0) + 1
    return Source(
        tuple(passages[info.report] for info in infos),
        tuple(info.title or info.report for info in infos),
        tuple(accumulate((info.passages for info in infos[:-1]), initial=0)),
        vectors,
        frozenset(w for w, count in counts.items() if count <= _RARE and len(w) > 4),
    )


def derive(found: Source, number: int) -> tuple[Report, list[Indexed], dict[bytes, bytes]]:
    """The derived report of this number, with what the store takes besides."""
    chance = random.Random(number)  # noqa: S311 (not for secrets)
    noise = np.random.default_rng(number)
    which = number % len(found.reports)
    real = found.reports[which]
    first = chance.randrange(max(1, len(real) - PASSAGES))
    rows = range(first, min(len(real), first + PASSAGES))
    place = PLACES[number * 7919 % len(PLACES)]
    year = 2000 + number * 31 % 25
    id_ = f"{place.lower().replace(' ', '-')}-{year}-{number}"
    pieces: list[str] = []
    cut: list[Indexed] = []
    blocks: list[Block] = []
    vectors: dict[bytes, bytes] = {}
    at = 0
    for seq, row in enumerate(rows):
        old = real[row]
        text = _varied(old.text, chance, found.rare)
        end = at + len(text)
        passage = replace(old, report=id_, seq=seq, start=at, end=end, text=text)
        key = hashlib.sha256(f"{number} {seq}".encode()).digest()[:16]
        cut.append(Indexed(passage, _stems(text), _stems(" ".join(old.section)), key))
        blocks.append(Block(old.kind, at, end, old.section, old.paragraph, old.ordinal, old.page))
        other = found.vectors[noise.integers(len(found.vectors))]
        near = found.vectors[found.firsts[which] + row] + noise.uniform(*_DRAWN) * other
        near = near + noise.normal(0, 0.01, near.shape)
        vectors[key] = (near / np.linalg.norm(near)).astype("<f4").tobytes()
        pieces.append(text)
        at = end + 2
    text = "\n\n".join(pieces)
    metadata = Metadata(
        title=f"{found.titles[which]} {number}",
        council=f"{place} Council",
        date=f"{year}-{1 + number % 12:02}",
        form="full",
    )
    digest = hashlib.sha256(f"derived {number}".encode()).hexdigest()
    report = Report(id_, metadata, text, tuple(blocks), digest, f"derived/{number}")
    return report, cut, vectors


def grow(store: Store, found: Source, passages: int) -> Iterator[int]:
    """Put derived reports on a shelf until it has so many passages; the count as it grows."""
    infos = store.reports()
    held, number = sum(info.passages for info in infos), len(infos)
    while held < passages:
        report, cut, vectors = derive(found, number)
        with store.writing():
            store.put(report, cut, vectors, find_acronyms(report.text))
        held += len(cut)
        number += 1
        yield held


@lru_cache(maxsize=200_000)
def _stems(text: str) -> str:
    return " ".join(stems(text))


def _varied(text: str, chance: random.Random, rare: frozenset[str]) -> str:
    """Other words and fewer sentences; never empty."""
    kept = [text[a:b] for a, b in _spans(text) if chance.random() > _LEFT_OUT] or [text]
    said: list[str] = []
    for token in " ".join(kept).split(" "):
        if token in rare and chance.random() < _REPLACED:
            said.append(token + _letters(chance.randrange(26**3)))
        elif token.isdigit() and chance.random() < _REPLACED:
            said.append(str(chance.randrange(1, 10 ** len(token))))
        else:
            said.append(token)
    return " ".join(said)


@lru_cache(maxsize=20_000)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(sentence_spans(text))


def _letters(number: int) -> str:
    return "".join(chr(97 + number // 26**place % 26) for place in range(3))
