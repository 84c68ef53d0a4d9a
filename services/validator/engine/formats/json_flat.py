"""Lines that are flat JSON objects without an escape, read a block at a time: what most NDJSON is made of.

msgspec finds the values as they are written, so that no digit passes through a number. Where a key stands twice in an
object it keeps the last value only; but then the line has more colons than its keys and values, and no line of the
block is read here. What is not read here goes to `json_columns.read_text`, line by line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NULL = msgspec.Raw(b"null")
_MOST_GAPS = 16  # cells for each value: records that share few keys would take memory by their square


@dataclass(frozen=True, slots=True)
class FlatLines:
    """Those of the lines that could be read, by their position. `cells` has their values as text, by key.

    A value that is missing or null is the empty text. `fresh` are the positions of lines with keys that no line before
    has, each with all its keys; `texts` are the keys that have a string as value anywhere.
    """

    positions: Sequence[int]
    cells: Mapping[str, pl.Series]
    fresh: Sequence[tuple[int, Sequence[str]]]
    texts: frozenset[str]


_NOTHING = FlatLines([], {}, [], frozenset())


def read_flat(lines: Sequence[bytes]) -> FlatLines:
    """Read what can be read of lines in UTF-8, with or without their ends."""
    positions: list[int] = []
    rows: list[dict[str, msgspec.Raw]] = []
    fresh: list[tuple[int, Sequence[str]]] = []
    keys: dict[str, None] = {}
    for position, line in enumerate(lines):
        if b"\\" in line or b"[" in line or line.count(b"{") > 1:
            continue
        try:
            row = _DECODER.decode(line)
        except msgspec.DecodeError:
            continue
        positions.append(position)
        rows.append(row)
        if not row.keys() <= keys.keys():
            fresh.append((position, list(row)))
            keys.update(dict.fromkeys(row))
    filled = sum(map(len, rows))
    if len(keys) * len(rows) > _MOST_GAPS * filled or any(":" in key for key in keys):
        return _NOTHING
    columns = {key: b"\n".join([row.get(key, _NULL) for row in rows]) for key in keys}
    colons = filled + sum(column.count(b":") for column in columns.values())
    if colons != sum(lines[position].count(b":") for position in positions):
        return _NOTHING
    series = {key: pl.Series(column.decode("utf-8").split("\n")) for key, column in columns.items()}
    texts = frozenset(key for key, values in series.items() if values.str.starts_with('"').any())
    return FlatLines(positions, {key: _unquoted(values) for key, values in series.items()}, fresh, texts)


def _unquoted(values: pl.Series) -> pl.Series:
    name = values.name
    bare = pl.col(name).str.strip_prefix('"').str.strip_suffix('"')
    return values.to_frame().select(pl.when(pl.col(name) == "null").then(pl.lit("")).otherwise(bare)).to_series()
