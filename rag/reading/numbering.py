"""Marks at both ends of a line: bullets, numbers told from dates and years, and full stops."""

from __future__ import annotations

import re

BULLET = re.compile(r"(?:[•▪●◦‣·∙■◼◾➢\ue000-\uf8ff]|[-–*](?=\s)|o(?=\s+[A-Z]))\s*(?=\S)")
NUMBER = re.compile(r"(\d{1,3})[.)]\s+(?=\S)")
BARE_NUMBER = re.compile(r"(\d{1,3})\s+(?=[A-Z])")
DEEP_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})+)\.?\s+(?=\S)")
LETTER = re.compile(r"\(?([a-z])[.)]\s+(?=\S)")
ROMAN = re.compile(r"(\([ivx]+\))\s+(?=\S)")
END = re.compile(r"[.!?]['\"’”)\]]*$")
"""A sentence ends."""
STOP = re.compile(r"[.!?:;]['\"’”)\]]*$")
"""A sentence or a clause ends."""


class Numbering:
    """Follows the printed numbers of one document: they rise, with small gaps at the most."""

    def __init__(self) -> None:
        self.last = 0
        self.letter = ""

    def accepts(self, value: int) -> bool:
        """True, and remembered, when ``value`` can be the next printed paragraph number."""
        starts = self.last == 0 and value == 1
        follows = self.last > 0 and self.last < value <= self.last + 3
        if starts or follows:
            self.last, self.letter = value, ""
        return starts or follows

    def expects(self, value: int) -> bool:
        """True when ``value`` is exactly the next number after a first one."""
        return self.last > 0 and value == self.last + 1

    def accepts_letter(self, letter: str) -> bool:
        """True, and remembered, when ``letter`` is the next item under the current number."""
        expected = chr(ord(self.letter) + 1) if self.letter else "a"
        if letter == expected:
            self.letter = letter
        return letter == expected
