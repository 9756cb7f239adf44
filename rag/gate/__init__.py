"""The gate in front of the page: who may come in, how often, and what browsers are to refuse."""
