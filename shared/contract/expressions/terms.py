"""What a text means, with its types settled: what is compiled.

Every operand has the type that its operation wants: where the text mixes types, a conversion stands between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.contract.column_types import ColumnType, Value

TermKind = ColumnType


@dataclass(frozen=True, slots=True)
class Term:
    """An operation on operands of fixed types.

    `op` is `column` (then `value` is its name), `literal` (`value` is the value, None for null), `to` (a conversion to
    `kind`), or the name of an operator or function. `scale` is that of a decimal.
    """

    op: str
    kind: TermKind
    operands: tuple[Term, ...] = ()
    value: Value | None = field(default=None)
    scale: int = 0

    def columns(self) -> Iterator[str]:
        """The columns that are read, in the order of the text."""
        if self.op == "column":
            yield str(self.value)
        for operand in self.operands:
            yield from operand.columns()
