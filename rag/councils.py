"""Names of councils and the places in them."""

from __future__ import annotations

import re

_BEFORE = re.compile(r"^(?:(?:London|Royal) Borough of|City of|Council of the) ")
_AFTER = re.compile(r"(?: (?:City|County|Metropolitan|Borough|District))* Council$")


def place_of(council: str) -> str:
    """The place in a council's name: "Sefton", "Southend-on-Sea", "Waltham Forest"."""
    return _AFTER.sub("", _BEFORE.sub("", council))
