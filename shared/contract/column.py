"""A column of a contract, and the checks of its values."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from . import pattern
from .column_types import CHECKS_OF, DECIMAL_DIGITS, ColumnType, Scalar, value_of
from .faults import refuse
from .part import Part

# Every loaded row has them; the validator renames columns of a file that are called so.
OWN_COLUMNS = ("__time", "ingest_task_id")

Role = Literal["time", "dimension", "metric", "ignore"]
_Written = StrictBool | StrictInt | Decimal | StrictStr
_Name = Annotated[str, Field(min_length=1, max_length=1_000)]
_Length = Annotated[int, Field(ge=0, strict=True)]


class Checks(Part):
    """What the values of a column must be. A null passes every one of them: `nullable` is about nulls."""

    min: _Written | None = None
    """The least value that is allowed. Numbers, dates and timestamps."""
    max: _Written | None = None
    """The greatest value that is allowed. Likewise."""
    pattern: str | None = None
    """A regular expression in the dialect of Rust's `regex`, which the whole value must match. Text."""
    enum: tuple[_Written, ...] | None = Field(default=None, min_length=1, max_length=10_000)
    """The only values that are allowed. Text, numbers, dates and timestamps."""
    min_length: _Length | None = None
    """The least number of characters. Text."""
    max_length: _Length | None = None
    """The greatest number of characters. Text."""

    def stated(self) -> dict[str, Any]:
        """The checks that are there, by name."""
        return {name: value for name in CHECKS_OF if (value := getattr(self, name)) is not None}


class Column(Part):
    """A column, by its name in the file's header."""

    name: _Name
    """Its name in the header, letter for letter; of a column that the validator renames, the name in its report."""
    type: ColumnType
    """What its values mean."""
    nullable: StrictBool = True
    """Whether a row may leave it empty."""
    unique: StrictBool = False
    """Whether a value may stand in one row of a file only; nulls are not compared."""
    description: str | None = None
    """What it holds, for people."""
    role: Role = "dimension"
    """What becomes of it in Druid: the time of the rows (one column at most), a dimension, a metric, or nothing."""
    scale: int | None = Field(default=None, ge=0, le=DECIMAL_DIGITS, strict=True)
    """How many digits a decimal has behind the point at most; 10 if not said. Decimal columns only."""
    format: str | None = Field(default=None, min_length=1, max_length=100)
    """How a date or timestamp is written, as `timestamp_format` of an upload; found in the file if not said."""
    zone: str | None = None
    """The IANA zone of timestamps that name none, e.g. Europe/Berlin; UTC if not said."""
    checks: Checks = Checks()
    """What its values must be."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.name in OWN_COLUMNS:
            refuse("is a column that every loaded row gets anyway; a file's own is renamed", "name")
        for name, kinds in (("scale", {"decimal"}), ("format", {"date", "timestamp"}), ("zone", {"timestamp"})):
            if getattr(self, name) is not None and self.type not in kinds:
                refuse(f"is for a column of type {' or '.join(sorted(kinds))}, and this one is {self.type}", name)
        if self.zone is not None and not is_zone(self.zone):
            refuse(f"must be the IANA name of a zone, such as Europe/Berlin, not {self.zone[:40]!r}", "zone")
        if self.role == "time" and self.type not in {"date", "timestamp"}:
            refuse(f"time must be a date or a timestamp, and this column is {self.type}", "role")
        if self.role == "metric" and self.type not in {"long", "double", "decimal"}:
            refuse(f"metric must be a number, and this column is {self.type}", "role")
        if self.unique and self.type == "json":
            refuse("cannot be said of a json column: one value can be written in many ways", "unique")
        self._check_checks()
        return self

    def value_of(self, written: Scalar) -> Any:
        """The value that a bound or a member of an enum stands for; see `column_types.value_of`."""
        return value_of(self.type, written, scale=self.scale)

    def _check_checks(self) -> None:
        stated = self.checks.stated()
        for name in stated:
            if self.type not in CHECKS_OF[name]:
                kinds = ", ".join(sorted(CHECKS_OF[name]))
                refuse(f"is for a column of type {kinds}, and this one is {self.type}", "checks", name)
        bounds = {name: self._read(stated[name], name) for name in ("min", "max") if name in stated}
        if len(bounds) == len(("min", "max")) and bounds["min"] > bounds["max"]:
            refuse(f"must be at least min, {self.checks.min}, and is {self.checks.max}", "checks", "max")
        if "pattern" in stated and (fault := pattern.problem_with(stated["pattern"])):
            refuse(fault, "checks", "pattern")
        if stated.get("min_length", 0) > stated.get("max_length", 2**63):
            refuse(f"must be at least min_length, {self.checks.min_length}", "checks", "max_length")
        seen = set()
        for position, written in enumerate(self.checks.enum or ()):
            value = self._read(written, "enum", position)
            if value in seen:
                refuse(f"is in the list before: {written}", "checks", "enum", position)
            seen.add(value)

    def _read(self, written: Scalar, *path: str | int) -> Any:
        try:
            return self.value_of(written)
        except ValueError as error:
            refuse(str(error), "checks", *path)


def is_zone(name: str) -> bool:
    """Whether it is the IANA name of a zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return False
    except KeyError:
        return False
    return True
