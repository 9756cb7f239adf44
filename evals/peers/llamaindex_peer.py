"""LlamaIndex as its "Starter Tutorial (Using Local LLMs)" builds it.

``SimpleDirectoryReader`` over a folder, ``VectorStoreIndex.from_documents`` with Hugging Face
embeddings and nothing else set: sentence splitting at 1,024 tokens with 200 overlapping, and the
two nearest chunks, which is what ``as_query_engine`` retrieves. The reader names each file in the
text that is embedded; a fixed folder ``data`` is named here, so that every run embeds the same.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evals.baseline import Chunk
from evals.peers.peer import Texts, be_quiet, placed, scored
from rag.embedding import model_folder


class LlamaIndexPeer:
    """SimpleDirectoryReader, SentenceSplitter, VectorStoreIndex, all at their defaults."""

    name = "LlamaIndex"
    package = "llama-index-core"
    top = 2
    settings = "SentenceSplitter 1024/200 tokens, VectorStoreIndex, similarity_top_k=2"

    def __init__(self, texts: Texts) -> None:
        be_quiet()
        from llama_index.core import VectorStoreIndex
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        folder = str(model_folder())
        self._model = HuggingFaceEmbedding(model_name=folder, cache_folder=folder, device="cpu")
        self._index = VectorStoreIndex.from_documents(_read(texts), embed_model=self._model)
        nodes = defaultdict(list)
        for node in self._index.docstore.docs.values():
            nodes[Path(node.metadata["file_path"]).stem].append(node)
        pieces = {report: [node.text for node in group] for report, group in nodes.items()}
        found = placed(texts, pieces, overlapping=True)
        self._chunks = {
            node.node_id: chunk
            for report, group in nodes.items()
            for node, chunk in zip(group, found[report], strict=True)
        }
        self.chunks = len(self._chunks)

    def search(self, question: str, k: int) -> list[Chunk]:
        """See Peer."""
        found = self._index.as_retriever(similarity_top_k=k).retrieve(question)
        return [scored(self._chunks[hit.node.node_id], float(hit.score)) for hit in found]


def _read(texts: Texts) -> list[Any]:
    from llama_index.core import SimpleDirectoryReader

    with TemporaryDirectory() as folder:
        for report, text in texts.items():
            (Path(folder) / f"{report}.txt").write_text(text, "utf-8", newline="")
        reader = SimpleDirectoryReader(
            folder, file_metadata=lambda path: {"file_path": f"data/{Path(path).name}"}
        )
        return list(reader.load_data())
