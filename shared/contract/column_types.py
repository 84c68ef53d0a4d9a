"""The types a column of a contract can have, which checks each can bear, and how its values are written in a contract.

A value in a contract stands for a value of the column: `min: 0.10` on a decimal column is the decimal 0.10, and
`min: 2026-01-01` on a timestamp column is the first instant of that day in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal, get_args

ColumnType = Literal["text", "boolean", "long", "double", "decimal", "date", "timestamp", "json"]
COLUMN_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)

Scalar = bool | int | Decimal | str
Value = bool | int | float | Decimal | str | date | datetime

# What a decimal column keeps behind the point when its contract does not say it.
DEFAULT_SCALE = 10
# All digits of a decimal, before and behind the point: as many as 128 bits hold.
DECIMAL_DIGITS = 38

LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
_RANGED: frozenset[ColumnType] = frozenset({"long", "double", "decimal", "date", "timestamp"})
CHECKS_OF: dict[str, frozenset[ColumnType]] = {
    "min": _RANGED,
    "max": _RANGED,
    "enum": _RANGED | {"text"},
    "pattern": frozenset({"text"}),
    "min_length": frozenset({"text"}),
    "max_length": frozenset({"text"}),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIMESTAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)


def value_of(kind: ColumnType, written: Scalar, *, scale: int | None = None) -> Value:  # noqa: PLR0911  # one for each type
    """The value of a column that a scalar of a contract stands for.

    `scale` is that of a decimal column, `DEFAULT_SCALE` if None. Raises `ValueError` with what was expected, as the end
    of a sentence.
    """
    match kind:
        case "text":
            return _text(written)
        case "boolean":
            if isinstance(written, bool):
                return written
            msg = f"must be true or false, not {written!r}"
            raise ValueError(msg)
        case "long":
            return _long(written)
        case "double":
            return _double(written)
        case "decimal":
            return _decimal(written, DEFAULT_SCALE if scale is None else scale)
        case "date":
            return read_date(_text(written, "a date such as 2026-01-31"))
        case "timestamp":
            return read_timestamp(_text(written, "a time such as 2026-01-31T12:00:00Z"))
        case "json":
            msg = "cannot be said of a json column"
            raise ValueError(msg)


def read_date(text: str) -> date:
    """A date as in 2026-01-31; raises `ValueError` with what was expected."""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            msg = f"must be a day of the calendar, and {text!r} is none"
            raise ValueError(msg) from None
    msg = f"must be a date such as 2026-01-31, not {text[:40]!r}"
    raise ValueError(msg)


def read_timestamp(text: str) -> datetime:
    """A time as in 2026-01-31T12:00:00.5+01:00, in UTC where no offset stands, midnight where it is a date.

    At most three digits of a second: Druid keeps milliseconds.

    Raises `ValueError` with what was expected.
    """
    if _TIMESTAMP.fullmatch(text):
        try:
            found = datetime.fromisoformat(text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            msg = f"must be a time of the calendar, and {text!r} is none"
            raise ValueError(msg) from None
    msg = f"must be a time such as 2026-01-31T12:00:00Z, not {text[:40]!r}"
    raise ValueError(msg)


def _text(written: Scalar, expected: str = "text") -> str:
    if isinstance(written, str):
        return written
    shown = str(written).lower() if isinstance(written, bool) else str(written)
    msg = f'must be {expected}: put it in quotes, "{shown}"' if expected == "text" else f"must be {expected}"
    raise ValueError(msg)


def _number(written: Scalar) -> int | Decimal:
    if isinstance(written, bool) or not isinstance(written, int | Decimal):
        msg = f"must be a number, not {written!r}"
        raise ValueError(msg)  # noqa: TRY004  # one error for every fault of a contract
    if isinstance(written, Decimal) and not written.is_finite():
        msg = f"must be a finite number, not {written}"
        raise ValueError(msg)
    return written


def _long(written: Scalar) -> int:
    number = _number(written)
    if isinstance(number, Decimal) and (
        abs(number.adjusted()) > DECIMAL_DIGITS or number != number.to_integral_value()
    ):
        msg = f"must be a whole number, not {number}"
        raise ValueError(msg)
    if not LONG_MIN <= number <= LONG_MAX:
        msg = f"must be between {LONG_MIN} and {LONG_MAX}, not {number}"
        raise ValueError(msg)
    return int(number)


def _double(written: Scalar) -> float:
    number = _number(written)
    try:
        found = float(number)
    except OverflowError:
        found = float("inf")
    if found in {float("inf"), float("-inf")}:
        msg = f"must be in the range of a double, not {number}"
        raise ValueError(msg)
    return found


def _decimal(written: Scalar, scale: int) -> Decimal:
    number = Decimal(_number(written))
    whole = DECIMAL_DIGITS - scale
    _, digits, exponent = number.as_tuple()
    behind = -exponent if isinstance(exponent, int) else 0
    trailing = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    if number and behind - trailing > scale:
        msg = f"must have at most {scale} digits behind the point, as its column has, not {number}"
        raise ValueError(msg)
    if number and number.adjusted() >= whole:
        msg = f"must have at most {whole} digits before the point, not {number}"
        raise ValueError(msg)
    return number
