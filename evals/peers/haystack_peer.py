"""Haystack as its tutorials 27 (first RAG pipeline) and 30 (preprocessing files) build it.

The first tutorial has its texts cut beforehand and sends readers to the other for their own files:
``DocumentCleaner``, ``DocumentSplitter`` by 150 words with 50 overlapping, MiniLM embeddings, and
``InMemoryEmbeddingRetriever`` with its default of ten chunks. The components for embedding have
their own package since Haystack 3.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from evals.baseline import Chunk
from evals.peers.peer import Texts, be_quiet, placed, scored
from rag.embedding import model_folder


class HaystackPeer:
    """DocumentCleaner, DocumentSplitter, SentenceTransformers, InMemoryDocumentStore."""

    name = "Haystack"
    package = "haystack-ai"
    top = 10
    settings = "DocumentSplitter 150/50 words, InMemoryEmbeddingRetriever, top_k=10"

    def __init__(self, texts: Texts) -> None:
        be_quiet()
        from haystack import Document
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        store = InMemoryDocumentStore()
        documents = [Document(content=text, meta={"name": name}) for name, text in texts.items()]
        _indexing(store).run({"cleaner": {"documents": documents}})
        self._pipeline = _asking(store)
        parts = defaultdict(list)
        for part in sorted(store.filter_documents(), key=lambda d: int(d.meta["split_id"])):
            parts[part.meta["name"]].append(part)
        pieces = {report: [part.content for part in group] for report, group in parts.items()}
        found = placed(texts, pieces, overlapping=True)
        self._chunks = {
            part.id: chunk
            for report, group in parts.items()
            for part, chunk in zip(group, found[report], strict=True)
        }
        self.chunks = len(self._chunks)

    def search(self, question: str, k: int) -> list[Chunk]:
        """See Peer."""
        asked = {"embedder": {"text": question}, "retriever": {"top_k": k}}
        found = self._pipeline.run(asked)["retriever"]["documents"]
        return [scored(self._chunks[document.id], float(document.score)) for document in found]


def _indexing(store: Any) -> Any:
    from haystack import Pipeline
    from haystack.components.preprocessors import DocumentCleaner, DocumentSplitter
    from haystack.components.writers import DocumentWriter
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
    )

    pipeline = Pipeline()
    steps = {
        "cleaner": DocumentCleaner(),
        "splitter": DocumentSplitter(split_by="word", split_length=150, split_overlap=50),
        "embedder": SentenceTransformersDocumentEmbedder(
            model=str(model_folder()), progress_bar=False
        ),
        "writer": DocumentWriter(store),
    }
    for name, step in steps.items():
        pipeline.add_component(name, step)
    for sender, receiver in zip(steps, list(steps)[1:], strict=False):
        pipeline.connect(sender, receiver)
    return pipeline


def _asking(store: Any) -> Any:
    from haystack import Pipeline
    from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersTextEmbedder,
    )

    pipeline = Pipeline()
    pipeline.add_component(
        "embedder", SentenceTransformersTextEmbedder(model=str(model_folder()), progress_bar=False)
    )
    pipeline.add_component("retriever", InMemoryEmbeddingRetriever(store))
    pipeline.connect("embedder.embedding", "retriever.query_embedding")
    return pipeline
