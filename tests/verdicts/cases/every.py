"""All cases, in the order of the table."""

from __future__ import annotations

from . import delimited, json_text, packed, typed, workbooks

CASES = (*delimited.CASES, *json_text.CASES, *typed.CASES, *workbooks.CASES, *packed.CASES)
