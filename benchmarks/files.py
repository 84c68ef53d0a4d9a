"""The files that are sent."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2024, 1, 1, tzinfo=UTC)
FLIGHTS_ROWS = 336_776
FLIGHTS_TIME = "time_hour"
_FLIGHTS_TEXTS = ("carrier", "tailnum", "origin", "dest")
FLIGHTS_COLUMNS = {
    name: "string" if name in _FLIGHTS_TEXTS else "time" if name == FLIGHTS_TIME else "long"
    for name in (
        *("year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time"),
        *("arr_delay", "carrier", "flight", "tailnum", "origin", "dest", "air_time", "distance", "hour", "minute"),
        FLIGHTS_TIME,
    )
}
SMALL_ROWS = 1000
SMALL_TIME = "time"
SMALL_COLUMNS = {SMALL_TIME: "time", "id": "long", "value": "double"}
_BLOCK = 1024 * 1024


def write_small(folder: Path, number: int = 0) -> Path:
    """1,000 rows `time,id,value`, a minute apart; those of file `number` follow those of the file before."""
    path = folder / f"small-{number}.csv"
    lines = [",".join(SMALL_COLUMNS)]
    ids = range(number * SMALL_ROWS, (number + 1) * SMALL_ROWS)
    lines += [f"{START + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ},{n},{n / 2}" for n in ids]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_noise(folder: Path, size_bytes: int) -> Path:
    """Bytes of no meaning, which no one can compress; the same at every call."""
    path = folder / f"noise-{size_bytes}.csv"
    block = random.Random(1).randbytes(_BLOCK)  # noqa: S311  # to fill a file
    with path.open("wb") as file:
        for written in range(0, size_bytes, _BLOCK):
            file.write(block[: size_bytes - written])
    return path


def write_repeated(source: Path, folder: Path, copies: int) -> Path:
    """The rows of a file with a header, several times under one header."""
    path = folder / f"repeated-{copies}.csv"
    header, _, rows = source.read_bytes().partition(b"\n")
    with path.open("wb") as file:
        file.write(header + b"\n")
        for _ in range(copies):
            file.write(rows)
    return path
