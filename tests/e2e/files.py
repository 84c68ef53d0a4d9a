"""Small files of known content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2024, 1, 1, tzinfo=UTC)


def rows_csv(count: int, *, first: int = 0, bad: frozenset[int] = frozenset(), step_seconds: int = 60) -> bytes:
    """`count` rows `time,id,value`; the 1-based records in `bad` have a field too many."""
    lines = ["time,id,value"]
    for number in range(1, count + 1):
        at = START + timedelta(seconds=step_seconds * (first + number))
        extra = ",surplus" if number in bad else ""
        lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{first + number},{number * 0.5}{extra}")
    return ("\n".join(lines) + "\n").encode()
