"""Rejected rows come back as a table: beside the columns of the file stand the record and what was wrong with it.

Any format with columns will do: what a spreadsheet makes of such a table is one, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from services.validator.engine.block import BadRecord, Block, DeclaredType, RecordReader, RowError
from services.validator.engine.correction import KnownRecords, RecordCheck
from services.validator.engine.request import Correction, ParseOptions
from services.validator.engine.verdict import Code
from shared.rejects_table import ERRORS_COLUMN, OPEN, RECORD_COLUMN

# How such a table begins as delimited text; what stands behind the first name is the delimiter.
_BEGINNING = re.compile(rb'(?:\xef\xbb\xbf)?("?)' + RECORD_COLUMN.encode() + rb'\1([^"\r\n\x80-\xff])')
_OPEN_ROW = RowError(
    Code.FIELD_COUNT,
    f"the values of the row are not in their columns for certain: put them there, then empty {ERRORS_COLUMN}",
)


def holds_numbered_rows(reader: RecordReader, correction: Correction) -> bool:
    """Whether the file says which records its rows correct in a column of its own."""
    names = {name for column in correction.columns for name in (column.source_name.strip(), column.name)}
    return RECORD_COLUMN in map(str.strip, reader.header) and RECORD_COLUMN not in names


def options_for(head: bytes, options: ParseOptions) -> ParseOptions:
    """How delimited text is read that begins as such a table: as it was handed out, whatever a contract says of files.

    `head` is how the text begins. Numbers, nulls and times in it are still those of the corrected file.
    """
    begun = _BEGINNING.match(head)
    if begun is None:
        return options
    said: dict[str, object] = {"delimiter": begun[2].decode(), "quote": '"', "header": True, "skip_rows": 0}
    return options.model_copy(update={**said, "escape": None, "comment": None, "encoding": _ascii(options.encoding)})


def _ascii(encoding: str | None) -> str | None:
    """The encoding, unless text that begins so cannot be in it."""
    if encoding is None:
        return None
    try:
        return encoding if RECORD_COLUMN.encode(encoding) == RECORD_COLUMN.encode() else None
    except (LookupError, UnicodeError):
        return encoding


class NumberedRowsReader:
    """The rows of another reader under the columns of the corrected file, each with the record that it corrects."""

    def __init__(self, inner: RecordReader, correction: Correction) -> None:
        self._inner = inner
        names = [name.strip() for name in inner.header]
        self._record = names.index(RECORD_COLUMN)
        self._errors = names.index(ERRORS_COLUMN) if ERRORS_COLUMN in names else None
        self._kept = [index for index in range(len(names)) if index not in {self._record, self._errors}]
        self.header = [inner.header[index] for index in self._kept]
        self._known = KnownRecords(correction)

    @property
    def types(self) -> Sequence[DeclaredType | None]:
        """See `RecordReader.types`."""
        return [self._inner.types[index] for index in self._kept]

    def count_again(self) -> int:
        """See `RecordReader.count_again`."""
        return self._inner.count_again()

    def describe(self) -> dict[str, JsonValue]:
        """See `RecordReader.describe`."""
        return self._inner.describe()

    def blocks(self) -> Iterator[Block]:
        """See `RecordReader.blocks`."""
        check = self._known.check()
        for block in self._inner.blocks():
            self._number(block, check)
            yield block

    def _number(self, block: Block, check: RecordCheck) -> None:
        """Take the two columns out of a block; rows for no open record, or with their errors left open, become bad."""
        broken = {bad.ordinal: bad for bad in block.bad}
        records = block.frame[f"c{self._record}"].to_list()
        errors = [""] * len(records) if self._errors is None else block.frame[f"c{self._errors}"].to_list()
        rows = dict(zip(block.good, range(block.frame.height), strict=True))
        cells = block.frame.select(f"c{index}" for index in self._kept)
        cells.columns = [f"c{index}" for index in range(len(self._kept))]
        parents: list[int | None] = []
        found: list[BadRecord] = []
        taken: list[int] = []
        for ordinal in range(block.records):
            if ordinal in broken:
                parent, bad = self._broken(broken[ordinal], check)
                parents.append(parent)
                found.append(bad)
                continue
            row = rows[ordinal]
            parent, fault = check.judge(records[row].strip() or None)
            parents.append(parent)
            fault = fault or (_OPEN_ROW if errors[row].startswith(OPEN) else None)
            if fault is None:
                taken.append(row)
            else:
                found.append(BadRecord(ordinal, fault, list(cells.row(row))))
        good = block.good
        block.good = [good[row] for row in taken]
        block.frame = cells if len(taken) == cells.height else cells[taken]
        block.bad, block.parents = found, parents

    def _broken(self, bad: BadRecord, check: RecordCheck) -> tuple[int | None, BadRecord]:
        """A record of another shape. What stands first in it is its record, if that is the first column."""
        fields = bad.fields
        if self._record or not fields:
            return None, bad
        parent, _ = check.judge(fields[0].strip())
        whole = len(fields) == len(self._inner.header)
        return parent, bad._replace(fields=[fields[index] for index in self._kept] if whole else fields[1:])
