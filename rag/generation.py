"""An answer written up by a language model, sentence by sentence, each one checked as it comes.

The model gets what was found and nothing else: for each report that speaks its quotes, then, when
several speak, the sentences that passed, to compare them. It decides nothing: which reports speak,
the quotes and a refusal stand before it is asked. A report on which none of its sentences passes is
told in its own words. Whatever goes wrong with the model ends the writing with one plain sentence,
and the answer stands as it was found.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace

from rag.briefing import Evidence, Prompt, about_report, comparisons, evidence_of
from rag.checking import Checker
from rag.dictation import Dictated, dictated, without_label
from rag.errors import LanguageModelError, TooLongError
from rag.languagemodel import LanguageModel
from rag.modelwatch import Stopped
from rag.records import Answer, Coverage, Sentence, Written
from rag.settings import WritingSettings
from rag.terms import Said, stems

_SHORTER = 2
"""How often a prompt that was too long is tried again with half of the tokens."""

_ORDERS = "every report that speaks seems to give orders to programs."


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes answers up with one language model."""

    model: LanguageModel
    settings: WritingSettings = field(default_factory=WritingSettings)

    def write(self, answer: Answer, stopped: Stopped = lambda: False) -> Generator[Written]:
        """What is written so far, growing by a sentence each time; the last one is whole.

        When ``stopped`` says so, or the iterator is closed, the model's work ends at once. A
        refused answer is not handed over.
        """
        if answer.refused:
            return
        started = time.monotonic()
        model = self.model.model
        blank = Written(model.name, model.address, ())
        evidence = evidence_of(answer)
        blank = replace(blank, withheld=evidence.withheld)
        if not evidence.by_mark:
            yield replace(blank, note=f"Nothing was handed to {model.name}: {_ORDERS}")
            return
        deadline = started + model.longest
        work = _Work(self, evidence, Checker(evidence), deadline, stopped)
        try:
            for said in work.sentences():
                yield replace(blank, sentences=tuple(said), seconds=_since(started))
            whole = work.whole()
        except LanguageModelError as error:
            yield replace(blank, note=str(error), seconds=_since(started))
            return
        finally:
            work.stop()
        note = "" if any(s.kept and s.by == "model" for s in whole) else _nothing(model.name)
        yield replace(blank, sentences=tuple(whole), note=note, seconds=_since(started))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _nothing(name: str) -> str:
    return f"Nothing that {name} wrote passed the checks."


@dataclass(slots=True)
class _Work:
    """The writing of one answer while it goes on."""

    writer: Writer
    evidence: Evidence
    checker: Checker
    deadline: float
    asked_to_stop: Stopped
    of_report: dict[str, list[Sentence]] = field(default_factory=dict)
    together: list[Sentence] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Ends the streams that are still open."""
        self.closed.set()

    def stopped(self) -> bool:
        """True when nothing more is wanted."""
        return self.closed.is_set() or self.asked_to_stop()

    def sentences(self) -> Iterator[list[Sentence]]:
        """All sentences so far, each time that there is one more."""
        rows = [
            row
            for row in self.evidence.answer.coverage
            if row.status == "evidence" and self.evidence.of(row.report)
        ]
        rows.sort(key=lambda row: row.citations[0])
        self.of_report = {row.report: [] for row in rows}
        for report, said, marks in self._about_reports(rows):
            if self._add(self.of_report[report], self.checker.check(said, report, marks)):
                yield self._so_far()
        findings = [kept for said in self.of_report.values() if (kept := _kept(said))]
        if len(findings) > 1:
            yield from self._compared(findings)

    def whole(self) -> list[Sentence]:
        """All sentences, with the own words of the reports on which none passed."""
        if any(_kept(said) for said in [self.together, *self.of_report.values()]):
            for report, said in self.of_report.items():
                if not _kept(said):
                    best = self.evidence.of(report)[0]
                    said.append(Sentence(best.quote, (best.n,), report, kept=True, by="report"))
        return self._so_far()

    def _so_far(self) -> list[Sentence]:
        return [*self.together, *(s for said in self.of_report.values() for s in said)]

    def _add(self, said: list[Sentence], sentence: Sentence) -> bool:
        """Put a sentence to those of its report, unless it only says again what stands there."""
        told = _kept(said)
        if sentence.report is None:
            cited = dict.fromkeys(self.evidence.cited(n).report for n in sentence.citations)
            told += [s for report in cited for s in _kept(self.of_report.get(report, ()))]
        new = _telling(sentence) - self.evidence.stems_of_names
        again = sentence.kept and any(new <= _telling(other) for other in told)
        if again or any(other.text == sentence.text for other in said):
            return False
        said.append(sentence)
        return True

    # --- report by report -------------------------------------------------------------------

    def _about_reports(
        self, rows: Sequence[Coverage]
    ) -> Iterator[tuple[str, Dictated, Sequence[int]]]:
        """Report, sentence and marks of its prompt, as the model writes; several at a time."""
        settings = self.writer.settings
        said: queue.SimpleQueue[tuple[str, Dictated, Sequence[int]] | None] = queue.SimpleQueue()
        longest, most = settings.tokens_per_report, settings.sentences_per_report

        def write(row: Coverage) -> None:
            try:
                prompt = _prompt_for(self.evidence, row)
                for sentence, marks in self._written(prompt, longest, most):
                    text = without_label(sentence.text, self.evidence.names)
                    said.put((row.report, replace(sentence, text=text), marks))
            finally:
                said.put(None)

        here = self.writer.model.model.is_here
        at_once = settings.at_once_here if here else settings.at_once
        with ThreadPoolExecutor(at_once, thread_name_prefix="writing") as pool:
            try:
                calls = [pool.submit(write, row) for row in rows]
                for _ in rows:
                    while (found := said.get()) is not None:
                        yield found
                    for call in calls:
                        if call.done():
                            call.result()  # raises what went wrong
                for call in calls:
                    call.result()
            except BaseException:
                self.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    # --- several reports ----------------------------------------------------------------------

    def _compared(self, findings: list[list[Sentence]]) -> Iterator[list[Sentence]]:
        """Joins the findings; group by group, and the groups again, when they are too many."""
        longest, shorter = self.writer.settings.tokens_together, 0
        while True:
            prompts = comparisons(self.evidence, findings, self._room(longest) // 2**shorter)
            try:
                joined = yield from self._joined(prompts)
            except TooLongError:
                if shorter == _SHORTER:
                    raise
                shorter += 1
                continue
            if len(prompts) == 1 or len(prompts) >= len(findings):
                return
            findings = joined

    def _joined(
        self, prompts: Sequence[Prompt]
    ) -> Generator[list[Sentence], None, list[list[Sentence]]]:
        """What is kept of each comparison; where nothing is, its first finding stands for it."""
        settings = self.writer.settings
        joined: list[list[Sentence]] = []
        for prompt in prompts:
            mine: list[Sentence] = []
            for said in self._heard(prompt, settings.tokens_together, settings.sentences_together):
                self._add(mine, self.checker.check(said, None, prompt.marks))
                if len(prompts) == 1:
                    self.together = mine
                    yield self._so_far()
            joined.append(_kept(mine) or list(prompt.findings[:1]))
        return joined

    # --- one call -----------------------------------------------------------------------------

    def _room(self, tokens: int) -> int:
        """Tokens that a prompt may take beside those that are to be written."""
        return self.writer.model.model.context - tokens

    def _written(
        self, prompt: Callable[[int], Prompt], tokens: int, most: int
    ) -> Iterator[tuple[Dictated, Sequence[int]]]:
        """The sentences of one call, until there are enough or the model repeats itself."""
        room = self._room(tokens)
        for attempt in range(_SHORTER + 1):
            asked = prompt(room // 2**attempt)
            try:
                yield from ((said, asked.marks) for said in self._heard(asked, tokens, most))
            except TooLongError:
                if attempt == _SHORTER:
                    raise
            else:
                return

    def _heard(self, asked: Prompt, tokens: int, most: int) -> Iterator[Dictated]:
        stream = self.writer.model.stream(asked.messages, tokens, self.deadline, self.stopped)
        with closing(stream) as pieces:
            heard: set[str] = set()
            for said in dictated(pieces):
                if said.text in heard or len(heard) == most:
                    return
                heard.add(said.text)
                yield said


def _prompt_for(evidence: Evidence, row: Coverage) -> Callable[[int], Prompt]:
    return lambda tokens: about_report(evidence, row, tokens)


def _telling(sentence: Sentence) -> frozenset[str]:
    return Said.of(stems(sentence.text)).stems


def _kept(said: Iterable[Sentence]) -> list[Sentence]:
    return [sentence for sentence in said if sentence.kept]
