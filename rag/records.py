"""The nouns of the project: frozen records that import nothing of ours.

Offsets are Python string offsets into ``Report.text``. The law that everything stands on:
``report.text[record.start:record.end]`` is the record's text, for blocks, passages, hits and
citations alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "item", "row"]
Form = Literal["full", "brief"]
Role = Literal["strength", "consideration", "recommendation", "context"]
Outcome = Literal["added", "replaced", "unchanged", "skipped", "failed"]
Status = Literal["evidence", "no mention", "not read", "not asked"]
AnswerKind = Literal["number", "money", "percentage", "duration", "date", "person"]
WrittenBy = Literal["model", "report"]
PartKind = Literal["council", "years", "kind of report", "stance", "acronym", "spelling", "answer"]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a report says of itself, or a catalogue says of it. ``None`` means not known."""

    title: str | None = None
    council: str | None = None
    date: str | None = None
    """ISO year, year-month or date: ``2022``, ``2022-07``, ``2022-07-05``."""
    kind: str | None = None
    publisher: str | None = None
    source: str | None = None
    form: Form = "full"
    id: str | None = None
    judgement: str | None = None
    """The overall judgement of an inspection, in the report's words: ``Good``."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a report's text: one heading, paragraph, list item or row of a table.

    ``paragraph`` is the number printed in the report (``29``, ``18c``, ``(ii)``), ``ordinal``
    counts the paragraphs of the nearest heading from 1; the items of a list share the ordinal of
    the paragraph that introduces them.
    """

    kind: BlockKind
    start: int
    end: int
    section: tuple[str, ...]
    paragraph: str | None = None
    ordinal: int = 0
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One report as read: clean text, its blocks in order, and what is known about it."""

    id: str
    metadata: Metadata
    text: str
    blocks: tuple[Block, ...]
    digest: str
    """sha256 of the file's bytes, hexadecimal."""
    origin: str = ""
    """Where it was read from; never shown in an answer."""
    pages: int | None = None
    """How many pages the file has; None for a format without pages."""
    notes: tuple[str, ...] = ()
    """What a reader of the report should know: "Pages 3 and 7 are scans, read by OCR."."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of one paragraph of one report, small enough for the embedding model."""

    report: str
    seq: int
    """Position among the passages of its report, from 0."""
    start: int
    end: int
    text: str
    section: tuple[str, ...] = ()
    paragraph: str | None = None
    ordinal: int = 0
    page: int | None = None
    role: Role | None = None
    lead: str = ""
    """What introduces it when it stands in another passage: the sentence above a list."""
    kind: BlockKind = "paragraph"
    """Of the block that it starts in."""


@dataclass(frozen=True, slots=True)
class ReportInfo:
    """One line of the shelf: a report without its text."""

    report: str
    title: str | None
    council: str | None
    date: str | None
    kind: str | None
    publisher: str | None
    source: str | None
    form: Form
    passages: int
    words: int
    judgement: str | None = None
    pages: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question; ``score`` is only comparable within one search."""

    report: str
    title: str | None
    council: str | None
    date: str | None
    form: Form
    section: tuple[str, ...]
    paragraph: str | None
    ordinal: int
    page: int | None
    role: Role | None
    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """One quote, an exact slice of its passage and so of its report."""

    n: int
    report: str
    title: str | None
    council: str | None
    date: str | None
    form: Form
    source: str | None
    section: tuple[str, ...]
    paragraph: str | None
    ordinal: int
    page: int | None
    quote: str
    passage: str
    start: int
    """Where the quote starts in the report's text."""
    end: int
    score: float
    place: str
    """The place in words: council, date, section, printed paragraph or its ordinal."""
    also: tuple[str, ...] = ()
    """Other places of the same report where nearly the same is said, in words."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one report on the shelf has to say to one question, with the reason in words."""

    report: str
    title: str | None
    council: str | None
    date: str | None
    status: Status
    reason: str
    citations: tuple[int, ...] = ()
    probability: float = 0.0
    """How likely the report has evidence, as calibrated on the gold questions: 0 to 1."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a question was understood as, and that the asker may take out again."""

    kind: PartKind
    value: str
    """As it is shown: a council, ``since 2022``, ``praise``, ``DoLS = Deprivation of Liberty``."""

    @property
    def key(self) -> str:
        """The name by which it is taken out: ``council: Sefton Council``."""
        return f"{self.kind}: {self.value}"


@dataclass(frozen=True, slots=True)
class Understood:
    """How a question was read: shown to the user, so that a misreading can be seen."""

    terms: tuple[str, ...] = ()
    """The words looked for, as typed."""
    expansions: tuple[tuple[str, str], ...] = ()
    """Short form and long form pairs that widened the search."""
    corrections: tuple[tuple[str, str], ...] = ()
    """Words as typed, and the words of the shelf that they were read as."""
    councils: tuple[str, ...] = ()
    """Councils on the shelf that the question names; the other reports are not asked."""
    absent: tuple[str, ...] = ()
    """Places of councils that the question names and the shelf has no report about."""
    years: tuple[str, ...] = ()
    role: Role | None = None
    """Set when the question asks for praise or for recommendations only."""
    wants: AnswerKind | None = None
    """The kind of answer that is asked for, where the question says."""
    kinds: tuple[str, ...] = ()
    """Kinds of report that the question names; reports of other kinds are not asked."""
    period: str = ""
    """The reports that the years leave, in words: ``since 2022``; empty when they restrict none."""
    parts: tuple[Part, ...] = ()
    """All of the above that can be taken out, and with ``without`` is."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the decisions on the reports rest on, in numbers of reports."""

    searched: int = 0
    """Asked, by words and by meaning: the sum of ``silent``, ``weak``, ``close`` and ``unread``."""
    silent: int = 0
    """Hold none of the words looked for, nor anything near in meaning."""
    weak: int = 0
    """Hold some of it, but less than reports that were read closely and do not speak."""
    close: int = 0
    """Had their best passages read closely."""
    read: int = 0
    """Of those read closely, the ones that the cross-encoder read too."""
    speak: int = 0
    """Of those read closely, the ones that have evidence."""
    unread: int = 0
    """May speak, but so many others come before them that they were not read closely."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer that a language model wrote up, as it came out of the checks."""

    text: str
    """Without its marks."""
    citations: tuple[int, ...]
    """Numbers of ``Answer.citations`` that it rests on, as far as they exist."""
    report: str | None
    """The report that it speaks of; None where it speaks of several."""
    kept: bool
    """False when a check failed."""
    reason: str = ""
    """Why it failed, in words; empty when it is kept."""
    by: WrittenBy = "model"
    """``report``: the report's own words, because the model left it out or failed on it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a language model made of an answer's quotes, sentence by sentence."""

    model: str
    address: str
    """Where the question and the quotes were sent; never with a key."""
    sentences: tuple[Sentence, ...]
    """Those on several reports first, then report by report; none when ``note`` says why."""
    note: str = ""
    """What went wrong, in one plain sentence; the answer then stands as it was found."""
    withheld: tuple[int, ...] = ()
    """Numbers of the citations that were not handed over: their report gives orders to programs."""
    seconds: float = 0.0

    @property
    def kept(self) -> tuple[Sentence, ...]:
        """The sentences that passed."""
        return tuple(sentence for sentence in self.sentences if sentence.kept)

    @property
    def failed(self) -> tuple[Sentence, ...]:
        """The sentences that did not."""
        return tuple(sentence for sentence in self.sentences if not sentence.kept)


@dataclass(frozen=True, slots=True)
class Answer:
    """A question's answer: every report on the shelf stands in ``coverage`` exactly once."""

    id: str | None
    question: str
    refused: bool
    reason: str
    text: str
    citations: tuple[Citation, ...]
    coverage: tuple[Coverage, ...]
    seconds: float
    understood: Understood = field(default_factory=Understood)
    decided: Decided = field(default_factory=Decided)
    closest: tuple[Citation, ...] = ()
    """When the question is refused: what came nearest, though it does not answer."""
    without: tuple[str, ...] = ()
    """Keys of the parts that the asker took out of what was understood."""
    more: bool = False
    """True when every passage that speaks was asked for, not only the best of each report."""
    written: Written | None = None
    """Set when a language model was asked to write the answer up; all else stays as it was."""


@dataclass(frozen=True, slots=True)
class ShelfVersion:
    """What an answer was given from, so that another officer can get the same one."""

    program: str
    """Version of this program."""
    reports: int
    passages: int
    digest: str
    """12 hexadecimal digits over the content of every report and the settings of the index: the
    same shelf has the same digest, wherever it was built."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one file handed to ``add``."""

    path: str
    outcome: Outcome
    report: str | None
    passages: int
    detail: str = ""
    pages: int | None = None
    seconds: float = 0.0
    """Time spent reading and embedding it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A quote in its passage with what stands before and after it, for reading on."""

    report: str
    heading: tuple[str, ...]
    before: str
    passage: str
    quote_start: int
    """Where the quote starts within ``passage``."""
    quote_end: int
    after: str
    start: int
    """Where the quote starts in the report's text."""
    end: int
    info: ReportInfo
    paragraph: str | None
    page: int | None
    place: str
    """The place in words, as of a citation."""
    previous: tuple[int, int] | None
    """Start and end of the passage before, in the report's text; None at the beginning."""
    next: tuple[int, int] | None

    @property
    def quote(self) -> str:
        """The words that are quoted."""
        return self.passage[self.quote_start : self.quote_end]
