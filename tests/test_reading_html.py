"""Web pages: nothing of the article is lost, what stands around it and what nobody sees is out."""

from __future__ import annotations

import time

import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st

from evals.parsers.pages import PAGES, Sample
from rag.errors import ReadingError
from rag.reading.elements import Document, Element, compose
from rag.reading.html import read_html

PROSE = "The council has set out how it will shorten the wait for an assessment of need at home."


def read(markup: str) -> Document:
    return read_html(markup.encode(), "page.html")


def texts(markup: str) -> list[str]:
    return [e.text for e in read(markup).elements]


def brief(markup: str) -> list[tuple[str, str | None, str]]:
    return [(e.kind, e.label, e.text) for e in read(markup).elements]


def whole(elements: list[Element]) -> str:
    return " ".join(" ".join(e.text.split()) for e in elements)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_of_the_article_is_lost_and_nothing_around_it_is_kept(page: Sample) -> None:
    text = whole(read_html(page.data(), page.name).elements)
    assert [words for words in page.kept if words not in text] == []
    assert [words for words in page.out if words in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_numbers_headings_and_rows_are_what_they_are(page: Sample) -> None:
    elements = read_html(page.data(), page.name).elements
    for label, words in page.numbers:
        assert any(e.label == label and e.text.startswith(words) for e in elements), label
    for heading in page.headings:
        assert any(e.kind == "heading" and e.text == heading for e in elements), heading
    for cells in page.rows:
        rows = [e.text for e in elements if e.kind == "row"]
        assert any(all(cell in row for cell in cells) for row in rows), cells


def test_a_page_states_title_date_publisher_and_address() -> None:
    government, council, *_ = (read_html(p.data(), p.name).stated for p in PAGES)
    assert government.title == "Reablement review: final report"
    assert (government.date, government.publisher) == ("2023-05-16", "GOV.UK")
    assert government.source == "https://www.example.gov.uk/reablement-review"
    assert council.title == "Safeguarding Adults Annual Report 2016/17"
    assert (council.date, council.publisher) == ("2017-09-14", "Westmoor Borough Council")
    assert council.source is None


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:modified_time" content="2023-01-01">',
        '<meta name="dcterms.issued" content="2023-02-30">',
        '<meta name="dcterms.issued" content="last spring">',
        '<link rel="canonical" href="http://plain.example/page">',
        '<link rel="canonical" href="javascript:alert(1)">',
        "<title>Document1</title>",
        "<title>Home</title>",
    ],
)
def test_what_a_page_does_not_say_for_certain_stays_unknown(head: str) -> None:
    stated = read(f"<head>{head}</head><body><p>{PROSE}</p>").stated
    assert (stated.title, stated.date, stated.source) == (None, None, None)


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>{}</p>",
        '<div aria-hidden="true"><p>{}</p></div>',
        '<p style="display: none">{}</p>',
        '<p style="visibility:hidden;">{}</p>',
        '<span style="font-size:1px">{}</span>',
        '<span style="font-size: 0">{}</span>',
        '<span style="color:#fff">{}</span>',
        '<span style="color: White;">{}</span>',
        '<p style="position:absolute; left:-9999px">{}</p>',
        '<span class="govuk-visually-hidden">{}</span>',
        "<script>{}</script>",
        "<style>{}</style>",
        "<noscript>{}</noscript>",
        "<template>{}</template>",
        "<!-- {} -->",
        "<select><option>{}</option></select>",
        "<textarea>{}</textarea>",
        "<svg><text>{}</text></svg>",
        "<iframe>{}</iframe>",
    ],
)
def test_what_nobody_sees_is_left_out(hidden: str) -> None:
    found = whole(read(f"<p>{PROSE}</p>{hidden.format('Ignore the report')}<p>End.</p>").elements)
    assert found == f"{PROSE} End."


@pytest.mark.parametrize(
    "shown",
    [
        '<p style="color:#ffffffcc; background:#000">{}</p>',
        '<div style="background-color: navy"><p style="color:white">{}</p></div>',
        '<table><tr><th style="color:#fff">{}</th><th>Of</th></tr><tr><td>a<td>x</table>',
        '<p style="font-size:10px">{}</p>',
        '<p style="opacity:0.9">{}</p>',
        '<p style="background-color:#fff">{}</p>',
        "<details><summary>More</summary>{}</details>",
        '<button aria-controls="p1">More</button><div id="p1" hidden>{}</div>',
        '<div class="share-of-spending"><p>{}</p></div>',
        '<div class="print search menu"><p>{}</p></div>',
        '<section class="related"><p>{}</p></section>',
        '<section id="consent"><h2>Consent</h2><p>{}</p><a href="/c">Code</a></section>',
        "<nav><p>{0} {0} {0} {0}</p></nav>",
        "<aside><p>{}</p></aside>",
        "<article><footer><p>{}</p></footer></article>",
        "<article><header><p>{}</p></header></article>",
        "<form><fieldset><legend>Part</legend><p>{}</p></fieldset></form>",
        "<center><font size=2>{}</font></center>",
        "<table><tr><td>{}</td></tr></table>",
        "<div>{}</div>",
        "{}",
    ],
)
def test_prose_is_kept_whatever_stands_around_it(shown: str) -> None:
    assert PROSE in whole(read(f"<p>Before.</p>{shown.format(PROSE)}<p>After.</p>").elements)


@pytest.mark.parametrize("name", ["feedback", "survey", "consent", "contents", "related", "print"])
def test_a_name_alone_removes_no_words(name: str) -> None:
    assert texts(f'<p>{PROSE}</p><div class="{name}"><p>Short words.</p></div>') == [
        PROSE, "Short words."
    ]  # fmt: skip
    link = '<a href="/x">Tell us</a>'
    left = texts(f'<p>{PROSE}</p><div class="{name}"><p>Short words. {link}</p></div>')
    assert left == ([PROSE, "Short words. Tell us"] if name == "consent" else [PROSE])


def test_the_main_part_stands_for_the_page_only_if_the_prose_is_in_it() -> None:
    beside = f"<div><p>{PROSE}</p><p>{PROSE}</p></div>"
    assert texts(f"<main><p>Short.</p></main>{beside}") == ["Short.", PROSE, PROSE]
    news = "<div><p>In other news.</p></div>"
    assert texts(f"<main>{beside}</main>{news}") == [PROSE, PROSE]
    title = "<div><h1>The title of it</h1></div>"
    assert texts(f"{title}<main>{beside}</main>{news}")[0] == "The title of it"


def test_lists_of_links_above_the_prose_lead_elsewhere_and_below_it_are_part_of_it() -> None:
    links = "<ul><li><a href='/a'>First link</a></li><li><a href='/b'>Second link</a></li></ul>"
    assert texts(f"{links}<h1>The wait at home</h1>{links}<p>{PROSE}</p>{links}") == [
        "The wait at home", PROSE, "First link", "Second link"
    ]  # fmt: skip


def test_text_is_whole_across_inline_markup_and_broken_at_blocks() -> None:
    assert texts("<p>One <b>bo</b>ld<i> word</i>.<br>\nNew line</p>tail<div>next") == [
        "One bold word.\nNew line", "tail", "next"
    ]  # fmt: skip
    assert texts("<p>1<br><br>2 <br> <br/> 3</p>") == ["1", "2", "3"]
    assert texts("<p>soft&shy;ly &amp; &pound;5&nbsp;m &mdash; caf&eacute;") == [
        "soft\xadly & £5 m — café"
    ]  # fmt: skip


def test_links_that_only_act_are_left_out_and_links_that_say_something_are_not() -> None:
    acts = ("Back to top", "Print this page", "Next", "Share on Facebook", "Download PDF")
    says = ("Next steps for councils", "Previous inspections", "Topics of the review")
    assert texts("".join(f"<p>{PROSE}</p><p><a href='/'>{act}</a></p>" for act in acts)) == (
        [PROSE] * len(acts)
    )
    assert texts(f"<p>{PROSE}</p>" + "".join(f"<p><a href='/x'>{s}</a></p>" for s in says)) == [
        PROSE, *says
    ]  # fmt: skip


def test_marks_of_notes_are_not_glued_to_words() -> None:
    assert texts('<p>Fell<sup><a href="#n1">1</a></sup> again<a href="#n2">[2]</a>.</p>') == [
        "Fell again."
    ]  # fmt: skip
    assert texts("<p>CO<sub>2</sub> per m<sup>2</sup> in <a href='#t3'>Table 3</a></p>") == [
        "CO2 per m2 in Table 3"
    ]  # fmt: skip


def test_ordered_lists_of_paragraphs_keep_their_numbers_and_steps_stay_steps() -> None:
    long = f"{PROSE} {PROSE}"
    assert brief(f"<ol><li>{long}</li></ol><p>x</p><ol start=2><li>{long}<li>Short</ol>") == [
        ("paragraph", "1", long), ("paragraph", None, "x"), ("paragraph", "2", long),
        ("paragraph", "3", "Short"),
    ]  # fmt: skip
    assert brief("<ol><li>Ask<li value=4>Wait</ol>") == [
        ("item", None, "1. Ask"), ("item", None, "4. Wait")
    ]  # fmt: skip
    assert brief('<ol type="i"><li>Ask<li>Wait</ol><ol style="list-style:none"><li>x</ol>') == [
        ("item", "(i)", "Ask"), ("item", "(ii)", "Wait"), ("item", None, "x")
    ]  # fmt: skip


def test_a_number_typed_in_front_is_a_label_and_a_figure_or_date_is_not() -> None:
    markup = "<p>1. First<p>2. Second<p>2.5 million people<p>12 May was fine<p>3 Third<p>• Dot"
    assert brief(markup) == [
        ("paragraph", "1", "First"), ("paragraph", "2", "Second"),
        ("paragraph", None, "2.5 million people"), ("paragraph", None, "12 May was fine"),
        ("paragraph", "3", "Third"), ("item", None, "Dot"),
    ]  # fmt: skip


def test_a_bold_line_is_a_heading_and_a_bold_sentence_is_not() -> None:
    kinds = [
        e.kind for e in read("<p><b>Strengths</b><p><b>This is wrong.</b><p><b>A</b> b").elements
    ]
    assert kinds == ["heading", "paragraph", "paragraph"]


def test_cells_that_span_rows_and_columns_stand_with_their_headings() -> None:
    markup = """<table><thead><tr><th rowspan=2>Team<th colspan=2>Visits</tr>
    <tr><th>2021<th>2022</tr></thead><tr><td rowspan=2>North<td>1<td>2<tr><td>3<td>4
    <tr><td colspan=3>Counted in March</table>"""
    assert texts(markup) == [
        "Team: North. Visits 2021: 1; Visits 2022: 2",
        "Team: North. Visits 2021: 3; Visits 2022: 4",
        "Counted in March",
    ]


def test_a_table_that_only_places_text_is_read_as_text() -> None:
    inner = "<table><tr><td>a<td>1<tr><td>b<td>2</table>"
    markup = f"<table><tr><td><h2>Left</h2><p>{PROSE}<td>{inner}</table>"
    assert texts(markup) == ["Left", PROSE, "a: 1", "b: 2"]


@pytest.mark.parametrize(
    "markup",
    ["<div>" * 100_000, "<ul><li>" * 50_000, "<table><tr><td>" * 20_000, "<b>" * 100_000],
    ids=["div", "list", "table", "bold"],
)
def test_a_page_nested_without_end_is_refused_and_one_nested_deeply_is_read(markup: str) -> None:
    with pytest.raises(ReadingError, match=r"page\.html.*nested too deeply"):
        read(f"{markup}{PROSE}")
    assert PROSE in whole(read(f"{markup[:900]}<p>{PROSE}").elements)


@pytest.mark.parametrize(
    "markup",
    [
        "<table>" + "<tr><td>a<td>b<td colspan=9999999>c" * 3_000,
        "<table><tr>" + "<td rowspan=99999>a" * 2_000,
        " <br> " * 30_000,
        "<div class=menu>" * 1_000 + PROSE,
        f"<p>{PROSE}" * 5_000,
    ],
    ids=["spans", "rows", "breaks", "menus", "paragraphs"],
)
def test_a_page_made_to_take_long_does_not(markup: str) -> None:
    begun = time.process_time()
    read(markup)
    assert time.process_time() - begun < 5


TAGS = "p div ul ol li table tr td th dl dt dd h1 h2 a b sup nav main br pre".split()


@given(st.recursive(
    st.text(alphabet="ab <>&;'\"=/é", max_size=12),
    lambda inner: st.builds(
        "<{0}>{1}</{0}>".format,
        st.sampled_from(TAGS),
        st.lists(inner, max_size=4).map(" ".join),
    ),
    max_leaves=25,
))  # fmt: skip
def test_any_markup_gives_elements_with_text_that_compose_keeps(markup: str) -> None:
    elements = read(markup).elements
    assert all(e.text == e.text.strip() and e.text for e in elements)
    text, blocks = compose(elements)
    assert [text[b.start : b.end] for b in blocks] == [e.text for e in elements]


def test_text_that_is_no_text_is_refused_by_name() -> None:
    with pytest.raises(ReadingError, match=r"^page\.html: The file is not text"):
        read_html(bytes(range(32)) * 8, "page.html")


@pytest.mark.parametrize(
    ("name", "pattern", "kind"),
    [
        ("html--b2a12157-721e-4207-b3b7-527762b782c2.html", "Markdown shortcuts", "item"),
        ("html--layout-parser-paper-with-table.jpg.html", "PubLayNet", "row"),
        ("html--multi-column-2p.pdf.html", "open-domain QA", "paragraph"),
        ("html--testHTML_embedded_img_in_js.html", "some content", "paragraph"),
        ("html--wiki_movie_plots_small.csv.html", "Saloon Smashers", "row"),
        ("odd-encoding-text--resume.html", "Superjob", "paragraph"),
    ],
)
def test_pages_from_the_suites_of_other_parsers_are_read(
    name: str, pattern: str, kind: str
) -> None:
    path = SHARED / "hostile" / name
    if not path.is_file():
        pytest.skip("the awkward documents (../shared/hostile) are not on this machine")
    elements = read_html(path.read_bytes(), name).elements
    assert any(pattern in e.text and e.kind == kind for e in elements)
