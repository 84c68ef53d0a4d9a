"""Writes a table of text in any dialect, with rows that are broken in a known way, and knows what must become of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.verdicts.cases.case import Bad

_LINE_END = re.compile(r"\r\n|\r|\n")
# Each fault, and the rule that must find it.
FAULTS = {
    "missing": "field_count",
    "extra": "field_count",
    "stray": "quote",
    "bytes": "encoding",
    "long": "limit_record",
}
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written; without a `quote` it has no escape. `before` lines stand in front of it.

    Every `gap`th record has a blank line before it.
    """

    delimiter: str = ","
    ends: tuple[str, ...] = ("\n",)
    quote_all: bool = False
    quote: str = '"'
    escape: str | None = None
    comment: str | None = None
    header: bool = True
    before: int = 0
    gap: int = 0

    @property
    def options(self) -> dict[str, Any]:
        """What the sender declares of it."""
        return {
            "delimiter": self.delimiter,
            "quote": self.quote,
            "escape": self.escape,
            "comment": self.comment,
            "header": self.header,
            "skip_rows": self.before,
            "encoding": "utf-8",
        }

    def cell(self, value: str) -> str:
        """The value as a field."""
        if not self.quote:
            return value
        special = [self.delimiter, self.quote, "\r", "\n", *([self.escape] if self.escape else [])]
        if not (self.quote_all or not value or any(one in value for one in special)):
            return value
        if self.escape is None:
            return self.quote + value.replace(self.quote, self.quote * 2) + self.quote
        escaped = value.replace(self.escape, self.escape * 2).replace(self.quote, self.escape + self.quote)
        return self.quote + escaped + self.quote

    def holds(self, value: str) -> str:
        """The value, or what of it can be written without a quote."""
        return value if self.quote else _LINE_END.sub("", value).replace(self.delimiter, "")


@dataclass(slots=True)
class Written:
    """A file, and what must become of its records."""

    content: bytes = b""
    accepted: list[list[str]] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    blank_lines: int = 0
    comment_lines: int = 0
    _line: int = 1
    _lines_written: int = 0

    def put(self, text: str | bytes, dialect: Dialect) -> None:
        """Write a line or a record, with the next line end."""
        end = dialect.ends[self._lines_written % len(dialect.ends)]
        self._lines_written += 1
        raw = text.encode() if isinstance(text, str) else text
        self.content += raw + end.encode()
        self._line += len(_LINE_END.findall(raw.decode("utf-8", "replace"))) + 1

    @property
    def line(self) -> int:
        return self._line


def write(header: list[str], rows: Sequence[tuple[list[str], str | None]], dialect: Dialect) -> Written:
    """The rows with their faults (a name of `FAULTS` or None) in a dialect."""
    written = Written()
    for number in range(dialect.before):
        written.put(f"title {number}, {dialect.quote}half", dialect)
    records = [(header, None), *rows] if dialect.header else list(rows)
    first = 0 if dialect.header else 1
    for number, (cells, fault) in enumerate(records, start=first):
        if dialect.gap and number % dialect.gap == 0:
            written.put("", dialect)
            written.blank_lines += 1
            if dialect.comment:
                written.put(f"{dialect.comment} no {dialect.quote}record", dialect)
                written.comment_lines += 1
        if fault:
            written.bad.append(Bad(FAULTS[fault], number, written.line))
        elif number:
            written.accepted.append(cells)
        written.put(_record(cells, fault, dialect), dialect)
    return written


def _record(cells: list[str], fault: str | None, dialect: Dialect) -> str | bytes:
    if fault == "stray":  # over several lines nobody could tell where it ends
        cells = [_LINE_END.sub("", cell) for cell in cells]
    fields = [dialect.cell(cell) for cell in cells]
    if fault == "missing":
        fields.pop()
    elif fault == "extra":
        fields.append("more")
    elif fault == "stray":
        fields[-1] = f"{dialect.quote}stray{dialect.quote}x"
    elif fault == "long":
        fields[-1] = "y" * LONGEST
    elif fault == "bytes":
        fields[-1] = dialect.cell("\x00")
    joined = dialect.delimiter.join(fields)
    return joined.encode().replace(b"\x00", b"\xff") if fault == "bytes" else joined
