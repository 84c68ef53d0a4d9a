"""Reader 2 of Parquet: adds up what the pages say, without decoding them and without the row counts of the footer.

The footer is used only to find the pages of one column that has one value to a row. Should every column repeat,
the rows of the row groups are added up.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from services.validator.engine.verdict import BadFile, Code

from .thrift import ThriftError, read_struct

_DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_V2 = 0, 2, 3
_REPEATED = 2
_TAIL_BYTES = 8


def count_rows(path: Path) -> int:
    """The number of rows. Raises `BadFile` (`format_damaged`)."""
    try:
        footer = _footer(path)
        leaf = _flat_leaf(footer[2])
        if leaf is None:
            return sum(group[3] for group in footer[4])
        with path.open("rb") as file:
            return sum(_values(file, group[1][leaf][3]) for group in footer.get(4, []))
    except (ThriftError, KeyError, IndexError, TypeError, OSError, ValueError) as error:
        message = f"The Parquet file is damaged: its pages cannot be found ({error})."
        raise BadFile(Code.FORMAT_DAMAGED, message, format="Parquet") from error


def _footer(path: Path) -> dict[int, Any]:
    with path.open("rb") as file:
        file.seek(-_TAIL_BYTES, os.SEEK_END)
        size = int.from_bytes(file.read(4), "little")
        file.seek(-_TAIL_BYTES - size, os.SEEK_END)
        return read_struct(io.BytesIO(file.read(size)))


def _flat_leaf(schema: list[dict[int, Any]]) -> int | None:
    """The position among the leaves of the first one under no repeated field; the schema stands depth first."""
    leaf = 0
    open_groups: list[list[int]] = [[schema[0].get(5, 0), 0]]
    for element in schema[1:]:
        while open_groups[-1][0] == 0:
            open_groups.pop()
        open_groups[-1][0] -= 1
        repeated = open_groups[-1][1] or int(element.get(3) == _REPEATED)
        if element.get(5):
            open_groups.append([element[5], repeated])
        elif not repeated:
            return leaf
        else:
            leaf += 1
    return None


def _values(file: io.BufferedReader, column: dict[int, Any]) -> int:
    """Values of a column's data pages: pages follow each other up to the column's compressed size."""
    start = min(offset for offset in (column[9], column.get(11)) if offset)
    end = start + column[7]
    total = 0
    file.seek(start)
    while file.tell() < end:
        header: dict[int, Any] = read_struct(file)
        if header[1] == _DATA_PAGE:
            total += header[5][1]
        elif header[1] == _DATA_PAGE_V2:
            total += header[8][1]
        if header[3] < 0:
            msg = "a page has a negative size"
            raise ThriftError(msg)
        file.seek(header[3], os.SEEK_CUR)
    return total
