"""All entries in the order in which they are tried, and the one question that they answer."""

from __future__ import annotations

import re
from collections import defaultdict

from . import asking, reading, running, spec_columns, spec_layout, spec_types
from .entry import Entry, Explanation, Fault, Place

# What was read comes before what the task made of it: a task says first that a phase has failed, and then why.
CATALOGUE: tuple[Entry, ...] = (
    *spec_types.ENTRIES,
    *spec_columns.ENTRIES,
    *spec_layout.ENTRIES,
    *reading.ENTRIES,
    *running.ENTRIES,
    *asking.ENTRIES,
)
_LONGEST_VALUE = 200
_UNTOLD = "(not told)"


def explain(raw_text: str, place: Place) -> Explanation:
    """What a text of Druid's means.

    Args:
        raw_text: the text, of one line or many, with or without the names of Java's classes.
        place: where Druid said it.

    Returns:
        The words of the first entry of this place that recognises the text; without a code when none does.
    """
    for entry in CATALOGUE:
        if place in entry.places:
            found = recognise(entry, raw_text)
            if found is not None:
                return filled(entry, found, raw_text)
    return Explanation(
        code=None,
        cause="Druid said something that the catalogue of its failures does not know.",
        whose_fault=Fault.UNKNOWN,
        what_to_do=(
            "Show Druid's own words to whoever runs Druid, and do not send the load again before they are clear."
        ),
        safe_to_retry=False,
        druid_message=raw_text,
    )


def recognise(entry: Entry, raw_text: str) -> re.Match[str] | None:
    """Where an entry finds its pattern in a text, if it does."""
    return next((found for pattern in entry.compiled if (found := pattern.search(raw_text))), None)


def filled(entry: Entry, found: re.Match[str], raw_text: str) -> Explanation:
    """The entry's words with the values that its pattern has found; a long value is cut after 200 characters."""
    values: defaultdict[str, str] = defaultdict(lambda: _UNTOLD)
    values.update({name: _short(value) for name, value in found.groupdict().items() if value})
    return Explanation(
        code=entry.code,
        cause=entry.cause.format_map(values),
        whose_fault=entry.fault,
        what_to_do=entry.what_to_do.format_map(values),
        safe_to_retry=entry.safe_to_retry,
        druid_message=raw_text,
    )


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else value[: _LONGEST_VALUE - 1] + "…"
