"""The contract of a datasource: what a file must be so that its rows are loaded.

The models are immutable, and a contract that exists is a good one: types fit their checks, patterns compile, rules are
well typed. How one is written down says `yaml_file`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from shared.datasource_name import problem_with as problem_with_datasource

from .column import OWN_COLUMNS, Checks, Column, Role
from .dialect import Dialect
from .expressions import ColumnKind, ExpressionError, check
from .faults import refuse
from .loading import Loading
from .loading_fit import Columns, misfits
from .part import Part

__all__ = [
    "OWN_COLUMNS",
    "Checks",
    "Column",
    "Contract",
    "Dialect",
    "Drift",
    "DriftDecision",
    "DriftKind",
    "Limits",
    "Loading",
    "Role",
    "Rule",
]

MAX_COLUMNS = 2_000
DEFAULT_REJECTED_RATIO = 0.05

DriftDecision = Literal["evolve", "ignore", "reject"]
DriftKind = Literal["new_column", "missing_column", "wider_type", "narrower_type"]


class Rule(Part):
    """A rule across the columns of a row."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,79}$")
    """A name for reports; letters, digits, `_` and `-`."""
    expression: str
    """What must hold, in the language below. A row is rejected where it is false; where it is null, it is not."""
    message: str | None = Field(default=None, min_length=1, max_length=1_000)
    """What the report says of a row that breaks it; the expression if not said."""


class Limits(Part):
    """How many rows of a file may be bad. Up to there they are put aside, beyond it the whole file is rejected."""

    max_rejected_rows: int | None = Field(default=None, ge=0, strict=True)
    """How many rows; no limit if not said."""
    max_rejected_ratio: Annotated[float, Field(ge=0, le=1)] | None = DEFAULT_REJECTED_RATIO
    """Which share of the rows, from 0 to 1; null for no limit."""

    def are_kept(self, rejected_rows: int, read_rows: int) -> bool:
        """Whether a file with so many rejected rows out of those read is still accepted."""
        if self.max_rejected_rows is not None and rejected_rows > self.max_rejected_rows:
            return False
        return self.max_rejected_ratio is None or rejected_rows <= self.max_rejected_ratio * read_rows


class Drift(Part):
    """What happens when the columns of a file are not those of the contract. The table below has each case."""

    new_column: DriftDecision = "evolve"
    """A column that the contract does not have."""
    missing_column: DriftDecision = "reject"
    """A column of the contract that the file does not have."""
    wider_type: DriftDecision = "reject"
    """A column with values beyond its type, such as 1.5 in a long."""
    narrower_type: DriftDecision = "ignore"
    """A column whose values would all fit a narrower type, such as a double without a fraction."""


class Contract(Part):
    """The contract of a datasource."""

    format_version: Literal[1]
    """The version of this language: 1."""
    datasource: str
    """The datasource it is for."""
    description: str | None = None
    """What the datasource holds, for people."""
    columns: tuple[Column, ...] = Field(min_length=1, max_length=MAX_COLUMNS)
    """The columns; their order counts only where files have no header."""
    rules: tuple[Rule, ...] = Field(default=(), max_length=200)
    """Rules across the columns of a row."""
    keys: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = Field(default=(), max_length=20)
    """Lists of columns whose values together may stand in one row of a file only; rows with a null are not compared."""
    null_markers: tuple[str, ...] | None = Field(default=None, max_length=100)
    """What counts as null in columns that are not text, e.g. `NA`; the validator's own list if not said. The empty text
    always does, and in text it alone."""
    dialect: Dialect = Dialect()
    """How the files are written."""
    limits: Limits = Limits()
    """How many rows may be bad."""
    drift: Drift = Drift()
    """What happens when a file has other columns."""
    loading: Loading = Loading()
    """How the rows get into Druid."""

    @field_validator("datasource")
    @classmethod
    def _good_name(cls, name: str) -> str:
        if fault := problem_with_datasource(name):
            refuse(fault)
        return name

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = _no_twins([column.name for column in self.columns], "columns")
        _no_twins([rule.name for rule in self.rules], "rules")
        times = [position for position, column in enumerate(self.columns) if column.role == "time"]
        if len(times) > 1:
            refuse("time is the role of one column only, and another has it before", "columns", times[1], "role")
        kinds = self.kinds()
        for position, rule in enumerate(self.rules):
            try:
                check(rule.expression, kinds)
            except ExpressionError as error:
                refuse(str(error), "rules", position, "expression")
        for position, key in enumerate(self.keys):
            for place, name in enumerate(key):
                if name not in names:
                    refuse(f"must be a column of the contract, not {name[:80]!r}", "keys", position, place)
                if kinds[name].kind == "json" or name in key[:place]:
                    refuse("must be a column that is not json and not named twice", "keys", position, place)
        if len({frozenset(key) for key in self.keys}) < len(self.keys):
            refuse("has the same key twice", "keys")
        for misfit in misfits(self.loading, self.loaded()):
            refuse(misfit.message, "loading", *misfit.path)
        return self

    def loaded(self) -> Columns:
        """The columns that are loaded beside the time; a file may have others where new columns are taken over."""
        types = {column.name: column.type for column in self.columns if column.role in {"dimension", "metric"}}
        summed = frozenset(column.name for column in self.columns if column.role == "metric")
        never = frozenset(column.name for column in self.columns if column.name not in types)
        return Columns(types, summed=summed, never=never, complete=self.drift.new_column != "evolve")

    def kinds(self) -> dict[str, ColumnKind]:
        """The types of the columns, for rules."""
        return {column.name: ColumnKind(column.type, column.scale) for column in self.columns}

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


def _no_twins(names: list[str], field: str) -> set[str]:
    seen: set[str] = set()
    for position, name in enumerate(names):
        if name in seen:
            refuse(f"is taken: {name[:80]!r} stands in the list before", field, position, "name")
        seen.add(name)
    return seen
