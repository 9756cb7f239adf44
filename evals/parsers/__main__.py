"""``python -m evals.parsers [--write] [--with PYTHON] [--only FORMAT]``: compare the parsers."""

from __future__ import annotations

import argparse
import sys

from evals.parsers.run import FORMATS, run


def main() -> int:
    """Run and print; with ``--write`` keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m evals.parsers", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write evals/results/parsers.json")
    parser.add_argument(
        "--with", dest="pythons", action="append", default=[], metavar="PYTHON",
        help="a Python in whose environment parsers are installed that are missing in this one",
    )  # fmt: skip
    parser.add_argument(
        "--only", dest="formats", action="append", choices=tuple(FORMATS), help="one format"
    )
    given = parser.parse_args()
    run(write=given.write, pythons=given.pythons, formats=given.formats or tuple(FORMATS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
