"""Decides what Druid is asked to load and when it may have it, and hands it over exactly once."""
