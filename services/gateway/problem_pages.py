"""The problems of rejected rows, page by page. Pure: rows come in, problems go out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.parameters import invalid
from services.gateway.rejected_rows import RejectedRow

PAGE_PROBLEMS = 100
MOST_PROBLEMS = 1_000
# A page whose rule or column is rare ends here, so that no request takes for ever.
SCANNED_ROWS = 200_000
_CURSOR = re.compile(r"(\d{1,18})\.(\d{1,9})\.([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: so many rows, and so many problems of the next row, stand before it."""

    row: int = 0
    problem: int = 0

    def cursor(self, rejects_key: str) -> str:
        """The position in these rejects, as it is handed out."""
        return base64.urlsafe_b64encode(f"{self.row}.{self.problem}.{_mark(rejects_key)}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, cursor: str, rejects_key: str) -> Position:
        """The position that a cursor stands for.

        Raises:
            ProblemError: it is none, or one in the rejects of an attempt before.
        """
        try:
            text = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
        except (ValueError, binascii.Error):
            text = ""
        match = _CURSOR.fullmatch(text)
        if match is None or match[3] != _mark(rejects_key):
            what = (
                "is none of these problems: it is what next_cursor of the page before says, and ends when the file is "
                "validated again. Begin without one"
            )
            raise invalid(name="cursor", what=what)
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which problems a page is to have: those of a rule, of a column, at most `limit`."""

    rule: str | None = None
    column: str | None = None
    limit: int = PAGE_PROBLEMS


class Page:
    """Collects the problems of one page. `problems` are those so far, `next` where the page after begins."""

    def __init__(self, wanted: Wanted, begin: Position) -> None:
        self.problems: list[dict[str, Any]] = []
        self.next: Position | None = None
        self._wanted = wanted
        self._begin = begin
        self._row = 0

    def take(self, lines: Sequence[bytes]) -> bool:
        """Look at the next rows; whether the page wants more."""
        first = max(self._begin.row - self._row, 0)
        self._row += min(first, len(lines))
        for line in lines[first:]:
            if self._row - self._begin.row >= SCANNED_ROWS:
                self.next = Position(self._row)
                return False
            if not self._take(RejectedRow.read(line)):
                return False
            self._row += 1
        return True

    def _take(self, row: RejectedRow) -> bool:
        begin = self._begin.problem if self._row == self._begin.row else 0
        for number, error in enumerate(row.errors[begin:], start=begin):
            if self._wanted.rule not in {None, error["code"]}:
                continue
            if self._wanted.column not in {None, error["column"]}:
                continue
            if len(self.problems) == self._wanted.limit:
                self.next = Position(self._row, number)
                return False
            self.problems.append(_problem(row, error))
        return True


def _problem(row: RejectedRow, error: Any) -> dict[str, Any]:
    problem = {
        "record": row.record,
        "line": row.line,
        "column": error["column"],
        "rule": error["code"],
        "message": error["message"],
        "value": error["value"],
        "suggestion": error["suggestion"],
    }
    more = {"constraint": error.get("constraint"), "member": row.member, "corrects": row.corrects}
    return problem | {name: value for name, value in more.items() if value is not None}


def _mark(rejects_key: str) -> str:
    return hashlib.sha256(rejects_key.encode()).hexdigest()[:8]
