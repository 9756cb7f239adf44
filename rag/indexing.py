"""A report to what the store takes: passages, the stems they are found by, the texts to embed.

Pure: the same report and settings give the same result, with no store and no model at hand.
"""

from __future__ import annotations

import hashlib

from rag.passages import cut_passages, search_prefix
from rag.records import Report
from rag.settings import IndexSettings
from rag.store import Indexed
from rag.terms import stems


def indexed(report: Report, settings: IndexSettings) -> tuple[list[Indexed], dict[bytes, str]]:
    """Passages with their terms, and the texts to embed by their keys.

    A key is a hash of the text alone, so that the same words under the same headings are embedded
    once; it means nothing without the model of ``settings``.
    """
    cut: list[Indexed] = []
    texts: dict[bytes, str] = {}
    for passage in cut_passages(report, settings.passage_tokens):
        prefix = search_prefix(passage, settings.prefix_tokens, report.metadata.title)
        embedded = f"{prefix}. {passage.text}" if prefix else passage.text
        key = hashlib.sha256(embedded.encode()).digest()[:16]
        texts[key] = embedded
        words = " ".join(stems(passage.text))
        cut.append(Indexed(passage, words, " ".join(stems(prefix)), key))
    return cut, texts
