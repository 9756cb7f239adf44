"""Readers of files compared: ours, and those that people usually take."""
