"""The columns of a file against those of a contract: what drifted, and what the contract says to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .column_types import ColumnType
from .model import Column, Contract, DriftDecision, DriftKind
from .rule_names import RuleName
from .widening import is_wider

_RULES: dict[DriftKind, RuleName] = {
    "new_column": "extra-label",
    "missing_column": "missing-label",
    "wider_type": "wider-type",
    "narrower_type": "narrower-type",
}
# What each decision means. The page of contracts has this table.
MEANINGS: dict[DriftKind, dict[DriftDecision, str]] = {
    "new_column": {
        "evolve": "it is loaded unjudged, until a version of the contract has it",
        "ignore": "it is not loaded, and the report says so",
        "reject": "the file is rejected",
    },
    "missing_column": {
        "evolve": "its rows have null, also where the contract does not let it be null",
        "ignore": "its rows have null; a file without a column that is not nullable is rejected all the same",
        "reject": "the file is rejected",
    },
    "wider_type": {
        "evolve": "this file is loaded with the wider type; the contract keeps its own",
        "ignore": "the type stays, and rows with values beyond it are rejected with `type-error`",
        "reject": "the type stays, and rows with values beyond it are rejected with `type-error`; a file with more "
        "of them than the limits allow is rejected",
    },
    "narrower_type": {
        "evolve": "this file is loaded with the narrower type; the contract keeps its own",
        "ignore": "the type stays: every value fits it",
        "reject": "the file is rejected",
    },
}


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a file with the narrowest type of all its values; None where it has nothing but nulls."""

    name: str
    type: ColumnType | None


@dataclass(frozen=True, slots=True)
class DriftFound:
    """One difference, the decision about it, and a sentence. `type` is the file's, for a contract that evolves."""

    kind: DriftKind
    column: str
    decision: DriftDecision
    sentence: str
    type: ColumnType | None = None

    @property
    def rule(self) -> RuleName:
        """Its name in reports."""
        return _RULES[self.kind]

    @property
    def rejects_the_file(self) -> bool:
        """Whether nothing of the file is loaded; a wider type costs its rows only."""
        return self.decision == "reject" and self.kind != "wider_type"


def drift_of(contract: Contract, file: Sequence[FileColumn]) -> tuple[DriftFound, ...]:
    """Every difference: columns of the contract in their order, then new ones in the file's.

    Columns whose role is `ignore` may be there or not, of any type.
    """
    found = {column.name: column for column in file}
    known = {column.name for column in contract.columns}
    drifted = [one for column in contract.columns if column.role != "ignore" for one in _of(contract, column, found)]
    decision = contract.drift.new_column
    drifted += [
        DriftFound(
            "new_column",
            column.name,
            decision,
            f"the file has a column `{column.name}` ({column.type or 'nulls only'}), and the contract has not: "
            f"{MEANINGS['new_column'][decision]}",
            column.type,
        )
        for column in file
        if column.name not in known
    ]
    return tuple(drifted)


def _of(contract: Contract, column: Column, found: dict[str, FileColumn]) -> Iterator[DriftFound]:
    there = found.get(column.name)
    if there is None:
        yield _missing(contract, column)
        return
    kind = None if there.type is None else _kind(column, there.type)
    if kind is not None:
        decision: DriftDecision = getattr(contract.drift, kind)
        sentence = (
            f"the file's `{column.name}` is {there.type}, and the contract's is {column.type}: "
            f"{MEANINGS[kind][decision]}"
        )
        yield DriftFound(kind, column.name, decision, sentence, there.type)


def _missing(contract: Contract, column: Column) -> DriftFound:
    decision = contract.drift.missing_column
    if column.role == "time" and decision != "reject":
        sentence = f"the file has no column `{column.name}`, which is the time of the rows: the file is rejected"
        return DriftFound("missing_column", column.name, "reject", sentence)
    if decision == "ignore" and not column.nullable:
        sentence = f"the file has no column `{column.name}`, which is not nullable: the file is rejected"
        return DriftFound("missing_column", column.name, "reject", sentence)
    sentence = f"the file has no column `{column.name}`: {MEANINGS['missing_column'][decision]}"
    return DriftFound("missing_column", column.name, decision, sentence)


def _kind(column: Column, there: ColumnType) -> DriftKind | None:
    if there == column.type or (column.type == "timestamp" and there == "long"):
        return None  # a time may be written as a count of seconds, which is what a long looks like
    # Values of an unrelated type are beyond the contract's, too.
    return "narrower_type" if is_wider(column.type, there) else "wider_type"
