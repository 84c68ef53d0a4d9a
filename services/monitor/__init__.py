"""Follows every Druid task to its end, waits until its rows can be queried, and proves the ledger with a count."""
