"""Other people's pipelines as their quick starts build them. Run with ``make eval-peers``."""
