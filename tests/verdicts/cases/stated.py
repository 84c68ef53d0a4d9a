"""A contract as a text, from its columns."""

from __future__ import annotations

HEAD = "format_version: 1\ndatasource: sales\n"
TIME = "  - {name: ts, type: timestamp, role: time}\n"
ALL_BAD = "limits: {max_rejected_ratio: null}\n"


def stated(columns: str, more: str = "") -> str:
    """A contract of these columns behind the time `ts`; any number of rows may be bad unless `more` says otherwise."""
    return f"{HEAD}columns:\n{TIME}{columns}{more}{ALL_BAD if 'limits' not in more else ''}"
