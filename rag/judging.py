"""The decision on every report, and the quotes: which passages speak, and which sentence says it.

For each report that is asked its best passages are judged by words and meaning, the likeliest are
read by the cross-encoder, and one decision is made: evidence or none. A quote is a slice of the
report, chosen sentence by sentence; nothing is rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, pairwise, repeat

from rag.decision import read
from rag.kinds import holds
from rag.question import Question
from rag.records import Passage
from rag.reranking import Reranker, Scores
from rag.retrieval import Candidate, Retrieved, likeliest
from rag.sentences import sentence_spans
from rag.settings import SearchSettings
from rag.terms import Said, stems

EVIDENCE, EVIDENCE_WHEN_FEW = 0.25, 0.05
"""Least probability of a report's best passage that counts as evidence; the second for a narrow
question, see ``Question.narrow``."""
FURTHER, FURTHER_WHEN_FEW = 0.4, 0.7
"""Least probability of further passages that are quoted, the second as a share of the best."""
WORTH_READING = 0.02
"""Passages less likely than this before they are read are not given to the cross-encoder."""
HOLDS_KIND = -4.5
"""How telling a sentence with the kind of answer that is wanted must be; see ``_telling``."""
SENTENCE_COVERAGE = 4.0
"""Weight of the question's words beside the logit in the choice of a sentence.

All were chosen on the development half of the gold questions; see evals/LOG.md.
"""
NEIGHBOUR = 6.0
"""The next sentence, else the one before, is quoted too when it is at most so much less telling."""
SAME = 0.8
"""Share of a quote's pairs of words found in another passage that makes it a repetition."""
_LOOKED_THROUGH = 8
"""Passages in which the kind of answer that is wanted is looked for."""
_ANAPHORA = re.compile(
    r"(?:this|that|these|those|they|it|its|their|he|she|such|however|therefore|similarly|also"
    r"|in addition|additionally|as a result|for example|for instance|nevertheless)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with how well it answers."""

    candidate: Candidate
    score: float
    """Probability that it answers."""
    read: bool = False
    """True when the cross-encoder read it; else words and meaning decide."""

    @property
    def passage(self) -> Passage:
        return self.candidate.passage


@dataclass(frozen=True, slots=True)
class Choice:
    """A quote within a passage, as offsets of the report's text."""

    judged: Judged
    start: int
    end: int
    also: tuple[Passage, ...] = ()
    """Other passages of the report that repeat it."""


def judge(
    retrieved: Retrieved, reranker: Reranker, settings: SearchSettings, *, more: bool = False
) -> dict[str, tuple[Judged, ...]]:
    """The candidates of each report with their probabilities, best first."""
    question = retrieved.question
    few = question.narrow
    if more:
        settings = _reading_more(settings)
    chosen = _to_read(retrieved.candidates, settings, few=few)
    logits = reranker.score(question.topic, [read_text(c.passage) for c in chosen])
    judged: dict[str, list[Judged]] = {}
    for c, logit in zip(chosen, logits, strict=True):
        likely = round(read(c.signals, float(logit), few=few), 6)
        judged.setdefault(c.passage.report, []).append(Judged(c, likely, read=True))
    unread = {
        report: [Judged(c, round(c.probability, 6)) for c in found[:1]]
        for report, found in retrieved.candidates.items()
    }
    return {
        report: tuple(sorted(judged.get(report, found), key=best_first))
        for report, found in unread.items()
    }


def _reading_more(settings: SearchSettings) -> SearchSettings:
    return replace(
        settings,
        read=2 * settings.read,
        read_per_report=2 * settings.read_per_report,
    )


def read_text(passage: Passage) -> str:
    """What the cross-encoder reads of a passage: what leads up to it, and its text."""
    return f"{passage.lead} {passage.text}".strip()


def best_first(judged: Judged) -> tuple[float, int]:
    return (-judged.score, judged.passage.start)


def _to_read(
    candidates: Mapping[str, Sequence[Candidate]], settings: SearchSettings, *, few: bool
) -> list[Candidate]:
    """Every report's likeliest passage first, then every report's second, while there is room."""
    most = settings.read_when_few if few else settings.read_per_report
    least = 0.0 if few else WORTH_READING
    ranked = [
        (rank, likeliest(c), c)
        for found in candidates.values()
        for rank, c in enumerate(found[:most])
        if c.probability >= least
    ]
    ranked.sort(key=lambda each: each[:2])
    return [c for _, _, c in ranked[: settings.read_when_few if few else settings.read]]


def choose(
    question: Question,
    judged: Mapping[str, Sequence[Judged]],
    reranker: Reranker,
    settings: SearchSettings,
    *,
    more: bool = False,
) -> dict[str, list[Choice]]:
    """The quotes of every report that has evidence, the best report and quote first."""
    few = question.narrow
    most = settings.quotes_when_more if more else settings.quotes_per_report
    if not question.concepts:
        return {}
    picked: list[Judged] = []
    for ranked in sorted(judged.values(), key=lambda c: -c[0].score if c else 0.0):
        least = EVIDENCE_WHEN_FEW if few else EVIDENCE
        if not ranked or ranked[0].score < least:
            continue
        if few and not _gives_kind(question, ranked, reranker):
            continue
        further = ranked[0].score * FURTHER_WHEN_FEW if few else FURTHER
        further = min(further, EVIDENCE) if more else further
        near = [ranked[0], *(j for j in ranked[1:] if j.score >= further and _fits(question, j))]
        picked += near[:most]
    chosen: dict[str, list[Choice]] = {}
    for choice in quotes(question, picked, reranker, settings.sentences):
        mine = chosen.setdefault(choice.judged.passage.report, [])
        same = next((n for n, other in enumerate(mine) if _repeats(other, choice.judged)), None)
        if same is None:
            mine.append(choice)
        else:
            mine[same] = replace(mine[same], also=(*mine[same].also, choice.judged.passage))
    return chosen


def _fits(question: Question, judged: Judged) -> bool:
    """True when a passage has the stance and the kind of answer that are asked for, if any are."""
    kind = question.understood.wants
    return judged.candidate.signals.fits > 0 and (kind is None or holds(judged.passage.text, kind))


def _gives_kind(question: Question, ranked: Sequence[Judged], reranker: Reranker) -> bool:
    """True when the kind of answer that is wanted stands in a sentence that is to the point."""
    kind = question.understood.wants
    if kind is None:
        return True
    texts = [j.passage.text for j in ranked[:_LOOKED_THROUGH]]
    sentences = [text[a:b] for text in texts for a, b in sentence_spans(text)]
    holding = [sentence for sentence in dict.fromkeys(sentences) if holds(sentence, kind)]
    if not holding:
        return False
    logits = reranker.score(question.topic, holding)
    return max(_telling(question, holding, logits)) >= HOLDS_KIND


def _telling(question: Question, sentences: Sequence[str], logits: Iterable[float]) -> list[float]:
    """How well each sentence answers by itself: the logit, and the question's words in it.

    The last sentences may have no logit: then the words decide.
    """
    known = chain(map(float, logits), repeat(0.0))
    return [
        logit + SENTENCE_COVERAGE * question.coverage(Said.of(stems(sentence)))
        for logit, sentence in zip(known, sentences, strict=False)
    ]


def quotes(
    question: Question, picked: Sequence[Judged], reranker: Reranker, most: int | None = None
) -> list[Choice]:
    """For each passage the sentence that answers best, with the one before it if it needs it.

    ``most`` sentences are read for it, those of the passages that come first.
    """
    spans: list[list[tuple[int, int]]] = []
    sentences: list[str] = []
    with ThreadPoolExecutor(1) as other:  # the first are read while the rest is still cut
        reading: Future[Scores] | None = None
        for judged in picked:
            text = judged.passage.text
            spans.append(sentence_spans(text) or [(0, len(text))])
            sentences += [text[a:b] for a, b in spans[-1]]
            if reading is None and most is not None and len(sentences) >= most:
                reading = other.submit(reranker.score, question.topic, sentences[:most])
        logits = reading.result() if reading else reranker.score(question.topic, sentences)
    all_telling = iter(_telling(question, sentences, logits))
    choices: list[Choice] = []
    for judged, found in zip(picked, spans, strict=True):
        text = judged.passage.text
        telling = [next(all_telling) for _ in found]
        best = max(range(len(found)), key=lambda i: (telling[i], -i))
        first, last = best, best
        if best + 1 < len(found) and telling[best + 1] >= telling[best] - NEIGHBOUR:
            last = best + 1
        elif best > 0 and telling[best - 1] >= telling[best] - NEIGHBOUR:
            first = best - 1
        if first > 0 and _ANAPHORA.match(text[found[first][0] :]):
            first -= 1
        offset = judged.passage.start
        choices.append(Choice(judged, offset + found[first][0], offset + found[last][1]))
    return choices


def _repeats(choice: Choice, other: Judged) -> bool:
    """True when another passage says nearly the same: most pairs of words recur."""
    quote = _pairs(slice_of(choice))
    return bool(quote) and len(quote & _pairs(other.passage.text)) >= SAME * len(quote)


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(stems(text)))


def slice_of(choice: Choice) -> str:
    """The words that are quoted."""
    passage = choice.judged.passage
    return passage.text[choice.start - passage.start : choice.end - passage.start]
