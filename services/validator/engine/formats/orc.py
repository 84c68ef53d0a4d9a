"""Reader 1 of ORC: stripe by stripe with pyarrow, the columns as their types say."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.orc as po
from pydantic import JsonValue

from services.validator.engine.block import Block
from services.validator.engine.request import ParseRequest

from .arrow_faults import faults_of
from .arrow_reader import ArrowReader
from .orc_recount import count_rows


class OrcReader(ArrowReader):
    """An ORC file. A stripe is in memory at a time."""

    def __init__(self, request: ParseRequest) -> None:
        super().__init__(request)
        with faults_of("ORC"):
            file = po.ORCFile(self._path)
            self._take(file.schema)
            self._describe: dict[str, JsonValue] = {"format": "orc", "stripes": file.nstripes}

    def describe(self) -> dict[str, JsonValue]:
        """Format and number of stripes."""
        return dict(self._describe)

    def count_again(self) -> int:
        """Reader 2: the rows that the file's footer announces."""
        return count_rows(self._path)

    def blocks(self) -> Iterator[Block]:
        """The rows, at most 65,536 at a time."""
        with faults_of("ORC"):
            yield from self._blocks_of(self._slices(po.ORCFile(self._path)))

    def _slices(self, file: po.ORCFile) -> Iterator[list[pa.Array]]:
        for number in range(file.nstripes):
            stripe = file.read_stripe(number)
            for start in range(0, stripe.num_rows, self._batch_rows):
                yield stripe.slice(start, self._batch_rows).columns
