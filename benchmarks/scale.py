"""How much is measured: in full, or quickly, to see that it works."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIB = 1024**2


@dataclass(frozen=True)
class Scale:
    """Sizes and repetitions of all claims; no rows in `validation_large_rows` leave that part out."""

    large_upload_bytes: int
    large_uploads: int
    medium_upload_bytes: int
    medium_uploads: int
    small_loads: int
    flights_loads: int
    druid_loads: int
    many_files: int
    tasks: int
    read_seconds: float
    read_rounds: int
    flights_copies: int
    validations: int
    validation_rows: int
    validation_large_rows: int
    validation_bad_rows: int
    lane_file_bytes: int
    lane_small_files: int
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
    druid_loads=3,
    many_files=200,
    tasks=1000,
    read_seconds=10,
    read_rounds=3,
    flights_copies=10,
    validations=3,
    validation_rows=13_000_000,
    validation_large_rows=0,
    validation_bad_rows=3_000_000,
    lane_file_bytes=512 * MIB,
    lane_small_files=10,
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
    druid_loads=1,
    many_files=5,
    tasks=50,
    read_seconds=2,
    read_rounds=1,
    flights_copies=1,
    validations=1,
    validation_rows=630_000,
    validation_large_rows=0,
    validation_bad_rows=200_000,
    lane_file_bytes=50 * MIB,
    lane_small_files=2,
    settle_seconds=1,
    idle_seconds=3,
    operations=5,
)


def enlarged(scale: Scale) -> Scale:
    """The same with the sizes that take an hour: a validation four times as long, 4 GB in the large lane."""
    return replace(scale, validation_large_rows=4 * scale.validation_rows, lane_file_bytes=8 * scale.lane_file_bytes)
