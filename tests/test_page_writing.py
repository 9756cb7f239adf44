"""A text written by a language model, on the page: marked, checked, folded, stopped, and only text.

The views are held against answers made by hand; the page is the real one, served by the real
command, with a model server whose text is a function of the prompt.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest
from browsing import DOLS, ask, conversation, opened, question_box, served
from hypothesis import given
from hypothesis import strategies as st
from made_answers import (
    HOSTILE,
    answer_of,
    assert_only_text,
    find,
    parsed,
    report,
    said,
    text_of,
    texts,
    written_up,
)
from made_models import KINDS, MadeModel, speaking
from playwright.sync_api import Browser, Locator, Page, expect
from test_doors import fetched
from test_page_for_everyone import findings

from rag.assistant import Assistant
from rag.model import Model
from rag.page import answers
from rag.page.asking import STOPPED, Asking, Message
from rag.page.conversations import Conversations, Turn, Wishes
from rag.records import Answer, ShelfVersion

FOUND = answer_of(
    report("Sefton Council", "2022", "Trams run late.", "Trams are cold.", id="sefton"),
    report("Kent Council", "2021", "Trams are full.", id="kent"),
    report("Leeds City Council", "2020", id="leeds"),
)
TEXT = (
    said("Both councils have trams.", 1, 3),
    said("Trams are late in Sefton.", 1, report="sefton"),
    said("Trams fly.", 2, report="sefton", failed="the quotes do not say it"),
    said("Trams are full.", 3, report="kent", by="report"),
)
WRITTEN = written_up(FOUND, *TEXT)


# --- what is shown --------------------------------------------------------------------------


def test_what_several_reports_say_stands_first_then_each_report_under_its_name() -> None:
    tree = parsed(answers.written(WRITTEN, ""))
    assert texts(find(tree, "h2")) == [
        "Taken together",
        "Sefton Council, 2022",
        "Kent Council, 2021",
    ]
    assert "Written by scribe; every sentence checked." in text_of(tree)


def test_every_mark_is_the_link_of_its_quote() -> None:
    above, below = parsed(answers.written(WRITTEN, "")), parsed(answers.whole(WRITTEN, ""))
    marks = [(text_of(a)[:2], a.get("href")) for a in find(above, "a.cite")]
    quotes = {text_of(a)[:2]: a.get("href") for a in find(below, "a.cite")}
    assert marks == [(mark, quotes[mark]) for mark in ("[1", "[3", "[1", "[3")]


def test_a_mark_that_belongs_to_no_quote_is_not_shown() -> None:
    shown = answers.written(written_up(FOUND, said("Trams.", 1, 99)), "")
    assert "[1" in shown
    assert "99" not in shown


def test_the_words_of_a_report_are_marked_as_such() -> None:
    kent = find(parsed(answers.written(WRITTEN, "")), "p")[-1]
    assert text_of(kent).startswith("“Trams are full.” [3")
    assert text_of(kent).endswith("in the report’s own words")


def test_what_failed_is_left_out_and_can_be_unfolded_with_the_reason() -> None:
    tree = parsed(answers.written(WRITTEN, ""))
    (folded,) = find(tree, "details")
    assert folded.get("open") is None
    assert text_of(find(folded, "summary")[0]) == "1 sentence failed the checks and was left out"
    assert texts(find(folded, "li")) == ["failed: Trams fly. the quotes do not say it"]
    assert texts(find(folded, "s")) == ["Trams fly."]


def test_what_failed_stands_struck_in_its_place_where_that_is_wanted() -> None:
    tree = parsed(answers.written(WRITTEN, "", failed=True))
    assert find(tree, "details") == []
    sefton = next(p for p in find(tree, "p") if "late in Sefton" in text_of(p))
    assert texts(find(sefton, "s")) == ["Trams fly."]
    assert texts(find(sefton, "small")) == ["the quotes do not say it"]


def test_a_report_on_which_everything_failed_has_no_empty_heading() -> None:
    only = written_up(FOUND, said("Trams fly.", 1, report="sefton", failed="no"), TEXT[3])
    assert texts(find(parsed(answers.written(only, "")), "h2")) == ["Kent Council, 2021"]
    both = texts(find(parsed(answers.written(only, "", failed=True)), "h2"))
    assert both == ["Sefton Council, 2022", "Kent Council, 2021"]


def test_a_note_stands_alone_and_is_said_at_once() -> None:
    tree = parsed(answers.written(written_up(FOUND, note="The model cannot be reached."), ""))
    (note,) = tree.xpath(".//*[@role='status']")
    assert text_of(note) == text_of(tree) == "The model cannot be reached."


def test_quotes_that_were_not_handed_over_are_named_with_their_mark() -> None:
    tree = parsed(answers.written(written_up(FOUND, *TEXT, withheld=(2,)), ""))
    told = next(p for p in find(tree, "p.where") if "handed over" in text_of(p))
    assert text_of(told).replace(": read it in its place", "") == (
        "Quote [2] was not handed over: its report seems to give orders to programs."
    )
    assert len(find(told, "a.cite")) == 1


def test_of_very_many_quotes_a_message_shows_the_first_reports_and_counts_the_others() -> None:
    spoken = [report(f"Place {n:03} Council", "2020", "Trams.", "Trams!") for n in range(260)]
    tree = parsed(answers.whole(answer_of(*spoken), ""))
    assert (len(find(tree, "h2")), len(find(tree, "li"))) == (250, 500)
    assert texts(find(tree, "p"))[-1] == (
        "10 more reports speak, with 20 quotes: all of it stands under Compare, and in what you"
        " take away."
    )
    few = answers.whole(answer_of(*spoken[:250]), "")
    assert "under Compare" not in few


def test_of_very_many_silent_reports_a_message_tells_each_reason_with_the_first_names() -> None:
    silent = [report(f"Place {n:03} Council", "2020") for n in range(45)]
    unread = report("Bury Council", "2020", status="not read")
    tree = parsed(answers.whole(answer_of(*silent, unread), ""))
    assert texts(find(tree, "h2")) == ["Not read closely", "No mention found"]
    first, second = texts(find(tree, "li"))
    assert first == "Bury Council, 2020: may speak: mentions some of it; not read closely"
    assert second.startswith("nothing on trams (45 reports): Place 000 Council, 2020; Place 001")
    assert second.endswith("Place 011 Council, 2020; and 33 more, under Compare")


def test_while_it_grows_it_is_not_said_anew_with_each_sentence() -> None:
    assert 'aria-live="off"' in answers.written(WRITTEN, "", growing=True)
    assert "aria-live" not in answers.written(WRITTEN, "")


@given(st.text(st.characters(exclude_categories=["C"])) | st.just(HOSTILE), st.booleans())
def test_whatever_a_model_writes_is_only_text(text: str, failed: bool) -> None:
    found = written_up(FOUND, said(text, 1), said(text, 2, report="sefton", failed=text or "empty"))
    assert_only_text(answers.written(found, text, failed=failed), text)
    assert_only_text(answers.written(written_up(FOUND, note=text or "none"), ""), text)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://127.0.0.1:11434/v1", "sent to a program on this machine."),
        ("http://[::1]:8080/v1", "sent to a program on this machine."),
        ("https://models.example.org/v1", "models.example.org (another machine, encrypted)"),
        ("http://10.1.2.3:8000/v1", "10.1.2.3:8000 (another machine, not encrypted)"),
    ],
)
def test_where_it_goes_is_told_in_plain_words(address: str, told: str) -> None:
    notice = answers.where_it_goes(Model("scribe", address))
    assert told in notice
    assert "The reports themselves are not sent." in notice
    assert "what fails is left out" in notice


# --- who has it written ---------------------------------------------------------------------


@dataclass
class Scribe:
    """As much of an assistant as writing needs: it gives the pieces that it was given."""

    pieces: list[Answer]
    model: Model = field(default_factory=lambda: Model("scribe"))
    stopped: list[Callable[[], bool]] = field(default_factory=list)

    def writing(self, _: Answer, stopped: Callable[[], bool]) -> Iterator[Answer]:
        self.stopped.append(stopped)
        yield from self.pieces


GROWING = [written_up(FOUND, *TEXT[:n]) for n in range(1, len(TEXT) + 1)]


def asking(*pieces: Answer) -> tuple[Asking, Scribe]:
    """Ada's question, answered and waiting to be written up."""
    scribe = Scribe(list(pieces))
    held = Conversations()
    shelf = ShelfVersion("0", 1, 1, "0" * 12)
    quotes, above = answers.whole(FOUND, "", "open"), answers.about_to_write("scribe", "")
    time = "2026-11-22T10:00+00:00"
    held.keep("ada", Turn(1, "trams?", "trams?", quotes, FOUND, time, shelf, above, writing=True))
    return Asking(cast(Assistant, scribe), held), scribe


def content(messages: list[Message]) -> list[str]:
    return [message["content"] for message in messages]


def test_the_text_grows_above_quotes_that_stay_as_they_are_until_it_is_whole() -> None:
    ada, _ = asking(*GROWING)
    *growing, whole = map(content, ada.write("ada"))
    assert [len(find(parsed(above), "h2")) for _, above, _ in growing] == [1, 2, 2, 3]
    assert {quotes for *_, quotes in growing} == {answers.whole(FOUND, "", "open")}
    assert whole[2] == answers.whole(FOUND, "", "closed")
    last = ada.conversations.last("ada")
    assert last is not None
    assert last.answer == WRITTEN
    assert not last.writing


@pytest.mark.parametrize(
    "whole",
    [
        written_up(FOUND, note="The model broke off."),
        written_up(FOUND, *TEXT[2:3], note="Nothing that scribe wrote passed the checks."),
    ],
)
def test_a_text_that_came_to_nothing_leaves_the_quotes_open(whole: Answer) -> None:
    ada, _ = asking(*GROWING, whole)
    *_, (_, above, quotes) = map(content, ada.write("ada"))
    assert whole.written is not None
    assert whole.written.note in above
    assert quotes == answers.whole(FOUND, "")


def test_stopping_keeps_the_answer_and_ends_the_writing() -> None:
    ada, scribe = asking(*GROWING)
    writing = ada.write("ada")
    next(writing)
    _, above, quotes = content(ada.stopped("ada", "trams?"))
    assert STOPPED in above
    assert quotes == answers.whole(FOUND, "")
    assert list(writing) == []
    assert [stopped() for stopped in scribe.stopped] == [True]
    last = ada.conversations.last("ada")
    assert last is not None
    assert last.answer == FOUND


def test_a_page_that_is_loaded_again_takes_the_writing_over() -> None:
    ada, scribe = asking(*GROWING)
    before = ada.write("ada")
    next(before)
    again = ada.write("ada")
    next(again)
    assert [stopped() for stopped in scribe.stopped] == [True, False]
    assert list(before) == []
    assert len(list(again)) == len(GROWING)


def test_a_forgotten_conversation_is_not_written_on() -> None:
    ada, _ = asking(*GROWING)
    writing = ada.write("ada")
    next(writing)
    ada.forget("ada")
    assert list(writing) == []
    assert ada.conversations.of("ada") == []


def test_what_failed_is_shown_and_hidden_in_answers_that_stand_already() -> None:
    ada, _ = asking(*GROWING)
    list(ada.write("ada"))
    shown = content(ada.wish("ada", Wishes(write=True, failed=True)))[1]
    assert "<details" not in shown
    hidden = content(ada.wish("ada", Wishes(write=True)))[1]
    assert "<details" in hidden


def test_what_was_switched_on_is_each_visitors_own_and_bounded() -> None:
    held = Conversations(visitors=2)
    for visitor in ("ada", "grace", "mary"):
        held.wish(visitor, Wishes(write=True))
    assert [held.wishes(visitor).write for visitor in ("ada", "grace", "mary")] == [
        *(False, True, True)
    ]


# --- in a browser ---------------------------------------------------------------------------

STRAY = "<img src=x onerror=\"document.title='broken'\">"


@dataclass
class Saying:
    """What the made model says: for each report its first quote, and sentences that must fail."""

    goes_on: threading.Event = field(default_factory=threading.Event)
    slow: bool = False
    thinks: bool = False
    asked: threading.Event = field(default_factory=threading.Event)

    def __call__(self, messages: list[dict[str, str]]) -> Iterator[str]:
        asked = messages[-1]["content"]
        self.asked.set()
        if self.thinks:
            self.goes_on.wait(60)
        if quoted := re.search(r"^\[(\d+)\] (.+)$", asked, re.MULTILINE):
            first = re.split(r"(?<=[.!?]) ", quoted[2])[0].rstrip(".")
            yield f"{first} [{quoted[1]}]. "
            if self.slow:
                yield f"There is more to come [{quoted[1]}]. "
                self.goes_on.wait(60)
            yield f"There were 4321 {STRAY} cases [{quoted[1]}]. "
            yield f"See ![x](http://127.0.0.1:9/x.png) [here](http://127.0.0.1:9/) [{quoted[1]}]."
        else:
            found = re.findall(r"^(.+?), .+?: (.)(.+?)\.? ((?:\[\d+\])+)$", asked, re.MULTILINE)
            first, second = (f"{name} {a.lower()}{rest}" for name, a, rest, _ in found[:2])
            yield f"In {first}; in {second} {found[0][3]}{found[1][3]}."


SAYING = Saying()


@pytest.fixture(scope="module")
def model() -> Iterator[MadeModel]:
    with speaking(SAYING) as server:
        yield server


@pytest.fixture(scope="module")
def writing(brief_shelf: Assistant, model: MadeModel) -> Iterator[str]:
    """The page over the briefs, started with a model."""
    folder = brief_shelf._index.folder
    with served(folder, "--model", "scribe", "--model-address", model.address) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, writing: str) -> Iterator[Page]:
    with browser.new_context() as visitor:
        yield opened(visitor.new_page(), writing)


def switch(page: Page) -> Locator:
    return page.get_by_label("Let scribe write it up")


def written(page: Page) -> Locator:
    return page.locator("#conversation .written")


def first_quote(page: Page) -> Locator:
    return page.locator("#conversation .answer li").first


def ask_for_a_text(page: Page, question: str = DOLS) -> Locator:
    """Ask with the switch on, and wait until the text is whole."""
    switch(page).check()
    ask(page, question)
    expect(written(page).last.get_by_text("Written by scribe; every sentence")).to_be_visible()
    return written(page).last


def test_without_a_model_there_is_no_switch(page: Page) -> None:
    expect(page.get_by_role("checkbox", name="write it up")).to_have_count(0)
    expect(page.get_by_text("Show what failed")).to_have_count(0)
    expect(page.get_by_text("are sent to")).to_have_count(0)


def test_the_switch_is_off_and_says_where_the_text_goes_before_it_is_used(
    visit: Page, model: MadeModel
) -> None:
    expect(switch(visit)).not_to_be_checked()
    expect(visit.get_by_text("sent to a program on this machine")).to_be_visible()
    before = len(model.requests)
    ask(visit, DOLS)
    ask(visit, "who uses direct payments?")
    expect(written(visit)).to_have_count(0)
    assert len(model.requests) == before


def test_a_written_text_stands_above_the_folded_quotes_and_its_marks_open_them(
    visit: Page,
) -> None:
    text = ask_for_a_text(visit)
    expect(text.get_by_role("heading").first).to_have_text("Taken together")
    expect(text.get_by_role("heading", name="Sefton Council, July 2022")).to_be_visible()
    answer = visit.locator("#conversation .answer")
    expect(first_quote(visit)).not_to_be_visible()
    expect(answer.get_by_text("Searched 5 reports: 3 speak of it, 2 do not.")).to_be_visible()
    text.locator("a.cite").first.click()
    expect(visit.locator("#passage mark")).to_be_visible()
    answer.get_by_text("The answer in the reports’ own words").click()
    expect(first_quote(visit)).to_be_visible()


def test_what_fails_is_left_out_and_struck_through_when_that_is_wanted(visit: Page) -> None:
    text = ask_for_a_text(visit)
    folded = text.get_by_text("6 sentences failed the checks and were left out")
    expect(text.get_by_text("4321").first).not_to_be_visible()
    folded.click()
    expect(text.locator("li s").first).to_be_visible()
    visit.get_by_label("Show what failed").check()
    expect(text.locator("p s")).to_have_count(6)
    expect(text.get_by_text(STRAY).first).to_be_visible()
    expect(text.get_by_text("it holds a link or markup").first).to_be_visible()
    assert visit.title() != "broken"
    assert visit.locator("img[src=x], #conversation a[href*=':9/']").count() == 0


def test_a_reload_shows_the_same_text_and_the_same_switches(visit: Page) -> None:
    before = ask_for_a_text(visit).inner_text()
    visit.reload()
    expect(written(visit)).to_be_visible()
    assert written(visit).inner_text() == before
    expect(switch(visit)).to_be_checked()
    expect(visit.get_by_label("Show what failed")).not_to_be_checked()


def test_a_part_that_is_taken_out_is_written_anew_as_the_switch_says(visit: Page) -> None:
    ask_for_a_text(visit, "what did Sefton say about DoLS backlogs?")
    expect(written(visit).get_by_role("heading")).to_have_text("Sefton Council, July 2022")
    part = visit.locator("#parts").get_by_label("Council: Sefton Council")
    part.uncheck()
    expect(written(visit).get_by_role("heading", name="Taken together")).to_be_visible()
    expect(written(visit).get_by_text("Written by scribe; every sentence")).to_be_visible()
    switch(visit).uncheck()
    part.check()
    expect(conversation(visit).get_by_text("Searched 1 report:")).to_be_visible()
    expect(written(visit)).to_have_count(0)


def test_a_refused_question_is_not_handed_over(visit: Page, model: MadeModel) -> None:
    switch(visit).check()
    before = len(model.requests)
    answer = ask(visit, "what is the price of haddock?")
    expect(answer.get_by_text("Nothing in the 5 reports")).to_be_visible()
    expect(written(visit)).to_have_count(0)
    assert len(model.requests) == before


def test_a_model_that_fails_leaves_one_sentence_and_the_open_quotes(
    visit: Page, model: MadeModel
) -> None:
    works, model.act = model.act, KINDS["cut before the reply"]
    try:
        switch(visit).check()
        ask(visit, DOLS)
        expect(written(visit).get_by_role("status")).to_be_visible()
    finally:
        model.act = works
    expect(first_quote(visit)).to_be_visible()
    expect(visit.locator("#conversation details")).to_have_count(0)


@pytest.fixture
def slow() -> Iterator[Saying]:
    """The model says two sentences and waits until it may go on."""
    SAYING.goes_on.clear()
    SAYING.slow = True
    yield SAYING
    SAYING.slow = False
    SAYING.goes_on.set()


def test_what_is_being_written_can_be_stopped_and_the_quotes_stay(
    visit: Page, model: MadeModel, slow: Saying
) -> None:
    switch(visit).check()
    ask(visit, DOLS)
    expect(first_quote(visit)).to_be_visible()
    expect(written(visit).get_by_text("is writing this up")).to_be_visible()
    visit.get_by_role("button", name="Stop").click()
    expect(written(visit).get_by_text(STOPPED)).to_be_visible()
    expect(first_quote(visit)).to_be_visible()
    slow.goes_on.set()
    visit.reload()
    expect(written(visit).get_by_text(STOPPED)).to_be_visible()
    markdown = visit.request.get(f"{visit.url}take/1/md").text()
    assert "no language model wrote any of this" in markdown


@pytest.fixture
def thinking(slow: Saying) -> Iterator[Saying]:
    """The model says nothing until it may go on."""
    SAYING.asked.clear()
    SAYING.thinks = True
    yield slow
    SAYING.thinks = False


@pytest.mark.parametrize("said", ["nothing", "two sentences"])
def test_a_writing_that_ends_late_changes_nothing_that_came_after(
    said: str, visit: Page, request: pytest.FixtureRequest
) -> None:
    saying: Saying = request.getfixturevalue("thinking" if said == "nothing" else "slow")
    switch(visit).check()
    ask(visit, DOLS)
    if said == "nothing":
        assert saying.asked.wait(60)
    else:
        expect(written(visit).locator("a.cite").first).to_be_visible()
    visit.get_by_role("button", name="Stop").click()
    expect(written(visit).get_by_text(STOPPED)).to_be_visible()
    saying.goes_on.set()
    visit.wait_for_timeout(3_000)
    expect(written(visit).get_by_text(STOPPED)).to_be_visible()
    expect(first_quote(visit)).to_be_visible()


def test_what_is_in_focus_stays_in_focus_while_sentences_are_added(
    visit: Page, slow: Saying
) -> None:
    switch(visit).check()
    ask(visit, DOLS)
    link = written(visit).locator("a.cite").first
    expect(link).to_be_visible()
    link.focus()
    slow.goes_on.set()
    expect(written(visit).get_by_text("Written by scribe; every sentence")).to_be_visible()
    assert visit.evaluate("document.activeElement.closest('.written') !== null")
    assert visit.evaluate("document.activeElement.textContent").startswith("[1")


def test_the_fold_is_not_closed_over_a_quote_that_is_read(visit: Page, slow: Saying) -> None:
    switch(visit).check()
    ask(visit, DOLS)
    link = visit.locator("#conversation .answer a.cite").first
    link.click()
    expect(visit.locator("#passage mark")).to_be_visible()
    slow.goes_on.set()
    expect(written(visit).get_by_text("Written by scribe; every sentence")).to_be_visible()
    expect(first_quote(visit)).to_be_visible()
    expect(link).to_have_attribute("aria-current", "true")
    visit.keyboard.press("Escape")
    expect(link).to_be_focused()


def test_a_written_text_is_taken_away_with_its_marks(visit: Page) -> None:
    ask_for_a_text(visit)
    markdown = visit.request.get(f"{visit.url}take/1/md").text()
    assert "## Written by scribe, checked" in markdown
    assert "4321" not in markdown


def test_over_http_an_answer_is_written_up_when_that_is_asked_for(writing: str) -> None:
    found = fetched(writing, "api/ask", {"question": DOLS, "write": True})
    assert found["written"]["model"] == "scribe"
    assert {sentence["kept"] for sentence in found["written"]["sentences"]} == {True, False}
    assert fetched(writing, "api/ask", {"question": DOLS})["written"] is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_written_text(
    browser: Browser, writing: str, scheme: str
) -> None:
    dark = scheme == "dark"
    size = {"width": 320, "height": 700} if dark else {"width": 1280, "height": 900}
    colours = "dark" if dark else "light"
    with browser.new_context(color_scheme=colours, viewport=size) as visitor:  # type: ignore[arg-type]
        page = opened(visitor.new_page(), writing)
        assert findings(page) == []
        text = ask_for_a_text(page)
        text.locator("summary").click()
        assert findings(page) == []
        page.get_by_label("Show what failed").check()
        expect(text.locator("p s").first).to_be_visible()
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_switches_and_folds_are_used_by_keyboard(visit: Page) -> None:
    switch(visit).focus()
    visit.keyboard.press("Space")
    question_box(visit).fill(DOLS)
    visit.keyboard.press("Enter")
    expect(written(visit).get_by_text("Written by scribe; every sentence")).to_be_visible()
    own_words = visit.locator("#conversation .answer summary")
    own_words.focus()
    visit.keyboard.press("Enter")
    expect(first_quote(visit)).to_be_visible()
