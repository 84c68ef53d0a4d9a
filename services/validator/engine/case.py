"""One file that is being judged: what is known of it before a row is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .block import RecordReader
from .expected import ExpectedTypes, match_columns, time_of, time_options
from .formats.opening import Opened
from .header import ColumnName, name_columns
from .reject_limits import UNLIMITED, RejectLimits
from .report import Report
from .request import Correction, ParseOptions, ParseRequest
from .timechoice import find_named
from .zones import UTC

if TYPE_CHECKING:
    from .conformity import Conformity


class Case:
    """The file with its columns, its limits and its report.

    `names` are those of the columns in the rows, `labels` those under which they are spoken of. `types` judges the
    values where their types are given, by a contract or by the file that is corrected. Raises `BadFile` when the
    columns are not those of the file that is corrected.
    """

    def __init__(self, request: ParseRequest, opened: Opened, report: Report) -> None:
        self.request = request
        self.options: ParseOptions = request.options
        self.opened = opened
        self.report = report
        self.names: list[ColumnName] = name_columns(opened.reader.header)
        self.labels = _labels(opened.reader.header, self.names)
        self.limits = RejectLimits.of(request.options, request.contract)
        self.types: ExpectedTypes | None = None
        if request.correction is not None:
            self.limits = UNLIMITED
            columns = match_columns(opened.reader.header, self.names, request.correction.columns)
            self.types = ExpectedTypes(dict(enumerate(columns)), self.labels)
            self.options = time_options(self.types.columns, request.options)
        self.conformity = self._under_contract()
        report.set_file(opened.describe(), self.names)

    @property
    def reader(self) -> RecordReader:
        """What reads the records."""
        return self.opened.reader

    @property
    def correction(self) -> Correction | None:
        """The file that this one corrects."""
        return self.request.correction

    @property
    def zone(self) -> str:
        """The zone of times that name none."""
        return self.options.time_zone or UTC

    def named_time(self) -> int | None:
        """The position of the column that has to be the time, where that is said. Raises `BadFile`."""
        if self.correction is not None and self.types is not None:
            time = time_of(self.types.columns)
            return None if time is None else time.index
        wanted = self.options.timestamp_column
        names = [name.name for name in self.names]
        if self.conformity is not None and self.conformity.lacks_time(wanted):
            return None  # told with the other columns that the file lacks
        return None if wanted is None else find_named(wanted, self.reader.header, names)

    def _under_contract(self) -> Conformity | None:
        contract = self.request.contract
        if contract is None:
            return None
        from .conformity import Conformity  # noqa: PLC0415  # loads the models of contracts
        from .contract_columns import named_by_order  # noqa: PLC0415

        if self.reader.describe().get("header") is False and self.types is None:
            self.names = named_by_order(self.names, contract)
            self.labels = _labels(self.reader.header, self.names)
        return Conformity(contract, self.names, self.labels, self.options, self.request.output_dir)


def _labels(header: Sequence[str], names: Sequence[ColumnName]) -> list[str]:
    """The name under which each column is spoken of: its own where that is unmistakable."""
    return [
        name.source_name.strip()
        if name.reason == "reserved name" and header.count(name.source_name) == 1
        else name.name
        for name in names
    ]
