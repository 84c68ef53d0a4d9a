"""The lengths of time by which Druid cuts, and which of them lie within which."""

from __future__ import annotations

from typing import Literal

_Length = Literal[
    "minute",
    "five_minute",
    "ten_minute",
    "fifteen_minute",
    "thirty_minute",
    "hour",
    "six_hour",
    "eight_hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
]
Granularity = Literal[_Length, "all"]
"""How long a time chunk is. Weeks begin on Monday, and every chunk at its boundary in UTC."""
QueryGranularity = Literal["none", "second", _Length]
"""To what the times of rows are cut before they are stored; `none` leaves them as they are."""

MINUTES: dict[str, int] = {
    "minute": 1,
    "five_minute": 5,
    "ten_minute": 10,
    "fifteen_minute": 15,
    "thirty_minute": 30,
    "hour": 60,
    "six_hour": 360,
    "eight_hour": 480,
    "day": 1440,
}
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}


def fits_into(shorter: QueryGranularity | Granularity, longer: Granularity) -> bool:
    """Whether every chunk of `shorter` lies within one of `longer`; equal ones do."""
    if longer == "all" or shorter in {"none", "second"} or shorter == longer:
        return True
    if shorter in MINUTES:
        return longer not in MINUTES or MINUTES[longer] % MINUTES[shorter] == 0
    return shorter in MONTHS and longer in MONTHS and MONTHS[longer] % MONTHS[shorter] == 0
