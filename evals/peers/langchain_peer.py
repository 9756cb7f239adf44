"""LangChain as its tutorial "Build a RAG agent with LangChain" builds it (its two-step chain).

Recursive splitting at 1,000 characters with 200 overlapping and ``add_start_index``, Hugging Face
embeddings, ``InMemoryVectorStore``, ``similarity_search`` with its default k of 4. The tutorial's
agent takes k=2 instead, but needs a language model to word its searches.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from evals.baseline import Chunk
from evals.peers.peer import Texts, be_quiet, placed, scored
from rag.embedding import model_folder


class LangChainPeer:
    """RecursiveCharacterTextSplitter, HuggingFaceEmbeddings, InMemoryVectorStore."""

    name = "LangChain"
    package = "langchain-core"
    top = 4
    settings = "RecursiveCharacterTextSplitter 1000/200 characters, InMemoryVectorStore, k=4"

    def __init__(self, texts: Texts) -> None:
        be_quiet()
        from langchain_core.vectorstores import InMemoryVectorStore
        from langchain_huggingface import HuggingFaceEmbeddings

        splits = _split(texts)
        pieces = {
            report: [split.page_content for split in group]
            for report, group in groupby(splits, key=lambda s: s.metadata["source"])
        }
        found = placed(texts, pieces, overlapping=True)
        self._chunks = [chunk for chunks in found.values() for chunk in chunks]
        self.chunks = len(self._chunks)
        self._store = InMemoryVectorStore(HuggingFaceEmbeddings(model_name=str(model_folder())))
        self._store.add_documents(splits, ids=[str(i) for i in range(self.chunks)])

    def search(self, question: str, k: int) -> list[Chunk]:
        """See Peer."""
        found = self._store.similarity_search_with_score(question, k=k)
        return [scored(self._chunks[int(document.id)], float(score)) for document, score in found]


def _split(texts: Texts) -> list[Any]:
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=1000, chunk_overlap=200, add_start_index=True
    )
    documents = [Document(text, metadata={"source": report}) for report, text in texts.items()]
    return list(splitter.split_documents(documents))
