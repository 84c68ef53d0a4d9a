"""All cases, in the order of the table."""

from __future__ import annotations

from . import contract_values, contracts, delimited, json_text, packed, typed, workbooks

CASES = (
    *delimited.CASES,
    *json_text.CASES,
    *typed.CASES,
    *workbooks.CASES,
    *packed.CASES,
    *contract_values.CASES,
    *contracts.CASES,
)
