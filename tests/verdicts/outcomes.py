"""The table of outcomes in `docs/validation.md`, written from the cases that the tests run.

    python -m tests.verdicts.outcomes

writes it anew between its two marks; the rest of the page is left as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from shared.schema import ROOT
from tests.verdicts.cases import every
from tests.verdicts.cases.hostile import HOSTILE

PAGE = Path("docs/validation.md")
BEGIN = "<!-- Written by `make docs` from `tests/verdicts/cases/`; do not edit. -->"
END = "<!-- The end of what is written. -->"


def table() -> str:
    """The table, a row for each case."""
    rows = [(case.format, case.dialect or "plain", case.fault or "none", case.outcome) for case in every.CASES]
    rows += [(case.format, "hostile", case.fault, case.outcome) for case in HOSTILE]
    return "".join(_lines([("format", "dialect", "fault", "outcome"), ("---",) * 4, *rows]))


def page(before: str) -> str:
    """The page with the table of today.

    Raises:
        ValueError: the page has no marks, or not in their order.
    """
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        message = f"{PAGE} has to have a line {BEGIN} and below it a line {END}: put them where the table belongs"
        raise ValueError(message)
    return f"{head}{BEGIN}\n\n{table()}\n{END}{tail}"


def _lines(rows: list[tuple[str, ...]]) -> Iterator[str]:
    for row in rows:
        yield "| " + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|") for cell in row) + " |\n"


def main(root: Path = ROOT) -> int:
    """Write the table into the page below `root`."""
    path = root / PAGE
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
