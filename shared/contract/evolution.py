"""The contract for a file whose columns drifted, where it says that drift is taken over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from .drift import DriftFound
from .model import Contract


def evolved(contract: Contract, drifts: Sequence[DriftFound]) -> tuple[Contract, tuple[DriftFound, ...]]:
    """The contract with the types of a file's columns, and with missing columns nullable, where the decision is evolve.

    A column whose checks, rules, keys or role do not go with the other type does not evolve: its drift is decided as
    `reject` where the type is wider, as `ignore` where it is narrower, and its sentence says why. New columns are left
    to the file, which says more of them than a type.
    """
    decided = []
    for drift in drifts:
        found = drift
        if drift.decision == "evolve" and drift.kind != "new_column":
            try:
                contract = _with(contract, drift)
            except ValidationError:
                found = replace(
                    drift,
                    decision="ignore" if drift.kind == "narrower_type" else "reject",
                    sentence=f"{drift.sentence.split(':', 1)[0]}: the type stays, because the checks, rules, keys or "
                    f"the role of `{drift.column}` do not go with {drift.type}",
                )
        decided.append(found)
    return contract, tuple(decided)


def _with(contract: Contract, drift: DriftFound) -> Contract:
    stated: dict[str, Any] = contract.model_dump()
    for column in stated["columns"]:
        if column["name"] != drift.column:
            continue
        if drift.kind == "missing_column":
            column["nullable"] = True
            continue
        # How the old type was written says nothing about the new one, except between dates and timestamps.
        if drift.type not in ("date", "timestamp") or column["type"] not in ("date", "timestamp"):
            column["format"] = None
        column.update(type=drift.type, scale=column["scale"] if drift.type == "decimal" else None)
        column["zone"] = column["zone"] if drift.type == "timestamp" else None
    return Contract.model_validate(stated)
