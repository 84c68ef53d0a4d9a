"""One file and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is rejected: by which rule, as which data record, in which physical line if the format has lines."""

    rule: str
    record: int
    line: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """A file; `format`, `dialect` and `fault` name it in the table, "" where there is none.

    The outcome is either `rows`, the values of the accepted rows without their time, with the rows that are `bad`; or
    the `code` by which the file is rejected, and the `line` where certainty ended. `reading` and `columns` are facts
    that the report must have, `detail` facts of the rejection.
    """

    dialect: str
    fault: str
    content: bytes
    options: dict[str, Any] = field(default_factory=dict)
    rows: tuple[tuple[Any, ...], ...] = ()
    bad: tuple[Bad, ...] = ()
    code: str | None = None
    line: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    reading: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    max_record_bytes: int | None = None
    format: str = "delimited"

    @property
    def name(self) -> str:
        return ": ".join(part for part in (self.format, self.dialect, self.fault) if part)

    @property
    def outcome(self) -> str:
        """In words, for the table."""
        if self.code:
            return f"the file is rejected: `{self.code}`" + (f", line {self.line}" if self.line else "")
        rules = ", ".join(f"`{rule}`" for rule in dict.fromkeys(bad.rule for bad in self.bad))
        return f"the row is rejected: {rules}" if self.bad else "accepted"
