"""Gold questions, metrics, baselines and results. Run with ``rag eval``."""
