"""The language of row rules: `net + tax = gross and country in ('DE', 'FR')`. See docs/contracts.md.

`check` reads and types a text, without Polars; `polars_compiler.compiled` makes a Polars expression of the result.
Nothing of a text is ever evaluated as Python.
"""

from __future__ import annotations

from .errors import ExpressionError
from .terms import Term
from .typing import ColumnKind, check

__all__ = ["ColumnKind", "ExpressionError", "Term", "check"]
