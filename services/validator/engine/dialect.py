"""Which character separates the fields.

Own detection, limited to five delimiters, instead of DuckDB's sniffer or clevercsv: it answers only the one question
left (the quote is always `"`, the encoding UTF-8), costs five passes of `csv.reader` over 64 KiB, says why, and cannot
invent a delimiter for a file of one column. Any other character can be declared.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from .verdict import BadFile, Code

_COMMON = (",", ";", "\t", "|")
_LAST_RESORT = ":"  # it stands inside every time of day
_CONSISTENT = 0.9
_FORBIDDEN = '"\r\n'


@dataclass(frozen=True, slots=True)
class Dialect:
    """How fields are separated, and how that was found; `evidence` is a sentence for the report."""

    delimiter: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Score:
    delimiter: str
    columns: int
    share: float

    @property
    def rank(self) -> tuple[bool, int, float]:
        return (self.share >= _CONSISTENT, self.columns, self.share)


def find_dialect(head: bytes, *, complete: bool, declared: str | None) -> Dialect:
    """The declared delimiter, else the one that cuts the most records of `head` like its header.

    `complete` says that `head` is the whole file, so that its last line is not cut short.
    """
    if declared is not None:
        if declared in _FORBIDDEN:
            raise BadFile(Code.OPTION_INVALID, "A delimiter cannot be a quote or a line end.", option="delimiter")
        return Dialect(declared, "declared")
    text = head.decode("utf-8", "ignore")
    scores = [score for delimiter in _COMMON if (score := _score(text, delimiter, complete=complete))]
    if not scores:
        score = _score(text, _LAST_RESORT, complete=complete)
        scores = [score] if score and score.share >= _CONSISTENT else []
    if not scores:
        return Dialect(",", "no delimiter found in the header: read as one column")
    best = max(scores, key=lambda score: score.rank)
    share = f"{best.share:.0%} of the first records have the header's {best.columns} fields"
    return Dialect(best.delimiter, f"detected: {share}")


def _score(text: str, delimiter: str, *, complete: bool) -> _Score | None:
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    if not complete and len(rows) > 1:
        rows.pop()
    if not rows or len(rows[0]) < 2:  # noqa: PLR2004 - one field is no separation
        return None
    columns, body = len(rows[0]), rows[1:]
    share = sum(len(row) == columns for row in body) / len(body) if body else 1.0
    return _Score(delimiter, columns, share)
