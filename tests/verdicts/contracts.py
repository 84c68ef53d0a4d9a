"""Shared by the tests of contracts: a contract from its columns, and what rows break of it."""

from __future__ import annotations

from shared.contract import Contract, read_contract
from tests.verdicts.cases.stated import stated
from tests.verdicts.judging import Outcome


def contract(columns: str, more: str = "") -> Contract:
    """As `stated` writes it."""
    return read_contract(stated(columns, more))


def broken(outcome: Outcome) -> dict[int, list[tuple[str, str | None]]]:
    """By record, the rules that it breaks, with the check."""
    return {
        row["record"]: [(error["code"], error.get("constraint")) for error in row["errors"]] for row in outcome.rejects
    }
