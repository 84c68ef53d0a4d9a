"""Reader 1 of Parquet: batch by batch with pyarrow, the columns as their types say."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import JsonValue

from services.validator.engine.block import Block
from services.validator.engine.header import check_width
from services.validator.engine.request import MIB, ParseRequest
from services.validator.engine.verdict import BadFile, Code

from .arrow_faults import faults_of
from .arrow_text import block_of, declared_type
from .compression import check_inflated
from .parquet_recount import count_rows

_BATCH_ROWS = 65_536
_BATCH_CELLS = 1_000_000


class ParquetReader:
    """A Parquet file. Nested columns stay one column, as JSON text."""

    def __init__(self, request: ParseRequest) -> None:
        self._path = request.source_path
        self._limits = request.limits
        self._size = self._path.stat().st_size
        with faults_of("Parquet"):
            file = self._open()
            schema = file.schema_arrow
            self.header = list(schema.names)
            self.types = [declared_type(field.type) for field in schema]
            self._describe: dict[str, JsonValue] = {"format": "parquet", "row_groups": file.metadata.num_row_groups}
            self._rows: int = file.metadata.num_rows
            _check_footer(file.metadata)
        if not self.header:
            raise BadFile(Code.HEADER_INVALID, "The file has no column.")
        check_width(len(self.header), max_columns=self._limits.max_columns)

    def describe(self) -> dict[str, JsonValue]:
        """Format and number of row groups."""
        return dict(self._describe)

    def count_again(self) -> int:
        """Reader 2: the values that the pages of one column announce."""
        return count_rows(self._path)

    def blocks(self) -> Iterator[Block]:
        """The rows, at most 65,536 at a time."""
        record, total = 1, 0
        rows = max(1, min(_BATCH_ROWS, _BATCH_CELLS // len(self.header)))
        with faults_of("Parquet"):
            for batch in self._open().iter_batches(batch_size=rows, use_threads=False):
                block = block_of(batch.columns, self.header, record, self._limits.max_record_bytes)
                total += int(block.whole.estimated_size())
                check_inflated(total, self._size, self._limits)
                record += block.records
                yield block
            if record - 1 != self._rows:
                msg = f"its footer says {self._rows:,} rows, and {record - 1:,} were found"
                raise pa.ArrowInvalid(msg)

    def _open(self) -> pq.ParquetFile:
        return pq.ParquetFile(
            self._path,
            pre_buffer=False,
            buffer_size=MIB,
            arrow_extensions_enabled=False,
            page_checksum_verification=True,
        )


def _check_footer(footer: pq.FileMetaData) -> None:
    """The footer names the rows three times; where it contradicts itself nothing in it is believed."""
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    if footer.num_rows != sum(group.num_rows for group in groups):
        msg = f"its footer says {footer.num_rows:,} rows, and its row groups say otherwise"
        raise pa.ArrowInvalid(msg)
    for group in groups:
        for index in range(group.num_columns):
            flat = footer.schema.column(index).max_repetition_level == 0
            if flat and group.column(index).num_values != group.num_rows:
                msg = "a row group and one of its columns have different numbers of rows"
                raise pa.ArrowInvalid(msg)
