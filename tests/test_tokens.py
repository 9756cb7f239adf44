"""Counting tokens: the fast offsets agree with a slow obvious twin."""

from __future__ import annotations

import pytest
import tiktoken
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.tokens import ENCODING, count_tokens, token_starts

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
ENGLISH = st.lists(
    st.sampled_from(
        ["peer", "Challenge", "DoLS", "£111.5M", "co-production", "people’s", "\n", "•"]
    )
).map(" ".join)


def slow_token_starts(text: str) -> list[int]:
    """Each token's first byte, then the character that holds this byte."""
    encoding = tiktoken.get_encoding(ENCODING)
    holder = [at for at, character in enumerate(text) for _ in character.encode()]
    starts, byte = [], 0
    for token in encoding.encode(text, disallowed_special=()):
        starts.append(holder[byte])
        byte += len(encoding.decode_single_token_bytes(token))
    assert byte == len(holder)
    return starts


@given(TEXTS | ENGLISH)
@settings(deadline=None)  # the first use loads the encoding
@example("")
@example("👩‍👩‍👧 naïve café")
@example("\u0301\U0001f600\U0001f600 a\x00b")
@example("<|endoftext|> is printed")
def test_token_starts_agree_with_the_slow_twin(text: str) -> None:
    assert token_starts(text) == slow_token_starts(text)


@given(TEXTS | ENGLISH)
@settings(deadline=None)  # the first use loads the encoding
def test_there_are_as_many_tokens_as_token_starts(text: str) -> None:
    assert count_tokens(text) == len(token_starts(text))


@given(TEXTS | ENGLISH)
@settings(deadline=None)  # the first use loads the encoding
def test_token_starts_begin_at_zero_and_never_decrease(text: str) -> None:
    starts = token_starts(text)
    assert starts == sorted(starts)
    assert starts[:1] == ([0] if text else [])
    assert all(0 <= start < len(text) for start in starts)


@pytest.mark.parametrize("marker", ["<|endoftext|>", "<|fim_prefix|>", "<|endofprompt|>"])
def test_a_special_token_look_alike_is_counted_as_ordinary_text(marker: str) -> None:
    assert count_tokens(marker) > 1
    assert count_tokens(f"a {marker} b") > 1 + 1 + 1


def test_a_common_word_is_one_token_and_an_emoji_is_several() -> None:
    assert count_tokens("peer") == 1
    assert count_tokens(" council" * 7) == 7
    assert token_starts("👩 a")[0] == 0
    assert len(token_starts("👩")) > 1
    assert set(token_starts("👩")) == {0}
