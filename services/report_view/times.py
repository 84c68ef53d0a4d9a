"""What speaks for the time, and for what else it might be."""

from __future__ import annotations

from collections.abc import Iterator

from services.validator.engine.document import TimeEvidence, Timestamp

from .lines import HEAD, QUIET, Line, fit, grouped, shown, wrapped

_EVIDENCE_SHOWN = 10


def time_lines(time: Timestamp | None) -> Iterator[Line]:
    """What speaks for the time, and for the other columns and formats that it might be."""
    if time is None:
        return
    yield from (Line(""), Line("  Time", HEAD))
    for one in time.evidence[:_EVIDENCE_SHOWN]:
        yield Line(fit(f"    {_told(one)}"), "" if one.standing == "chosen" else QUIET)
        if one.standing == "chosen" and time.note:
            yield from wrapped(time.note, "      ")
    if (more := len(time.evidence) - _EVIDENCE_SHOWN) > 0:
        yield Line(f"    and {grouped(more)} more: -o json has them all", QUIET)


def _told(one: TimeEvidence) -> str:
    standing = {"chosen": "", "possible": "perhaps ", "runner_up": "not "}[one.standing]
    values = f"{grouped(one.parsed)} of {grouped(one.of)} values"
    unclear = f", {grouped(one.ambiguous_days)} with day or month first" if one.ambiguous_days else ""
    formats = " or ".join(map(shown, one.timestamp_format))
    example = f", for example {shown(one.example or '')}" if one.standing != "runner_up" else ""
    return f"{standing}{shown(one.timestamp_column)} as {formats}: {values}{unclear}{example}"
