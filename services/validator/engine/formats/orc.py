"""Reader 1 of ORC: stripe by stripe with pyarrow, the columns as their types say."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.orc as po
from pydantic import JsonValue

from services.validator.engine.block import Block
from services.validator.engine.header import check_width
from services.validator.engine.request import ParseRequest
from services.validator.engine.verdict import BadFile, Code

from .arrow_faults import faults_of
from .arrow_text import block_of, declared_type
from .compression import check_inflated
from .orc_recount import count_rows

_BATCH_ROWS = 65_536
_BATCH_CELLS = 1_000_000


class OrcReader:
    """An ORC file. A stripe is in memory at a time; nested columns stay one column, as JSON text."""

    def __init__(self, request: ParseRequest) -> None:
        self._path = request.source_path
        self._limits = request.limits
        self._size = self._path.stat().st_size
        with faults_of("ORC"):
            file = po.ORCFile(self._path)
            self.header = list(file.schema.names)
            self.types = [declared_type(field.type) for field in file.schema]
            self._describe: dict[str, JsonValue] = {"format": "orc", "stripes": file.nstripes}
        if not self.header:
            raise BadFile(Code.HEADER_INVALID, "The file has no column.")
        check_width(len(self.header), max_columns=self._limits.max_columns)

    def describe(self) -> dict[str, JsonValue]:
        """Format and number of stripes."""
        return dict(self._describe)

    def count_again(self) -> int:
        """Reader 2: the rows that the file's footer announces."""
        return count_rows(self._path)

    def blocks(self) -> Iterator[Block]:
        """The rows, at most 65,536 at a time."""
        record, total = 1, 0
        rows = max(1, min(_BATCH_ROWS, _BATCH_CELLS // len(self.header)))
        with faults_of("ORC"):
            file = po.ORCFile(self._path)
            for number in range(file.nstripes):
                stripe = file.read_stripe(number)
                for start in range(0, stripe.num_rows, rows):
                    columns = stripe.slice(start, rows).columns
                    block = block_of(columns, self.header, record, self._limits.max_record_bytes)
                    total += int(block.whole.estimated_size())
                    check_inflated(total, self._size, self._limits)
                    record += block.records
                    yield block
