"""Reports in Milvus instead of a file: for a shelf that one machine cannot hold."""

from rag.milvus.client import is_milvus
from rag.milvus.store import MilvusStore

__all__ = ["MilvusStore", "is_milvus"]
