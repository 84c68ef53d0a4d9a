"""How many bad rows a file may have before the whole file is refused.

- `max_rejected_rows`: none by default. One more, and the file is refused; reading stops there.
- `max_rejected_ratio`: bad rows / rows read. What is said holds strictly. By default it is 5 %, and up to five bad rows
  are put aside whatever share they are: below 100 rows a share says more about the size of the file than about its
  quality, and from 100 rows on five are 5 %.

A share is known when the file has been read, so it never ends the reading; a file that it refuses has no parts, and all
of its bad rows in the rejects object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import JsonValue

from .request import ParseOptions
from .verdict import Code, Problem

if TYPE_CHECKING:
    from shared.contract import Contract

DEFAULT_MAX_REJECTED_RATIO = 0.05
ALWAYS_PUT_ASIDE_ROWS = 5
_CAUSES_TOLD = 5

Cause = tuple[str, str | None, int]


@dataclass(frozen=True, slots=True)
class RejectLimits:
    """The limits of one file; None is no limit, for the ratio the default."""

    max_rows: int | None = None
    max_ratio: float | None = None

    @classmethod
    def of(cls, options: ParseOptions, contract: Contract | None = None) -> RejectLimits:
        """The limits that the sender has said, else those of the contract.

        A contract whose ratio is the default one has said nothing by it.
        """
        rows, ratio = options.max_rejected_rows, options.max_rejected_ratio
        if contract is not None:
            stated = contract.limits
            rows = stated.max_rejected_rows if rows is None else rows
            if ratio is None and stated.max_rejected_ratio != DEFAULT_MAX_REJECTED_RATIO:
                ratio = 1.0 if stated.max_rejected_ratio is None else stated.max_rejected_ratio
        return cls(rows, ratio)

    def ends_reading(self, rejected: int) -> bool:
        """Whether so many bad rows decide, however many rows are still to come."""
        return self.max_rows is not None and rejected > self.max_rows

    def refuses(self, rejected: int, read: int) -> bool:
        """Whether a file of `read` rows, `rejected` of them bad, is refused as a whole."""
        return rejected > self._allowed(read)

    def problem(self, rejected: int, read: int, causes: Sequence[Cause]) -> Problem:
        """The refusal of a file that was read to its end; `causes` are rule, column and count, the most frequent first.

        The causes of a row that has several faults are counted by its first.
        """
        by_rows = self.ends_reading(rejected)
        limit = f"{self.max_rows:,} may be (max_rejected_rows)" if by_rows else self._ratio_in_words(read)
        message = (
            f"{rejected:,} of {read:,} rows are bad ({rejected / read:.1%}), and {limit}: {_told(causes)}. "
            f"Nothing was loaded. Correct the file, or send it with a higher {self._setting(by_rows=by_rows)}."
        )
        detail = self._detail(rejected, causes, by_rows=by_rows)
        return Problem(code=Code.TOO_MANY_REJECTED, message=message, detail={**detail, "rows_read": read})

    def problem_early(self, rejected: int, seen: int, causes: Sequence[Cause]) -> Problem:
        """The refusal of a file of which `seen` rows were read, because its bad rows were already too many."""
        message = (
            f"At least {rejected:,} rows are bad, and {self.max_rows:,} may be (max_rejected_rows): {_told(causes)}. "
            f"Reading stopped after {seen:,} rows; how many there are is not known. Nothing was loaded. Correct the "
            f"file, or send it with a higher {self._setting(by_rows=True)}."
        )
        detail = self._detail(rejected, causes, by_rows=True)
        return Problem(
            code=Code.TOO_MANY_REJECTED, message=message, detail={**detail, "stopped": True, "rows_read_so_far": seen}
        )

    def _allowed(self, read: int) -> int:
        """The largest number of bad rows among `read`: the text of the ratio is meant, not the double next to it."""
        ratio = DEFAULT_MAX_REJECTED_RATIO if self.max_ratio is None else self.max_ratio
        allowed = int(Decimal(repr(ratio)) * read)
        if self.max_ratio is None:
            allowed = max(allowed, ALWAYS_PUT_ASIDE_ROWS)
        return allowed if self.max_rows is None else min(allowed, self.max_rows)

    def _ratio_in_words(self, read: int) -> str:
        if self.max_ratio is not None:
            return f"{self.max_ratio:.4g} of them may be (max_rejected_ratio)"
        return f"{self._allowed(read):,} may be ({DEFAULT_MAX_REJECTED_RATIO:.0%} by default, max_rejected_ratio)"

    def _setting(self, *, by_rows: bool) -> str:
        return "max_rejected_rows" if by_rows else "max_rejected_ratio"

    def _detail(self, rejected: int, causes: Sequence[Cause], *, by_rows: bool) -> dict[str, JsonValue]:
        ratio = DEFAULT_MAX_REJECTED_RATIO if self.max_ratio is None else self.max_ratio
        listed: list[JsonValue] = [
            {"rule": rule, "column": column, "count": count} for rule, column, count in causes[:_CAUSES_TOLD]
        ]
        return {
            "rows_rejected": rejected,
            "setting": self._setting(by_rows=by_rows),
            "limit": self.max_rows if by_rows else ratio,
            "causes": listed,
        }


# A correction knows no limit: whatever of it is good closes the gap.
UNLIMITED = RejectLimits(max_ratio=1.0)


def _told(causes: Sequence[Cause]) -> str:
    told = [
        f"{rule}{f' in {column[:40]!r}' if column is not None else ''} {count:,}"
        for rule, column, count in causes[:_CAUSES_TOLD]
    ]
    more = sum(count for _, _, count in causes[_CAUSES_TOLD:])
    return ", ".join([*told, *([f"others {more:,}"] if more else [])])
