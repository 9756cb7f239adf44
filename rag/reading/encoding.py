"""Bytes to text, whatever the encoding. The owner of charset-normalizer.

    mark at the start ──> NULs in every other place ──> valid UTF-8 ──> what the page declares
         ──> Windows-1252, where that gives English punctuation ──> what the bytes look like

A detector guesses, and guesses badly on short texts; so it is asked last, and only about texts
that read as nonsense in Windows-1252, which British offices write when they do not write UTF-8.
The same bytes always give the same text. What is not text at all is refused, not decoded.
"""

from __future__ import annotations

import codecs
import re

from rag.errors import ReadingError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b") | {0x7F})
_MOST_CONTROL = 0.05
"""Compressed data has 10 % of control characters, a text with a few broken bytes some 2 %."""
_SAMPLE = 65_536
_DECLARED = re.compile(
    rb"<(?:meta\b|\?xml\b)[^>]{0,300}?\b(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})",
    re.IGNORECASE,
)
_CODE_PAGE = re.compile(
    r"(?:x-)?(?:iso-?8859|iso-2022-jp|windows-125|cp(?:125|43|85|86|93|94)|koi8|mac|shift_?jis|sjis"
    r"|euc-|gb|big5|ks_c|utf-8)"
)
_HEAD = 4_096
"""How far into a page its declaration is looked for; the standard says 1,024 bytes."""
_USUAL = set(
    "‘’‚“”„–—…•·€£§©®™°±²³¼½¾×ß´«»¡¿\xa0\xadÀÁÂÄÅÇÈÉÊËÎÏÑÓÔÖØÚÛÜŠŽàáâäãåæçèéêëìíîïñòóôöõøùúûüýœšž"
)
"""What stands in English reports besides ASCII, names of people and places included."""
_CANDIDATES = [
    *("cp1252", "mac_roman", "cp1250", "cp1257", "cp1254", "cp1251", "koi8_r", "cp1253"),
    *("cp1256", "cp1255", "iso8859_6", "cp850", "shift_jis", "euc_jp", "gb18030", "big5"),
    "euc_kr",
]


def decode(data: bytes, *, page: bool = False) -> str:
    """The text of ``data``; of a web ``page`` what its head declares is believed if it fits.

    Raises ReadingError for data that is not text in any encoding.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    wide = _wide(data)
    if wide is not None:
        return data.decode(wide, errors="replace")
    data = data.rstrip(b"\0")
    _check_text(data)
    text = _utf8(data)
    if text is None and page:
        text = _as_declared(data)
    return text if text is not None else _single(data)


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: western text has a NUL in fixed places."""
    sample = data[:_SAMPLE]
    if len(sample) == 2:
        sample *= 2
    if len(sample) < 4:
        return None
    places = [sample[offset::4].count(0) / len(sample[offset::4]) for offset in range(4)]
    patterns = {
        "utf-32-le": (False, True, True, True),
        "utf-32-be": (True, True, True, False),
        "utf-16-le": (False, True, False, True),
        "utf-16-be": (True, False, True, False),
    }
    for encoding, pattern in patterns.items():
        if all(
            share >= 0.6 if null else share <= 0.05
            for share, null in zip(places, pattern, strict=True)
        ):
            return encoding
    return None


def _check_text(data: bytes) -> None:
    sample = data[:_SAMPLE] + data[_SAMPLE:][-_SAMPLE:]
    control = len(sample) - len(sample.translate(None, _CONTROL))
    if control > max(1, _MOST_CONTROL * len(sample)):
        raise ReadingError(
            "The file is not text: it is full of control characters.",
            "Give it the ending that tells what it is, or save it as text.",
        )


def _utf8(data: bytes) -> str | None:
    """Valid UTF-8, or UTF-8 in which a few bytes are broken; None for anything else.

    The broken bytes are read as Windows-1252: text pasted from elsewhere, or the last character
    cut in two.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="surrogateescape")
    broken = len(re.findall("[\ud800-\udfff]", text))
    sound = sum(not c.isascii() for c in text) - broken
    if sound < 4 * broken:
        return None
    return re.sub("[\ud800-\udfff]", lambda m: _cp1252(bytes([ord(m[0]) - 0xDC00])), text)


def _as_declared(data: bytes) -> str | None:
    """The text in the encoding that the page names, if there is one and the bytes are valid."""
    match = _DECLARED.search(data[:_HEAD])
    if match is None:
        return None
    name = match[1].decode("ascii", errors="replace").lower()
    if name in ("iso-8859-1", "latin1", "us-ascii", "ascii"):
        return _cp1252(data)  # what every browser does
    if not _CODE_PAGE.match(name):
        return None  # UTF-16 could not have been read up to here, and Python knows stranger ones
    try:
        return data.decode(name)
    except (LookupError, ValueError):
        return None


def _single(data: bytes) -> str:
    """Text in a code page: Windows-1252 unless that reads as nonsense and another does not."""
    text = _cp1252(data)
    special = [c for c in text if not c.isascii()]
    usual = sum(c in _USUAL for c in special)
    if usual >= 0.9 * len(special) and _stands_well(text):
        return text
    return _detected(data) or text


def _stands_well(text: str) -> bool:
    """False when accented capitals or signs stand within words, as in ``councilÕs``."""
    odd = len(re.findall(r"[a-z][À-ÖØ-Þ¿¡«»„‚×®©](?=[a-z])", text))
    letters = len(re.findall(r"[A-Za-z]", text))
    accented = len(re.findall(r"[À-ÿ]", text))
    return odd == 0 and accented <= 0.25 * max(letters, 1)


def _detected(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(
        data, cp_isolation=_CANDIDATES, preemptive_behaviour=False, enable_fallback=False
    ).best()
    return None if best is None else str(best)


def _cp1252(data: bytes) -> str:
    """Windows-1252 as browsers read it: the five bytes it leaves open are control characters."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        table = bytes(range(256)).decode("cp1252", errors="replace")
        open_ = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
        return data.decode("latin-1").translate(
            {byte: table[byte] for byte in range(0x80, 0xA0) if byte not in open_}
        )
