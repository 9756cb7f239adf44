"""robots.txt as RFC 9309 has it."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.robots import Rules, comparable, rules_for

US = "council-reports-rag"


def allowed(text: str, target: str) -> bool:
    return rules_for(US, text).allow(target)


@pytest.mark.parametrize(
    ("text", "target", "may"),
    [
        ("", "/report.pdf", True),
        ("User-agent: *\nDisallow:", "/report.pdf", True),
        ("User-agent: *\nDisallow: /", "/report.pdf", False),
        ("\n\nuser-AGENT : *  # all\r\ndisALLOW: /private # not this\r\n", "/private/a", False),
        ("User-agent: *\nDisallow: /private", "/Private", True),
        ("User-agent: *\nDisallow: /private", "/public", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/report", "/a/report.pdf", True),
        ("User-agent: *\nAllow: /\nDisallow: /a", "/a/report.pdf", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/report.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/report.pdf?download=1", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/.pdf.pdf", False),
        ("User-agent: *\nDisallow: /*?", "/a?b", False),
        ("User-agent: *\nDisallow: *", "/", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /ab*ba$", "/aba", True),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/caf%c3%a9", False),
        ("User-agent: *\nDisallow: /café", "/caf%C3%A9", False),
        ("User-agent: *\nDisallow: /%7Eold", "/~old", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        ("Disallow: /", "/report.pdf", True),
        ("<html><body>Not found: /</body></html>", "/report.pdf", True),
    ],
)
def test_the_most_specific_rule_decides(text: str, target: str, may: bool) -> None:
    assert allowed(text, target) is may


def test_the_groups_that_name_us_count_instead_of_those_for_everybody() -> None:
    text = f"User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: {US.title()}/2\nAllow: /"
    assert allowed(text, "/report.pdf")
    assert not rules_for("another", text).allow("/report.pdf")
    assert allowed(f"User-agent: {US}\nUser-agent: *\nDisallow: /a", "/b")
    assert not allowed(f"User-agent: {US}-two\nAllow: /\nUser-agent: *\nDisallow: /", "/b")


def test_groups_for_the_same_program_are_one_and_other_records_end_none() -> None:
    text = "User-agent: *\nSitemap: https://a.uk/\nDisallow: /a\n\nUser-agent: *\nDisallow: /b"
    assert not allowed(text, "/a")
    assert not allowed(text, "/b")
    assert allowed(text, "/c")


def test_a_group_that_names_us_without_rules_allows_everything() -> None:
    assert allowed(f"User-agent: {US}\nDisallow:\n\nUser-agent: *\nDisallow: /\n", "/b")


def test_the_delay_asked_for_is_read() -> None:
    assert rules_for(US, "User-agent: *\nCrawl-delay: 2.5").delay == 2.5
    assert rules_for(US, "User-agent: *\nCrawl-delay: soon").delay == 0
    assert rules_for(US, "User-agent: other\nCrawl-delay: 9").delay == 0


@given(
    st.lists(
        st.tuples(st.booleans(), st.text("/ab*$%", min_size=1, max_size=6)), min_size=1, max_size=4
    ),
    st.text("/ab$*", max_size=8),
)
def test_rules_fit_as_their_regular_expressions_do(
    rules: list[tuple[bool, str]], path: str
) -> None:
    lines = [f"{'Allow' if allows else 'Disallow'}: {value}" for allows, value in rules]
    fitting = []
    for allows, value in rules:
        ends = value.endswith("$")
        parts = [comparable(p) for p in re.split(r"\*+", value[:-1] if ends else value)]
        pattern = ".*".join(map(re.escape, parts)) + (r"\Z" if ends else "")
        if re.match(pattern, comparable(f"/{path}")):
            fitting.append((len("*".join(parts)) + ends, allows))
    expected = max(fitting)[1] if fitting else True
    assert allowed("User-agent: *\n" + "\n".join(lines), f"/{path}") is expected


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert isinstance(rules_for(US, f"User-agent: *\n{text}"), Rules)


@given(st.text("%aA0/é~ *", max_size=12))
def test_a_path_is_written_in_one_way(path: str) -> None:
    assert comparable(comparable(path)) == comparable(path)


def test_a_large_file_with_many_programs_and_rules_takes_no_time() -> None:
    agents = "".join(f"User-agent: a{'b' * (n % 50)}\n" for n in range(10_000))
    text = agents + "User-agent: *\n" + "Disallow: /*a*b\n" * 15_000
    started = time.process_time()
    assert allowed(text, "/" + "a" * 4000)
    assert time.process_time() - started < 5
