"""One file and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is rejected: by which rule, as which data record, in which physical line if the format has lines.

    `constraint` says which check, key or rule of the contract.
    """

    rule: str
    record: int
    line: int | None
    constraint: str | None = None

    @property
    def rule_name(self) -> str:
        """In words, for the table."""
        return f"`{self.rule}`" + (f" ({self.constraint})" if self.constraint else "")


@dataclass(frozen=True, slots=True)
class Case:
    """A file; `format`, `dialect` and `fault` name it in the table, "" where there is none.

    The outcome is either `rows`, the values of the accepted rows without their time, with the rows that are `bad`; or
    the `code` by which the file is rejected, and the `line` where certainty ended. `reading` and `columns` are facts
    that the report must have, `detail` facts of the rejection. A file may have a `contract`, as YAML; `drift` is
    then all that the report has of kinds, columns and decisions, and `loaded` the types of the columns, where they are
    told.
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
    contract: str | None = None
    drift: tuple[tuple[str, str, str], ...] | None = None
    loaded: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return ": ".join(part for part in (self.format, self.dialect, self.fault) if part)

    @property
    def outcome(self) -> str:
        """In words, for the table."""
        if self.code:
            return f"the file is rejected: `{self.code}`" + (f", line {self.line}" if self.line else "")
        rules = ", ".join(dict.fromkeys(bad.rule_name for bad in self.bad))
        outcome = f"the row is rejected: {rules}" if self.bad else "accepted"
        return outcome + (
            "; loaded: " + ", ".join(f"`{name}` {kind}" for name, kind in self.loaded.items()) if self.loaded else ""
        )
