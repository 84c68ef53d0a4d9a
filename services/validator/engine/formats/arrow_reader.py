"""What the readers of Parquet and ORC have in common: columns as their types say, rows in blocks of a bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from services.validator.engine.block import DeclaredType, TableBlock
from services.validator.engine.header import check_width
from services.validator.engine.request import ParseRequest
from services.validator.engine.verdict import BadFile, Code

from .arrow_text import block_of, declared_type
from .compression import check_inflated

_BATCH_ROWS = 65_536
_BATCH_CELLS = 1_000_000


class ArrowReader:
    """A file of typed columns. Nested columns stay one column, as JSON text."""

    def __init__(self, request: ParseRequest) -> None:
        self._path = request.source_path
        self._limits = request.limits
        self._size = self._path.stat().st_size
        self.header: list[str] = []
        self.types: list[DeclaredType | None] = []

    def _take(self, schema: pa.Schema) -> None:
        """Take the columns of the file. Raises `BadFile` where there is none, or where there are too many."""
        self.header = list(schema.names)
        self.types = [declared_type(field.type) for field in schema]
        if not self.header:
            raise BadFile(Code.HEADER_INVALID, "The file has no column.")
        check_width(len(self.header), max_columns=self._limits.max_columns)

    @property
    def _batch_rows(self) -> int:
        """How many rows a block has at most."""
        return max(1, min(_BATCH_ROWS, _BATCH_CELLS // len(self.header)))

    def _blocks_of(self, batches: Iterable[Sequence[pa.Array | pa.ChunkedArray]]) -> Iterator[TableBlock]:
        """The columns of each batch as a block. Raises `BadFile` when their text grows beyond what the file may be."""
        record, total = 1, 0
        for columns in batches:
            block = block_of(columns, self.header, record, self._limits.max_record_bytes)
            total += int(block.whole.estimated_size())
            check_inflated(total, self._size, self._limits)
            record += block.records
            yield block
