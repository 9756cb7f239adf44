"""Asking, in a real browser, served by the real command over the briefs that ship."""

from __future__ import annotations

import os
import re
import socket

import pytest
from browsing import DOLS, ask, conversation, question_box
from playwright.sync_api import Browser, Page, expect

from app import TITLE
from rag.page.tabs import AT_ONCE

HOSTILE = "<img src=x onerror=\"document.title='broken'\"> **DoLS** [x](javascript:alert(1))"


def test_the_first_words_say_what_is_looked_for_and_the_answer_names_every_report(
    page: Page,
) -> None:
    question_box(page).fill(DOLS)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(
        conversation(page).get_by_text(re.compile("Searching 5 reports for DoLS|Searched 5"))
    ).to_be_visible()
    answer = page.locator("#conversation .answer")
    expect(answer.get_by_text("Searched 5 reports: 3 speak of it, 2 do not.")).to_be_visible()
    for speaks in ("Sefton Council", "Somerset Council", "Southampton City Council, May 2019"):
        expect(answer.get_by_role("heading", name=speaks)).to_be_visible()
    expect(answer.get_by_role("heading", name="No mention found")).to_be_visible()
    for silent in ("Southampton City Council, December 2020", "Southend-on-Sea City Council"):
        expect(answer.get_by_role("listitem").filter(has_text=silent)).to_be_visible()


def test_the_question_stays_in_its_box_to_be_edited_and_asked_again(page: Page) -> None:
    ask(page, DOLS)
    expect(question_box(page)).to_have_value(DOLS)
    question_box(page).focus()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.keyboard.type(" in Sefton?")
    page.keyboard.press("Enter")
    expect(conversation(page).get_by_text("Searched 1 report:")).to_be_visible()


def test_follow_ups_are_asked_as_questions_that_stand_alone(page: Page) -> None:
    ask(page, DOLS)
    answer = ask(page, "and in Somerset?")
    expect(answer.get_by_text(re.compile("Asked as: .*DoLS backlogs.*Somerset"))).to_be_visible()
    expect(answer.get_by_text("Searched 1 report: 1 speaks of it, 0 do not.")).to_be_visible()
    expect(question_box(page)).to_have_value(re.compile("DoLS.*Somerset"))
    answer = ask(page, "what did they recommend?")
    expect(answer.get_by_text(re.compile("Asked as: .*recommend.*DoLS"))).to_be_visible()
    expect(page.get_by_label("Only: recommendations")).to_be_checked()
    answer = ask(page, "show me more from Sefton")
    expect(answer.get_by_text("Every passage that speaks is quoted")).to_be_visible()


def test_each_part_of_what_was_understood_can_be_taken_out(page: Page) -> None:
    ask(page, "what did Sefton say about DoLS since 2020?")
    parts = page.locator("#parts")
    for label in ("Council: Sefton Council", "Reports: since 2020", "Also: DoLS = "):
        expect(parts.get_by_label(label)).to_be_checked()
    parts.get_by_label("Council: Sefton Council").uncheck()
    expect(conversation(page).get_by_text("Taken out: council: Sefton Council.")).to_be_visible()
    expect(conversation(page).get_by_text(re.compile(r"Searched 4 reports"))).to_be_visible()
    expect(parts.get_by_label("Council: Sefton Council")).not_to_be_checked()
    expect(page.locator("#conversation .answer")).to_have_count(1)
    parts.get_by_label("Council: Sefton Council").check()
    expect(conversation(page).get_by_text(re.compile(r"Searched 1 report:"))).to_be_visible()


def test_the_examples_are_of_this_shelf_and_have_answers(page: Page) -> None:
    examples = page.locator("#examples button")
    expect(examples.first).to_be_visible()
    text = examples.first.inner_text()
    examples.first.click()
    answer = page.locator("#conversation .answer")
    expect(answer.get_by_text(re.compile(r"Searched \d report"))).to_be_visible()
    expect(conversation(page).get_by_text(text)).to_be_visible()
    expect(answer.locator("a.cite").first).to_be_visible()


def test_a_question_that_waits_can_be_stopped_and_leaves_nothing(
    browser: Browser, address: str, page: Page
) -> None:
    """Others keep the server busy, so that this question has to wait its turn."""
    others = [browser.new_page() for _ in range(2 * AT_ONCE)]
    for other in others:
        other.goto(address)
        question_box(other).fill("compare all councils on commissioning and carers")
    for other in others:
        other.get_by_role("button", name="Ask", exact=True).click()
    question_box(page).fill(DOLS)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(conversation(page).get_by_text("Searching 5 reports")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(conversation(page).get_by_text("Stopped. Nothing of this was kept.")).to_be_visible()
    page.reload()
    expect(question_box(page)).to_be_visible()
    expect(page.locator("#conversation .answer")).to_have_count(0)
    for other in others:
        other.close()


def test_the_conversation_outlives_a_reload_with_the_same_citations(page: Page) -> None:
    before = ask(page, DOLS).inner_text()
    links = page.locator("#conversation a.cite").evaluate_all("all => all.map(a => a.href)")
    page.reload()
    answer = page.locator("#conversation .answer")
    expect(answer).to_have_count(1)
    assert answer.inner_text() == before
    assert page.locator("#conversation a.cite").evaluate_all("all => all.map(a => a.href)") == links
    page.get_by_role("button", name="New conversation").click()
    expect(answer).to_have_count(0)
    page.reload()
    expect(question_box(page)).to_be_visible()
    expect(answer).to_have_count(0)


def test_a_question_is_shown_as_text_whatever_it_holds(page: Page) -> None:
    ask(page, HOSTILE)
    expect(conversation(page).get_by_text("**DoLS**").first).to_be_visible()
    assert page.title() == TITLE
    assert page.locator("img[src=x], a[href^=javascript]").count() == 0


def test_an_empty_question_gets_a_plain_sentence(page: Page) -> None:
    question_box(page).fill("   ")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("The question is empty.")).to_be_visible()


def test_the_page_says_that_briefs_are_briefs(page: Page) -> None:
    expect(page.get_by_text("digests in this project's own words")).to_be_visible()


@pytest.mark.skipif(os.name != "posix", reason="interfaces are listed the POSIX way")
def test_only_this_machine_can_reach_the_page(address: str) -> None:
    port = int(address.rstrip("/").rsplit(":", 1)[1])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for host in others - {"127.0.0.1"}:
        with socket.socket() as probe:
            probe.settimeout(2)
            if str(host).startswith("127."):
                continue
            assert probe.connect_ex((str(host), port)) != 0
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.1", port)) == 0
