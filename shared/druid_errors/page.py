"""The part of `docs/errors.md` about Druid, written from the catalogue.

    python -m shared.druid_errors.page

writes anew what stands between the two marks, and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from .catalogue import CATALOGUE, explain
from .entry import Entry, Fault, Place

ROOT = Path(__file__).parents[2]
PAGE = Path("docs/errors.md")
BEGIN = "<!-- druid: written by make docs from shared/druid_errors -->"
END = "<!-- end of druid -->"

FAULTS = {
    Fault.FILE: "the file",
    Fault.DATASOURCE: "the datasource's definition",
    Fault.DRUID: "whoever runs Druid",
    Fault.PLATFORM: "this platform",
    Fault.NOBODY: "nobody: it passes",
}
PLACES = {
    Place.SUBMISSION: "the answer to the POST of a task",
    Place.TASK: "a failed task: its status, its report, its sub-tasks",
    Place.QUERY: "the answer to SQL",
    Place.SAMPLER: "the sampler",
    Place.MANAGEMENT: "another answer of the coordinator or the overlord",
}


def page(before: str) -> str:
    """The page with the catalogue of today.

    Raises:
        ValueError: the page has no marks, or not in their order.
    """
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        message = f"{PAGE} has to have a line {BEGIN} and below it a line {END}: put them where the catalogue belongs"
        raise ValueError(message)
    return "\n".join((head + BEGIN, "", *_table(), *_sections(), "", END + tail))


def _table() -> Iterator[str]:
    yield "| code | in short | whose fault | safe to retry |"
    yield "|---|---|---|---|"
    for entry in CATALOGUE:
        cause = _cell(explain(entry.example, entry.places[0]).cause)
        yield f"| [`{entry.code}`](#{entry.code}) | {cause} | {FAULTS[entry.fault]} | {_safe(entry)} |"


def _sections() -> Iterator[str]:
    for entry in CATALOGUE:
        words = explain(entry.example, entry.places[0])
        seen = "seen on a real server by a test" if entry.provoked else "not provoked by a test: from Druid's source"
        yield from ("", f"### {entry.code}", "")
        yield f"{words.cause}"
        yield ""
        yield f"- Whose fault: {FAULTS[entry.fault]}. Safe to retry: {_safe(entry)}."
        yield f"- What to do: {words.what_to_do}"
        yield f"- Where Druid says it: {'; '.join(PLACES[place] for place in entry.places)} ({seen}):"
        yield from ("", "```text", *entry.example.splitlines(), "```")


def _safe(entry: Entry) -> str:
    return "yes" if entry.safe_to_retry else "no"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main(root: Path = ROOT) -> int:
    """Write the page below `root` anew."""
    path = root / PAGE
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
