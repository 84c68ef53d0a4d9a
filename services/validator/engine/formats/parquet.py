"""Reader 1 of Parquet: batch by batch with pyarrow, the columns as their types say."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import JsonValue

from services.validator.engine.block import Block
from services.validator.engine.request import MIB, ParseRequest

from .arrow_faults import faults_of
from .arrow_reader import ArrowReader
from .parquet_recount import count_rows


class ParquetReader(ArrowReader):
    """A Parquet file."""

    def __init__(self, request: ParseRequest) -> None:
        super().__init__(request)
        with faults_of("Parquet"):
            file = self._open()
            self._take(file.schema_arrow)
            self._describe: dict[str, JsonValue] = {"format": "parquet", "row_groups": file.metadata.num_row_groups}
            self._rows: int = file.metadata.num_rows
            _check_footer(file.metadata)

    def describe(self) -> dict[str, JsonValue]:
        """Format and number of row groups."""
        return dict(self._describe)

    def count_again(self) -> int:
        """Reader 2: the values that the pages of one column announce."""
        return count_rows(self._path)

    def blocks(self) -> Iterator[Block]:
        """The rows, at most 65,536 at a time."""
        found = 0
        with faults_of("Parquet"):
            batches = self._open().iter_batches(batch_size=self._batch_rows, use_threads=False)
            for block in self._blocks_of(batch.columns for batch in batches):
                found += block.records
                yield block
            if found != self._rows:
                msg = f"its footer says {self._rows:,} rows, and {found:,} were found"
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
