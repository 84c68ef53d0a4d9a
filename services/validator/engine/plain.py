"""Text without quotes, a block of whole lines at once: what is wrong with a line shows in its delimiters alone.

Polars cuts a block into fields. When these and one delimiter or line end behind each of them are as long as the text,
every line is good; a few short lines are found by their empty last fields. Otherwise everything but delimiters and line
ends is taken out of the text. What is left of good lines is always the same: those that differ are found by comparing.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import polars as pl

from .lines import Lines

# An expression finds two bytes in a third of the time that `in` takes.
_BLANK = re.compile(rb"\n\n")
_FEW = 50  # bad lines of a block are searched for one by one


@dataclass(frozen=True, slots=True)
class PlainCut:
    """The lines of a text. `odd` are the numbers of those that are blank or have another number of fields, from 0.

    `blank` are those of them that are blank; `frame` has the others.
    """

    lines: Lines
    frame: pl.DataFrame
    odd: list[int]
    blank: list[int]


def cut_plain(text: bytes, delimiter: str, width: int) -> PlainCut:
    """Cut whole lines, or none, into `width` fields; the last may lack its end. `delimiter` is an ASCII character."""
    flat = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
    if flat and not flat.endswith(b"\n"):
        flat += b"\n"
    frame = _try_read(flat, delimiter, width)
    if frame is not None and width > 1 and (cut := _cut_by_lengths(text, flat, frame, delimiter, width)) is not None:
        return cut
    odd = _odd_lines(flat, delimiter, width)
    lines = Lines(text, flat.count(b"\n"))
    if frame is not None and frame.height == len(lines):
        frame = _without(frame, odd)
    elif len(odd) == len(lines):
        frame = pl.DataFrame(schema=_schema(width))
    else:
        frame = _cut_good(flat, odd, delimiter, width)
    blank = _blank_lines(flat) if odd else []
    return PlainCut(lines, frame, odd, blank)


def _cut_by_lengths(text: bytes, flat: bytes, frame: pl.DataFrame, delimiter: str, width: int) -> PlainCut | None:
    """The lines out of what Polars has read, if its fields and what stands between them are all of the text.

    A line of too many fields is refused by Polars, and the fields that a line has too few stand in it as empty: then
    delimiters are missing in the text. None when more lines than a few may be such, or the text does not come to its
    length.
    """
    fields = frame.select(pl.sum_horizontal(pl.all().str.len_bytes().cast(pl.UInt64).sum())).item()
    missing = fields + frame.height * width - len(flat)
    lines = Lines(text, frame.height)
    if not missing:
        return PlainCut(lines, frame, [], [])
    suspects = (frame[:, -1] == "").arg_true().to_list()
    if missing < 0 or len(suspects) > _FEW:
        return None
    mark = delimiter.encode()
    found = {number: width - 1 - line.count(mark) for number in suspects if (line := lines[number])}
    odd = [number for number, short in found.items() if short]
    if sum(found.values()) != missing:
        return None
    return PlainCut(lines, _without(frame, odd), odd, [number for number in odd if not lines[number].rstrip(b"\r\n")])


def find_long_line(text: bytes, longest: int) -> bool:
    """Whether a line has more than `longest` bytes and its end: such a line covers a multiple of `longest`."""
    for position in range(longest, len(text), longest):
        begin = max(text.rfind(b"\n", 0, position), text.rfind(b"\r", 0, position)) + 1
        ends = [end for mark in (b"\n", b"\r") if (end := text.find(mark, position)) >= 0]
        if min(ends, default=len(text)) - begin > longest:
            return True
    return False


def _odd_lines(flat: bytes, delimiter: str, width: int) -> list[int]:
    mark = delimiter.encode()
    if width == 1:
        if not (mark in flat or flat.startswith(b"\n") or _BLANK.search(flat)):
            return []
        return [number for number, line in enumerate(flat.split(b"\n")[:-1]) if not line or mark in line]
    good = mark * (width - 1)
    left = flat.translate(None, _others(delimiter))
    odd: list[int] = []
    position = number = 0
    run = (good + b"\n") * (len(left) // width)
    while True:
        same = _same_lines(left, position, run, width)
        number += same
        position += same * width
        if position == len(left):
            return odd
        if len(odd) == _FEW:
            return [number for number, line in enumerate(left.split(b"\n")[:-1]) if line != good]
        odd.append(number)
        number += 1
        position = left.index(b"\n", position) + 1


def _same_lines(left: bytes, position: int, run: bytes, width: int) -> int:
    """How many lines from `position` on are those of `run`, found by halving: comparing many costs next to nothing."""
    low, high = 0, (len(left) - position) // width
    middle = high
    while low < high:
        if left[position + low * width : position + middle * width] == run[: (middle - low) * width]:
            low = middle
        else:
            high = middle - 1
        middle = (low + high + 1) // 2
    return low


def _blank_lines(flat: bytes) -> list[int]:
    if not (flat.startswith(b"\n") or _BLANK.search(flat)):
        return []
    return [number for number, line in enumerate(flat.split(b"\n")[:-1]) if not line]


@cache
def _others(delimiter: str) -> bytes:
    return bytes(byte for byte in range(256) if byte not in (ord(delimiter), ord("\n")))


def _without(frame: pl.DataFrame, rows: list[int]) -> pl.DataFrame:
    if not rows:
        return frame
    return frame.filter(pl.repeat(value=True, n=frame.height, eager=True).scatter(rows, values=False))


def _cut_good(flat: bytes, odd: list[int], delimiter: str, width: int) -> pl.DataFrame:
    """The good lines alone."""
    left_out = set(odd)
    good = [line for number, line in enumerate(flat.split(b"\n")[:-1]) if number not in left_out]
    if not good:
        return pl.DataFrame(schema=_schema(width))
    frame = _read(b"\n".join(good) + b"\n", delimiter, width)
    if frame.height == len(good):
        return frame
    rows = [line.decode("utf-8").split(delimiter) for line in good]
    return pl.DataFrame(rows, schema=_schema(width), orient="row")


def _schema(width: int) -> dict[str, pl.DataType]:
    return {f"c{index}": pl.String() for index in range(width)}


def _try_read(flat: bytes, delimiter: str, width: int) -> pl.DataFrame | None:
    """All lines; None when Polars refuses some: too many fields, or too few in the first line."""
    try:
        return _read(flat, delimiter, width)
    except pl.exceptions.PolarsError:
        return None


def _read(text: bytes, delimiter: str, width: int) -> pl.DataFrame:
    # Polars takes one mark off, also where it is a character of the first field.
    mark = BOM_UTF8 if text.startswith(BOM_UTF8) else b""
    return pl.read_csv(
        BytesIO(mark + text),
        has_header=False,
        schema=_schema(width),
        separator=delimiter,
        quote_char=None,
        empty_string_is_null=False,
        extra_columns="raise",
        missing_columns="raise",
    )
