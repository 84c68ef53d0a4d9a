"""The names of the rules that a contract's rows and files are held against, as reports and rejects carry them.

They are the error types of Frictionless (framework.frictionlessdata.io, "Errors") where it has one.
"""

from __future__ import annotations

from typing import Literal

RuleName = Literal[
    "type-error",
    "constraint-error",
    "unique-error",
    "primary-key",
    "row-constraint",
    "missing-label",
    "extra-label",
    "wider-type",
    "narrower-type",
]

MEANINGS: dict[RuleName, str] = {
    "type-error": "The value is not of its column's type.",
    "constraint-error": "The value breaks a check of its column: it is null where it may not be, out of its range, not "
    "in its list, or does not match. `constraint` says which: `nullable`, `min`, `max`, `pattern`, `enum`, "
    "`min_length` or `max_length`.",
    "unique-error": "The value of a column that is `unique` stands in an earlier row.",
    "primary-key": "The values of a key stand together in an earlier row.",
    "row-constraint": "A rule of the contract is false; `constraint` is its name.",
    "missing-label": "The file lacks a column, and `drift.missing_column` is `reject`.",
    "extra-label": "The file has a column that the contract has not, and `drift.new_column` is `reject`.",
    "wider-type": "A column has values beyond its type; the rows that are rejected for them have `type-error`. Not of "
    "Frictionless.",
    "narrower-type": "A column fits a narrower type, and `drift.narrower_type` is `reject`. Not of Frictionless.",
}
