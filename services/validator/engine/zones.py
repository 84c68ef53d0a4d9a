"""From local time to instants in an IANA zone, whose skipped and repeated hours are told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import polars as pl
from polars.exceptions import ComputeError

UTC = "UTC"


@dataclass(frozen=True, slots=True)
class Instants:
    """Milliseconds of UTC for local times; null where there is none, or more than one.

    `later` differs from `earlier` where the clock showed the time twice; both are null where it never did.
    """

    earlier: pl.Series
    later: pl.Series


@lru_cache(maxsize=64)
def is_zone(name: str) -> bool:
    """Whether the name is a zone of the IANA list, such as `Europe/Berlin`, that the engine knows."""
    if not name[:1].isalpha():
        return False
    try:
        in_zone(pl.Series([0], dtype=pl.Int64), name)
    except ComputeError:
        return False
    return True


def in_zone(local_ms: pl.Series, zone: str) -> Instants:
    """The instants at which a clock of `zone` showed each time; `local_ms` are milliseconds as if it were UTC."""
    if zone == UTC:
        return Instants(local_ms, local_ms)
    local = local_ms.cast(pl.Datetime("ms"))
    early = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    late = local.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
    return Instants(early.cast(pl.Int64), late.cast(pl.Int64))
