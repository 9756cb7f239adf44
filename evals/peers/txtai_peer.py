"""txtai as its notebook "Build RAG pipelines with txtai" builds it.

Text segmented into paragraphs, ``Embeddings(content=True)``, whose default model is MiniLM, and
the three matches that the ``RAG`` pipeline takes as context. Its newer ``rag_quickstart.py`` cuts
into sections, at form feeds or three line ends in a row: these reports have neither, so each would
be one chunk, and any three chunks would hold most of the shelf. Therefore the notebook is followed.
"""

from __future__ import annotations

from evals.baseline import Chunk
from evals.peers.peer import Texts, be_quiet, placed, scored
from rag.embedding import model_folder


class TxtaiPeer:
    """Segmentation into paragraphs, Embeddings with content."""

    name = "txtai"
    package = "txtai"
    top = 3
    settings = "Segmentation by paragraph, Embeddings(content=True), context=3"

    def __init__(self, texts: Texts) -> None:
        be_quiet()
        from txtai import Embeddings
        from txtai.pipeline import Segmentation

        segment = Segmentation(paragraphs=True)
        pieces = {report: list(segment(text)) for report, text in texts.items()}
        found = placed(texts, pieces, overlapping=False)
        self._chunks = [chunk for chunks in found.values() for chunk in chunks]
        self.chunks = len(self._chunks)
        self._embeddings = Embeddings(content=True, path=str(model_folder()))
        rows = [piece for parts in pieces.values() for piece in parts]
        self._embeddings.index(list(enumerate(rows)))

    def search(self, question: str, k: int) -> list[Chunk]:
        """See Peer."""
        found = self._embeddings.search(question, k)
        return [scored(self._chunks[int(hit["id"])], float(hit["score"])) for hit in found]
