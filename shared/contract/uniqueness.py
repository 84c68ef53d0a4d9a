"""Values that may stand in one row only, over a whole file of any length: exact, and in bounded memory.

The rows of each batch are dealt into buckets by a hash of their key, and the buckets are written to one scratch file:
equal keys meet in the same bucket. At the end the buckets are read one at a time, and the keys themselves are compared,
so that a collision of hashes costs no good row. What is kept of the answer is one bit for each row.

The first row that has a key is good, the later ones are not. A key with a null is compared with nothing, as in SQL.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from .model import Contract
from .rule_names import RuleName

BUCKETS = 64
# Rows are held back until there are so many bytes of them: a bucket's piece of one batch would be a few KiB.
BUFFER_BYTES = 16 * 1024 * 1024
# Of so many duplicates of a key the earlier record is remembered, for messages.
MOST_EARLIER = 1_000

_RECORD, _FIRST, _BUCKET = "__record", "__first", "__bucket"
_BITS = [[bool(byte >> bit & 1) for bit in range(8)] for byte in range(256)]


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """Columns whose values may stand together in one row only."""

    rule: RuleName
    columns: tuple[str, ...]

    def message(self, earlier: int | None = None) -> str:
        """What the report says of a later row."""
        names = ", ".join(f"`{name}`" for name in self.columns)
        place = "an earlier record" if earlier is None else f"record {earlier}"
        return f"{names} must be unique, and {place} has the same"


def unique_keys(contract: Contract) -> tuple[UniqueKey, ...]:
    """The unique columns, then the keys; a key that says the same as a unique column is not said twice."""
    columns = [
        UniqueKey("unique-error", (one.name,)) for one in contract.columns if one.unique and one.role != "ignore"
    ]
    taken = {key.columns for key in columns}
    return (*columns, *(UniqueKey("primary-key", key) for key in contract.keys if key not in taken))


@dataclass(slots=True)
class Duplicates:
    """Which records have a key that an earlier one has; for the first 1,000 of them, `earlier` knows such a one."""

    _bits: bytearray = field(default_factory=bytearray)
    count: int = 0
    earlier: dict[int, int] = field(default_factory=dict)

    def among(self, first_record: int, rows: int) -> pl.Series:
        """Whether each of so many records from that one on is a duplicate. Records count from 1."""
        begin, end = first_record // 8, (first_record + rows + 7) // 8
        held = self._bits[begin:end]
        if not any(held):
            return pl.repeat(value=False, n=rows, dtype=pl.Boolean, eager=True)
        bits = [bit for byte in held for bit in _BITS[byte]]
        return pl.Series(bits[first_record % 8 :][:rows], dtype=pl.Boolean)

    def _reach(self, record: int) -> None:
        """Have a bit for each record up to that one."""
        self._bits.extend(bytes(max(0, record // 8 + 1 - len(self._bits))))

    def _add(self, later: pl.DataFrame) -> None:
        self.count += later.height
        byte, bit = pl.col(_RECORD) // 8, pl.lit(2) ** (pl.col(_RECORD) % 8)
        for place, bits in later.group_by(byte).agg(bit.sum().cast(pl.Int64).alias("bits")).iter_rows():
            self._bits[place] |= bits
        first = dict(later.sort(_RECORD).head(MOST_EARLIER).iter_rows())
        self.earlier = dict(sorted((self.earlier | first).items())[:MOST_EARLIER])


class KeyTally:
    """Collects one key over the batches of a file. `spill` is a file that it may write, and removes when it is done.

    Memory: the buffer, one bucket at a time (1/64 of the keys, with their record numbers), and a bit for each record.
    """

    def __init__(self, key: UniqueKey, spill: Path, *, buffer_bytes: int = BUFFER_BYTES) -> None:
        self.key = key
        self._path = spill
        self._buffer_bytes = buffer_bytes
        self._held: list[pl.DataFrame] = []
        self._held_bytes = 0.0
        self._pieces: list[list[tuple[int, int]]] = [[] for _ in range(BUCKETS)]
        self._found = Duplicates()

    def add(self, frame: pl.DataFrame, first_record: int) -> None:
        """Take a batch: a typed frame of records that follow each other from `first_record` on, which counts from 1."""
        records = pl.int_range(first_record, first_record + frame.height, eager=True, dtype=pl.Int64).alias(_RECORD)
        rows = frame.select(self.key.columns).with_columns(records).drop_nulls()
        self._found._reach(first_record + frame.height - 1)  # noqa: SLF001  # the two are one thing, cut by time
        self._held.append(rows)
        self._held_bytes += rows.estimated_size()
        if self._held_bytes > self._buffer_bytes:
            self._write()

    def duplicates(self) -> Duplicates:
        """The records that have a key of an earlier one. Ends the tally."""
        try:
            for rows in self._buckets():
                self._distinct(rows)
        finally:
            self._path.unlink(missing_ok=True)
        return self._found

    def _distinct(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The first row of each key, of rows in the order of the file; the later ones are found."""
        keys = [pl.col(name) for name in self.key.columns]
        # The common case, in half the memory of what finds the first of each.
        if rows.select((keys[0] if len(keys) == 1 else pl.struct(keys)).is_first_distinct().all()).item():
            return rows
        rows = rows.with_columns(pl.col(_RECORD).min().over(self.key.columns).alias(_FIRST))
        is_first = pl.col(_RECORD) == pl.col(_FIRST)
        self._found._add(rows.filter(~is_first).select(_RECORD, _FIRST))  # noqa: SLF001
        return rows.filter(is_first).drop(_FIRST)

    def _buckets(self) -> Iterator[pl.DataFrame]:
        if not any(self._pieces):
            if self._held:
                yield pl.concat(self._held)
            return
        self._write()
        with self._path.open("rb") as spill:
            for pieces in self._pieces:
                if pieces:
                    yield pl.concat(_piece(spill, begin, size) for begin, size in pieces)

    def _write(self) -> None:
        if not self._held:
            return
        # Of a key that stands in very many rows one is written each time: else its bucket would be the whole file.
        rows = self._distinct(pl.concat(self._held))
        self._held, self._held_bytes = [], 0.0
        keys = [pl.col(name) for name in self.key.columns]
        bucket = pl.struct(keys).hash(seed=1) % BUCKETS
        parts = rows.with_columns(bucket.alias(_BUCKET)).partition_by(_BUCKET, as_dict=True, include_key=False)
        with self._path.open("ab") as spill:
            for (number,), part in parts.items():
                begin = spill.tell()
                part.write_ipc_stream(spill, compression="lz4")
                self._pieces[int(number)].append((begin, spill.tell() - begin))


def _piece(spill: io.BufferedReader, begin: int, size: int) -> pl.DataFrame:
    spill.seek(begin)
    return pl.read_ipc_stream(io.BytesIO(spill.read(size)))
