"""Web pages as councils, government and associations build them, with what a reader must keep.

Written for this comparison: the markup follows sites that publish reports, the words are made up.
``kept`` are the first words of every paragraph, item and note of the article, ``out`` words that
stand outside it, ``numbers`` printed numbers with what follows them, ``rows`` cells that must
stand on one line with their headings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).with_name("samples")


@dataclass(frozen=True, slots=True)
class Sample:
    """One file and what is true of it."""

    name: str
    kept: tuple[str, ...]
    out: tuple[str, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    headings: tuple[str, ...] = ()
    make: Callable[[], bytes] | None = None
    """What makes the file, where it does not lie in ``SAMPLES``."""

    def data(self) -> bytes:
        """The bytes of the file."""
        return self.make() if self.make else (SAMPLES / self.name).read_bytes()


PAGES = (
    Sample(
        "government.html",
        kept=(
            "Independent report",
            "Reablement review: final report",
            "16 May 2023",
            "The minister asked us",
            "We visited eleven councils",
            "and spoke to people",
            "Waiting lists had shortened",
            "seven councils offered",
            "in 3 of them",
            "Table 1: people offered",
            "The figures for Eastborough",
            "The cost of a six-week",
            "£1,150",
            "Chosen to reflect rural",
        ),
        out=(
            "Cookies on this site",
            "essential cookies",
            "Skip to main",
            "Births, deaths",
            "Social care topics",
            "Script words",
            "Share this page",
            "Back to top",
            "Is this page useful",
            "Hospital discharge guidance pages",
            "Open Government Licence",
            "↩",
        ),
        numbers=(
            ("1.1", "The minister asked"),
            ("1.2", "We visited eleven"),
            ("2.1", "Waiting lists"),
            ("2.2", "The cost of"),
        ),
        rows=(("Northshire", "2021", "412", "2022", "530"), ("Eastborough", "97", "2022", "120")),
        headings=("Introduction", "What we found", "Costs"),
    ),
    Sample(
        "old-council.html",
        kept=(
            "Safeguarding Adults Annual Report",
            "I am pleased to present",
            "It was my first",
            "The board met six times",
            "Two meetings were held jointly with the children’s",
            "We received 1,204 concerns",
            "£40,000",
            "most came from care homes",
            "one in five from",
            "Making Safeguarding Personal",
            "“nearly all”",
        ),
        out=(
            "A to Z",
            "Pay your council tax",
            "You are here",
            "Paying for care homes",
            "Carers and respite",
            "Hidden instructions",
            "Tiny white",
            "Print this page",
            "Copyright 2017",
            "Search the site",
        ),
        numbers=(("a", "most came from"), ("b", "one in five")),
        rows=(("Neglect", "611", "51%"), ("Financial", "Number", "204", "Share", "17%")),
        headings=("Foreword by the chair", "Concerns received"),
    ),
    Sample(
        "association.html",
        kept=(
            "Peer challenge feedback",
            "A team of five peers",
            "The team found a council",
            "Staff told us they feel",
            "The front door resolves",
            "Technology enabled care",
            "sensors in extra care",
            "a loan library",
            "The backlog of Deprivation",
            "Workforce and training",
            "Approved mental health professionals",
            "I was listened to",
            "Methodology in brief",
            "The team read 80",
            "Nine in ten people",
            "Agree one plan",
            "Set out what good",
        ),
        out=(
            "uses cookies",
            "OK, I agree",
            "Our support offer",
            "Tweet this",
            "Other peer challenges",
            "Subscribe to our",
            "Privacy notice",
            "Registered office",
        ),
        numbers=(
            ("1", "The team found"),
            ("2", "Staff told us"),
            ("3", "The backlog"),
            ("4", "Approved mental"),
        ),
        headings=(
            "Executive summary",
            "Strengths",
            "For consideration",
            "Workforce and training",
            "Recommendations",
        ),
    ),
    Sample(
        "saved-from-word.html",
        kept=(
            "Scrutiny review of home",
            "The committee resolved in June",
            "Evidence was heard from providers, carers",
            "Four providers handed back",
            "Rates rose by 6%",
            "Members heard that calls",
            "Minutes of 12 June",
        ),
        numbers=(
            ("1", "The committee resolved"),
            ("2", "Evidence was heard"),
            ("3", "Members heard"),
        ),
        rows=(
            ("Publish call times", "Owner", "Head of commissioning", "By when", "March 2024"),
            ("Publish call times", "Brokerage team", "May 2024"),
        ),
        headings=("Background", "Findings"),
    ),
    Sample(
        "committee-minutes.html",
        kept=(
            "Adult Social Care Performance",
            "The Director introduced",
            "In answer to questions",
            "84% of reviews",
            "one care home was",
            "agency spend fell below the £2 million",
            "That the report be noted",
        ),
        out=("Accessibility statement", "Meeting attendance"),
        numbers=(("a", "84% of"), ("b", "one care home"), ("c", "agency spend")),
        headings=("Adult Social Care Performance",),
    ),
    Sample(
        "one-page.html",
        kept=(
            "Visit to Hollin Grange",
            "The inspectors came",
            "They found the home",
            "the food is good",
            "Staffing was safe",
            "Records were complete",
            "Two requirements were made",
            "The manager accepts all",
        ),
        rows=(("Medicines", "Store insulin"), ("Fire doors", "Repair the door")),
    ),
)
