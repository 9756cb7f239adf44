"""``python -m evals.peers [--write]``: measure the peers, the plain stack and ours in one run."""

from __future__ import annotations

import argparse
import sys

from evals.peers.run import run
from rag.errors import RagError


def main() -> int:
    """Run and print; with ``--write`` keep the figures and put the table into the README."""
    parser = argparse.ArgumentParser(prog="python -m evals.peers", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write evals/results/peers.json")
    try:
        run(write=parser.parse_args().write)
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed. Run: make eval-peers", file=sys.stderr)
        return 1
    except RagError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
