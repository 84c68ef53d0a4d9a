"""Which records of another file corrected rows may stand for: those that it rejected, each once."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from shared.record_set import RecordSet

from .block import RowError
from .request import Correction
from .verdict import Code

# How `rejects` begins every line; the space is of files that earlier versions wrote.
_RECORD = re.compile(rb'\{"record": ?([0-9]+),')
_NUMBER = re.compile(r"^[0-9]{1,18}$")


class RecordCheck:
    """Judges record numbers in the order of the file; a new one for each reading of it."""

    def __init__(self, rejected: RecordSet, settled: RecordSet) -> None:
        self._rejected = rejected
        self._settled = settled
        self._seen: set[int] = set()

    def judge(self, said: str | None) -> tuple[int | None, RowError | None]:
        """The record that a row says it corrects, as far as it is one of the other file, and why it may not."""
        if said is None or not _NUMBER.match(said):
            message = "the row does not say which record it corrects: keep the record of the rejected row"
            return None, RowError(Code.RECORD_NOT_REJECTED, message, value=said)
        record = int(said)
        if record not in self._rejected:
            message = f"record {record} is not among the rejected rows of the file that is corrected"
            return None, RowError(Code.RECORD_NOT_REJECTED, message, value=said)
        if record in self._settled:
            message = f"record {record} was corrected or waived before"
            return record, RowError(Code.RECORD_SETTLED, message, value=said)
        if record in self._seen:
            message = f"record {record} stands in this file before, and is corrected once"
            return record, RowError(Code.RECORD_SETTLED, message, value=said)
        self._seen.add(record)
        return record, None


class KnownRecords:
    """What a correction says about the records of its parent; read once."""

    def __init__(self, correction: Correction) -> None:
        self._rejected = rejected_records(correction.parent_rejects)
        self._settled = RecordSet.parse(correction.settled)

    def check(self) -> RecordCheck:
        """A check that has seen nothing yet."""
        return RecordCheck(self._rejected, self._settled)


def rejected_records(path: Path) -> RecordSet:
    """The numbers of all records in a rejects object.

    Raises:
        ValueError: a line does not begin as we write it, so the object is not one of ours.
    """
    with gzip.open(path) as lines:
        return RecordSet(_record_of(line) for line in lines)


def _record_of(line: bytes) -> int:
    match = _RECORD.match(line)
    if match is None:
        msg = f"a line of rejects begins with {line[:40]!r}"
        raise ValueError(msg)
    return int(match[1])
