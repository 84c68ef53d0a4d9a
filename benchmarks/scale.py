"""How much is measured: in full, or quickly, to see that it works."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024**2


@dataclass(frozen=True)
class Scale:
    """Sizes and repetitions of all claims."""

    large_upload_bytes: int
    large_uploads: int
    medium_upload_bytes: int
    medium_uploads: int
    small_loads: int
    flights_loads: int
    tasks: int
    read_seconds: float
    read_rounds: int
    flights_copies: int
    validations: int
    settle_seconds: float
    idle_seconds: float
    operations: int


FULL = Scale(
    large_upload_bytes=1024 * MIB,
    large_uploads=3,
    medium_upload_bytes=100 * MIB,
    medium_uploads=5,
    small_loads=30,
    flights_loads=5,
    tasks=1000,
    read_seconds=10,
    read_rounds=3,
    flights_copies=10,
    validations=3,
    settle_seconds=10,
    idle_seconds=30,
    operations=100,
)
QUICK = Scale(
    large_upload_bytes=100 * MIB,
    large_uploads=1,
    medium_upload_bytes=16 * MIB,
    medium_uploads=1,
    small_loads=2,
    flights_loads=1,
    tasks=50,
    read_seconds=2,
    read_rounds=1,
    flights_copies=1,
    validations=1,
    settle_seconds=1,
    idle_seconds=3,
    operations=5,
)
